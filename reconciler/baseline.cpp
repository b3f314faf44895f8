#include "reconciler/baseline.h"

#include "reconciler/decisions.h"
#include "reconciler/moves.h"
#include "reconciler/renames.h"
#include "reconciler/server_input.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace lab::reconciler {
namespace {

constexpr std::size_t kNamesShown = 8;

std::string names_of(const std::vector<std::string>& servers) {
    const std::size_t count = std::min(servers.size(), kNamesShown);
    std::string text = fmt::format(
        "{}", fmt::join(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(count), ", "));
    if (servers.size() > count) text += fmt::format(" and {} more", servers.size() - count);
    return text;
}

} // namespace

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

void QuietChanges::note(const spec::Server& before, const spec::Server& now) {
    if (before.protect && !now.protect) unprotected_.push_back(now.name);
    for (const std::string_view path : {"disk.serial", "disk.wwn", "disk.by-id"}) {
        const spec::Property* was = spec::find_property(before.properties, path);
        const spec::Property* is = spec::find_property(now.properties, path);
        if (was && (!is || !(was->value == is->value))) of_disks_[std::string(path)].push_back(now.name);
    }
}

void QuietChanges::tell(std::vector<std::string>& warnings) const {
    if (!unprotected_.empty())
        warnings.push_back(
            fmt::format("no longer protected once this is applied: {}", names_of(unprotected_)));
    for (const auto& [path, servers] : of_disks_)
        warnings.push_back(fmt::format("{} changes, and nothing is moved from the one disk to the other: {}",
                                       path, names_of(servers)));
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
    const Renames renames = renames_between(request.base, workspace.fleet, request.providers);
    for (const auto& [now, before] : renames) {
        names.erase(before);
        if (names.contains(now)) input.warnings.push_back(told_rename(now, before));
    }
    Moves moves(request.providers);
    QuietChanges quiet;
    for (const std::string& name : names) {
        const auto renamed = renames.find(name);
        const auto now = workspace.fleet.find(name);
        const auto then = request.base.find(renamed == renames.end() ? name : renamed->second);
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
            server.applied->spec.name = name;
            server.observed = observed_from(units, request.facts ? request.facts(name) : Value());
        }
        const bool moved = is_moved(server);
        if (moved) suppose_new_place(request.providers, server);
        ask_provider(request.providers, server);
        if (!server.provider_present) {
            server.supposed = true;
            suppose_provider(server);
        }
        // The machine itself is taken to be as the base has it: only what the change says differs.
        if (then && !moved) server.provider_diff = {};
        if (auto told = moves.note(server)) input.warnings.push_back(*std::move(told));
        if (now && then) quiet.note(request.base.server(*then), workspace.fleet.server(*now));
        input.servers.push_back(std::move(server));
    }
    if (prepared.diagnostics.has_errors()) return prepared;
    quiet.tell(input.warnings);
    prepared.plan = planner::make_plan(input).plan;
    moves.block_this_machine(prepared.plan);
    withhold_fingerprints(prepared.plan);
    point_at_decisions(prepared.plan, workspace.fleet);
    prepared.servers.assign(names.begin(), names.end());
    return prepared;
}

} // namespace lab::reconciler
