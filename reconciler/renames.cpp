#include "reconciler/renames.h"

#include "reconciler/detail/lookup.h"
#include "support/json.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::reconciler {
namespace {

/// Servers of the inventory that were never applied, by their machine.
template <typename IsApplied>
Renames never_applied(const spec::Fleet& fleet, const providers::ProviderTable& providers,
                      const IsApplied& is_applied) {
    Renames fresh;
    for (spec::ServerIndex index = 0; index < fleet.size(); ++index) {
        const std::string& name = fleet.server(index).name;
        if (providers.find(fleet.provider(index)) && !is_applied(name))
            fresh.emplace(machine_text(fleet.provider(index), fleet.settings(index)), name);
    }
    return fresh;
}

} // namespace

std::string machine_text(std::string_view provider, const ValueMap& settings) {
    return std::string(provider) + "\n" + write_json_canonical(settings);
}

Result<Renames> find_renames(const Engine& engine, const Workspace& workspace,
                             const std::vector<store::ServerKeys>& known) {
    detail::FleetLookup inventory(workspace);
    std::vector<const store::ServerKeys*> gone;
    for (const store::ServerKeys& server : known)
        if (server.applied && !inventory.contains(server.name)) gone.push_back(&server);
    Renames renames;
    if (gone.empty()) return renames;
    std::set<std::string_view> applied_names;
    for (const store::ServerKeys& server : known)
        if (server.applied) applied_names.insert(server.name);
    const Renames fresh = never_applied(workspace.fleet, engine.providers, [&](const std::string& name) {
        return applied_names.contains(name);
    });
    for (const store::ServerKeys* server : gone) {
        const auto applied = engine.store.applied(server->name);
        if (!applied) return applied.error();
        if (!*applied) continue;
        const auto now = fresh.find(machine_text((*applied)->spec.provider, (*applied)->spec.settings));
        if (now != fresh.end()) renames.emplace(now->second, server->name);
    }
    return renames;
}

Renames renames_between(const spec::Fleet& before, const spec::Fleet& now,
                        const providers::ProviderTable& providers) {
    const Renames fresh =
        never_applied(now, providers, [&](const std::string& name) { return before.find(name).has_value(); });
    Renames renames;
    if (fresh.empty()) return renames;
    for (spec::ServerIndex index = 0; index < before.size(); ++index) {
        const std::string& name = before.server(index).name;
        if (now.find(name)) continue;
        const auto found = fresh.find(machine_text(before.provider(index), before.settings(index)));
        if (found != fresh.end()) renames.emplace(found->second, name);
    }
    return renames;
}

std::string told_rename(const std::string& now, const std::string& before) {
    return fmt::format("server/{} is server/{} now: the machine is the same", before, now);
}

std::vector<store::ServerKeys> renamed(std::vector<store::ServerKeys> known, const Renames& renames) {
    std::map<std::string_view, std::string_view> names;
    for (const auto& [now, before] : renames)
        names.emplace(before, now);
    // What was only observed under the new name makes way.
    std::erase_if(known, [&](const store::ServerKeys& server) { return renames.contains(server.name); });
    for (store::ServerKeys& server : known)
        if (const auto found = names.find(server.name); found != names.end()) {
            server.name = found->second;
            server.applied_key = {};
        }
    std::sort(known.begin(), known.end(),
              [](const auto& left, const auto& right) { return left.name < right.name; });
    return known;
}

Result<void> record_renames(const Engine& engine, const Workspace& workspace) {
    const auto known = engine.store.servers();
    if (!known) return known.error();
    const auto renames = find_renames(engine, workspace, *known);
    if (!renames) return renames.error();
    for (const auto& [now, before] : *renames) {
        auto applied = engine.store.applied(before);
        if (!applied) return std::move(applied).error();
        (*applied)->spec.name = now;
        LAB_TRY(engine.store.record_applied(
            {{.server = std::move(**applied), .modules_gone = {}, .applied_key = {}}}));
    }
    return {};
}

} // namespace lab::reconciler
