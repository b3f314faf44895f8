#pragma once
// What looks at more than one server of a plan: the targets asked for, the guard, what warnings say.

#include "planner/detail/server_plan.h"

#include <map>
#include <set>

namespace lab::planner::detail {

/// What --target names.
class Targets {
  public:
    explicit Targets(const std::vector<std::string>& targets);
    /// Takes out of `plan` what was not asked for and nothing asked for needs, all of it where the server was
    /// not; without
    /// targets nothing. Returns how many actions went.
    std::size_t restrict(ServerPlan& plan);
    /// Modules asked for that their server does not have.
    const std::set<std::string>& unmatched() const noexcept { return unmatched_; }

  private:
    struct Wanted {
        bool whole = false;
        std::set<std::string> modules; // "server/N/module/M"
    };
    std::map<std::string, Wanted, std::less<>> servers_;
    std::set<std::string> unmatched_;
};

/// Blocks every destructive action on applied servers when there are more of them than the guard allows.
void apply_guard(std::vector<ServerPlan>& plans, const PlanInput& input);

/// Blocks what waits for a blocked action.
void spread_blocks(ServerPlan& plan);

/// One warning for each kind of finding, with the servers it is about.
std::vector<std::string> warnings_of(const std::vector<ServerPlan>& plans, const PlanInput& input);

} // namespace lab::planner::detail
