#pragma once
// The lines that lab and an agent exchange, as values.

#include "api/desired.h"
#include "api/report.h"
#include "providers/machine_link.h"

namespace lab::providers::local::detail {

enum class Mode { Check, Apply, Destroy };

struct AgentRequest {
    std::string id;
    Mode mode = Mode::Check;
    std::string root; // empty: the live system
    bool create = false;
    const api::Desired* desired = nullptr;
};
std::string write_request(const AgentRequest& request);

/// A resource began or ended; what a request's last answer says is a report or an error.
struct AgentProgress {
    std::string resource, status;
};
struct AgentAnswer {
    std::string id;
    std::variant<AgentProgress, api::Report, Error> event;
};
/// Invalid where the line is no answer. A report for something else than was asked is the caller's to notice.
Result<AgentAnswer> read_answer(std::string_view line);

} // namespace lab::providers::local::detail
