#pragma once
// The database of one lab home, opened: made on a first run, checked where its last owner died, restored
// where it is damaged or lost. What had to be done is said in the notes.

#include "store/detail/schema.h"
#include "store/store.h"
#include "support/files.h"

namespace lab::store::detail {

/// An open database and the mark that a living process uses it.
struct OpenHome {
    Descriptor in_use; // shared flock on HOME/locks/.users
    Connection connection;
};

/// `steps` are the migrations; a test gives its own. Denied, Unavailable: the home cannot be used;
/// Unsupported: a newer lab has written it.
Result<OpenHome> open_home(const std::filesystem::path& home, const Clock& clock,
                           std::span<const Migration> steps, OpenNotes& notes);

} // namespace lab::store::detail
