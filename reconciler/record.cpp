#include "reconciler/record.h"

#include "reconciler/server_input.h"

#include <algorithm>
#include <set>

namespace lab::reconciler {
namespace {

constexpr std::size_t kBatch = 256; // servers written in one transaction

const spec::ModuleUnit* find_unit(const planner::DesiredServer& desired, std::string_view module) {
    const auto found = std::find_if(desired.units.begin(), desired.units.end(),
                                    [&](const spec::ModuleUnit& unit) { return unit.module == module; });
    return found == desired.units.end() ? nullptr : &*found;
}

const planner::AppliedModule* find_applied(const std::optional<planner::AppliedServer>& applied,
                                           std::string_view module) {
    if (!applied) return nullptr;
    const auto found = std::find_if(applied->modules.begin(), applied->modules.end(),
                                    [&](const planner::AppliedModule& one) { return one.module == module; });
    return found == applied->modules.end() ? nullptr : &*found;
}

/// The module as applied now: resources in `brought` as desired, the others as they were before.
planner::AppliedModule merged(const spec::ModuleUnit& unit, const planner::AppliedModule* before,
                              const std::set<std::string>& brought, const std::string& commit) {
    planner::AppliedModule module{.module = unit.module, .resources = {}};
    for (const api::Resource& resource : unit.resources) {
        const std::string id = resource.id();
        const planner::AppliedResource* old = nullptr;
        if (before)
            for (const planner::AppliedResource& one : before->resources)
                if (one.resource.id() == id) old = &one;
        if (brought.contains(id)) {
            const bool same = old && api::digest(old->resource) == api::digest(resource);
            module.resources.push_back(
                {.resource = resource, .commit = same && commit.empty() ? old->commit : commit});
        } else if (old) {
            module.resources.push_back(*old);
        }
    }
    return module;
}

/// Who may read what is only recorded once its own line of the plan was carried out. What was not known
/// before has no such line.
planner::Grants grants_now(const planner::ServerInput& input, bool itself) {
    planner::Grants wanted = planner::grants_of(*input.desired);
    if (input.applied && !input.applied->secrets) return wanted;
    const planner::Grants before = input.applied ? *input.applied->secrets : planner::Grants{};
    const bool same =
        std::equal(wanted.begin(), wanted.end(), before.begin(), before.end(),
                   [](const auto& left, const auto& right) { return left.first == right.first; });
    return itself || same ? wanted : before;
}

planner::AppliedServer frame_of(const Workspace& workspace, const planner::ServerInput& input, bool itself) {
    const planner::DesiredServer& desired = *input.desired;
    const bool dirty = workspace.origin.dirty;
    planner::AppliedServer server{.spec = desired.spec,
                                  .environment = desired.environment,
                                  .cloud = desired.cloud,
                                  .region = desired.region,
                                  .labels = desired.labels,
                                  // A dirty tree may protect and preserve, but it may not lift what a commit
                                  // does.
                                  .protect =
                                      desired.protect || (dirty && input.applied && input.applied->protect),
                                  .commit = dirty ? std::string() : workspace.origin.commit,
                                  .modules = {}};
    server.layout = dirty && input.applied && planner::gives_up_preserved(input)
                        ? input.applied->layout
                        : planner::layout_to_record(input);
    server.secrets = grants_now(input, itself);
    if (input.observed && server.spec.server_id.empty())
        server.spec.server_id = input.observed->state.server_id;
    return server;
}

/// Whether the record holds on to what the inventory gives up, because it is a dirty tree that does: the
/// commit that is the same must not pass for recorded already.
bool waits_for_commit(const planner::ServerInput& input) {
    return input.applied->protect != input.desired->protect || planner::gives_up_preserved(input);
}

void merge_report(planner::ObservedServer& observed, const api::Report& report, WallTime at) {
    api::ServerState state{.presence = api::Presence::Present,
                           .detail = {},
                           .server_id = report.server_id,
                           .inventory = report.inventory,
                           .properties = std::move(observed.state.properties),
                           .report = report};
    Answer answer = answer_from(std::move(state), at);
    for (auto& [id, resource] : answer.observed.resources)
        observed.resources[id] = std::move(resource);
    observed.state = std::move(answer.observed.state);
    if (!answer.observed.facts.is_null()) observed.facts = std::move(answer.observed.facts);
    observed.at = at;
    observed.fresh = true;
}

} // namespace

Record record_of(const Engine& engine, const Workspace& workspace, planner::ServerInput input,
                 const api::Report* report, bool drift_only, bool itself) {
    LAB_CHECK(input.desired.has_value(), "only a server that is wanted is recorded");
    std::map<std::string, std::set<std::string>> brought; // module -> resources
    if (report) {
        if (!input.observed) input.observed.emplace();
        merge_report(*input.observed, *report, engine.clock.wall());
        for (const api::ResourceReport& resource : report->resources)
            if (resource.status == api::ResourceStatus::Ok || resource.status == api::ResourceStatus::Changed)
                for (const spec::ModuleUnit& unit : input.desired->units)
                    for (const api::Resource& one : unit.resources)
                        if (one.id() == resource.id) brought[unit.module].insert(resource.id);
    }
    for (const planner::Settled& settled : plan_one(engine, workspace, input, drift_only).settled)
        brought[settled.module].insert(settled.resources.begin(), settled.resources.end());

    Record record;
    record.application.server = frame_of(workspace, input, itself);
    if (drift_only && input.applied) record.application.server = *input.applied;
    record.application.server.modules.clear();
    for (const spec::ModuleUnit& unit : input.desired->units) {
        planner::AppliedModule module = merged(unit, find_applied(input.applied, unit.module),
                                               brought[unit.module], record.application.server.commit);
        if (!module.resources.empty()) record.application.server.modules.push_back(std::move(module));
    }
    std::sort(record.application.server.modules.begin(), record.application.server.modules.end(),
              [](const auto& left, const auto& right) { return left.module < right.module; });
    if (input.applied)
        for (const planner::AppliedModule& module : input.applied->modules)
            if (!find_unit(*input.desired, module.module))
                record.application.modules_gone.push_back(module.module);

    record.observation.name = input.name;
    if (input.observed) {
        record.observation.observed = *input.observed;
        for (const auto& [id, resource] : input.observed->resources)
            if (resource.skipped && resource.reason == "needs a live system") ++record.observation.skipped;
    }
    input.applied = record.application.server;
    ask_provider(engine.providers, input);
    const planner::Planned after = plan_one(engine, workspace, input, drift_only);
    if (after.plan.actions.empty() && after.plan.drift.empty()) {
        if (drift_only) {
            if (auto known = engine.store.server(input.name); known && *known)
                record.application.applied_key = (*known)->applied_key;
        } else if (const auto index = workspace.fleet.find(input.name); index && !waits_for_commit(input)) {
            record.application.applied_key = workspace.fleet.key(*index);
        }
        if (!record.observation.observed.has_failed())
            record.observation.in_sync_key = record.application.applied_key;
    }
    return record;
}

Result<void> record_settled(const Engine& engine, const Workspace& workspace,
                            const std::vector<std::string>& servers) {
    auto known = engine.store.servers();
    if (!known) return std::move(known).error();
    std::map<std::string_view, const store::ServerKeys*> by_name;
    for (const store::ServerKeys& server : *known)
        if (server.applied) by_name[server.name] = &server;
    std::vector<store::Store::Application> applications;
    std::vector<store::Store::Observation> observations;
    const auto flush = [&]() -> Result<void> {
        LAB_TRY(engine.store.record_applied(std::exchange(applications, {})));
        return engine.store.record_observed(std::exchange(observations, {}));
    };
    Diagnostics diagnostics;
    for (const std::string& name : servers) {
        const auto index = workspace.fleet.find(name);
        const auto row = by_name.find(name);
        if (!index || row == by_name.end() || row->second->applied_key == workspace.fleet.key(*index))
            continue;
        auto input =
            server_input(engine, workspace, {.name = name, .known_as = name, .observed = {}}, diagnostics);
        if (!input) return std::move(input).error();
        // Nothing was brought about where nobody looked, or on another machine than the one that was.
        const bool moved = input->applied && input->applied->spec.provider != input->desired->spec.provider;
        if (!input->provider_present || moved) continue;
        if (!input->observed || input->observed->state.presence != api::Presence::Present) continue;
        Record record = record_of(engine, workspace, std::move(*input), nullptr, /*drift_only=*/false,
                                  /*itself=*/false);
        applications.push_back(std::move(record.application));
        observations.push_back(std::move(record.observation));
        if (applications.size() == kBatch) LAB_TRY(flush());
    }
    return flush();
}

} // namespace lab::reconciler
