#pragma once
// One running agent. Every error of its functions means that this process is of no more use.

#include "providers/local/agent_link.h"
#include "providers/local/detail/agent_protocol.h"
#include "support/process.h"

namespace lab::providers::local::detail {

class AgentProcess {
  public:
    static Result<AgentProcess> start(const AgentProgram& program);
    Result<void> send(const AgentRequest& request);
    /// The next answer, to any request. Timeout, saying how long it was silent, and Cancelled on `stop`.
    Result<AgentAnswer> next(std::chrono::milliseconds silence, std::stop_token stop);
    void interrupt() noexcept { process_.interrupt(); }

  private:
    AgentProcess(LineProcess process, std::size_t longest_line)
        : process_(std::move(process)), longest_line_(longest_line) {}
    LineProcess process_;
    std::size_t longest_line_;
};

/// Why a report cannot be the answer to a request; nothing where it can.
std::optional<Error> mismatch(const api::Report& report, const api::Desired& desired);

} // namespace lab::providers::local::detail
