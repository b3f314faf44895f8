#include "support/overlay_tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab {
namespace {

using Entries = std::map<std::string, TreeEntry, std::less<>>;

/// Adds the folders between `directory` and the file at `path`; false where one of them is pruned or no
/// folder, so that nothing is seen below it.
bool add_folders(Entries& entries, std::string_view directory, std::string_view path,
                 const FileTree::Prune& prune) {
    for (auto slash = path.find('/', directory.empty() ? 0 : directory.size() + 1);
         slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        const auto [folder, added] = entries.try_emplace(
            std::string(path.substr(0, slash)),
            TreeEntry{.path = std::string(path.substr(0, slash)), .kind = EntryKind::Directory});
        if (folder->second.kind != EntryKind::Directory || (prune && prune(folder->second))) return false;
    }
    return true;
}

} // namespace

OverlayTree::OverlayTree(std::shared_ptr<const FileTree> base, TreeChanges changes)
    : base_(std::move(base)), changes_(std::move(changes)) {
    LAB_CHECK(base_, "an overlay lies over a tree");
}

Result<std::vector<TreeEntry>> OverlayTree::list(std::string_view directory, const Prune& prune) const {
    const std::string prefix = directory.empty() ? std::string() : std::string(directory) + "/";
    const bool adds = std::any_of(changes_.begin(), changes_.end(), [&](const auto& change) {
        return change.second && change.first.starts_with(prefix);
    });
    auto listed = base_->list(directory, prune);
    if (!listed && !(adds && listed.error().code == ErrorCode::NotFound)) return listed;
    Entries entries;
    if (listed)
        for (TreeEntry& entry : *listed) {
            std::string path = entry.path;
            entries.emplace_hint(entries.end(), std::move(path), std::move(entry));
        }
    for (const auto& [path, bytes] : changes_) {
        if (!path.starts_with(prefix)) continue;
        if (!bytes)
            entries.erase(path);
        else if (add_folders(entries, directory, path, prune))
            entries.insert_or_assign(path, TreeEntry{.path = path});
    }
    std::vector<TreeEntry> all;
    all.reserve(entries.size());
    for (auto& [path, entry] : entries)
        all.push_back(std::move(entry));
    return all;
}

Result<std::string> OverlayTree::read(std::string_view path, std::size_t max_bytes) const {
    const auto found = changes_.find(path);
    if (found == changes_.end()) return base_->read(path, max_bytes);
    if (!found->second)
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("there is no '{}' in {}", path, describe())};
    if (found->second->size() > max_bytes)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' has {} bytes, more than the {} that are read", path,
                                            found->second->size(), max_bytes)};
    return *found->second;
}

Result<std::string> OverlayTree::read_entry(const TreeEntry& entry, std::size_t max_bytes) const {
    return changes_.contains(entry.path) ? read(entry.path, max_bytes) : base_->read_entry(entry, max_bytes);
}

std::string OverlayTree::describe() const {
    return base_->describe();
}

} // namespace lab
