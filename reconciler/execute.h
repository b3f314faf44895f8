#pragma once
// Carrying out a plan: servers side by side, each journaled before and after it acts, each failing for itself
// only.

#include "reconciler/engine.h"

namespace lab::reconciler {

struct StepResult {
    std::string action;
    store::StepState state = store::StepState::Planned;
    std::string detail;
};

struct RunOutcome {
    std::string run;
    store::RunState state = store::RunState::Done;
    std::vector<StepResult> steps; // in the order of the plan
    std::size_t count(store::StepState wanted) const;
};

struct ExecuteRequest {
    const api::Plan& plan;
    std::vector<std::string> servers; // in scope: what is already as desired is recorded for them
    std::string who, host;
    bool drift_only = false; // the plan restores what was applied (lab sync)
    /// A run that ended before it was done; its finished steps are not done again.
    std::optional<store::Run> resume;
    /// The inventory at another commit, for private values that only that commit has. May be empty.
    std::function<Result<const Workspace*>(const std::string& commit)> at_commit;
};

/// Locks what the plan touches, snapshots the state, runs. Conflict where another run holds an overlapping
/// scope. Stops after the running steps on `engine.stop`; such a run can be resumed.
Result<RunOutcome> execute(const Engine& engine, const Workspace& workspace, const ExecuteRequest& request);

} // namespace lab::reconciler
