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

} // namespace lab::reconciler
