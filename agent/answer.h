#pragma once
// One request about one machine, answered whole: what the commands and `lab-agent batch` share.

#include "agent/runner.h"

#include <optional>
#include <stop_token>
#include <string>

namespace lab::agent {

enum class Mode { Check, Apply, Facts, Destroy };
std::string_view to_string(Mode mode) noexcept;
std::optional<Mode> mode_from(std::string_view text) noexcept;

struct Request {
    Mode mode = Mode::Check;
    std::string root;     // absolute; empty or "/": the live system
    bool create = false;  // apply makes the root where it is missing
    api::Desired desired; // for Destroy only whose it is, for Facts nothing
};

/// The facts of the machine we run on, read when first asked for.
class MachineFacts {
  public:
    MachineFacts() = default;
    explicit MachineFacts(Value known) : machine_(std::move(known)) {}
    /// The facts of a tree on it; of the live system they are read each time.
    Value of(const Tree& tree, const std::stop_token& stop);

  private:
    std::optional<Value> machine_;
};

struct AnswerOptions {
    std::function<void(std::string_view id, std::string_view status)> progress = {};
    std::stop_token stop = {}; // finish the running resource, skip the rest
    std::stop_token kill = {}; // end the running program too
};

/// NotFound where there is no tree, Denied where the machine belongs to somebody else, Conflict while another
/// apply runs. What goes wrong with a resource is in the report.
Result<api::Report> answer(Request request, MachineFacts& facts, const Clock& clock,
                           const AnswerOptions& options);

} // namespace lab::agent
