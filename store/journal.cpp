// Runs and their steps. Each write is on the disk when the call returns: intent before the act, outcome after
// it.

#include "store/detail/codec.h"
#include "store/detail/lock_files.h"
#include "store/detail/state.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace lab::store {
namespace {

using detail::Connection;
using detail::Durability;

/// Plan documents of older runs go; their steps stay.
constexpr std::int64_t kPlansKept = 50;

std::string new_run_id(WallTime now) {
    std::string stamp = format_time(now); // 2026-11-20T10:15:00Z
    stamp.erase(
        std::remove_if(stamp.begin(), stamp.end(), [](char c) { return c == '-' || c == ':' || c == 'Z'; }),
        stamp.end());
    return fmt::format("r-{}-{}", stamp, hex_encode(random_bytes(2)));
}

struct RunRow {
    std::int64_t row = 0;
    std::string holder;
    Run run;
};

Result<RunRow> read_run(const detail::Rows& rows) {
    RunRow found{.row = rows.integer(0), .holder = rows.text(8), .run = {}};
    Run& run = found.run;
    run.id = rows.text(1);
    run.kind = rows.text(2);
    run.plan_id = rows.text(3);
    run.commit = rows.text(4);
    run.full = rows.integer(5) != 0;
    run.who = rows.text(6);
    run.host = rows.text(7);
    run.state = static_cast<RunState>(rows.integer(9));
    run.started_at = rows.time(10).value_or(WallTime());
    run.ended_at = rows.time(11);
    auto summary = detail::read_summary(rows.view(12));
    if (!summary) return std::move(summary).error();
    run.planned = *summary;
    return found;
}

struct RunFilter {
    std::string_view id = {};                     // empty: any
    std::optional<RunState> state = std::nullopt; // as recorded
    std::size_t limit = std::numeric_limits<std::int32_t>::max();
};

/// Newest first.
Result<std::vector<RunRow>> read_runs(Connection& connection, std::int64_t inventory,
                                      const RunFilter& filter) {
    const auto state = filter.state ? std::optional(static_cast<int>(*filter.state)) : std::nullopt;
    auto rows = connection.query(
        "SELECT id, run_id, kind, plan_id, commit_id, covers_all, who, host, holder, state, started_at, "
        "ended_at, "
        "summary FROM runs WHERE inventory = ?1 AND (?2 = '' OR run_id = ?2) AND (?3 IS NULL OR state = ?3) "
        "ORDER BY id DESC LIMIT ?4",
        {inventory, filter.id, state, filter.limit});
    if (!rows) return std::move(rows).error();
    std::vector<RunRow> runs;
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return runs;
        auto run = read_run(*rows);
        if (!run) return std::move(run).error();
        runs.push_back(std::move(*run));
    }
}

/// A run that says Running is Dead when nobody holds its lock.
Result<void> tell_the_dead(const std::filesystem::path& home, std::vector<RunRow>& runs) {
    for (RunRow& found : runs) {
        if (found.run.state != RunState::Running) continue;
        const auto held = detail::is_held(home, found.holder);
        if (!held) return held.error();
        if (!*held) found.run.state = RunState::Dead;
    }
    return {};
}

Result<std::vector<Step>> read_steps(Connection& connection, std::int64_t run) {
    auto rows =
        connection.query("SELECT sequence, action, state, detail, idempotency_key, started_at, ended_at "
                         "FROM steps WHERE run = ? ORDER BY sequence",
                         {run});
    if (!rows) return std::move(rows).error();
    std::vector<Step> steps;
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return steps;
        Step step{.sequence = rows->integer(0), .action = rows->text(1)};
        step.state = static_cast<StepState>(rows->integer(2));
        step.detail = rows->text(3);
        step.idempotency_key = rows->text(4);
        step.started_at = rows->time(5);
        step.ended_at = rows->time(6);
        steps.push_back(std::move(step));
    }
}

Error no_such_run(std::string_view id) {
    return {.code = ErrorCode::NotFound, .message = fmt::format("there is no run '{}'", escape_controls(id))};
}

/// NotFound where the inventory has no such run.
Result<std::int64_t> row_of(Connection& connection, std::int64_t inventory, std::string_view run) {
    auto row = connection.integer("SELECT id FROM runs WHERE inventory = ? AND run_id = ?", {inventory, run});
    if (!row && row.error().code == ErrorCode::NotFound) return no_such_run(run);
    return row;
}

Result<void> forget_old_plans(Connection& connection, std::int64_t inventory) {
    std::vector<std::int64_t> documents;
    {
        auto rows = connection.query(
            "SELECT plan FROM runs WHERE inventory = ?1 AND plan IS NOT NULL AND state <> ?2 "
            "ORDER BY id DESC LIMIT -1 OFFSET ?3",
            {inventory, static_cast<int>(RunState::Running), kPlansKept});
        if (!rows) return std::move(rows).error();
        for (;;) {
            const auto more = rows->next();
            if (!more) return more.error();
            if (!*more) break;
            documents.push_back(rows->integer(0));
        }
    }
    if (documents.empty()) return {};
    LAB_TRY(connection.run("UPDATE runs SET plan = NULL WHERE inventory = ?1 AND state <> ?2 AND id NOT IN "
                           "(SELECT id FROM runs WHERE inventory = ?1 AND plan IS NOT NULL AND state <> ?2 "
                           "ORDER BY id DESC LIMIT ?3)",
                           {inventory, static_cast<int>(RunState::Running), kPlansKept}));
    return detail::drop_unused(connection, std::move(documents));
}

Result<void> set_step(Connection& connection, std::int64_t run, std::string_view action, StepState state,
                      std::string_view detail, WallTime now) {
    LAB_TRY(
        connection.run("UPDATE steps SET state = ?, detail = ?, ended_at = ? WHERE run = ? AND action = ?",
                       {static_cast<int>(state), detail, now, run, action}));
    LAB_CHECK(connection.changes() == 1, "a step that is journaled belongs to its run");
    return {};
}

} // namespace

Result<Run> Store::begin_run(const Run& run, const api::Plan& plan, const Lock* lock) {
    const std::string document = api::write_plan_compact(plan);
    const std::lock_guard hold(state_->mutex);
    Connection& connection = state_->connection;
    Run begun = run;
    begun.started_at = state_->now();
    begun.state = RunState::Running;
    begun.ended_at.reset();
    begun.full = false;
    begun.planned = plan.summary;
    begun.steps.clear();

    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    while (begun.id.empty()) { // two runs of one second may draw the same
        const std::string id = new_run_id(begun.started_at);
        const auto taken = connection.integer("SELECT count(*) FROM runs WHERE run_id = ?", {id});
        if (!taken) return taken.error();
        if (*taken == 0) begun.id = id;
    }
    LAB_TRY(forget_old_plans(connection, state_->inventory));
    const auto kept = detail::keep_document(connection, document);
    if (!kept) return kept.error();
    LAB_TRY(connection.run(
        "INSERT INTO runs(inventory, run_id, kind, plan_id, plan, commit_id, who, host, holder, state, "
        "started_at, summary) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {state_->inventory, begun.id, begun.kind, begun.plan_id, *kept, begun.commit, begun.who, begun.host,
         lock ? lock->id() : std::string(), static_cast<int>(begun.state), begun.started_at,
         detail::write_summary(begun.planned)}));
    const std::int64_t row = connection.last_id();
    for (const api::Action& action : plan.actions) {
        Step step{.sequence = static_cast<std::int64_t>(begun.steps.size()), .action = action.id};
        LAB_TRY(connection.run("INSERT INTO steps(run, sequence, action, state) VALUES(?, ?, ?, ?)",
                               {row, step.sequence, step.action, static_cast<int>(step.state)}));
        begun.steps.push_back(std::move(step));
    }
    LAB_TRY(connection.run(
        "INSERT INTO plans(inventory, plan_id, registered_at, spent_at) VALUES(?1, ?2, ?3, ?3) "
        "ON CONFLICT(inventory, plan_id) DO UPDATE SET spent_at = excluded.spent_at",
        {state_->inventory, begun.plan_id, begun.started_at}));
    LAB_TRY(transaction->commit());
    return begun;
}

Result<Run> Store::resume_run(std::string_view run, const Lock* lock) {
    const std::lock_guard hold(state_->mutex);
    Connection& connection = state_->connection;
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    auto found = read_runs(connection, state_->inventory, {.id = run});
    if (!found) return std::move(found).error();
    if (found->empty()) return no_such_run(run);
    LAB_TRY(tell_the_dead(state_->options.home, *found));
    RunRow& resumed = found->front();
    if (resumed.run.state == RunState::Running)
        return Error{.code = ErrorCode::Conflict,
                     .message =
                         fmt::format("run '{}' is still carried out by a living process", resumed.run.id),
                     .hint = "wait for it to end"};
    auto steps = read_steps(connection, resumed.row);
    if (!steps) return std::move(steps).error();
    LAB_TRY(connection.run(
        "UPDATE runs SET state = ?, ended_at = NULL, holder = ? WHERE id = ?",
        {static_cast<int>(RunState::Running), lock ? lock->id() : std::string(), resumed.row}));
    LAB_TRY(transaction->commit());
    resumed.run.state = RunState::Running;
    resumed.run.ended_at.reset();
    resumed.run.steps = std::move(*steps);
    return std::move(resumed.run);
}

Result<void> Store::steps_started(std::string_view run, const std::vector<std::string>& actions,
                                  std::string_view idempotency_key) {
    const std::lock_guard hold(state_->mutex);
    Connection& connection = state_->connection;
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    const auto row = row_of(connection, state_->inventory, run);
    if (!row) return row.error();
    for (const auto& action : actions) {
        LAB_TRY(connection.run(
            "UPDATE steps SET state = ?, detail = '', idempotency_key = ?, started_at = ?, "
            "ended_at = NULL WHERE run = ? AND action = ?",
            {static_cast<int>(StepState::Started), idempotency_key, state_->now(), *row, action}));
        LAB_CHECK(connection.changes() == 1, "a step that starts belongs to its run");
    }
    return transaction->commit();
}

Result<void> Store::step_ended(std::string_view run, std::string_view action, StepState state,
                               std::string_view detail) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    const auto row = row_of(state_->connection, state_->inventory, run);
    if (!row) return row.error();
    LAB_TRY(set_step(state_->connection, *row, action, state, detail, state_->now()));
    return transaction->commit();
}

Result<void> Store::step_done(std::string_view run, const std::vector<std::string>& actions,
                              const Application& application, const Observation& observation) {
    const std::lock_guard hold(state_->mutex);
    Connection& connection = state_->connection;
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    const auto row = row_of(connection, state_->inventory, run);
    if (!row) return row.error();
    for (const auto& action : actions)
        LAB_TRY(set_step(connection, *row, action, StepState::Done, {}, state_->now()));
    LAB_TRY(detail::write_application(connection, state_->inventory, application));
    const auto changed = detail::write_observation(connection, state_->inventory, observation);
    if (!changed) return changed.error();
    LAB_TRY(detail::grow_serial(connection, state_->inventory));
    return transaction->commit();
}

Result<void> Store::end_run(std::string_view run, RunState state, bool full) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    const auto row = row_of(state_->connection, state_->inventory, run);
    if (!row) return row.error();
    LAB_TRY(state_->connection.run("UPDATE runs SET state = ?, ended_at = ?, covers_all = ? WHERE id = ?",
                                   {static_cast<int>(state), state_->now(), full, *row}));
    return transaction->commit();
}

Result<std::vector<Run>> Store::runs(std::size_t limit) const {
    const std::lock_guard hold(state_->mutex);
    constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
    auto found = read_runs(state_->connection, state_->inventory, {.limit = std::min(limit, kMost)});
    if (!found) return std::move(found).error();
    LAB_TRY(tell_the_dead(state_->options.home, *found));
    std::vector<Run> runs;
    for (RunRow& row : *found)
        runs.push_back(std::move(row.run));
    return runs;
}

Result<std::vector<Run>> Store::unfinished_runs() const {
    const std::lock_guard hold(state_->mutex);
    auto found = read_runs(state_->connection, state_->inventory, {.state = RunState::Running});
    if (!found) return std::move(found).error();
    LAB_TRY(tell_the_dead(state_->options.home, *found));
    std::vector<Run> dead;
    for (RunRow& row : *found) {
        if (row.run.state != RunState::Dead) continue;
        auto steps = read_steps(state_->connection, row.row);
        if (!steps) return std::move(steps).error();
        row.run.steps = std::move(*steps);
        dead.push_back(std::move(row.run));
    }
    return dead;
}

Result<std::optional<Run>> Store::run(std::string_view id) const {
    const std::lock_guard hold(state_->mutex);
    auto found = read_runs(state_->connection, state_->inventory, {.id = id});
    if (!found) return std::move(found).error();
    if (found->empty()) return std::optional<Run>();
    LAB_TRY(tell_the_dead(state_->options.home, *found));
    auto steps = read_steps(state_->connection, found->front().row);
    if (!steps) return std::move(steps).error();
    found->front().run.steps = std::move(*steps);
    return std::optional<Run>(std::move(found->front().run));
}

Result<std::optional<std::string>> Store::plan_document(std::string_view run) const {
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query("SELECT d.body, d.digest FROM runs r JOIN documents d ON d.id = "
                                         "r.plan WHERE r.inventory = ? AND r.run_id = ?",
                                         {state_->inventory, run});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<std::string>();
    LAB_TRY(detail::check_document(state_->connection, rows->view(0), rows->digest(1)));
    return std::optional<std::string>(rows->text(0));
}

} // namespace lab::store
