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
    return read_entry(*found, max_bytes);
}

Result<std::string> SubsetTree::read_entry(const TreeEntry& entry, std::size_t max_bytes) const {
    return trimmed(entry, base_.read_entry(entry, max_bytes));
}

void SubsetTree::read_each(std::span<const TreeEntry* const> entries, std::size_t max_bytes,
                           const Take& take) const {
    std::size_t next = 0;
    base_.read_each(entries, max_bytes, [&](Result<std::string> text) {
        return take(trimmed(*entries[next++], std::move(text)));
    });
}

Result<std::string> SubsetTree::trimmed(const TreeEntry& entry, Result<std::string> text) const {
    if (!text) return text;
    return trim_(entry.path, *std::move(text));
}

} // namespace lab
