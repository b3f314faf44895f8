#pragma once
// A read-only tree of files: a git commit or a working tree look the same to whoever loads an inventory.

#include "support/result.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

enum class EntryKind { File, Directory, Symlink, Submodule, Other }; // Other: a pipe, socket or device

/// What identifies bytes without reading them: a git blob's id.
using BlobId = std::array<std::uint8_t, 20>;

struct TreeEntry {
    std::string path; // relative to the tree's root, '/' between parts, no leading "./"
    EntryKind kind = EntryKind::File;
    std::optional<BlobId> blob; // of a file or symlink, where it is known
};

/// Paths are relative to the tree's root and never leave it. Implementations are safe to read from several
/// threads.
class FileTree {
  public:
    virtual ~FileTree() = default;
    /// Everything below `directory` ("" is the root), sorted by path bytewise; directories are listed before
    /// what they hold. `prune(path)` is asked for each directory; true leaves out what is below it (the entry
    /// itself stays).
    using Prune = std::function<bool(const TreeEntry& directory)>;
    virtual Result<std::vector<TreeEntry>> list(std::string_view directory,
                                                const Prune& prune = {}) const = 0;
    /// The bytes of a file; a symlink inside the tree is followed, one that leaves it is Denied.
    /// NotFound where there is none; Invalid where it is larger than `max_bytes`.
    virtual Result<std::string> read(std::string_view path, std::size_t max_bytes) const = 0;
    /// The same of an entry that list() gave, which may be known better than by its path.
    virtual Result<std::string> read_entry(const TreeEntry& entry, std::size_t max_bytes) const {
        return read(entry.path, max_bytes);
    }
    /// The same of several, in order, until `take` says that it has enough. Cheaper than one by one where
    /// threads that read side by side wait for each other.
    using Take = std::function<bool(Result<std::string> bytes)>;
    virtual void read_each(std::span<const TreeEntry* const> entries, std::size_t max_bytes,
                           const Take& take) const {
        for (const TreeEntry* entry : entries)
            if (!take(read_entry(*entry, max_bytes))) return;
    }
    /// Lets go of memory that reading has filled and can fill again, at the end of much reading. No other
    /// thread reads meanwhile.
    virtual void release() const {}
    /// Where the tree is, for messages: "working tree of /srv/inventory", "commit 1a2b3c of ...".
    virtual std::string describe() const = 0;
};

} // namespace lab
