#pragma once
// A child process with pipes on its three streams: what run() and LineProcess share.

#include "support/files.h"
#include "support/process.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace lab::detail {

/// A started program in a process group of its own. Killed with its group and reaped when the owner goes.
class Child {
  public:
    Child() = default;
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();
    static Result<Child> spawn(const Command& command);

    bool running() const noexcept { return pid_ > 0 && !status_; }
    /// Whether it has ended by itself; never waits. It stays a zombie, so that its group's number stays
    /// taken.
    bool ended() const;
    /// Sends a signal to the whole group. Nothing once it was reaped.
    void signal(int number) const noexcept;
    /// Waits for the end and gives the exit code, 128 + signal where a signal ended it.
    int reap();
    /// Becomes readable when it ends; -1 where the kernel has no pidfd (before 5.3).
    int exit_fd() const noexcept { return pidfd_.get(); }

    Descriptor in, out, err; // our ends, non-blocking

  private:
    pid_t pid_ = 0;
    Descriptor pidfd_;
    std::optional<int> status_;
};

/// Becomes readable when `stop` is asked for, so that poll() can wait for it.
class StopSignal {
  public:
    explicit StopSignal(std::stop_token stop);
    int fd() const noexcept { return event_.get(); }

  private:
    struct Raise {
        int fd;
        void operator()() const noexcept;
    };
    Descriptor event_;
    std::stop_callback<Raise> callback_;
};

/// write(2) that gives EPIPE instead of raising SIGPIPE in our process.
ssize_t write_quietly(int fd, std::string_view bytes);

enum class ReadState { Data, Nothing, End };
/// Appends what is there now to `bytes`; one read.
ReadState read_some(int fd, std::string& bytes);

/// Milliseconds for poll() until `deadline`, rounded up, at least 0 and at most a minute.
int poll_timeout(std::chrono::steady_clock::time_point deadline);

} // namespace lab::detail
