// What differs from HEAD. libgit2's status limited to many paths is slow; here each file costs one lstat,
// compared with what the index remembers of the file it once hashed.
#include "git/repository.h"

#include "git/detail/handles.h"
#include "git/working_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

#include <sys/stat.h>

namespace lab::git {
namespace {

struct HeadFile {
    git_oid id;
    git_filemode_t mode;
};
using HeadFiles = std::unordered_map<std::string, HeadFile>; // by path from the repository's root

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

/// Compares files of the working tree with those of HEAD.
class Comparison {
  public:
    Comparison(git_repository* repository, std::filesystem::path root, HeadFiles head)
        : repository_(repository), root_(std::move(root)), head_(std::move(head)) {
        git_index* raw = nullptr;
        if (git_repository_index(&raw, repository_) == 0) index_.reset(raw);
        const char* path = index_ ? git_index_path(index_.get()) : nullptr;
        if (!path || ::stat(path, &index_status_) != 0) index_.reset(); // then every file is hashed
    }

    /// A symlink somewhere on the way makes the answer Doubtful: what it leads to must be compared by its
    /// bytes.
    enum class Answer { Same, Different, Doubtful };
    Answer compare(const std::string& path) const {
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

    const HeadFiles& head() const { return head_; }
    bool gone(const std::string& path) const {
        struct stat now {};
        return ::lstat((root_ / path).c_str(), &now) != 0;
    }

  private:
    git_repository* repository_;
    std::filesystem::path root_;
    HeadFiles head_;
    IndexHandle index_;
    struct stat index_status_ {};
};

/// Reads both sides, following symlinks: for the few paths that go through one.
bool same_bytes(const FileTree& head, const FileTree& now, const std::string& path) {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
    const auto before = head.read(path, kMaxBytes), after = now.read(path, kMaxBytes);
    return before && after && *before == *after;
}

} // namespace

Result<std::optional<std::string>> Repository::first_change(std::string_view prefix,
                                                            std::span<const FileName> files,
                                                            const Relevant& relevant) const {
    if (work_directory_.empty())
        return Error{.code = ErrorCode::Invalid, .message = "a bare repository has no working tree"};
    const std::string below = prefix.empty() ? std::string() : fmt::format("{}/", prefix);
    auto commit = head();
    if (!commit) return std::move(commit).error();
    if (!*commit)
        return files.empty() ? std::optional<std::string>() : std::optional<std::string>(*files.front());
    auto in_head = files_of_head(handle_.get(), below);
    if (!in_head) return std::move(in_head).error();
    const Comparison comparison(handle_.get(), work_directory_, std::move(*in_head));
    std::vector<std::string> doubtful;
    for (const FileName& name : files) {
        const std::string& file = *name;
        switch (comparison.compare(below + file)) {
        case Comparison::Answer::Same: break;
        case Comparison::Answer::Different: return std::optional<std::string>(file);
        case Comparison::Answer::Doubtful: doubtful.push_back(file); break;
        }
    }
    if (!doubtful.empty()) {
        auto before = tree(**commit, prefix);
        if (!before) return std::optional<std::string>(doubtful.front()); // the folder itself is new
        auto now = open_working_tree(work_directory_ / prefix);
        if (!now) return std::move(now).error();
        for (const std::string& file : doubtful)
            if (!same_bytes(**before, **now, file)) return std::optional<std::string>(file);
    }
    std::unordered_set<std::string_view> there; // looked at above
    for (const FileName& file : files)
        there.insert(*file);
    std::optional<std::string> first_gone;
    for (const auto& entry : comparison.head()) {
        const std::string_view name = std::string_view(entry.first).substr(below.size());
        if (!relevant || there.contains(name) || !relevant(name) || !comparison.gone(entry.first)) continue;
        if (!first_gone || name < *first_gone) first_gone = name;
    }
    return first_gone;
}

} // namespace lab::git
