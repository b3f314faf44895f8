#pragma once
// Consistent copies of the database in HOME/snapshots: state-000007-apply.db, the newest few kept.

#include "store/detail/schema.h"

#include <vector>

namespace lab::store::detail {

struct Snapshot {
    std::uint64_t number = 0;
    std::string reason;
    std::filesystem::path path;
};

/// Newest first. Files that are named otherwise are not ours.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& home);

/// Copies the database, pages still in its log included, and removes all but the newest `kept`. Whole or not
/// there at all.
Result<void> make_snapshot(Connection& connection, const std::filesystem::path& home, std::string_view reason,
                           std::size_t kept = 5);

/// Whether a snapshot is a whole database of ours that this program can read.
Result<void> check_snapshot(const std::filesystem::path& path, std::int64_t newest_version);

/// Puts a copy of `snapshot` at `target`, which must not exist.
Result<void> restore_snapshot(const std::filesystem::path& snapshot, const std::filesystem::path& target);

} // namespace lab::store::detail
