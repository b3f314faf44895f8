#pragma once
// A state that was lost is rebuilt from what each machine keeps of what was brought about on it.

#include "reconciler/engine.h"

namespace lab::reconciler {

/// What was applied to the server by `applied`, the lab.applied/1 that its machine keeps; nullopt where the
/// machine is not this inventory's. Left out are resources that cannot be compared again: private ones, whose
/// fingerprints were made with the key of the lost state, and those whose content the machine keeps as a
/// digest only.
std::optional<planner::AppliedServer> rebuild(const Workspace& workspace, spec::ServerIndex index,
                                              const std::string& server_id, const Value& applied);

/// What of `before` its machine says otherwise in `applied`: the modules that differ, as the machine has
/// them, and those of which nothing can be compared again. For a state that was restored from a snapshot,
/// which the machine's own record is newer than. nullopt: nothing differs, or the machine is not this one.
struct Renewed {
    planner::AppliedServer server; // `modules` holds those to replace
    std::vector<std::string> modules_gone;
};
std::optional<Renewed> renew(planner::AppliedServer before, const Value& applied);

} // namespace lab::reconciler
