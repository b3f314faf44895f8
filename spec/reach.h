#pragma once
// Whether an edit that takes something out lets another thing reach further. Names that go out of a filter, a
// rule or a definition are looked at by what is left: what the inventory meant before is compared with what
// it would mean, so that it does not matter by which way one thing came to mean more.

#include "spec/fleet.h"

namespace lab::spec {

/// Tells, at its place in the files of `before`,
/// - each server that stays and would be another machine, or would get what it has of its machine from
///   elsewhere: its environment, cloud, provider, region, domain, its cloud's settings, another size, layout
///   or image than it has;
/// - each group, module, cluster, alert, secret, role and user that stays and would then select, allow or be
///   given more than now, on any server that stays, or on servers to come because a key of its filter is
///   gone.
/// Both fleets are without errors.
void check_reach(const Fleet& before, const Fleet& after, Diagnostics& diagnostics);

} // namespace lab::spec
