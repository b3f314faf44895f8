#include "support/subset_tree.h"

#include <algorithm>

namespace lab {

Result<std::vector<TreeEntry>> SubsetTree::list(std::string_view directory, const Prune& prune) const {
    LAB_CHECK(directory.empty(), "a subset is listed whole");
    if (!prune) return entries_;
    std::vector<TreeEntry> kept;
    std::vector<std::string> pruned; // folders, with a final '/'
    for (const TreeEntry& entry : entries_) {
        const auto below = [&](const std::string& folder) { return entry.path.starts_with(folder); };
        if (std::any_of(pruned.begin(), pruned.end(), below)) continue;
        if (entry.kind == EntryKind::Directory && prune(entry)) pruned.push_back(entry.path + "/");
        kept.push_back(entry);
    }
    return kept;
}

Result<std::string> SubsetTree::read(std::string_view path, std::size_t max_bytes) const {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), path,
                         [](const TreeEntry& entry, std::string_view wanted) { return entry.path < wanted; });
    if (found == entries_.end() || found->path != path) return base_.read(path, max_bytes);
    return base_.read_entry(*found, max_bytes);
}

} // namespace lab
