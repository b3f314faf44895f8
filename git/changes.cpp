// What differs from HEAD. libgit2's status limited to many paths is slow; here each file costs one lstat,
// compared with what the index remembers of the file it once hashed.
#include "git/repository.h"

#include "git/detail/comparison.h"
#include "git/working_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

namespace lab::git {
namespace {

/// Reads both sides, following symlinks: for the few paths that go through one.
bool same_bytes(const FileTree& head, const FileTree& now, const std::string& path) {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
    const auto before = head.read(path, kMaxBytes), after = now.read(path, kMaxBytes);
    return before && after && *before == *after;
}

} // namespace

Result<std::unique_ptr<Comparison>> Repository::compare_with_head(std::string_view prefix) const {
    const auto commit = head();
    if (!commit) return commit.error();
    std::unique_ptr<FileTree> folder;
    if (*commit) {
        auto found = tree(**commit, prefix);
        if (!found && found.error().code != ErrorCode::NotFound) return std::move(found).error();
        if (found) folder = std::move(*found);
    }
    return Comparison::make(handle_.get(), work_directory_, prefix, folder.get());
}

Result<std::optional<std::string>> Repository::first_change(std::string_view prefix,
                                                            std::span<const FileName> files,
                                                            const Relevant& relevant) const {
    if (work_directory_.empty())
        return Error{.code = ErrorCode::Invalid, .message = "a bare repository has no working tree"};
    auto commit = head();
    if (!commit) return std::move(commit).error();
    if (!*commit)
        return files.empty() ? std::optional<std::string>() : std::optional<std::string>(*files.front());
    const auto comparison = compare_with_head(prefix);
    if (!comparison) return comparison.error();
    std::vector<std::string_view> paths;
    for (const FileName& file : files)
        paths.push_back(*file);
    std::vector<std::string> doubtful;
    const auto answers = (*comparison)->compare(paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (answers[i] == Comparison::Answer::Different) return std::optional(std::string(paths[i]));
        if (answers[i] == Comparison::Answer::Doubtful) doubtful.emplace_back(paths[i]);
    }
    if (!doubtful.empty()) {
        auto before = tree(**commit, prefix);
        if (!before) return std::optional<std::string>(doubtful.front()); // the folder itself is new
        auto now = open_working_tree(work_directory_ / prefix);
        if (!now) return std::move(now).error();
        for (const std::string& file : doubtful)
            if (!same_bytes(**before, **now, file)) return std::optional<std::string>(file);
    }
    const std::unordered_set<std::string_view> there(paths.begin(), paths.end()); // looked at above
    for (const TreeEntry& file : (*comparison)->head())
        if (relevant && !there.contains(file.path) && relevant(file.path) && (*comparison)->gone(file.path))
            return std::optional(file.path);
    return std::optional<std::string>();
}

} // namespace lab::git
