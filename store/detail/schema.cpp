#include "store/detail/schema.h"

#include <array>
#include <fmt/format.h>

namespace lab::store::detail {
namespace {

constexpr const char* kFirst = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE inventories(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  key BLOB NOT NULL,                    -- of fingerprints
  serial INTEGER NOT NULL DEFAULT 0,
  full_commit TEXT,                     -- the newest fully applied one and its guard
  max_destroy INTEGER,
  max_destructive_percent INTEGER);

-- Equal documents once. Referred to by id; removed when the last reference goes.
CREATE TABLE documents(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  body TEXT NOT NULL);

-- Narrow: every plan reads it whole.
CREATE TABLE servers(
  id INTEGER PRIMARY KEY,
  inventory INTEGER NOT NULL REFERENCES inventories(id),
  name TEXT NOT NULL,
  server_id TEXT NOT NULL DEFAULT '',   -- empty: never applied
  provider TEXT NOT NULL DEFAULT '',
  environment TEXT NOT NULL DEFAULT '',
  cloud TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  labels TEXT NOT NULL DEFAULT '',      -- one a line
  applied INTEGER NOT NULL DEFAULT 0,
  protect INTEGER NOT NULL DEFAULT 0,
  applied_key BLOB,
  in_sync_key BLOB,
  observed_at INTEGER,                  -- ms since 1970
  presence INTEGER NOT NULL DEFAULT 2,
  units INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  stale INTEGER NOT NULL DEFAULT 0,     -- came from a snapshot: not trusted until seen again
  UNIQUE(inventory, name));
CREATE UNIQUE INDEX servers_by_id ON servers(inventory, server_id) WHERE server_id <> '';

CREATE TABLE applied_servers(
  server INTEGER PRIMARY KEY REFERENCES servers(id) ON DELETE CASCADE,
  commit_id TEXT NOT NULL,
  settings TEXT NOT NULL);

CREATE TABLE applied_modules(
  server INTEGER NOT NULL REFERENCES servers(id) ON DELETE CASCADE,
  module TEXT NOT NULL,
  document INTEGER NOT NULL REFERENCES documents(id),
  commits TEXT NOT NULL,                -- one for all resources, or one a line in their order
  PRIMARY KEY(server, module));
CREATE INDEX applied_modules_by_document ON applied_modules(document);

CREATE TABLE observed(
  server INTEGER PRIMARY KEY REFERENCES servers(id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  resources INTEGER NOT NULL REFERENCES documents(id),
  facts INTEGER REFERENCES documents(id));
CREATE INDEX observed_by_resources ON observed(resources);
CREATE INDEX observed_by_facts ON observed(facts);

CREATE TABLE plans(
  inventory INTEGER NOT NULL REFERENCES inventories(id),
  plan_id TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  spent_at INTEGER,
  PRIMARY KEY(inventory, plan_id));

CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  inventory INTEGER NOT NULL REFERENCES inventories(id),
  run_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  plan INTEGER REFERENCES documents(id), -- null: too old to be kept
  commit_id TEXT NOT NULL,
  covers_all INTEGER NOT NULL DEFAULT 0,
  who TEXT NOT NULL,
  host TEXT NOT NULL,
  holder TEXT NOT NULL,                  -- the lock file that shows that it lives
  state INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  summary TEXT NOT NULL);
CREATE INDEX runs_by_plan ON runs(plan);

CREATE TABLE steps(
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  action TEXT NOT NULL,
  state INTEGER NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  idempotency_key TEXT NOT NULL DEFAULT '',
  started_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY(run, sequence));
CREATE UNIQUE INDEX steps_by_action ON steps(run, action);
)sql";

constexpr const char* kLayouts = R"sql(
ALTER TABLE applied_servers ADD COLUMN layout TEXT NOT NULL DEFAULT ''; -- as JSON; empty: none
)sql";

constexpr const char* kGrants = R"sql(
ALTER TABLE applied_servers ADD COLUMN secrets TEXT NOT NULL DEFAULT '{}'; -- path: how it may be read
)sql";

// The index: looked for at every start. The moment: see Store::moment(); it is random so that what is written
// after a snapshot was restored has none that was there before.
constexpr const char* kMoments = R"sql(
CREATE INDEX servers_stale ON servers(inventory) WHERE stale = 1;
ALTER TABLE inventories ADD COLUMN moment BLOB;
CREATE TRIGGER servers_inserted AFTER INSERT ON servers BEGIN
  UPDATE inventories SET moment = randomblob(16) WHERE id = NEW.inventory; END;
CREATE TRIGGER servers_updated AFTER UPDATE ON servers BEGIN
  UPDATE inventories SET moment = randomblob(16) WHERE id = NEW.inventory; END;
CREATE TRIGGER servers_deleted AFTER DELETE ON servers BEGIN
  UPDATE inventories SET moment = randomblob(16) WHERE id = OLD.inventory; END;
)sql";

constexpr std::array kMigrations = {Migration{kFirst}, Migration{kLayouts}, Migration{kGrants},
                                    Migration{kMoments}};

} // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

Result<SchemaState> schema_state(Connection& connection) {
    SchemaState state;
    const auto application = connection.integer("PRAGMA application_id");
    if (!application) return application.error();
    const auto version = connection.integer("PRAGMA user_version");
    if (!version) return version.error();
    const auto tables = connection.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    state.version = *version;
    state.ours = *application == kApplicationId;
    state.blank = *tables == 0;
    return state;
}

Result<void> migrate(Connection& connection, std::span<const Migration> steps) {
    auto transaction = Transaction::begin(connection, Durability::Full);
    if (!transaction) return std::move(transaction).error();
    // Read inside the transaction: another process may have been faster.
    const auto version = connection.integer("PRAGMA user_version");
    if (!version) return version.error();
    const auto newest = static_cast<std::int64_t>(steps.size());
    if (*version >= newest) return {};
    for (std::int64_t next = *version; next < newest; ++next) {
        if (auto done = connection.script(steps[static_cast<std::size_t>(next)].sql); !done)
            return std::move(done).error().during(
                fmt::format("while migrating the state to version {}", next + 1));
    }
    LAB_TRY(connection.script(
        fmt::format("PRAGMA user_version={}; PRAGMA application_id={};", newest, kApplicationId).c_str()));
    // The header's number alone could be a flipped bit; two that agree are believed.
    LAB_TRY(connection.run("INSERT INTO meta(name, value) VALUES('schema', ?) "
                           "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                           {std::to_string(newest)}));
    return transaction->commit();
}

namespace {
constexpr const char* kManyPages = "PRAGMA cache_size=-32768;"; // KiB
constexpr const char* kFewPages = "PRAGMA cache_size=-1024;";
} // namespace

Result<void> configure(Connection& connection) {
    LAB_TRY(connection.script("PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; "
                              "PRAGMA journal_size_limit=67108864; PRAGMA trusted_schema=OFF;"));
    return connection.script(kManyPages);
}

FewPages::FewPages(Connection& connection) : connection_(connection) {
    (void)connection_.script(kFewPages); // where it fails, what is read next says why
}
FewPages::~FewPages() {
    (void)connection_.script(kManyPages);
}

Result<void> check_document(const Connection& connection, std::string_view body,
                            const std::optional<Digest>& digest) {
    if (digest && sha256(body) == *digest) return {};
    return connection.damage("a document does not match its digest");
}

Result<void> check_all(Connection& connection) {
    {
        auto rows = connection.query("PRAGMA quick_check(1)");
        if (!rows) return std::move(rows).error();
        const auto found = rows->next();
        if (!found) return found.error();
        if (!*found || rows->view(0) != "ok")
            return connection.damage(*found ? rows->view(0) : "the check gave no answer");
    }
    auto rows = connection.query("SELECT digest, body FROM documents");
    if (!rows) return std::move(rows).error();
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return {};
        LAB_TRY(check_document(connection, rows->view(1), rows->digest(0)));
    }
}

} // namespace lab::store::detail
