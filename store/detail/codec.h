#pragma once
// What the rows of the database hold as text: JSON of applied resources, of observations and of plan
// summaries.

#include "planner/state.h"

namespace lab::store::detail {

/// The resources of one module, without their commits: equal on many servers, so kept once.
std::string write_resources(const planner::AppliedModule& module);
/// One commit where all resources have the same, else one a line.
std::string write_commits(const planner::AppliedModule& module);
Result<std::vector<planner::AppliedResource>> read_resources(std::string_view document,
                                                             std::string_view commits);

/// What was seen apart from resources and facts: who the machine says it is, the provider's own properties.
std::string write_state(const api::ServerState& state);
Result<api::ServerState> read_state(std::string_view text);

std::string write_observed(const std::map<std::string, planner::ObservedResource>& resources);
Result<std::map<std::string, planner::ObservedResource>> read_observed(std::string_view document);

std::string write_labels(const std::vector<std::string>& labels);
std::vector<std::string> read_labels(std::string_view text);

std::string write_summary(const api::PlanSummary& summary);
Result<api::PlanSummary> read_summary(std::string_view text);

std::string write_grants(const std::optional<planner::Grants>& grants);
Result<std::optional<planner::Grants>> read_grants(std::string_view text);

Result<ValueMap> read_map(std::string_view text);

} // namespace lab::store::detail
