#pragma once
// From the fleet to what planner and providers take: one server's desired state, redacted for comparing and
// in the clear for the machine.

#include "reconciler/engine.h"

namespace lab::reconciler {

/// A server's desired state in both forms. `units` are in the clear and never leave for the store, a plan or
/// a log.
struct DesiredState {
    planner::DesiredServer redacted;
    std::vector<spec::ModuleUnit> units;
};
DesiredState desired_state(const Engine& engine, const Workspace& workspace, spec::ServerIndex index,
                           Diagnostics& diagnostics);

/// The server's own attributes, without units.
planner::DesiredServer desired_server(const Workspace& workspace, spec::ServerIndex index);

/// The secrets it may read.
std::map<std::string, planner::DesiredGrant> wanted_grants(const spec::Fleet& fleet, spec::ServerIndex index);

/// The provider's view of a server. `server_id` is empty before the first apply.
api::ServerSpec server_spec(const Workspace& workspace, spec::ServerIndex index);

/// The lab.desired/1 of these units, in run order, without edges to what is not among them.
api::Desired document(const Engine& engine, const api::Plan::Inventory& origin, const api::ServerSpec& server,
                      const std::vector<spec::ModuleUnit>& units);

/// The same of what was applied, for looking at a machine without newer intent. Private values are
/// fingerprints.
api::Desired document(const Engine& engine, const planner::AppliedServer& applied);

} // namespace lab::reconciler
