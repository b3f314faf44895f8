#include "reconciler/unfinished.h"

#include "reconciler/detail/jobs.h"
#include "reconciler/prepare.h"
#include "reconciler/record.h"

#include <algorithm>
#include <set>

namespace lab::reconciler {
namespace {

using store::RunState;
using store::StepState;

/// How far back is looked for runs that others came after.
constexpr std::size_t kRecent = 50;

std::set<std::string> begun_by(const store::Run& run) {
    std::set<std::string> servers;
    for (const store::Step& step : run.steps)
        if (step.state == StepState::Started) servers.insert(server_of(step.action));
    return servers;
}

/// The inventory that the run had; null where it cannot be read any more.
Result<const Workspace*> workspace_of(const Engine& engine, const store::Run& run, const Workspace& now,
                                      const AtCommit& at_commit) {
    const Workspace* none = nullptr;
    if (!run.commit.empty()) {
        if (run.commit == now.origin.commit && !now.origin.dirty) return &now;
        const auto then = at_commit(run.commit);
        return then ? *then : none;
    }
    const auto document = engine.store.plan_document(run.id);
    if (!document) return document.error();
    if (!*document) return none;
    const auto plan = api::read_plan(**document);
    return plan && plan->inventory.digest == now.origin.digest ? &now : none;
}

Result<void> look_again(const Engine& engine, const Workspace& now, const AtCommit& at_commit,
                        const store::Run& run, const std::set<std::string>& servers) {
    const auto own = workspace_of(engine, run, now, at_commit);
    if (!own) return own.error();
    // What the run wanted is not known any more; what it brought about its machines know.
    if (!*own && run.kind == "apply") LAB_TRY(engine.store.distrust({servers.begin(), servers.end()}));
    PlanRequest look;
    look.refresh = Refresh::Only;
    for (const std::string& server : servers)
        look.targets.push_back("server/" + server);
    auto seen = prepare_plan(engine, *own ? **own : now, look);
    if (!seen) return std::move(seen).error();
    if (!*own || run.kind != "apply") return {}; // a sync brings about what is recorded already
    return record_settled(engine, **own, {servers.begin(), servers.end()});
}

} // namespace

Result<std::vector<std::string>> settle_dead_runs(const Engine& engine, const Workspace& workspace,
                                                  const AtCommit& at_commit) {
    auto dead = engine.store.unfinished_runs();
    if (!dead) return std::move(dead).error();
    std::vector<std::string> ids;
    for (const store::Run& run : *dead) {
        const std::set<std::string> servers = begun_by(run);
        if (!servers.empty()) LAB_TRY(look_again(engine, workspace, at_commit, run, servers));
        LAB_TRY(engine.store.end_run(run.id, RunState::Interrupted, false));
        ids.push_back(run.id);
    }
    return ids;
}

Result<std::optional<store::Run>> resumable_run(const store::Store& store) {
    auto runs = store.runs(kRecent);
    if (!runs) return std::move(runs).error();
    const auto newest = std::find_if(runs->begin(), runs->end(), [](const store::Run& run) {
        return run.kind != "sync" || run.state != RunState::Done;
    });
    if (newest == runs->end() || newest->state == RunState::Done) return std::optional<store::Run>();
    return store.run(newest->id);
}

Result<std::optional<Overtaken>> overtaken_run(const store::Store& store) {
    auto runs = store.runs(kRecent);
    if (!runs) return std::move(runs).error();
    for (std::size_t i = 0; i < runs->size() && !(*runs)[i].full; ++i) {
        const RunState state = (*runs)[i].state;
        if (i > 0 && (state == RunState::Interrupted || state == RunState::Dead))
            return std::optional(Overtaken{.run = (*runs)[i], .by = (*runs)[i - 1]});
    }
    return std::optional<Overtaken>();
}

Result<std::map<std::string, std::string>> at_work(const store::Store& store, WallTime since) {
    auto runs = store.runs(kRecent);
    if (!runs) return std::move(runs).error();
    std::map<std::string, std::string> servers;
    for (const store::Run& run : *runs) {
        const bool open = run.state == RunState::Running || run.state == RunState::Dead;
        if (!open && !(run.ended_at && *run.ended_at >= since)) continue;
        const auto whole = store.run(run.id);
        if (!whole) return whole.error();
        if (!*whole) continue;
        for (const store::Step& step : (*whole)->steps)
            if ((open && step.state == StepState::Started) || (step.ended_at && *step.ended_at >= since))
                servers.emplace(server_of(step.action), run.id);
    }
    return servers;
}

} // namespace lab::reconciler
