#include "planner/planner.h"

#include "planner/detail/fleet_rules.h"
#include "planner/detail/server_unit.h"
#include "planner/detail/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner {
namespace {

using api::ActionKind;

std::vector<const ServerInput*> by_name(const std::vector<ServerInput>& servers) {
    std::vector<const ServerInput*> out;
    out.reserve(servers.size());
    for (const ServerInput& server : servers)
        out.push_back(&server);
    std::sort(out.begin(), out.end(),
              [](const auto* left, const auto* right) { return left->name < right->name; });
    return out;
}

/// A plan against a baseline looks at no machine: all of it is meant.
void take_for_intent(detail::ServerPlan& part) {
    part.drift.clear();
    for (api::Action& action : part.actions) {
        action.cause = api::Cause::Intent;
        std::fill(action.causes.begin(), action.causes.end(), api::Cause::Intent);
    }
}

void count(api::PlanSummary& summary, ActionKind kind) {
    switch (kind) {
    case ActionKind::Create: ++summary.create; break;
    case ActionKind::Update: ++summary.update; break;
    case ActionKind::Replace: ++summary.replace; break;
    case ActionKind::Destroy: ++summary.destroy; break;
    case ActionKind::Forget: ++summary.forget; break;
    }
}

/// Moves one server's part into the whole.
void merge(Planned& planned, detail::ServerPlan&& part) {
    api::Plan& plan = planned.plan;
    ++plan.summary.servers;
    plan.summary.unchanged += part.units.size() - part.actions.size();
    plan.summary.not_observed += part.not_observed ? 1u : 0u;
    plan.summary.drifted += part.drift.empty() ? 0u : 1u;
    for (api::Action& action : part.actions) {
        count(plan.summary, action.kind);
        plan.actions.push_back(std::move(action));
    }
    for (detail::Finding& finding : part.drift)
        plan.drift.push_back(std::move(finding.item));
    for (api::Release& release : part.released)
        plan.released.push_back(std::move(release));
    for (Settled& settled : part.settled)
        planned.settled.push_back(std::move(settled));
}

/// The plans of what is in scope, each for itself.
std::vector<detail::ServerPlan> plan_each(const PlanInput& input, detail::Targets& targets,
                                          std::size_t& outside) {
    const detail::Rules rules{
        .key = &input.key, .allow_destroy = input.allow_destroy, .drift_only = input.drift_only};
    std::vector<detail::ServerPlan> parts;
    parts.reserve(input.servers.size());
    for (const ServerInput* server : by_name(input.servers)) {
        detail::ServerPlan part = detail::plan_server(*server, rules);
        outside += targets.restrict(part);
        if (input.baseline) take_for_intent(part);
        if (!part.name.empty()) parts.push_back(std::move(part));
    }
    return parts;
}

} // namespace

Grants grants_of(const DesiredServer& server) {
    Grants grants;
    for (const auto& [path, grant] : server.secrets)
        grants.emplace(path, grant.via);
    return grants;
}

std::map<std::string, DesiredGrant> wanted_grants(const std::optional<Grants>& grants) {
    std::map<std::string, DesiredGrant> wanted;
    if (!grants) return wanted;
    for (const auto& [path, via] : *grants)
        wanted.emplace(path, DesiredGrant{.via = via, .at = {}});
    return wanted;
}

Planned make_plan(const PlanInput& input) {
    Planned planned;
    api::Plan& plan = planned.plan;
    plan.inventory = input.inventory;
    plan.baseline = input.baseline;
    plan.observed = input.observed;
    plan.state = input.state;
    plan.scope = input.scope;
    plan.outside_scope = input.outside_scope;
    plan.summary.servers = input.settled_servers;
    plan.summary.unchanged = input.settled_units;
    plan.summary.not_observed = input.settled_not_observed;

    detail::Targets targets(input.targets);
    std::vector<detail::ServerPlan> parts = plan_each(input, targets, plan.outside_scope);
    detail::apply_guard(parts, input);
    for (detail::ServerPlan& part : parts)
        detail::spread_blocks(part);
    plan.warnings = detail::warnings_of(parts, input);
    for (const std::string& target : targets.unmatched())
        plan.warnings.push_back(fmt::format("there is no '{}', which --target names", target));
    for (detail::ServerPlan& part : parts)
        merge(planned, std::move(part));
    return planned;
}

bool has_changes(const api::Plan& plan) noexcept {
    return !plan.actions.empty() || !plan.released.empty();
}

Digest precondition(const ServerInput& server, std::string_view module,
                    const std::vector<std::string>& unseen, const api::FingerprintKey& key) {
    if (module.empty())
        return detail::server_precondition(server, server.desired ? &*server.desired : nullptr,
                                           !unseen.empty());
    LAB_CHECK(server.desired.has_value(), "only a desired server has modules to act on");
    const detail::Knowledge known = detail::knowledge_of(server);
    const detail::Machine machine{.observed = known.observed,
                                  .blank = known.missing,
                                  .live = server.live,
                                  .key = &key,
                                  .unseen = &unseen};
    const detail::Units units(*server.desired, server.applied ? &*server.applied : nullptr, machine);
    for (std::size_t u = 0; u < units.size(); ++u)
        if (units.unit(u).module == module) return units.precondition(u);
    return {};
}

} // namespace lab::planner
