#include "git/detail/comparison.h"

#include "support/parallel.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>

namespace lab::git {
namespace {

bool same_id(const git_oid& id, const TreeEntry& file) {
    return file.blob && std::equal(std::begin(id.id), std::end(id.id), file.blob->begin());
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

Result<std::unique_ptr<Comparison>> Comparison::make(git_repository* repository,
                                                     const std::filesystem::path& work_directory,
                                                     std::string_view folder, const FileTree* head) {
    std::unique_ptr<Comparison> made(new Comparison);
    made->repository_ = repository;
    if (!folder.empty()) made->below_ = fmt::format("{}/", folder);
    made->folder_ = Descriptor(::open((work_directory / folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (head) {
        auto files = head->list("");
        if (!files) return std::move(files).error();
        made->head_ = std::move(*files);
        std::erase_if(made->head_, [](const TreeEntry& entry) { return entry.kind == EntryKind::Directory; });
    }
    git_index* raw = nullptr;
    if (git_repository_index(&raw, repository) == 0) made->index_.reset(raw);
    const char* path = made->index_ ? git_index_path(made->index_.get()) : nullptr;
    if (!path || ::stat(path, &made->index_status_) != 0) made->index_.reset(); // then every file is hashed
    return made;
}

std::vector<Comparison::Answer> Comparison::compare(std::span<const std::string_view> paths) const {
    constexpr std::size_t kAtOnce = 1024;
    std::vector<Answer> answers(paths.size());
    in_parallel(paths.size(), kAtOnce, [&](std::size_t begin, std::size_t end) {
        Next next;
        for (std::size_t i = begin; i < end; ++i)
            answers[i] = compare(paths[i], next);
    });
    return answers;
}

const TreeEntry* Comparison::head_file(std::string_view path, Next& next) const {
    if (next.head >= head_.size() || head_[next.head].path != path) {
        const auto found = std::lower_bound(
            head_.begin(), head_.end(), path,
            [](const TreeEntry& file, std::string_view wanted) { return file.path < wanted; });
        if (found == head_.end() || found->path != path) return nullptr;
        next.head = static_cast<std::size_t>(found - head_.begin());
    }
    return &head_[next.head++];
}

const git_index_entry* Comparison::index_entry(const std::string& path, Next& next) const {
    if (!index_) return nullptr;
    const git_index_entry* entry = git_index_get_byindex(index_.get(), next.entry++);
    if (entry && entry->path == path && git_index_entry_stage(entry) == 0) return entry;
    entry = git_index_get_bypath(index_.get(), path.c_str(), 0);
    if (entry && git_index_find(&next.entry, index_.get(), path.c_str()) == 0) ++next.entry;
    return entry;
}

Comparison::Answer Comparison::compare(std::string_view path, Next& next) const {
    const TreeEntry* head = head_file(path, next);
    if (!head || head->kind == EntryKind::Symlink) return Answer::Doubtful;
    struct stat now {};
    if (::fstatat(folder_.get(), head->path.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0)
        return Answer::Different;
    if (S_ISLNK(now.st_mode)) return Answer::Different;
    const std::string whole = below_ + head->path;
    const git_index_entry* entry = index_entry(whole, next);
    if (entry && same_as_hashed(*entry, now, index_status_))
        return same_id(entry->id, *head) ? Answer::Same : Answer::Different;
    const std::lock_guard hold(hashing_);
    git_oid id; // with the filters of .gitattributes, as git would
    if (git_repository_hashfile(&id, repository_, whole.c_str(), GIT_OBJECT_BLOB, nullptr) != 0)
        return Answer::Different;
    return same_id(id, *head) ? Answer::Same : Answer::Different;
}

bool Comparison::gone(const std::string& path) const {
    struct stat now {};
    return ::fstatat(folder_.get(), path.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
           !(S_ISREG(now.st_mode) || S_ISLNK(now.st_mode));
}

} // namespace lab::git
