#pragma once
// The file system of the machine managed: the live one, or a tree below a root directory that no path can
// leave, neither by ".." nor by a symlink (openat2 with RESOLVE_IN_ROOT).

#include "support/files.h"
#include "support/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace lab::agent {

/// For use from one thread.
class Tree {
  public:
    /// `root` empty or "/": the live system; else an absolute path. NotFound where there is no such
    /// directory; Invalid where the directory is the live root under another name; Unsupported where the
    /// kernel has no openat2 (before 5.6).
    static Result<Tree> open(std::string root);

    bool live() const noexcept { return live_; }
    const std::string& root() const noexcept { return root_; }

    /// Opens an absolute path inside the tree. `flags` as for open(2); a final symlink is not followed with
    /// O_NOFOLLOW.
    Result<Descriptor> open_path(std::string_view path, int flags, mode_t mode = 0) const;
    /// The folder that holds `path` and the last part of it, for *at() calls.
    struct Parent {
        Descriptor directory;
        std::string name;
    };
    Result<Parent> open_parent(std::string_view path) const;
    /// The path with every symlink in it followed, for what edits a file through a link. NotFound for one
    /// that dangles.
    Result<std::string> resolve(std::string_view path) const;
    /// lstat; NotFound where nothing is there (or a parent is missing).
    Result<struct stat> status(std::string_view path) const;
    /// The bytes of a regular file, a final symlink followed. Invalid where it is larger or no regular file.
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const;
    Result<std::string> read_link(std::string_view path) const;
    bool exists(std::string_view path) const;

    struct FileOptions {
        /// Not given: those of the file it replaces; for a new one 0644 and ours.
        std::optional<mode_t> mode = std::nullopt;
        std::optional<uid_t> uid = std::nullopt;
        std::optional<gid_t> gid = std::nullopt;
        /// On the disk before returning, in a tree too: for records that must be there before what follows
        /// them.
        bool at_once = false;
    };
    /// Atomic: temporary file beside it, owner, mode, SELinux context of what it replaces, rename. A final
    /// symlink is replaced, not followed.
    ///
    /// Durability: on the live system file and folder are fsynced before and after the rename, because a
    /// machine may have to boot with what was written a moment ago. In a tree one `sync` at the end of the
    /// run does the same for all files (a hundred thousand small fsyncs would be nearly all of its time):
    /// after a power cut before it, a file may be torn, which the next run sees, for it compares whole
    /// contents; and nothing was reported done yet.
    Result<void> write(std::string_view path, std::string_view bytes, const FileOptions& options) const;
    /// Everything written so far is on the disk. Needed in trees only; nothing on the live system.
    Result<void> sync() const;

    /// Makes the folders above `path` that are missing, mode 0755.
    Result<void> make_parents(std::string_view path) const;
    /// mkdir of the last part. Conflict where something is there.
    Result<void> make_directory(std::string_view path, mode_t mode) const;
    /// Removes a file, a link, or an empty directory; nothing where nothing is there. Never follows a final
    /// symlink.
    Result<void> remove(std::string_view path) const;
    /// Removes a directory and everything below it, without following symlinks or leaving its file system.
    Result<void> remove_all(std::string_view path) const;
    /// Makes or replaces a symlink, atomically.
    Result<void> link(std::string_view path, const std::string& target) const;
    /// Sets what is given on a file or directory; a final symlink is refused.
    Result<void> set_ownership(std::string_view path, std::optional<mode_t> mode, std::optional<uid_t> uid,
                               std::optional<gid_t> gid) const;

    /// Names by the tree's own /etc/passwd and /etc/group; a number that is none there stays a number, and 0
    /// is root.
    Result<uid_t> user_id(std::string_view name) const;
    Result<gid_t> group_id(std::string_view name) const;
    std::string user_name(uid_t id) const;
    std::string group_name(gid_t id) const;

  private:
    /// The entries of a passwd or group file, read again when the file is another one.
    struct Names {
        std::int64_t stamp[4] = {-1, -1, -1, -1}; // device, inode, seconds and nanoseconds of the last change
        std::vector<std::pair<std::string, std::uint32_t>> entries;
    };

    Tree(std::string root, Descriptor fd, bool live)
        : root_(std::move(root)), fd_(std::move(fd)), live_(live) {}
    Result<void> sync_directory(const Parent& parent) const;
    const Names& names(std::string_view path, Names& cache) const;
    Result<std::uint32_t> id_of(std::string_view name, std::string_view path, Names& cache,
                                std::string_view kind) const;
    std::string name_of(std::uint32_t id, std::string_view path, Names& cache) const;

    std::string root_;
    Descriptor fd_;
    bool live_;
    mutable Names users_, groups_; // a cache: what is seen through it does not change
};

} // namespace lab::agent
