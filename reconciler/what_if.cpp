#include "reconciler/what_if.h"

#include "api/content.h"
#include "reconciler/decisions.h"
#include "reconciler/moves.h"
#include "reconciler/renames.h"
#include "reconciler/scope.h"
#include "reconciler/server_input.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::reconciler {
namespace {

using planner::RecordedServer;

/// Only compared inside this process; what comes out is withheld.
const api::FingerprintKey& local_key() {
    static const api::FingerprintKey key{.bytes = "only compared inside this process"};
    return key;
}

/// Whether a private value that is wanted is recorded, but cannot be compared.
bool has_private_values(const planner::ServerInput& server) {
    if (!server.desired || !server.observed) return false;
    const auto& seen = server.observed->resources;
    for (const spec::ModuleUnit& unit : server.desired->units)
        for (const api::Resource& resource : unit.resources) {
            const auto found = seen.find(resource.id());
            if (found == seen.end()) continue;
            for (const auto& [name, value] : resource.properties) {
                const Value* recorded = found->second.properties.find(name);
                if (recorded && api::is_fingerprint(value) && api::is_recorded_fingerprint(*recorded))
                    return true;
            }
        }
    return false;
}

/// The resource as it was left, also where it reads facts that nobody knows.
planner::ObservedResource as_left(const std::vector<spec::ModuleUnit>& units, const std::string& id) {
    for (const spec::ModuleUnit& unit : units)
        for (const api::Resource& resource : unit.resources)
            if (resource.id() == id && resource.type != "command") return {.properties = resource.properties};
    return {};
}

/// What is written of a machine on which otherwise all of `units` is in order.
void lay_over(planner::ObservedServer& seen, const planner::ObservedServer& written,
              const std::vector<spec::ModuleUnit>& units) {
    seen.at = written.at;
    seen.state = written.state;
    if (written.state.presence == api::Presence::Missing) seen.resources.clear();
    for (const auto& [id, resource] : written.resources) {
        const bool compared = seen.resources.contains(id);
        if (!compared) seen.resources.emplace(id, as_left(units, id));
        planner::ObservedResource& under = seen.resources[id];
        const Value* ensure = resource.properties.find("ensure");
        const bool other_kind = ensure && *ensure != Value("present");
        if (other_kind) under.properties = {};
        for (const auto& [name, value] : resource.properties) {
            const Value* left = compared ? under.properties.find(name) : nullptr;
            if (!left || !(*left == value)) under.moved.push_back(name);
            under.properties.set(name, value);
        }
        under.skipped = resource.skipped;
        under.failed = resource.failed;
        under.reason = resource.reason;
    }
}

class WhatIf {
  public:
    WhatIf(const Workspace& workspace, const WhatIfRequest& request)
        : workspace_(workspace), request_(request), moves_(request.providers) {
        input_.inventory = workspace.origin;
        input_.observed = request.digest.text();
        input_.scope = request.scope;
        input_.targets = request.targets;
        input_.allow_destroy = request.allow_destroy;
        input_.key = local_key();
    }

    Prepared run() {
        find_guard();
        find_known();
        follow_renames();
        auto all = scope_of(workspace_, keys(), request_.filter,
                            [this](const std::string& name) { return row(name); });
        LAB_CHECK(all, "a recording is in memory");
        Scope scope = std::move(*all);
        narrow(scope);
        for (const std::string& name : scope.servers) {
            if (settled_.contains(name)) {
                ++input_.settled_servers;
                input_.settled_units += workspace_.fleet.modules(*workspace_.fleet.find(name)).size();
            } else if (auto server = input_of(name)) {
                keep(std::move(*server));
            }
        }
        Prepared prepared;
        prepared.diagnostics = std::move(diagnostics_);
        if (prepared.diagnostics.has_errors()) return prepared;
        if (oldest_) input_.state.observed_at = format_time(*oldest_);
        if (private_ > 0)
            input_.warnings.push_back(
                fmt::format("private values recorded of {} are taken to be as wanted where "
                            "they have as many bytes: only the state that recorded them "
                            "can compare them",
                            counted(private_, "server")));
        quiet_.tell(input_.warnings);
        prepared.plan = planner::make_plan(input_).plan;
        moves_.block_this_machine(prepared.plan);
        withhold_fingerprints(prepared.plan);
        point_at_decisions(prepared.plan, workspace_.fleet);
        prepared.servers = std::move(scope.servers);
        return prepared;
    }

  private:
    void find_guard() {
        const spec::Guard& own = request_.in_order.fleet.inventory().settings.guard;
        input_.max_destroy = own.max_destroy;
        input_.max_destructive_percent = own.max_destructive_percent;
        input_.guard_source = "the inventory";
        const auto& recorded = request_.recording.guard;
        if (!recorded) return;
        input_.max_destroy = recorded->max_destroy;
        input_.max_destructive_percent = recorded->max_destructive_percent;
        input_.guard_source =
            recorded->commit.empty() ? "the recording" : "commit " + recorded->commit.substr(0, 12);
    }

    /// What is applied and observed by the recording, with what is in order worked out.
    void find_known() {
        for (const auto& [name, recorded] : request_.recording.servers) {
            RecordedServer& server = known_.emplace(name, recorded).first->second;
            if (is_settled(name, server)) {
                settled_.insert(name);
                ++input_.applied_servers;
                continue;
            }
            if (server.in_order) put_in_order(name, server);
            if (server.applied) {
                server.applied->spec.inventory = workspace_.origin.id;
                ++input_.applied_servers;
            }
        }
    }

    /// In order, and nothing that is recorded of it changes: nothing to look at.
    bool is_settled(const std::string& name, const RecordedServer& recorded) const {
        if (!recorded.in_order || recorded.observed) return false;
        const auto now = workspace_.fleet.find(name);
        const auto then = request_.in_order.fleet.find(name);
        return now && then && workspace_.fleet.key(*now) == request_.in_order.fleet.key(*then);
    }

    void put_in_order(const std::string& name, RecordedServer& server) {
        const auto index = request_.in_order.fleet.find(name);
        if (!index) {
            input_.warnings.push_back(fmt::format("server/{} is recorded as in order, but the inventory has "
                                                  "no such server: nothing is known of it",
                                                  name));
            return;
        }
        const auto units = redacted_units(request_.in_order.fleet, *index, local_key(), diagnostics_);
        server.applied = applied_from(request_.in_order, *index, units);
        planner::ObservedServer seen =
            observed_from(units, server.observed ? server.observed->facts : Value());
        if (server.observed) lay_over(seen, *server.observed, units);
        server.observed = std::move(seen);
    }

    /// A server that is gone while a new one is the same machine was renamed.
    void follow_renames() {
        std::map<std::string, std::string> fresh;
        const spec::Fleet& fleet = workspace_.fleet;
        for (spec::ServerIndex index = 0; index < fleet.size(); ++index) {
            const std::string& name = fleet.server(index).name;
            const auto known = known_.find(name);
            if (!request_.providers.find(fleet.provider(index)) || settled_.contains(name) ||
                (known != known_.end() && known->second.applied))
                continue;
            fresh.emplace(machine_text(fleet.provider(index), fleet.settings(index)), name);
        }
        std::vector<std::pair<std::string, std::string>> renamed;
        for (const auto& [name, server] : known_) {
            if (!server.applied || fleet.find(name)) continue;
            const api::ServerSpec& spec = server.applied->spec;
            const auto now = fresh.find(machine_text(spec.provider, spec.settings));
            if (now != fresh.end()) renamed.emplace_back(name, now->second);
        }
        for (const auto& [before, now] : renamed) {
            input_.warnings.push_back(told_rename(now, before));
            RecordedServer server = std::move(known_.at(before));
            known_.erase(before);
            server.applied->spec.name = now;
            const auto seen = known_.find(now);
            if (seen != known_.end() && seen->second.observed) server.observed = seen->second.observed;
            known_.insert_or_assign(now, std::move(server));
        }
    }

    std::vector<store::ServerKeys> keys() const {
        std::vector<store::ServerKeys> keys;
        for (const auto& [name, server] : known_) {
            if (!server.applied) continue;
            keys.push_back({.name = name, .server_id = server.applied->spec.server_id, .applied = true});
        }
        return keys;
    }

    Result<std::optional<store::KnownServer>> row(const std::string& name) const {
        const planner::AppliedServer& applied = *known_.at(name).applied; // it is one of keys()
        store::KnownServer server;
        server.name = name;
        server.provider = applied.spec.provider;
        server.environment = applied.environment;
        server.cloud = applied.cloud;
        server.region = applied.region;
        server.labels = applied.labels;
        server.applied = true;
        return std::optional(std::move(server));
    }

    void narrow(Scope& scope) const {
        std::set<std::string, std::less<>> wanted;
        for (const std::string& target : request_.targets) {
            const std::string_view rest = std::string_view(target).substr(std::string_view("server/").size());
            wanted.emplace(rest.substr(0, rest.find('/')));
        }
        std::erase_if(scope.servers, [&](const std::string& name) {
            return (!wanted.empty() && !wanted.contains(name)) ||
                   (request_.only_recorded && !known_.contains(name));
        });
    }

    std::optional<planner::ServerInput> input_of(const std::string& name) {
        planner::ServerInput server;
        server.name = name;
        if (const auto known = known_.find(name); known != known_.end()) {
            server.applied = known->second.applied;
            server.observed = known->second.observed;
        }
        if (const auto index = workspace_.fleet.find(name)) {
            server.desired = desired_server(workspace_, *index);
            server.desired->units = redacted_units(workspace_.fleet, *index, local_key(), diagnostics_);
            if (server.applied) server.desired->spec.server_id = server.applied->spec.server_id;
        }
        if (!server.desired && !server.applied) return std::nullopt;
        note_claim(server);
        const bool seen = server.observed.has_value();
        if (is_moved(server) && request_.providers.find(server.desired->spec.provider)) {
            suppose_new_place(request_.providers, server);
            ask_provider(request_.providers, server);
        } else {
            ask_as_ours(server);
        }
        if (!server.provider_present && seen) suppose_provider(server);
        return server;
    }

    /// What a recording says is there is lab's machine, also where it does not say by which id.
    void ask_as_ours(planner::ServerInput& server) const {
        const bool unsaid = server.observed && server.observed->state.server_id.empty();
        if (unsaid) server.observed->state.server_id = "recorded";
        ask_provider(request_.providers, server);
        if (unsaid) server.observed->state.server_id.clear();
    }

    void keep(planner::ServerInput server) {
        if (auto told = moves_.note(server)) input_.warnings.push_back(*std::move(told));
        note_quiet_changes(server.name);
        if (server.observed && server.observed->at != WallTime() &&
            (!oldest_ || server.observed->at < *oldest_))
            oldest_ = server.observed->at;
        private_ += has_private_values(server) ? 1u : 0u;
        input_.servers.push_back(std::move(server));
    }

    void note_quiet_changes(const std::string& name) {
        const auto recorded = request_.recording.servers.find(name);
        if (recorded == request_.recording.servers.end() || !recorded->second.in_order) return;
        const auto then = request_.in_order.fleet.find(name), now = workspace_.fleet.find(name);
        if (then && now) quiet_.note(request_.in_order.fleet.server(*then), workspace_.fleet.server(*now));
    }

    /// As prepare_plan() does: a machine may say that it is another applied server.
    void note_claim(planner::ServerInput& server) const {
        if (!server.observed || server.observed->state.server_id.empty()) return;
        const std::string& machine = server.observed->state.server_id;
        if (server.applied && server.applied->spec.server_id == machine) return;
        for (const auto& [name, other] : known_)
            if (other.applied && name != server.name && other.applied->spec.server_id == machine)
                server.claims = name;
    }

    const Workspace& workspace_;
    const WhatIfRequest& request_;
    planner::PlanInput input_;
    std::map<std::string, RecordedServer> known_;
    std::set<std::string> settled_;
    Moves moves_;
    QuietChanges quiet_;
    Diagnostics diagnostics_;
    std::optional<WallTime> oldest_;
    std::size_t private_ = 0;
};

} // namespace

Prepared prepare_what_if(const Workspace& workspace, const WhatIfRequest& request) {
    return WhatIf(workspace, request).run();
}

Result<planner::Recording> record(const store::Store& store, const std::string& inventory,
                                  const std::vector<std::string>& servers) {
    planner::Recording recording;
    recording.inventory = inventory;
    auto guard = store.fully_applied();
    if (!guard) return std::move(guard).error();
    if (*guard)
        recording.guard = {.max_destroy = (*guard)->max_destroy,
                           .max_destructive_percent = (*guard)->max_destructive_percent,
                           .commit = (*guard)->commit};
    else
        recording.guard = planner::Recording::Guard{};
    for (const std::string& name : servers) {
        auto applied = store.applied(name);
        if (!applied) return std::move(applied).error();
        auto observed = store.observed(name);
        if (!observed) return std::move(observed).error();
        if (!*applied && !*observed) continue;
        RecordedServer& server = recording.servers[name];
        server.applied = std::move(*applied);
        server.observed = std::move(*observed);
    }
    return recording;
}

} // namespace lab::reconciler
