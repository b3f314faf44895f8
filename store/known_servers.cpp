// Applied and observed state of servers.

#include "store/detail/codec.h"
#include "store/detail/schema.h"
#include "store/detail/state.h"
#include "support/json.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::store {
namespace detail {
namespace {

struct ServerRow {
    std::int64_t id = 0;
    std::string server_id;
    bool applied = false;
};

Result<std::optional<ServerRow>> find_server(Connection& connection, const char* sql, std::int64_t inventory,
                                             std::string_view value) {
    auto rows = connection.query(sql, {inventory, value});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<ServerRow>();
    return std::optional<ServerRow>(
        ServerRow{.id = rows->integer(0), .server_id = rows->text(1), .applied = rows->integer(2) != 0});
}

Result<std::optional<ServerRow>> find_by_name(Connection& connection, std::int64_t inventory,
                                              std::string_view name) {
    return find_server(connection,
                       "SELECT id, server_id, applied FROM servers WHERE inventory = ? AND name = ?",
                       inventory, name);
}

Result<std::vector<std::int64_t>> numbers(Connection& connection, const char* sql, std::int64_t value) {
    auto rows = connection.query(sql, {value});
    if (!rows) return std::move(rows).error();
    std::vector<std::int64_t> found;
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return found;
        if (!rows->null(0)) found.push_back(rows->integer(0));
    }
}

/// Everything known of a server, its row kept or not.
Result<void> clear_server(Connection& connection, std::int64_t id, bool keep_row) {
    auto documents =
        numbers(connection,
                "SELECT document FROM applied_modules WHERE server = ?1 UNION SELECT resources FROM "
                "observed WHERE server = ?1 UNION SELECT facts FROM observed WHERE server = ?1",
                id);
    if (!documents) return std::move(documents).error();
    if (keep_row) {
        LAB_TRY(connection.run("DELETE FROM applied_modules WHERE server = ?", {id}));
        LAB_TRY(connection.run("DELETE FROM observed WHERE server = ?", {id}));
    } else {
        LAB_TRY(connection.run("DELETE FROM servers WHERE id = ?", {id}));
    }
    return drop_unused(connection, std::move(*documents));
}

/// The row that stands for the machine with this id: by id, then by name. A row that had another machine's id
/// is emptied, one that was only observed under the new name of a renamed server makes way.
Result<std::int64_t> row_for(Connection& connection, std::int64_t inventory, const api::ServerSpec& spec) {
    auto named = find_by_name(connection, inventory, spec.name);
    if (!named) return std::move(named).error();
    std::optional<ServerRow> same;
    if (!spec.server_id.empty()) {
        auto found =
            find_server(connection,
                        "SELECT id, server_id, applied FROM servers "
                        "WHERE inventory = ? AND server_id = ? AND server_id <> ''", // as the index says
                        inventory, spec.server_id);
        if (!found) return std::move(found).error();
        same = std::move(*found);
    }
    if (same && *named && same->id != (*named)->id) {
        if ((*named)->applied)
            return Error{.code = ErrorCode::Conflict,
                         .message =
                             fmt::format("machine {} cannot be recorded as server '{}', which is machine {}",
                                         spec.server_id, spec.name, (*named)->server_id)};
        LAB_TRY(clear_server(connection, (*named)->id, /*keep_row=*/false));
    }
    if (same) {
        LAB_TRY(connection.run("UPDATE servers SET name = ? WHERE id = ?", {spec.name, same->id}));
        return same->id;
    }
    if (*named) {
        const bool another = !(*named)->server_id.empty() && (*named)->server_id != spec.server_id;
        if (another) LAB_TRY(clear_server(connection, (*named)->id, /*keep_row=*/true));
        return (*named)->id;
    }
    LAB_TRY(connection.run("INSERT INTO servers(inventory, name) VALUES(?, ?)", {inventory, spec.name}));
    return connection.last_id();
}

Result<std::optional<std::int64_t>> document_of(Connection& connection, std::int64_t server,
                                                std::string_view module) {
    auto rows = connection.query("SELECT document FROM applied_modules WHERE server = ? AND module = ?",
                                 {server, module});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    return *found ? std::optional<std::int64_t>(rows->integer(0)) : std::nullopt;
}

Result<void> write_module(Connection& connection, std::int64_t server, const planner::AppliedModule& module,
                          std::vector<std::int64_t>& unused) {
    const auto before = document_of(connection, server, module.module);
    if (!before) return before.error();
    const auto document = keep_document(connection, write_resources(module));
    if (!document) return document.error();
    if (*before && **before != *document) unused.push_back(**before);
    return connection.run("INSERT INTO applied_modules(server, module, document, commits) VALUES(?, ?, ?, ?) "
                          "ON CONFLICT(server, module) DO UPDATE SET document = excluded.document, "
                          "commits = excluded.commits",
                          {server, module.module, *document, write_commits(module)});
}

/// What is compared to tell whether an observation says anything new.
struct SeenBefore {
    std::int64_t id = 0;
    std::optional<Digest> in_sync_key;
    std::int64_t presence = -1, skipped = -1;
    std::string state;
    std::int64_t resources = 0, facts = 0; // 0: none

    bool same_as(const SeenBefore& other) const {
        return in_sync_key == other.in_sync_key && presence == other.presence && skipped == other.skipped &&
               state == other.state && resources == other.resources && facts == other.facts;
    }
};

Result<std::optional<SeenBefore>> seen_before(Connection& connection, std::int64_t inventory,
                                              std::string_view name) {
    auto rows =
        connection.query("SELECT s.id, s.in_sync_key, s.presence, s.skipped, o.state, o.resources, o.facts "
                         "FROM servers s LEFT JOIN observed o ON o.server = s.id "
                         "WHERE s.inventory = ? AND s.name = ?",
                         {inventory, name});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<SeenBefore>();
    SeenBefore seen{.id = rows->integer(0), .in_sync_key = rows->digest(1)};
    seen.presence = rows->integer(2);
    seen.skipped = rows->integer(3);
    seen.state = rows->text(4);
    seen.resources = rows->integer(5);
    seen.facts = rows->integer(6);
    return std::optional<SeenBefore>(std::move(seen));
}

/// Never answered: the time of no answer.
std::optional<WallTime> time_of(const planner::ObservedServer& observed) {
    return observed.at == WallTime() ? std::nullopt : std::optional(observed.at);
}

} // namespace

Result<std::int64_t> keep_document(Connection& connection, std::string_view body) {
    const Digest digest = sha256(body);
    auto known = connection.integer("SELECT id FROM documents WHERE digest = ?", {digest});
    if (known || known.error().code != ErrorCode::NotFound) return known;
    LAB_TRY(connection.run("INSERT INTO documents(digest, body) VALUES(?, ?)", {digest, body}));
    return connection.last_id();
}

Result<void> drop_unused(Connection& connection, std::vector<std::int64_t> documents) {
    std::sort(documents.begin(), documents.end());
    documents.erase(std::unique(documents.begin(), documents.end()), documents.end());
    for (const std::int64_t document : documents)
        LAB_TRY(connection.run("DELETE FROM documents WHERE id = ?1 "
                               "AND NOT EXISTS(SELECT 1 FROM applied_modules WHERE document = ?1) "
                               "AND NOT EXISTS(SELECT 1 FROM observed WHERE resources = ?1) "
                               "AND NOT EXISTS(SELECT 1 FROM observed WHERE facts = ?1) "
                               "AND NOT EXISTS(SELECT 1 FROM runs WHERE plan = ?1)",
                               {document}));
    return {};
}

Result<void> grow_serial(Connection& connection, std::int64_t inventory) {
    return connection.run("UPDATE inventories SET serial = serial + 1 WHERE id = ?", {inventory});
}

Result<void> write_application(Connection& connection, std::int64_t inventory,
                               const Store::Application& application) {
    const planner::AppliedServer& server = application.server;
    const auto row = row_for(connection, inventory, server.spec);
    if (!row) return row.error();
    std::vector<std::int64_t> unused;
    for (const auto& module : server.modules)
        LAB_TRY(write_module(connection, *row, module, unused));
    for (const auto& module : application.modules_gone) {
        const auto document = document_of(connection, *row, module);
        if (!document) return document.error();
        if (*document) unused.push_back(**document);
        LAB_TRY(
            connection.run("DELETE FROM applied_modules WHERE server = ? AND module = ?", {*row, module}));
    }
    LAB_TRY(connection.run("UPDATE servers SET server_id = ?2, provider = ?3, environment = ?4, cloud = ?5, "
                           "region = ?6, labels = ?7, "
                           "applied = 1, protect = ?8, applied_key = ?9, "
                           "units = (SELECT count(*) FROM applied_modules WHERE server = ?1) + ?10 "
                           "WHERE id = ?1",
                           {*row, server.spec.server_id, server.spec.provider, server.environment,
                            server.cloud, server.region, write_labels(server.labels), server.protect,
                            application.applied_key, !server.layout.is_null()}));
    LAB_TRY(connection.run(
        "INSERT INTO applied_servers(server, commit_id, settings, layout, secrets) VALUES(?, ?, ?, ?, ?) "
        "ON CONFLICT(server) DO UPDATE SET commit_id = excluded.commit_id, settings = excluded.settings, "
        "layout = excluded.layout, secrets = excluded.secrets",
        {*row, server.commit, write_json(server.spec.settings),
         server.layout.is_null() ? std::string() : write_json(server.layout), write_grants(server.secrets)}));
    return drop_unused(connection, std::move(unused));
}

Result<bool> write_observation(Connection& connection, std::int64_t inventory,
                               const Store::Observation& observation) {
    auto before = seen_before(connection, inventory, observation.name);
    if (!before) return std::move(before).error();
    if (!*before) {
        LAB_TRY(connection.run("INSERT INTO servers(inventory, name) VALUES(?, ?)",
                               {inventory, observation.name}));
        *before = SeenBefore{.id = connection.last_id()};
    }
    const planner::ObservedServer& observed = observation.observed;
    SeenBefore now{.id = (*before)->id, .in_sync_key = observation.in_sync_key};
    now.presence = static_cast<std::int64_t>(observed.state.presence);
    now.skipped = observation.skipped;
    now.state = write_state(observed.state);
    const auto resources = keep_document(connection, write_observed(observed.resources));
    if (!resources) return resources.error();
    now.resources = *resources;
    if (!observed.facts.is_null()) {
        const auto facts = keep_document(connection, write_json(observed.facts));
        if (!facts) return facts.error();
        now.facts = *facts;
    }
    // Only an answer ends distrust.
    const bool answered = observed.state.presence != api::Presence::Unreachable;
    LAB_TRY(
        connection.run("UPDATE servers SET in_sync_key = ?2, observed_at = ?3, presence = ?4, skipped = ?5, "
                       "stale = stale AND NOT ?6 WHERE id = ?1",
                       {now.id, now.in_sync_key, time_of(observed), now.presence, now.skipped, answered}));
    if (now.same_as(**before)) return false;
    const auto facts = now.facts != 0 ? std::optional(now.facts) : std::nullopt;
    LAB_TRY(connection.run(
        "INSERT INTO observed(server, state, resources, facts) VALUES(?, ?, ?, ?) "
        "ON CONFLICT(server) DO UPDATE SET state = excluded.state, resources = excluded.resources, "
        "facts = excluded.facts",
        {now.id, now.state, now.resources, facts}));
    std::vector<std::int64_t> unused;
    if ((*before)->resources != 0 && (*before)->resources != now.resources)
        unused.push_back((*before)->resources);
    if ((*before)->facts != 0 && (*before)->facts != now.facts) unused.push_back((*before)->facts);
    LAB_TRY(drop_unused(connection, std::move(unused)));
    return true;
}

} // namespace detail

namespace {

Result<std::vector<planner::AppliedModule>> read_modules(detail::Connection& connection,
                                                         std::int64_t server) {
    auto rows = connection.query(
        "SELECT m.module, d.body, m.commits, d.digest FROM applied_modules m JOIN documents d "
        "ON d.id = m.document WHERE m.server = ? ORDER BY m.module",
        {server});
    if (!rows) return std::move(rows).error();
    std::vector<planner::AppliedModule> modules;
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return modules;
        LAB_TRY(detail::check_document(connection, rows->view(1), rows->digest(3)));
        planner::AppliedModule module{.module = rows->text(0), .resources = {}};
        auto resources = detail::read_resources(rows->view(1), rows->view(2));
        if (!resources) return std::move(resources).error();
        module.resources = std::move(*resources);
        modules.push_back(std::move(module));
    }
}

// Statements are literals; this is the part that two of them share, in the order of read_keys().
#define LAB_SERVER_KEYS                                                                                      \
    "name, server_id, applied, applied_key, in_sync_key, observed_at, presence, units, skipped, "            \
    "stale"

ServerKeys read_keys(const detail::Rows& row) {
    ServerKeys keys;
    keys.name = row.text(0);
    keys.server_id = row.text(1);
    keys.applied = row.integer(2) != 0;
    keys.applied_key = row.digest(3);
    keys.in_sync_key = row.digest(4);
    keys.observed_at = row.time(5);
    keys.presence = static_cast<api::Presence>(row.integer(6));
    keys.units = static_cast<std::uint32_t>(row.integer(7));
    keys.skipped = static_cast<std::uint32_t>(row.integer(8));
    keys.stale = row.integer(9) != 0;
    return keys;
}

} // namespace

Result<std::vector<ServerKeys>> Store::servers() const {
    const std::lock_guard hold(state_->mutex);
    const auto count =
        state_->connection.integer("SELECT count(*) FROM servers WHERE inventory = ?", {state_->inventory});
    if (!count) return count.error();
    const detail::FewPages few(state_->connection);
    // Unordered: a scan of the table is several times faster than a walk through its index.
    auto rows = state_->connection.query(
        "SELECT " LAB_SERVER_KEYS " FROM servers NOT INDEXED WHERE inventory = ?", {state_->inventory});
    if (!rows) return std::move(rows).error();
    std::vector<ServerKeys> servers;
    servers.reserve(static_cast<std::size_t>(*count)); // a list that grows is in memory twice
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) break;
        servers.push_back(read_keys(*rows));
    }
    const auto by_name = [](const ServerKeys& left, const ServerKeys& right) {
        return left.name < right.name;
    };
    if (!std::is_sorted(servers.begin(), servers.end(), by_name))
        std::sort(servers.begin(), servers.end(), by_name);
    return servers;
}

Result<std::string> Store::moment() const {
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query("SELECT moment FROM inventories WHERE id = ?", {state_->inventory});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    return *found ? rows->text(0) : std::string();
}

Result<std::optional<std::string>> Store::applied_as(std::string_view server_id) const {
    if (server_id.empty()) return std::optional<std::string>();
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query("SELECT name FROM servers WHERE inventory = ? AND server_id = ? "
                                         "AND server_id <> '' AND applied = 1", // the first two as the index
                                         {state_->inventory, server_id});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    return *found ? std::optional(rows->text(0)) : std::nullopt;
}

Result<std::optional<KnownServer>> Store::server(std::string_view name) const {
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query(
        "SELECT " LAB_SERVER_KEYS ", provider, environment, cloud, region, labels, protect FROM servers "
        "WHERE inventory = ? AND name = ?",
        {state_->inventory, name});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<KnownServer>();
    KnownServer server{read_keys(*rows), {}, {}, {}, {}, {}};
    server.provider = rows->text(10);
    server.environment = rows->text(11);
    server.cloud = rows->text(12);
    server.region = rows->text(13);
    server.labels = detail::read_labels(rows->view(14));
    server.protect = rows->integer(15) != 0;
    return std::optional(std::move(server));
}

Result<std::optional<planner::AppliedServer>> Store::applied(std::string_view name) const {
    const std::lock_guard hold(state_->mutex);
    auto reading = detail::Transaction::read(state_->connection);
    if (!reading) return std::move(reading).error();
    auto rows = state_->connection.query(
        "SELECT s.id, s.name, s.server_id, s.provider, a.settings, s.environment, s.cloud, s.region, "
        "s.labels, "
        "s.protect, a.commit_id, a.layout, a.secrets FROM servers s JOIN applied_servers a ON a.server = "
        "s.id "
        "WHERE s.inventory = ? AND s.name = ?",
        {state_->inventory, name});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<planner::AppliedServer>();
    auto settings = detail::read_map(rows->view(4));
    if (!settings) return std::move(settings).error();
    planner::AppliedServer server;
    server.spec = {.name = rows->text(1),
                   .server_id = rows->text(2),
                   .inventory = state_->options.inventory,
                   .provider = rows->text(3),
                   .settings = std::move(*settings)};
    server.environment = rows->text(5);
    server.cloud = rows->text(6);
    server.region = rows->text(7);
    server.labels = detail::read_labels(rows->view(8));
    server.protect = rows->integer(9) != 0;
    server.commit = rows->text(10);
    if (!rows->view(11).empty()) {
        auto layout = detail::read_map(rows->view(11));
        if (!layout) return std::move(layout).error();
        server.layout = std::move(*layout);
    }
    auto secrets = detail::read_grants(rows->view(12));
    if (!secrets) return std::move(secrets).error();
    server.secrets = std::move(*secrets);
    auto modules = read_modules(state_->connection, rows->integer(0));
    if (!modules) return std::move(modules).error();
    server.modules = std::move(*modules);
    return std::optional<planner::AppliedServer>(std::move(server));
}

Result<std::optional<planner::ObservedServer>> Store::observed(std::string_view name) const {
    const std::lock_guard hold(state_->mutex);
    auto rows = state_->connection.query(
        "SELECT s.observed_at, s.presence, o.state, r.body, f.body, r.digest, f.digest FROM servers s JOIN "
        "observed o ON "
        "o.server = s.id "
        "JOIN documents r ON r.id = o.resources LEFT JOIN documents f ON f.id = o.facts "
        "WHERE s.inventory = ? AND s.name = ?",
        {state_->inventory, name});
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return std::optional<planner::ObservedServer>();
    LAB_TRY(detail::check_document(state_->connection, rows->view(3), rows->digest(5)));
    if (!rows->null(4)) LAB_TRY(detail::check_document(state_->connection, rows->view(4), rows->digest(6)));
    planner::ObservedServer observed;
    observed.at = rows->time(0).value_or(WallTime());
    auto state = detail::read_state(rows->view(2));
    if (!state) return std::move(state).error();
    observed.state = std::move(*state);
    observed.state.presence = static_cast<api::Presence>(rows->integer(1));
    auto resources = detail::read_observed(rows->view(3));
    if (!resources) return std::move(resources).error();
    observed.resources = std::move(*resources);
    if (!rows->null(4)) {
        auto facts = parse_json(rows->view(4));
        if (!facts) return std::move(facts).error();
        observed.facts = std::move(*facts);
    }
    return std::optional<planner::ObservedServer>(std::move(observed));
}

Result<void> Store::record_observed(const std::vector<Observation>& observations) {
    if (observations.empty()) return {};
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(detail::Durability::Normal);
    if (!transaction) return std::move(transaction).error();
    bool news = false;
    for (const auto& observation : observations) {
        const auto changed = detail::write_observation(state_->connection, state_->inventory, observation);
        if (!changed) return changed.error();
        news = news || *changed;
    }
    if (news) LAB_TRY(detail::grow_serial(state_->connection, state_->inventory));
    return transaction->commit();
}

Result<void> Store::record_applied(const std::vector<Application>& applications) {
    if (applications.empty()) return {};
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(detail::Durability::Full);
    if (!transaction) return std::move(transaction).error();
    for (const auto& application : applications)
        LAB_TRY(detail::write_application(state_->connection, state_->inventory, application));
    LAB_TRY(detail::grow_serial(state_->connection, state_->inventory));
    return transaction->commit();
}

Result<void> Store::remove_server(std::string_view name) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(detail::Durability::Full);
    if (!transaction) return std::move(transaction).error();
    const auto row = detail::find_by_name(state_->connection, state_->inventory, name);
    if (!row) return row.error();
    if (!*row) return {};
    LAB_TRY(detail::clear_server(state_->connection, (*row)->id, /*keep_row=*/false));
    LAB_TRY(detail::grow_serial(state_->connection, state_->inventory));
    return transaction->commit();
}

Result<void> Store::distrust(const std::vector<std::string>& servers) {
    const std::lock_guard hold(state_->mutex);
    auto transaction = state_->write(detail::Durability::Full);
    if (!transaction) return std::move(transaction).error();
    for (const std::string& name : servers)
        LAB_TRY(state_->connection.run("UPDATE servers SET stale = 1, in_sync_key = NULL, applied_key = NULL "
                                       "WHERE inventory = ? AND name = ?",
                                       {state_->inventory, std::string_view(name)}));
    return transaction->commit();
}

} // namespace lab::store
