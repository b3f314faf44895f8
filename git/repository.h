#pragma once
// A git repository, read only: commits, names, what differs from HEAD. libgit2 reads objects; nothing here
// talks to a network or runs a program of the repository's choosing, so a repository of another user is read
// like any other.

#include "support/clock.h"
#include "support/file_name.h"
#include "support/file_tree.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct git_repository;

namespace lab::git {

struct CommitInfo {
    std::string id; // 40 hex digits
    std::string author, email;
    WallTime time; // of the author
    std::string subject;
};

/// The way from one commit to another.
struct History {
    std::vector<CommitInfo> commits;    // that only the newer has, newest first, as many as were asked for
    std::size_t added = 0, dropped = 0; // how many only the newer has, and only the older
};

/// A file, link or submodule that differs between two trees.
struct TreeChange {
    std::string path;
    std::optional<TreeEntry> now; // nothing: it is gone
};

struct TreeLimits {
    std::size_t entries = 4'000'000;
    /// Ask how large a file is before it is unpacked. Costs; for repositories of strangers.
    bool sizes_first = false;
};

class Comparison;

class Repository {
  public:
    /// The repository that holds `path`, looked for upwards as git does. NotFound where there is none;
    /// Unsupported for one that libgit2 cannot read (SHA-256 objects).
    static Result<Repository> discover(const std::filesystem::path& path);
    /// The repository at `path` itself: a working tree, its .git, or a bare repository.
    static Result<Repository> open(const std::filesystem::path& path);

    /// Root of the working tree, canonical; empty for a bare repository.
    const std::filesystem::path& work_directory() const noexcept { return work_directory_; }
    /// The repository's own folder, for messages where there is no working tree.
    const std::filesystem::path& git_directory() const noexcept { return git_directory_; }

    /// The commit that `revision` names (branch, tag, id, HEAD~2, origin/main). NotFound with the nearest
    /// names.
    Result<std::string> resolve(std::string_view revision) const;
    /// The commit of HEAD; nullopt while there is none.
    Result<std::optional<std::string>> head() const;
    Result<CommitInfo> commit(std::string_view id) const;
    /// The shortest unique beginning of at least seven digits.
    std::string short_id(std::string_view id) const;
    /// NotFound where the two have no history in common, or a shallow clone cut it off.
    Result<std::string> merge_base(std::string_view one, std::string_view other) const;
    Result<History> history(std::string_view older, std::string_view newer, std::size_t most) const;
    /// For each line of `text`, which is `path` (from the repository's root) as it is now or at `commit`, the
    /// commit up to `commit` that wrote it; empty where none did.
    /// In a shallow clone, lines that are older than its history have the commit where it begins.
    Result<std::vector<std::string>> blame(std::string_view commit, const std::string& path,
                                           std::string_view text) const;
    /// Short names of branches, remote branches and tags, sorted.
    std::vector<std::string> names() const;
    bool shallow() const;
    /// The commits whose parents a shallow clone left out, sorted; none in a whole one.
    std::vector<std::string> cut_commits() const;

    /// The files of a commit, straight from the object store. `prefix` is the folder that becomes the root
    /// ("" is the whole commit); NotFound where the commit has none. The tree may outlive the Repository.
    Result<std::unique_ptr<FileTree>> tree(std::string_view commit, std::string_view prefix,
                                           const TreeLimits& limits = {}) const;

    /// The first of `files` (relative to `prefix`) that differs from HEAD or that HEAD does not have, or the
    /// first file of HEAD with `relevant(path)` that is gone from the working tree; nullopt where all are as
    /// in HEAD. Costs one lstat a file: bytes are read only where the index cannot tell.
    using Relevant = std::function<bool(std::string_view path)>;
    Result<std::optional<std::string>> first_change(std::string_view prefix, std::span<const FileName> files,
                                                    const Relevant& relevant) const;

    /// Git's id of the folder `prefix` of a commit ("" is its root).
    Result<BlobId> tree_id(std::string_view commit, std::string_view prefix) const;
    /// What differs between two folders, by their ids. Costs what differs. Unsupported where that is too much
    /// to be worth a list.
    Result<std::vector<TreeChange>> changes_between(const BlobId& before, const BlobId& now) const;
    /// How `tree`, the working tree's folder `prefix`, differs from HEAD. Costs one lstat a file. Unsupported
    /// where git's attributes may make files differ from their blobs by rule.
    Result<std::vector<TreeChange>> changes_in_working_tree(std::string_view prefix, const FileTree& tree,
                                                            const FileTree::Prune& prune) const;

  private:
    explicit Repository(std::shared_ptr<git_repository> handle);
    Result<std::unique_ptr<Comparison>> compare_with_head(std::string_view prefix) const;
    std::shared_ptr<git_repository> handle_; // shared with the trees it gave out, which read from it
    std::filesystem::path work_directory_, git_directory_;
};

} // namespace lab::git
