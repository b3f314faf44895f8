#pragma once
// The rules by which a step of a run is let on, narrowed and judged. Pure: what acts is execute.cpp.

#include "api/report.h"
#include "reconciler/detail/jobs.h"
#include "spec/fleet.h"

namespace lab::reconciler {

/// Whether all that is left to do of a step is part of what was planned, a notification that is still owed
/// included: such a step may go on after a crash.
bool continues(const api::Action& planned, const api::Plan& now);

/// The resources of a run of `actions`, some of `job`'s: those of their modules, and those of other modules
/// that a change notifies, unless their module is held back.
std::vector<spec::ModuleUnit> restricted(const std::vector<spec::ModuleUnit>& units,
                                         const std::vector<const api::Action*>& actions, const Job& job);

/// Why the agent skipped what it did not come to.
inline constexpr std::string_view kInterrupted = "interrupted";

/// Why the action's unit is not as desired now; empty where it is, kInterrupted where the agent was stopped.
std::string failure_of(const api::Action& action, const api::Report& report,
                       const std::vector<spec::ModuleUnit>& units);

} // namespace lab::reconciler
