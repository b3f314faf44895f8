#include "store/store.h"

#include "store/detail/lock_files.h"
#include "store/detail/snapshots.h"
#include "store/detail/state.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::store {
namespace {

using detail::Bound;
using detail::Durability;

struct InventoryRow {
    std::int64_t id = 0;
    api::FingerprintKey key;
    std::int64_t serial = 0;
};

Result<std::optional<InventoryRow>> find_inventory(detail::Connection& connection,
                                                   std::string_view identity) {
    auto rows = connection.query("SELECT id, key, serial FROM inventories WHERE identity = ?", {identity});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<InventoryRow>();
    return std::optional<InventoryRow>(
        InventoryRow{.id = rows->integer(0), .key = {rows->text(1)}, .serial = rows->integer(2)});
}

/// The inventory's row, made with a new key where it is not there. Looked for first: a command that only
/// reads must not wait for one that writes.
Result<InventoryRow> enter_inventory(detail::Connection& connection, std::string_view identity) {
    constexpr std::size_t kKeyBytes = 32;
    auto row = find_inventory(connection, identity);
    if (row && !*row) {
        LAB_TRY(connection.run(
            "INSERT INTO inventories(identity, key) VALUES(?, ?) ON CONFLICT(identity) DO NOTHING",
            {identity, Bound::blob(random_bytes(kKeyBytes))}));
        row = find_inventory(connection, identity);
    }
    if (!row) return std::move(row).error();
    LAB_CHECK(row->has_value(), "a row just written is there");
    return std::move(**row);
}

} // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const Options& options, OpenNotes& notes) {
    LAB_CHECK(!options.inventory.empty(), "a store is opened for one inventory");
    Options own = options;
    if (!own.clock) own.clock = &system_clock();
    auto opened = detail::open_home(own.home, *own.clock, detail::migrations(), notes);
    if (!opened) return std::move(opened).error();
    auto state = std::make_unique<State>(std::move(own), std::move(*opened));
    auto row = enter_inventory(state->connection, state->options.inventory);
    if (!row) return std::move(row).error();
    state->inventory = row->id;
    state->key = std::move(row->key);
    state->serial = row->serial;
    const auto stale = state->connection.integer(
        "SELECT EXISTS(SELECT 1 FROM servers WHERE inventory = ? AND stale = 1)", {state->inventory});
    if (!stale) return stale.error();
    notes.observe_all = notes.observe_all || *stale != 0;
    return std::unique_ptr<Store>(new Store(std::move(state)));
}

const api::FingerprintKey& Store::key() const noexcept {
    return state_->key;
}

std::int64_t Store::serial() const {
    const std::lock_guard hold(state_->mutex);
    const auto now =
        state_->connection.integer("SELECT serial FROM inventories WHERE id = ?", {state_->inventory});
    if (now) state_->serial = *now;
    return state_->serial;
}

Result<void> Store::register_plan(std::string_view plan_id) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    // Planned anew on the same inputs, a plan that was spent is one again.
    LAB_TRY(state_->connection.run("INSERT INTO plans(inventory, plan_id, registered_at) VALUES(?, ?, ?) "
                                   "ON CONFLICT(inventory, plan_id) DO UPDATE SET registered_at = "
                                   "excluded.registered_at, spent_at = NULL",
                                   {state_->inventory, plan_id, state_->now()}));
    return transaction->commit();
}

Result<Store::PlanUse> Store::plan_use(std::string_view plan_id) const {
    const std::lock_guard hold(state_->mutex);
    const auto spent = state_->connection.integer(
        "SELECT spent_at IS NOT NULL FROM plans WHERE inventory = ? AND plan_id = ?",
        {state_->inventory, plan_id});
    if (spent) return *spent != 0 ? PlanUse::Spent : PlanUse::Ready;
    if (spent.error().code == ErrorCode::NotFound) return PlanUse::Unknown;
    return spent.error();
}

Result<std::optional<Store::FullyApplied>> Store::fully_applied() const {
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query(
        "SELECT full_commit, max_destroy, max_destructive_percent FROM inventories WHERE id = ?",
        {state_->inventory});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found || rows->null(0)) return std::optional<FullyApplied>();
    return std::optional<FullyApplied>(FullyApplied{.commit = rows->text(0),
                                                    .max_destroy = rows->integer(1),
                                                    .max_destructive_percent = rows->integer(2)});
}

Result<void> Store::record_fully_applied(const FullyApplied& what) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(Durability::Full);
    if (!transaction) return std::move(transaction).error();
    LAB_TRY(state_->connection.run(
        "UPDATE inventories SET full_commit = ?, max_destroy = ?, max_destructive_percent = ? WHERE id = ?",
        {what.commit, what.max_destroy, what.max_destructive_percent, state_->inventory}));
    return transaction->commit();
}

Result<std::unique_ptr<Lock>> Store::lock(const std::vector<std::string>& servers, std::string_view what) {
    return detail::take_lock(state_->options.home, {.inventory = state_->options.inventory,
                                                    .servers = servers,
                                                    .what = std::string(what),
                                                    .now = state_->now()});
}

Result<void> Store::snapshot(std::string_view reason) {
    const std::lock_guard hold(state_->mutex);
    detail::Connection& connection = state_->connection;
    // Every recorded change moves one of these.
    const auto moment = [&connection]() -> Result<std::string> {
        auto rows =
            connection.query("SELECT (SELECT total(serial) FROM inventories), (SELECT count(*) FROM plans), "
                             "(SELECT max(id) FROM runs), (SELECT total(state) FROM runs)");
        if (!rows) return std::move(rows).error();
        const auto found = rows->next();
        if (!found) return found.error();
        return fmt::format("{} {} {} {}", rows->view(0), rows->view(1), rows->view(2), rows->view(3));
    };
    const auto now = moment();
    if (!now) return now.error();
    const auto existing = detail::list_snapshots(state_->options.home);
    {
        auto rows = connection.query("SELECT value FROM meta WHERE name = 'snapshot'");
        if (!rows) return std::move(rows).error();
        const auto found = rows->next();
        if (!found) return found.error();
        if (*found && !existing.empty() &&
            rows->view(0) == fmt::format("{} {}", existing.front().number, *now))
            return {};
    }
    LAB_TRY(detail::make_snapshot(connection, state_->options.home, reason));
    const auto made = detail::list_snapshots(state_->options.home);
    if (made.empty()) return {};
    auto transaction = state_->write(Durability::Normal);
    if (!transaction) return std::move(transaction).error();
    LAB_TRY(connection.run("INSERT INTO meta(name, value) VALUES('snapshot', ?) "
                           "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                           {fmt::format("{} {}", made.front().number, *now)}));
    return transaction->commit();
}

} // namespace lab::store
