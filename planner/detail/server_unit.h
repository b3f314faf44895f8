#pragma once
// The unit "server/N": made, changed, replaced, destroyed or forgotten.

#include "planner/detail/knowledge.h"
#include "planner/detail/server_plan.h"

namespace lab::planner::detail {

api::Action new_action(std::string resource, api::ActionKind kind, std::string provider,
                       const Knowledge& known);
/// Whether it was applied to another machine: what is wanted is found by other settings.
bool is_moved(const ServerInput& input, const DesiredServer& desired) noexcept;
/// The union; Intent where there are none.
api::Cause united(const std::vector<api::Cause>& causes) noexcept;

/// What becomes of a server that left the inventory.
api::Action gone_action(const ServerInput& input, const Knowledge& known, const Rules& rules);
/// What is to be done to the server itself, if anything.
std::optional<api::Action> server_action(const ServerInput& input, const DesiredServer& desired,
                                         const Knowledge& known, const Rules& rules);
/// Whether the server's record (settings, labels, protect) is to be written although nothing is done to it.
bool needs_record(const ServerInput& input, const DesiredServer& desired, const Knowledge& known);

/// `desired` is null for a server that left the inventory.
Digest server_precondition(const ServerInput& input, const DesiredServer* desired, bool unseen);

} // namespace lab::planner::detail
