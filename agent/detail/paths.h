#pragma once
// What file, template, directory and link have in common: a path, the kind of thing at it, its owner and
// mode.

#include "agent/handler.h"

#include <optional>
#include <string>

namespace lab::agent {

/// "file", "directory", "link" or "other" (a device, a socket, a pipe).
std::string_view kind_name(mode_t mode) noexcept;

/// What is at the resource's path, as `ensure`: "absent", "present" for the kind wanted, else the kind's
/// name. With it, where it is of the kind wanted: mode, owner, group, uid and gid (a link has none of these).
/// Sets `found`'s size.
struct PathState {
    ValueMap observed;
    std::size_t size = 0; // bytes; of a file
};
Result<PathState> observe_path(const Tree& tree, std::string_view path, std::string_view kind);

/// Mode and owner as the resource wants them; names are looked up in the tree.
struct Ownership {
    std::optional<mode_t> mode;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
};
Result<Ownership> wanted_ownership(const api::Resource& resource, const Tree& tree);

/// Conflict: something of another kind is where the resource would remove its own.
Error other_kind(const api::Resource& resource, std::string_view found);

/// Makes room for something that is no directory: removes an empty directory; Conflict where it is not empty.
Result<void> clear_directory(const Tree& tree, std::string_view path);

} // namespace lab::agent
