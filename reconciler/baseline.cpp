#include "reconciler/baseline.h"

#include <algorithm>
#include <set>

namespace lab::reconciler {

std::vector<spec::ModuleUnit> redacted_units(const spec::Fleet& fleet, spec::ServerIndex index,
                                             const api::FingerprintKey& key, Diagnostics& diagnostics) {
    auto units = fleet.units(index, diagnostics);
    for (spec::ModuleUnit& unit : units)
        for (api::Resource& resource : unit.resources)
            resource = api::redacted(std::move(resource), key);
    return units;
}

planner::AppliedServer applied_from(const Workspace& base, spec::ServerIndex index,
                                    const std::vector<spec::ModuleUnit>& units) {
    const spec::Fleet& fleet = base.fleet;
    planner::AppliedServer applied{.spec = server_spec(base, index),
                                   .environment = std::string(fleet.environment(index)),
                                   .cloud = std::string(fleet.cloud(index)),
                                   .region = std::string(fleet.region(index)),
                                   .labels = fleet.labels(index),
                                   .protect = fleet.server(index).protect,
                                   .commit = base.origin.commit,
                                   .modules = {}};
    const auto& layouts = fleet.inventory().layouts;
    const auto layout = layouts.find(std::string(fleet.chosen(index, spec::Provides::Layout)));
    if (layout != layouts.end()) applied.layout = planner::layout_record(layout->second);
    applied.secrets = planner::grants_of(desired_server(base, index));
    for (const spec::ModuleUnit& unit : units) {
        planner::AppliedModule& module = applied.modules.emplace_back();
        module.module = unit.module;
        for (const api::Resource& resource : unit.resources)
            module.resources.push_back({.resource = resource, .commit = base.origin.commit});
    }
    std::sort(applied.modules.begin(), applied.modules.end(),
              [](const auto& left, const auto& right) { return left.module < right.module; });
    return applied;
}

planner::ObservedServer observed_from(const std::vector<spec::ModuleUnit>& units, Value facts) {
    planner::ObservedServer observed;
    observed.fresh = true;
    observed.state.presence = api::Presence::Present;
    for (const spec::ModuleUnit& unit : units)
        for (const api::Resource& resource : unit.resources) {
            planner::ObservedResource& seen = observed.resources[resource.id()];
            auto known = api::with_facts(resource, facts);
            if (!known) { // it reads facts that nobody knows: taken to be as it was applied
                observed.resources.erase(resource.id());
                continue;
            }
            if (!*known) {
                seen.skipped = true;
                seen.reason = "when is false";
                continue;
            }
            seen.properties = (*known)->properties;
            if (resource.type == "command") seen.properties = ValueMap{{"done", Value(true)}};
        }
    observed.facts = std::move(facts);
    return observed;
}

void withhold_fingerprints(api::Plan& plan) {
    const auto withhold = [](Value& value) {
        if (!api::is_fingerprint(value)) return;
        const Value* bytes = value.get("bytes");
        value = Value(ValueMap{{"fingerprint", Value("withheld")}, {"bytes", bytes ? *bytes : Value()}});
    };
    for (api::Action& action : plan.actions)
        for (api::PropertyChange& change : action.changes) {
            withhold(change.before);
            withhold(change.after);
        }
    for (api::DriftItem& item : plan.drift) {
        withhold(item.expected);
        withhold(item.actual);
    }
}

Prepared prepare_baseline(const Workspace& workspace, const BaselineRequest& request) {
    const Workspace base{.fleet = request.base, .origin = workspace.origin};
    Prepared prepared;
    planner::PlanInput input;
    input.inventory = workspace.origin;
    input.baseline = request.base_commit;
    input.scope = request.scope;
    input.targets = request.targets;
    input.allow_destroy = request.allow_destroy;
    const api::FingerprintKey key{.bytes = "only compared inside this process"};
    input.key = key;
    const spec::Guard& guard = request.base.inventory().settings.guard;
    input.max_destroy = guard.max_destroy;
    input.max_destructive_percent = guard.max_destructive_percent;
    input.guard_source = "commit " + request.base_commit.substr(0, 12);
    input.applied_servers = request.base.size();

    std::set<std::string> names;
    const auto collect = [&](const spec::Fleet& fleet) {
        if (request.filter) {
            for (const spec::ServerIndex index : fleet.select(*request.filter))
                names.insert(fleet.server(index).name);
        } else {
            for (spec::ServerIndex index = 0; index < fleet.size(); ++index)
                names.insert(fleet.server(index).name);
        }
    };
    collect(workspace.fleet);
    collect(request.base);
    for (const std::string& name : names) {
        const auto now = workspace.fleet.find(name);
        const auto then = request.base.find(name);
        if (now && then && workspace.fleet.key(*now) == request.base.key(*then)) {
            ++input.settled_servers;
            input.settled_units += workspace.fleet.modules(*now).size();
            continue;
        }
        planner::ServerInput server;
        server.name = name;
        if (now) {
            server.desired = desired_server(workspace, *now);
            server.desired->units = redacted_units(workspace.fleet, *now, key, prepared.diagnostics);
        }
        if (then) {
            const auto units = redacted_units(request.base, *then, key, prepared.diagnostics);
            server.applied = applied_from(base, *then, units);
            server.observed = observed_from(units, request.facts ? request.facts(name) : Value());
        }
        ask_provider(request.providers, server);
        if (!server.provider_present) {
            server.supposed = true;
            suppose_provider(server);
        }
        // The machine itself is taken to be as the base has it: only what the change says differs.
        if (then) server.provider_diff = {};
        input.servers.push_back(std::move(server));
    }
    if (prepared.diagnostics.has_errors()) return prepared;
    prepared.plan = planner::make_plan(input).plan;
    withhold_fingerprints(prepared.plan);
    point_at_decisions(prepared.plan, workspace.fleet);
    prepared.servers.assign(names.begin(), names.end());
    return prepared;
}

} // namespace lab::reconciler
