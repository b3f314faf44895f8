#include "reconciler/renames.h"

#include "reconciler/detail/lookup.h"
#include "reconciler/prepare.h"

#include <algorithm>
#include <set>

namespace lab::reconciler {
namespace {

/// Servers of the inventory that were never applied, by their machine.
Renames never_applied(const Engine& engine, const Workspace& workspace,
                      const std::vector<store::ServerKeys>& known) {
    std::set<std::string_view> applied;
    for (const store::ServerKeys& server : known)
        if (server.applied) applied.insert(server.name);
    Renames fresh;
    const spec::Fleet& fleet = workspace.fleet;
    for (spec::ServerIndex index = 0; index < fleet.size(); ++index) {
        const std::string& name = fleet.server(index).name;
        if (engine.providers.find(fleet.provider(index)) && !applied.contains(name))
            fresh.emplace(machine_text(fleet.provider(index), fleet.settings(index)), name);
    }
    return fresh;
}

} // namespace

Result<Renames> find_renames(const Engine& engine, const Workspace& workspace,
                             const std::vector<store::ServerKeys>& known) {
    detail::FleetLookup inventory(workspace);
    std::vector<const store::ServerKeys*> gone;
    for (const store::ServerKeys& server : known)
        if (server.applied && !inventory.contains(server.name)) gone.push_back(&server);
    Renames renames;
    if (gone.empty()) return renames;
    const Renames fresh = never_applied(engine, workspace, known);
    for (const store::ServerKeys* server : gone) {
        const auto applied = engine.store.applied(server->name);
        if (!applied) return applied.error();
        if (!*applied) continue;
        const auto now = fresh.find(machine_text((*applied)->spec.provider, (*applied)->spec.settings));
        if (now != fresh.end()) renames.emplace(now->second, server->name);
    }
    return renames;
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
