#include "git/detail/comparison.h"

#include <fmt/format.h>

namespace lab::git {
namespace {

struct Walk {
    HeadFiles files;
    std::string below; // "prefix/" or ""
};

int keep_entry(const char* folder, const git_tree_entry* entry, void* payload) {
    Walk& walk = *static_cast<Walk*>(payload);
    std::string path = std::string(folder) + git_tree_entry_name(entry);
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
        const std::string directory = path + "/";
        const bool on_the_way = walk.below.starts_with(directory) || directory.starts_with(walk.below);
        return on_the_way ? 0 : 1; // 1: not entered
    }
    if (path.starts_with(walk.below))
        walk.files.emplace(std::move(path),
                           HeadFile{*git_tree_entry_id(entry), git_tree_entry_filemode(entry)});
    return 0;
}

/// Whether the file is the one that `entry` was hashed from. Times equal to the index's own are no proof: the
/// file may have changed within the same tick ("racy git").
bool same_as_hashed(const git_index_entry& entry, const struct stat& now, const struct stat& index) {
    const auto older_than_index = [&] {
        if (now.st_mtim.tv_sec != index.st_mtim.tv_sec) return now.st_mtim.tv_sec < index.st_mtim.tv_sec;
        return now.st_mtim.tv_nsec < index.st_mtim.tv_nsec;
    };
    return S_ISREG(now.st_mode) && (entry.mode & S_IFMT) == S_IFREG &&
           static_cast<std::int64_t>(entry.mtime.seconds) == (now.st_mtim.tv_sec & 0xffffffff) &&
           static_cast<std::int64_t>(entry.mtime.nanoseconds) == now.st_mtim.tv_nsec &&
           static_cast<std::int64_t>(entry.ctime.seconds) == (now.st_ctim.tv_sec & 0xffffffff) &&
           static_cast<std::int64_t>(entry.ctime.nanoseconds) == now.st_ctim.tv_nsec &&
           entry.ino == static_cast<std::uint32_t>(now.st_ino) &&
           entry.file_size == static_cast<std::uint32_t>(now.st_size) && older_than_index();
}

} // namespace

Result<HeadFiles> files_of_head(git_repository* repository, const std::string& below) {
    git_oid head;
    const int found = git_reference_name_to_id(&head, repository, "HEAD");
    if (found == GIT_ENOTFOUND) return HeadFiles(); // no commit yet
    if (found != 0) return git_error_as(found, "cannot read HEAD");
    git_commit* commit = nullptr;
    if (const int status = git_commit_lookup(&commit, repository, &head); status != 0)
        return git_error_as(status, "cannot read the commit of HEAD");
    const CommitHandle commit_owner(commit);
    git_tree* tree = nullptr;
    if (const int status = git_commit_tree(&tree, commit); status != 0)
        return git_error_as(status, "cannot read the files of HEAD");
    const TreeHandle tree_owner(tree);
    Walk walk{.files = {}, .below = below};
    if (const int status = git_tree_walk(tree, GIT_TREEWALK_PRE, keep_entry, &walk); status < 0)
        return git_error_as(status, "cannot read the files of HEAD");
    return std::move(walk.files);
}

Comparison::Comparison(git_repository* repository, std::filesystem::path root, HeadFiles head)
    : repository_(repository), root_(std::move(root)), head_(std::move(head)) {
    git_index* raw = nullptr;
    if (git_repository_index(&raw, repository_) == 0) index_.reset(raw);
    const char* path = index_ ? git_index_path(index_.get()) : nullptr;
    if (!path || ::stat(path, &index_status_) != 0) index_.reset(); // then every file is hashed
}

Comparison::Answer Comparison::compare(const std::string& path) const {
    const auto head = head_.find(path);
    if (head == head_.end()) return Answer::Doubtful;
    if (head->second.mode == GIT_FILEMODE_LINK) return Answer::Doubtful;
    struct stat now {};
    if (::lstat((root_ / path).c_str(), &now) != 0) return Answer::Different;
    if (S_ISLNK(now.st_mode)) return Answer::Different;
    const git_index_entry* entry = index_ ? git_index_get_bypath(index_.get(), path.c_str(), 0) : nullptr;
    if (entry && same_as_hashed(*entry, now, index_status_))
        return git_oid_equal(&entry->id, &head->second.id) ? Answer::Same : Answer::Different;
    git_oid id; // with the filters of .gitattributes, as git would
    if (git_repository_hashfile(&id, repository_, path.c_str(), GIT_OBJECT_BLOB, nullptr) != 0)
        return Answer::Different;
    return git_oid_equal(&id, &head->second.id) ? Answer::Same : Answer::Different;
}

bool Comparison::gone(const std::string& path) const {
    struct stat now {};
    return ::lstat((root_ / path).c_str(), &now) != 0;
}

} // namespace lab::git
