#pragma once
// Where in the inventory a planned change was decided.

#include "api/plan.h"
#include "spec/fleet.h"

namespace lab::reconciler {

/// Points each action of newer intent at the place that decided its first change: a param in a label rather
/// than the line of the module that reads it.
void point_at_decisions(api::Plan& plan, const spec::Fleet& fleet);

} // namespace lab::reconciler
