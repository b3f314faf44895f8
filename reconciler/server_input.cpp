#include "reconciler/server_input.h"

#include "reconciler/moves.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler {
namespace {

/// Which settings differ.
std::vector<api::PropertyChange> changes_between(const ValueMap& before, const ValueMap& after) {
    std::vector<api::PropertyChange> changes;
    const auto add = [&](const std::string& path, const Value* was, const Value* is) {
        changes.push_back({.path = path,
                           .before = was ? *was : Value(),
                           .after = is ? *is : Value(),
                           .effect = "update",
                           .diff = {}});
    };
    for (const auto& [name, value] : before)
        if (const Value* now = after.find(name); !now || !(*now == value)) add(name, &value, now);
    for (const auto& [name, value] : after)
        if (!before.contains(name)) add(name, nullptr, &value);
    return changes;
}

} // namespace

Error changed_meanwhile(const std::string& server) {
    return {.code = ErrorCode::Conflict,
            .message = fmt::format("what is known of server '{}' changed while it was planned", server),
            .context = {},
            .hint = "plan again"};
}

Result<planner::ServerInput> server_input(const Engine& engine, const Workspace& workspace, ServerQuery query,
                                          Diagnostics& diagnostics) {
    planner::ServerInput input;
    input.name = query.name;
    auto applied = engine.store.applied(query.known_as);
    if (!applied) return std::move(applied).error();
    input.applied = std::move(*applied);
    if (input.applied) input.applied->spec.name = query.name;
    if (query.observed) {
        input.observed = std::move(query.observed);
    } else {
        auto known = engine.store.observed(query.known_as);
        if (!known) return std::move(known).error();
        input.observed = std::move(*known);
    }
    const auto index = workspace.fleet.find(query.name);
    if (query.drift_only) {
        if (input.applied) input.desired = planner::desired_of(*input.applied);
        if (input.desired && index) input.desired->at = workspace.fleet.server(*index).at;
    } else if (index) {
        input.desired = desired_state(engine, workspace, *index, diagnostics).redacted;
    }
    if (!input.desired && !input.applied) return changed_meanwhile(query.name);
    if (input.desired && input.applied) input.desired->spec.server_id = input.applied->spec.server_id;
    ask_provider(engine.providers, input);
    return input;
}

void ask_provider(const providers::ProviderTable& providers, planner::ServerInput& input) {
    const std::string& name = input.desired ? input.desired->spec.provider : input.applied->spec.provider;
    const providers::Provider* provider = providers.find(name);
    input.provider_present = provider != nullptr;
    if (!provider) return;
    const ValueMap& settings = input.desired ? input.desired->spec.settings : input.applied->spec.settings;
    input.live = provider->is_live(settings);
    if (input.applied) input.provider_deletes = provider->deletes(input.applied->spec.settings);
    if (input.desired)
        input.provider_diff =
            provider->diff(input.desired->spec, input.observed ? &input.observed->state : nullptr);
}

void suppose_provider(planner::ServerInput& input) {
    // Hypervisors and clouds delete what leaves the inventory; other machines are somebody's.
    constexpr std::string_view kDeleting[] = {"aws", "xcpng", "proxmox"};
    input.provider_present = true;
    if (input.applied)
        input.provider_deletes = std::find(std::begin(kDeleting), std::end(kDeleting),
                                           input.applied->spec.provider) != std::end(kDeleting);
    const bool missing = input.observed && input.observed->state.presence == api::Presence::Missing;
    if (input.desired && (missing || (!input.observed && !input.applied)))
        input.provider_diff = {.kind = api::ActionKind::Create,
                               .reason = missing ? "there is no such machine" : "never observed",
                               .risk = api::Risk::Safe,
                               .changes = {}};
    else if (is_moved(input))
        input.provider_diff = {
            .kind = api::ActionKind::Update,
            .reason = "its settings change",
            .risk = api::Risk::Safe,
            .changes = changes_between(input.applied->spec.settings, input.desired->spec.settings)};
}

planner::Planned plan_one(const Engine& engine, const Workspace& workspace, planner::ServerInput input,
                          bool drift_only) {
    planner::PlanInput one;
    one.inventory = workspace.origin;
    one.allow_destroy = true;
    one.drift_only = drift_only;
    one.max_destroy = 1;
    one.max_destructive_percent = 100;
    one.applied_servers = 1;
    one.key = engine.store.key();
    one.servers.push_back(std::move(input));
    return planner::make_plan(one);
}

} // namespace lab::reconciler
