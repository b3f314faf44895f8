#pragma once
// The tables and how they came to be: numbered migrations, run in order, never edited once released.

#include "store/detail/sqlite.h"

#include <span>

namespace lab::store::detail {

inline constexpr std::int64_t kApplicationId = 0x4c414231; // "LAB1" in the file's header

struct Migration {
    const char* sql;
};
/// The schema's version is the number of migrations that ran.
std::span<const Migration> migrations();

/// What is in a file, before anything of it is trusted.
struct SchemaState {
    std::int64_t version = 0;
    bool ours = false;  // has our application id
    bool blank = false; // no tables at all: made, but never filled
};
Result<SchemaState> schema_state(Connection& connection);

/// Runs what is missing in one transaction. `connection` is no newer than `steps`.
Result<void> migrate(Connection& connection, std::span<const Migration> steps);

/// Settings that a connection has or a new file is made with.
Result<void> configure(Connection& connection);

/// While it lives, `connection` keeps few pages in memory: for whoever reads a large table once, from end to
/// end.
class FewPages {
  public:
    explicit FewPages(Connection& connection);
    ~FewPages();
    FewPages(const FewPages&) = delete;
    FewPages& operator=(const FewPages&) = delete;

  private:
    Connection& connection_;
};

/// Reads the whole database looking for damage, of its structure and of the documents in it: seconds for a
/// gigabyte. Invalid, saying what is wrong.
Result<void> check_all(Connection& connection);
/// Invalid where a document is not what it was when it was kept.
Result<void> check_document(const Connection& connection, std::string_view body,
                            const std::optional<Digest>& digest);

} // namespace lab::store::detail
