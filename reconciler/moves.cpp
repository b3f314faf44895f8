#include "reconciler/moves.h"

#include "support/json.h"

#include <fmt/format.h>

namespace lab::reconciler {
namespace {

/// Blocks all of a server's actions, by policy.
void block_server(api::Plan& plan, const std::string& server, const std::string& why,
                  const std::string& lifted_by) {
    const std::string resource = "server/" + server;
    for (api::Action& action : plan.actions)
        if (action.resource == resource || action.resource.starts_with(resource + "/"))
            action.blocked = {.by = "policy", .detail = why, .lifted_by = lifted_by};
}

} // namespace

bool is_moved(const planner::ServerInput& server) {
    return server.applied && server.desired &&
           server.applied->spec.provider == server.desired->spec.provider &&
           server.applied->spec.settings != server.desired->spec.settings;
}

void suppose_new_place(const providers::ProviderTable& providers, planner::ServerInput& server) {
    const providers::Provider* provider = providers.find(server.desired->spec.provider);
    if (!provider) return;
    server.observed = planner::ObservedServer{.fresh = true};
    server.observed->state.presence =
        provider->is_live(server.desired->spec.settings) ? api::Presence::Present : api::Presence::Missing;
}

std::optional<std::string> Moves::note(const planner::ServerInput& server) {
    if (!server.applied || !server.desired) return std::nullopt;
    const std::string before = write_json(Value(server.applied->spec.settings));
    const providers::Provider* provider = providers_.find(server.desired->spec.provider);
    if (provider && server.live && !provider->is_live(server.applied->spec.settings)) {
        now_live_.push_back(server.name);
        return fmt::format("server/{} was the tree {} and would be the machine that lab runs on", server.name,
                           before);
    }
    if (server.applied->spec.settings == server.desired->spec.settings) return std::nullopt;
    // Its machine is there already: the tree was moved, or the server was there before.
    if (is_moved(server) && !server.provider_diff.kind && server.provider_present)
        return fmt::format("server/{} is at {} now: lab stops looking at what there is of it at {}",
                           server.name, write_json(Value(server.desired->spec.settings)), before);
    if (server.provider_diff.kind != api::ActionKind::Create) return std::nullopt;
    return fmt::format("server/{} moves: its machine of {} stays as it is, and lab stops looking at it",
                       server.name, before);
}

void Moves::block_this_machine(api::Plan& plan) const {
    for (const std::string& server : now_live_)
        block_server(plan, server, "it was a tree, and would be the machine that lab runs on",
                     "give it its 'root' again; if this machine is meant, call it by another name");
}

} // namespace lab::reconciler
