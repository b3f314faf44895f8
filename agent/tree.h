#pragma once
// The file system of the machine managed: the live one, or a tree below a root directory that no path can leave,
// neither by ".." nor by a symlink (openat2 with RESOLVE_IN_ROOT).

#include "support/files.h"
#include "support/result.h"

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace lab::agent {

class Tree {
  public:
    /// `root` empty or "/": the live system.
    static Result<Tree> open(std::string root);

    bool live() const noexcept { return live_; }
    const std::string& root() const noexcept { return root_; }

    /// Opens an absolute path inside the tree. `flags` as for open(2); a final symlink is not followed with O_NOFOLLOW.
    Result<Descriptor> open_path(std::string_view path, int flags, mode_t mode = 0) const;
    /// The folder that holds `path` and the last part of it, for *at() calls.
    struct Parent {
        Descriptor directory;
        std::string name;
    };
    Result<Parent> open_parent(std::string_view path) const;
    /// lstat; NotFound where nothing is there (or a parent is missing).
    Result<struct stat> status(std::string_view path) const;
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const;
    Result<std::string> read_link(std::string_view path) const;
    bool exists(std::string_view path) const;

    struct FileOptions {
        mode_t mode = 0644;
        uid_t uid = 0;
        gid_t gid = 0;
    };
    /// Atomic and durable: temporary file beside it, owner, mode, SELinux context of what it replaces, fsync, rename.
    Result<void> write(std::string_view path, std::string_view bytes, const FileOptions& options) const;

    /// Names by the tree's own /etc/passwd and /etc/group; a number that is none there stays a number.
    Result<uid_t> user_id(std::string_view name) const;
    Result<gid_t> group_id(std::string_view name) const;
    std::string user_name(uid_t id) const;
    std::string group_name(gid_t id) const;

  private:
    Tree(std::string root, Descriptor fd, bool live) : root_(std::move(root)), fd_(std::move(fd)), live_(live) {}
    std::string root_;
    Descriptor fd_;
    bool live_;
};

} // namespace lab::agent
