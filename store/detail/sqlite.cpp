#include "store/detail/sqlite.h"

#include "support/files.h"
#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sqlite3.h>
#include <system_error>

namespace lab::store::detail {
namespace {

constexpr int kBusyMilliseconds = 30'000;

// SQLITE_TRANSIENT without its C cast: SQLite copies what is bound.
const auto kCopy =
    reinterpret_cast<sqlite3_destructor_type>( // NOLINT(performance-no-int-to-ptr): as SQLite has it
        std::intptr_t{-1});

int bind(sqlite3_stmt* statement, int index, const Bound& bound) {
    const auto& value = bound.value();
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return sqlite3_bind_int64(statement, index, *number);
    // A null pointer would bind NULL where an empty text is meant.
    const auto start = [](std::string_view bytes) { return bytes.data() ? bytes.data() : ""; };
    if (const auto* text = std::get_if<std::string_view>(&value))
        return sqlite3_bind_text64(statement, index, start(*text), text->size(), kCopy, SQLITE_UTF8);
    if (const auto* blob = std::get_if<Bound::Blob>(&value))
        return sqlite3_bind_blob64(statement, index, start(blob->bytes), blob->bytes.size(), kCopy);
    return sqlite3_bind_null(statement, index);
}

std::string uri(const std::filesystem::path& path) {
    std::string text = "file:";
    for (const char c : path.native()) {
        if (c == '%' || c == '?' || c == '#')
            text += fmt::format("%{:02x}", static_cast<unsigned char>(c));
        else
            text += c;
    }
    return text + "?immutable=1";
}

bool disk_is_full(int code, int system_errno) {
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR && (system_errno == ENOSPC || system_errno == EDQUOT));
}

} // namespace

struct Prepared {
    sqlite3_stmt* statement = nullptr;
    bool busy = false;
    Prepared() = default;
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
    ~Prepared() { sqlite3_finalize(statement); }
    void release() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        busy = false;
    }
};

std::filesystem::path damage_mark(const std::filesystem::path& path) {
    return path.native() + ".damaged";
}

// Rows

Rows::Rows(Rows&& other) noexcept
    : connection_(other.connection_), prepared_(std::exchange(other.prepared_, nullptr)) {}

Rows::~Rows() {
    if (prepared_) prepared_->release();
}

Result<bool> Rows::next() {
    const int code = sqlite3_step(prepared_->statement);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return connection_->failure(code);
}

bool Rows::null(int column) const {
    return sqlite3_column_type(prepared_->statement, column) == SQLITE_NULL;
}

std::int64_t Rows::integer(int column) const {
    return sqlite3_column_int64(prepared_->statement, column);
}

std::string_view Rows::view(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_->statement, column));
    if (!bytes) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_->statement, column))};
}

std::optional<Digest> Rows::digest(int column) const {
    const std::string_view bytes = view(column);
    Digest digest;
    if (bytes.size() != digest.bytes.size()) return std::nullopt;
    std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
    return digest;
}

std::optional<WallTime> Rows::time(int column) const {
    if (null(column)) return std::nullopt;
    return WallTime(std::chrono::milliseconds(integer(column)));
}

// Connection

Connection::Connection(sqlite3* handle, std::filesystem::path path, Mode mode)
    : handle_(handle), path_(std::move(path)), mode_(mode) {}

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)), mode_(other.mode_),
      statements_(std::move(other.statements_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
    if (this != &other) {
        statements_.clear();
        sqlite3_close_v2(handle_);
        handle_ = std::exchange(other.handle_, nullptr);
        path_ = std::move(other.path_);
        mode_ = other.mode_;
        statements_ = std::move(other.statements_);
    }
    return *this;
}

Connection::~Connection() {
    statements_.clear();
    sqlite3_close_v2(handle_);
}

Result<Connection> Connection::open(const std::filesystem::path& path, Mode mode) {
    const bool snapshot = mode == Mode::Snapshot;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (snapshot ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE);
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(snapshot ? uri(path).c_str() : path.c_str(), &handle, flags, nullptr);
    Connection connection(handle, path, mode);
    if (!handle) return Error{.code = ErrorCode::Internal, .message = "out of memory"};
    if (code != SQLITE_OK) return connection.failure(code);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    return connection;
}

Error Connection::damage(std::string_view what) const {
    if (mode_ == Mode::ReadWrite)
        const Descriptor mark(::open(damage_mark(path_).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return {.code = ErrorCode::Invalid,
            .message = fmt::format("the state database '{}' is damaged", escape_controls(path_.native())),
            .context = {std::string(what)},
            .hint =
                "run the command again: the damaged file is set aside and the newest good snapshot restored"};
}

Error Connection::failure(int code) const {
    const int primary = code & 0xff;
    const std::string name = fmt::format("'{}'", escape_controls(path_.native()));
    const std::string said = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    const int system_errno = handle_ ? sqlite3_system_errno(handle_) : 0;
    if (disk_is_full(primary, system_errno))
        return {.code = ErrorCode::Unavailable,
                .message = fmt::format("the disk that holds {} is full", name),
                .hint = "free some space and run the command again; what was recorded before is safe"};
    switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return damage(said);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return {.code = ErrorCode::Denied,
                .message = fmt::format("cannot write {}: {}", name, said),
                .hint = "lab's home must be writable for you; LAB_HOME moves it"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {.code = ErrorCode::Unavailable,
                .message = fmt::format("{} is busy: another lab process has been writing to it for {} s",
                                       name, kBusyMilliseconds / 1000),
                .hint = "wait for it to end, then run the command again"};
    case SQLITE_IOERR: {
        std::string why = said;
        if (system_errno != 0) why += fmt::format(" ({})", std::generic_category().message(system_errno));
        return {.code = ErrorCode::Unavailable, .message = fmt::format("cannot use {}: {}", name, why)};
    }
    default: return {.code = ErrorCode::Internal, .message = fmt::format("cannot use {}: {}", name, said)};
    }
}

Result<Prepared*> Connection::prepare(const char* sql, Bindings values) {
    auto& slot = statements_[sql];
    if (!slot) {
        auto prepared = std::make_unique<Prepared>();
        const int code =
            sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared->statement, nullptr);
        if (code != SQLITE_OK) {
            statements_.erase(sql);
            return failure(code);
        }
        slot = std::move(prepared);
    }
    LAB_CHECK(!slot->busy, sql);
    int index = 0;
    for (const auto& value : values) {
        const int code = bind(slot->statement, ++index, value);
        if (code != SQLITE_OK) return failure(code);
    }
    LAB_CHECK(sqlite3_bind_parameter_count(slot->statement) == index, sql);
    return slot.get();
}

Result<Rows> Connection::query(const char* sql, Bindings values) {
    auto prepared = prepare(sql, values);
    if (!prepared) return std::move(prepared).error();
    (*prepared)->busy = true;
    return Rows(*this, **prepared);
}

Result<void> Connection::run(const char* sql, Bindings values) {
    auto rows = query(sql, values);
    if (!rows) return std::move(rows).error();
    for (;;) {
        const auto more = rows->next();
        if (!more) return more.error();
        if (!*more) return {};
    }
}

Result<std::int64_t> Connection::integer(const char* sql, Bindings values) {
    auto rows = query(sql, values);
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    if (!*found) return Error{.code = ErrorCode::NotFound, .message = "no such row"};
    return rows->integer(0);
}

Result<void> Connection::script(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

std::int64_t Connection::last_id() const {
    return sqlite3_last_insert_rowid(handle_);
}

int Connection::changes() const {
    return sqlite3_changes(handle_);
}

// Transaction

Result<Transaction> Transaction::begin(Connection& connection, Durability durability) {
    // Only outside a transaction does the level change; setting it costs nothing.
    LAB_TRY(connection.run(durability == Durability::Full ? "PRAGMA synchronous=FULL"
                                                          : "PRAGMA synchronous=NORMAL"));
    LAB_TRY(connection.run("BEGIN IMMEDIATE"));
    return Transaction(connection);
}

Result<Transaction> Transaction::read(Connection& connection) {
    LAB_TRY(connection.run("BEGIN"));
    return Transaction(connection);
}

Transaction::~Transaction() {
    // SQLite has rolled back by itself after some errors, a full disk for one.
    if (connection_ && sqlite3_get_autocommit(connection_->handle()) == 0)
        sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr,
                     nullptr); // as it is: nothing can be thrown here
}

Result<void> Transaction::commit() {
    LAB_TRY(connection_->run("COMMIT"));
    connection_ = nullptr;
    return {};
}

} // namespace lab::store::detail
