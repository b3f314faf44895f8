#include "reconciler/desired.h"

#include "spec/policy.h"

#include <set>

namespace lab::reconciler {
namespace {

/// A server may say which disk it is; that counts over how the layout chooses one.
spec::Layout on_own_disk(spec::Layout layout, const spec::Server& server) {
    const auto identity = [&](std::string_view key) -> std::optional<spec::Text> {
        const spec::Property* property = spec::find_property(server.properties, key);
        const std::string* text = property ? property->value.if_string() : nullptr;
        if (!text) return std::nullopt;
        constexpr std::string_view kById = "/dev/disk/by-id/";
        return spec::Text{text->starts_with(kById) ? text->substr(kById.size()) : *text, property->at};
    };
    spec::DiskSelector own{
        .serial = identity("disk.serial"), .wwn = identity("disk.wwn"), .by_id = identity("disk.by-id")};
    if (own.is_exact()) layout.disk = std::move(own);
    return layout;
}

} // namespace

api::ServerSpec server_spec(const Workspace& workspace, spec::ServerIndex index) {
    const spec::Fleet& fleet = workspace.fleet;
    return {.name = fleet.server(index).name,
            .server_id = {},
            .inventory = workspace.origin.id,
            .provider = std::string(fleet.provider(index)),
            .settings = fleet.settings(index)};
}

std::map<std::string, planner::DesiredGrant> wanted_grants(const spec::Fleet& fleet,
                                                           spec::ServerIndex index) {
    std::map<std::string, planner::DesiredGrant> wanted;
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, index)) {
        planner::DesiredGrant& grant = wanted[secret.path];
        grant.at = secret.chains.front().back().at;
        std::string last; // a label and a target may say the same
        for (const spec::Chain& chain : secret.chains) {
            std::string way = spec::chain_text(chain, secret.path);
            if (way == last) continue;
            grant.via += (grant.via.empty() ? "" : ", ") + way;
            last = std::move(way);
        }
    }
    return wanted;
}

planner::DesiredServer desired_server(const Workspace& workspace, spec::ServerIndex index) {
    const spec::Fleet& fleet = workspace.fleet;
    planner::DesiredServer server{.spec = server_spec(workspace, index),
                                  .environment = std::string(fleet.environment(index)),
                                  .cloud = std::string(fleet.cloud(index)),
                                  .region = std::string(fleet.region(index)),
                                  .labels = fleet.labels(index),
                                  .protect = fleet.server(index).protect,
                                  .at = fleet.server(index).at,
                                  .protect_at = fleet.server(index).protect_at,
                                  .units = {}};
    const auto& layouts = fleet.inventory().layouts;
    const auto layout = layouts.find(std::string(fleet.chosen(index, spec::Provides::Layout)));
    if (layout != layouts.end()) server.layout = on_own_disk(layout->second, fleet.server(index));
    server.secrets = wanted_grants(fleet, index);
    return server;
}

DesiredState desired_state(const Engine& engine, const Workspace& workspace, spec::ServerIndex index,
                           Diagnostics& diagnostics) {
    DesiredState state;
    state.redacted = desired_server(workspace, index);
    state.units = workspace.fleet.units(index, diagnostics);
    state.redacted.units = state.units;
    for (spec::ModuleUnit& unit : state.redacted.units)
        for (api::Resource& resource : unit.resources)
            resource = api::redacted(std::move(resource), engine.store.key());
    return state;
}

namespace {

/// Edges to ids that are not among `resources`: it may be a part of all, or what came about of it.
void drop_missing_edges(std::vector<api::Resource>& resources) {
    std::set<std::string> ids;
    for (const api::Resource& resource : resources)
        ids.insert(resource.id());
    for (api::Resource& resource : resources)
        for (std::vector<std::string>* edges : {&resource.after, &resource.notify})
            std::erase_if(*edges, [&](const std::string& id) { return !ids.contains(id); });
}

} // namespace

api::Desired document(const Engine& engine, const api::Plan::Inventory& origin, const api::ServerSpec& server,
                      const std::vector<spec::ModuleUnit>& units) {
    api::Desired desired{.server = server.name,
                         .server_id = server.server_id,
                         .inventory = server.inventory,
                         .commit = origin.dirty ? std::string() : origin.commit,
                         .key = engine.store.key(),
                         .resources = {}};
    for (const spec::ModuleUnit& unit : units)
        desired.resources.insert(desired.resources.end(), unit.resources.begin(), unit.resources.end());
    drop_missing_edges(desired.resources);
    return desired;
}

api::Desired document(const Engine& engine, const planner::AppliedServer& applied) {
    api::Desired desired{.server = applied.spec.name,
                         .server_id = applied.spec.server_id,
                         .inventory = applied.spec.inventory,
                         .commit = applied.commit,
                         .key = engine.store.key(),
                         .resources = {}};
    for (const planner::AppliedModule& module : applied.modules)
        for (const planner::AppliedResource& resource : module.resources)
            desired.resources.push_back(resource.resource);
    drop_missing_edges(desired.resources);
    return desired;
}

} // namespace lab::reconciler
