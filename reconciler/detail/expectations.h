#pragma once
// What a case expects against what came out, each difference with the place of the expectation.

#include "reconciler/cases.h"
#include "reconciler/detail/plan_names.h"

namespace lab::reconciler::detail {

using Mismatches = std::vector<Mismatch>;

/// What must not be there must be something that could: it is among `names`.
void compare_actions(const spec::ExpectedActions& expected, const api::Plan& plan, const PlanNames& names,
                     Mismatches& mismatches);
void compare_summary(const std::vector<spec::ExpectedCount>& expected, const api::Plan& plan,
                     Mismatches& mismatches);
void compare_warnings(const std::vector<spec::Text>& expected, const api::Plan& plan, Mismatches& mismatches);
void compare_members(const std::vector<spec::ExpectedMembers>& expected, const spec::Fleet& fleet,
                     Mismatches& mismatches);
/// Errors that nothing expects are mismatches at `at`.
void compare_diagnostics(const std::optional<std::vector<spec::ExpectedDiagnostic>>& expected,
                         const Diagnostics& found, const Span& at, Mismatches& mismatches);

} // namespace lab::reconciler::detail
