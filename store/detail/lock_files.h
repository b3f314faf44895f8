#pragma once
// Locks of runs as files in HOME/locks, each held by a kernel lock (flock) for as long as its process lives.
// A file whose lock can be taken is what a dead process left.

#include "store/store.h"
#include "support/files.h"

namespace lab::store::detail {

/// Waits for the kernel lock on `path`, made where it is missing; Timeout, saying `what` is being waited for.
Result<Descriptor> wait_for_lock(const std::filesystem::path& path, std::string_view what);

struct LockRequest {
    std::string inventory;
    std::vector<std::string> servers; // empty: all
    std::string what;
    WallTime now;
};
/// Conflict, naming the holder, where a living process holds something of it.
Result<std::unique_ptr<Lock>> take_lock(const std::filesystem::path& home, const LockRequest& request);

/// Whether a living process holds the lock of this id.
Result<bool> is_held(const std::filesystem::path& home, std::string_view id);

} // namespace lab::store::detail
