#pragma once
// The unit "server/N/layout".

#include "planner/detail/knowledge.h"
#include "planner/detail/layout_plan.h"
#include "planner/detail/server_plan.h"

namespace lab::planner::detail {

/// What is to be done about the server's disk, if anything; blocked, because nothing of this build does it.
/// `itself`: what is done to the server, if anything.
std::optional<api::Action> layout_action(const ServerInput& input, const DesiredServer& desired,
                                         const Knowledge& known, const Rules& rules,
                                         const api::Action* itself);

/// What has to be said of the disk, whether anything is done about it or not: what was preserved when it was
/// applied and is so no longer; what is smaller than the layout tells. With `drift_only`: that nobody can
/// tell which disk the applied layout lies on.
std::vector<Remark> layout_remarks(const ServerInput& input, const DesiredServer& desired,
                                   const Knowledge& known, bool drift_only);

/// Where the machine's disk is not as its layout was left.
std::vector<api::DriftItem> layout_drift(const ServerInput& input, const Knowledge& known);

} // namespace lab::planner::detail
