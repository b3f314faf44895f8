#include "reconciler/rebuild.h"

#include "reconciler/desired.h"

#include <algorithm>
#include <utility>

namespace lab::reconciler {
namespace {

std::string text_of(const Value& value, std::string_view key) {
    const Value* member = value.get(key);
    const std::string* text = member ? member->if_string() : nullptr;
    return text ? *text : std::string();
}

std::optional<planner::AppliedResource> resource_of(const Value& entry) {
    const Value* written = entry.get("resource");
    if (!written) return std::nullopt;
    auto resource = api::resource_from_value(*written);
    if (!resource || api::digest(*resource).text() != text_of(entry, "digest")) return std::nullopt;
    const bool secret =
        std::any_of(resource->properties.begin(), resource->properties.end(),
                    [](const auto& property) { return api::is_fingerprint(property.second); });
    if (secret) return std::nullopt;
    return planner::AppliedResource{.resource = *std::move(resource), .commit = text_of(entry, "commit")};
}

} // namespace

std::optional<planner::AppliedServer> rebuild(const Workspace& workspace, spec::ServerIndex index,
                                              const std::string& server_id, const Value& applied) {
    const Value* resources = applied.get("resources");
    if (server_id.empty() || !resources || !resources->if_map() ||
        text_of(applied, "inventory") != workspace.origin.id)
        return std::nullopt;
    const planner::DesiredServer desired = desired_server(workspace, index);
    planner::AppliedServer server{.spec = desired.spec,
                                  .environment = desired.environment,
                                  .cloud = desired.cloud,
                                  .region = desired.region,
                                  .labels = desired.labels,
                                  .protect = desired.protect,
                                  .commit = {},
                                  .modules = {},
                                  .secrets = std::nullopt};
    server.spec.server_id = server_id;
    std::map<std::string, planner::AppliedModule> modules;
    for (const auto& [id, entry] : *resources->if_map())
        if (auto resource = resource_of(entry)) {
            planner::AppliedModule& module = modules[resource->resource.module];
            module.module = resource->resource.module;
            module.resources.push_back(*std::move(resource));
        }
    for (auto& [name, module] : modules)
        server.modules.push_back(std::move(module));
    return server;
}

std::optional<Renewed> renew(planner::AppliedServer before, const Value& applied) {
    const Value* kept = applied.get("resources");
    if (!kept || !kept->if_map() || text_of(applied, "inventory") != before.spec.inventory ||
        text_of(applied, "server_id") != before.spec.server_id)
        return std::nullopt;
    Renewed renewed;
    std::vector<planner::AppliedModule> modules = std::exchange(before.modules, {});
    for (planner::AppliedModule& module : modules) {
        bool differs = false;
        std::vector<planner::AppliedResource> resources;
        for (planner::AppliedResource& known : module.resources) {
            const Value* entry = kept->get(known.resource.id());
            if (!entry || text_of(*entry, "digest") == api::digest(known.resource).text()) {
                resources.push_back(std::move(known));
                continue;
            }
            differs = true;
            if (auto newer = resource_of(*entry)) resources.push_back(*std::move(newer));
        }
        if (!differs) continue;
        module.resources = std::move(resources);
        if (module.resources.empty())
            renewed.modules_gone.push_back(module.module);
        else
            before.modules.push_back(std::move(module));
    }
    if (before.modules.empty() && renewed.modules_gone.empty()) return std::nullopt;
    renewed.server = std::move(before);
    return renewed;
}

} // namespace lab::reconciler
