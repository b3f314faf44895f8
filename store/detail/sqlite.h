#pragma once
// SQLite behind values: a connection, rows, a transaction. Nothing here throws; every failure is an Error
// that names the database and says what a person can do.

#include "support/clock.h"
#include "support/digest.h"
#include "support/result.h"

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace lab::store::detail {

/// One value for one `?` of a statement. The bytes are copied before run() or query() returns.
class Bound {
  public:
    Bound(std::nullptr_t) {}
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    Bound(Integer value) : value_(static_cast<std::int64_t>(value)) {}
    Bound(const char* text) : value_(std::string_view(text)) {}
    Bound(std::string_view text) : value_(text) {}
    Bound(const std::string& text) : value_(std::string_view(text)) {}
    Bound(WallTime time) : value_(static_cast<std::int64_t>(time.time_since_epoch().count())) {}
    Bound(const Digest& digest) : value_(Blob{digest.view()}) {}
    template <typename T>
    Bound(const std::optional<T>& value) {
        if (value) value_ = Bound(*value).value_;
    }
    static Bound blob(std::string_view bytes) {
        Bound bound(nullptr);
        bound.value_ = Blob{bytes};
        return bound;
    }

    struct Blob {
        std::string_view bytes;
    };
    const auto& value() const noexcept { return value_; }

  private:
    std::variant<std::monostate, std::int64_t, std::string_view, Blob> value_;
};
using Bindings = std::initializer_list<Bound>;

struct Prepared;

/// The rows of one query, one at a time. Columns count from 0.
class Rows {
  public:
    Rows(Rows&& other) noexcept;
    Rows& operator=(Rows&&) = delete;
    ~Rows();
    /// Goes to the next row; false after the last.
    Result<bool> next();
    bool null(int column) const;
    std::int64_t integer(int column) const;
    /// Text or blob; valid until the next call of next().
    std::string_view view(int column) const;
    std::string text(int column) const { return std::string(view(column)); }
    std::optional<Digest> digest(int column) const;
    std::optional<WallTime> time(int column) const;

  private:
    friend class Connection;
    Rows(class Connection& connection, Prepared& prepared) : connection_(&connection), prepared_(&prepared) {}
    Connection* connection_;
    Prepared* prepared_; // null once moved from
};

/// One open database. For use from one thread at a time. Prepared statements are kept by the text of their
/// SQL, which must therefore be a literal.
class Connection {
  public:
    enum class Mode {
        ReadWrite, // the file must exist
        Snapshot,  // read only, and nobody writes to it meanwhile
    };
    static Result<Connection> open(const std::filesystem::path& path, Mode mode);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    Result<Rows> query(const char* sql, Bindings values = {});
    Result<void> run(const char* sql, Bindings values = {});
    /// One integer of one row; NotFound where there is no row.
    Result<std::int64_t> integer(const char* sql, Bindings values = {});
    /// Several statements without values. Not kept.
    Result<void> script(const char* sql);

    std::int64_t last_id() const;
    int changes() const;
    const std::filesystem::path& path() const noexcept { return path_; }
    sqlite3* handle() const noexcept { return handle_; }
    /// What went wrong in the last call. A damaged database leaves damage_mark() behind, so that the next
    /// start checks it.
    Error failure(int code) const;
    /// The same for damage that SQLite cannot see. The reason is the error's first context.
    Error damage(std::string_view what) const;

  private:
    Connection(sqlite3* handle, std::filesystem::path path, Mode mode);
    Result<Prepared*> prepare(const char* sql, Bindings values);
    sqlite3* handle_;
    std::filesystem::path path_;
    Mode mode_;
    std::unordered_map<std::string_view, std::unique_ptr<Prepared>> statements_;
};

/// The file that says that a read of the database at `path` met damage.
std::filesystem::path damage_mark(const std::filesystem::path& path);

/// Full: on the disk when commit() returns. Normal: safe from a kill, the last moments may be lost in a power
/// cut.
enum class Durability { Normal, Full };

/// Everything between begin() and commit() happens or nothing does.
class Transaction {
  public:
    static Result<Transaction> begin(Connection& connection, Durability durability);
    /// Several reads that see one state.
    static Result<Transaction> read(Connection& connection);
    Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction(); // rolls back what was not committed
    Result<void> commit();

  private:
    explicit Transaction(Connection& connection) : connection_(&connection) {}
    Connection* connection_;
};

} // namespace lab::store::detail
