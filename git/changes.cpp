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
        const std::string file(*name);
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
