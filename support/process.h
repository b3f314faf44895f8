#pragma once
// Other programs: started with posix_spawn, bounded in time and output, never through a shell.

#include "support/files.h"
#include "support/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

struct Command {
    std::vector<std::string> argv;                       // argv[0] is looked up in PATH when it has no '/'
    std::string input;                                   // given on stdin, then closed
    std::optional<std::vector<std::string>> environment; // "NAME=value"; nullopt: ours
    std::string directory;                               // empty: ours
    std::chrono::milliseconds timeout{60'000}; // then TERM, 2 s later KILL, to the whole process group
    std::size_t max_output = 1u << 20;         // bytes kept of each stream; more is read and dropped
    /// A file that it or what it starts makes larger ends it (RLIMIT_FSIZE). 0: ours holds.
    std::uint64_t max_file_bytes = 0;
};

struct ProcessResult {
    int exit_code = 0; // 128 + signal where a signal ended it
    bool timed_out = false;
    bool truncated = false;
    std::string out, err;
    bool ok() const noexcept { return exit_code == 0 && !timed_out; }
};

/// Runs to the end. NotFound where there is no such program; Timeout and Cancelled are reported as errors
/// too. What the program left running in the background and holds its output open is not waited for, nor
/// killed: once the program itself has ended, output is read for one second more at most.
Result<ProcessResult> run(const Command& command, std::stop_token stop = {});

/// A program we talk to line by line over its stdin and stdout (newline-delimited JSON). Its stderr is kept,
/// the last 64 KiB of it, for messages. Killed with its process group when the owner goes. For use from one
/// thread.
class LineProcess {
  public:
    static Result<LineProcess> start(const Command& command); // `input`, `timeout`, `max_output` are not used
    LineProcess(LineProcess&&) noexcept;
    LineProcess& operator=(LineProcess&&) noexcept;
    ~LineProcess();

    /// Reads along meanwhile, so that neither side waits for the other. Unavailable where it reads no more,
    /// Timeout where it has taken nothing for 30 s.
    Result<void> write_line(std::string_view line);
    void close_input();
    /// Asks it to stop (TERM); it may finish what it is at and still answer.
    void interrupt() noexcept;
    /// The next line without its newline (what stands behind the last newline is a line too); nullopt at the
    /// end of the stream. Invalid where a line is longer than `max_bytes`, Timeout where none came before
    /// `deadline`, Cancelled on `stop`.
    Result<std::optional<std::string>> read_line(std::size_t max_bytes,
                                                 std::chrono::steady_clock::time_point deadline,
                                                 std::stop_token stop = {});
    /// Waits for the end (KILL after `grace`) and tells how it ended; `out` is empty.
    ProcessResult finish(std::chrono::milliseconds grace);

  private:
    struct State;
    explicit LineProcess(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lab
