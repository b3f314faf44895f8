#pragma once
// Machines reached through `lab-agent batch`: processes on this host that take requests and give answers as
// lines of JSON, many requests and many trees in one process.
//
// A request: {"format": "lab.agent-request/1", "id": ..., "mode": "check" | "apply" | "destroy", "root": ...,
// "create": ..., "desired": {lab.desired/1}}. Answers carry its id: {"id", "event": "progress", "resource",
// "status"}, and last {"id", "event": "report", "report": {lab.report/1}} or {"id", "event": "error",
// "error": {"code", "message", "hint"}}. An agent that is sent SIGTERM finishes the resource it is at,
// reports the rest as skipped, and ends.

#include "providers/machine_link.h"

#include <chrono>
#include <filesystem>
#include <memory>

namespace lab::providers::local {

/// The program `lab-agent` and how long it may be silent.
struct AgentProgram {
    std::filesystem::path path; // without '/': looked up in PATH
    std::vector<std::string> arguments = {"batch"};
    std::chrono::milliseconds check_silence{60'000};    // for one answer of a check
    std::chrono::milliseconds apply_silence{3'600'000}; // between two events of an apply
    std::size_t longest_line = 64u << 20;               // bytes
};

/// `lab-agent` in the folder of the running program; where there is none, whichever is in PATH.
std::filesystem::path agent_beside_this_program();

/// Safe from several threads. An agent that crashes, hangs, floods or answers nonsense fails the machine it
/// was at, named in the error; the other machines are asked through a new one.
class AgentProcessLink final : public MachineLink {
  public:
    explicit AgentProcessLink(AgentProgram program);
    ~AgentProcessLink() override;

    void observe(const std::vector<ObserveRequest>& requests, std::size_t parallelism, const Observed& done,
                 std::stop_token stop) override;
    Result<api::Report> apply(const Machine& machine, const api::Desired& desired, bool create,
                              const ProgressSink& progress, std::stop_token stop) override;
    /// Removes the tree `machine.root`. Denied where the machine in it is not the one of `identity`, whose
    /// resources do not matter. A tree that is not there is success.
    Result<void> destroy(const Machine& machine, const api::Desired& identity, std::stop_token stop);

  private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace lab::providers::local
