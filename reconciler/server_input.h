#pragma once
// What the planner takes of one server: what is desired, applied and observed of it, and what its provider
// says; and the plan of that server by itself.

#include "reconciler/desired.h"

namespace lab::reconciler {

struct ServerQuery {
    std::string name;
    std::string known_as;                            // its name in the state
    std::optional<planner::ObservedServer> observed; // in the place of what the state knows
    bool drift_only = false;
};
/// Everything about one server: what the planner takes.
Result<planner::ServerInput> server_input(const Engine& engine, const Workspace& workspace, ServerQuery query,
                                          Diagnostics& diagnostics);

/// Fills in what the provider says of `input`: whether it is there, what it would do, whether it deletes.
void ask_provider(const providers::ProviderTable& providers, planner::ServerInput& input);

/// Stands in for a provider that this build lacks: what is recorded as there is there, other servers are
/// made.
void suppose_provider(planner::ServerInput& input);

/// The plan of one server by itself, as make_plan gives it, without guards over the fleet.
planner::Planned plan_one(const Engine& engine, const Workspace& workspace, planner::ServerInput input,
                          bool drift_only);

/// Another run wrote between two reads.
Error changed_meanwhile(const std::string& server);

} // namespace lab::reconciler
