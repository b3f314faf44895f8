#pragma once
// Which files of a tree belong to the inventory.

#include "support/diagnostics.h"
#include "support/file_tree.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

struct Selection {
    std::vector<const TreeEntry*> files;     // *.yaml and *.yml, lab.yaml among them; sorted by path
    std::vector<std::string> module_folders; // NAME/module.yaml below some folder modules/; sorted
    std::vector<TreeEntry> links;            // symbolic links that are no YAML files
    /// Every entry that is not hidden, for what modules refer to; sorted by path, the tree's own.
    std::span<const TreeEntry> entries;
};

/// The entry at `path`; null where there is none. `entries` are sorted by path.
const TreeEntry* find_entry(std::span<const TreeEntry> entries, std::string_view path);

/// The selection refers to `entries`. `ignore` are the globs of `lab.ignore`: over a path or a folder it lies
/// in.
Selection select_files(const std::vector<TreeEntry>& entries, const std::vector<std::string>& ignore,
                       Diagnostics& diagnostics);

/// Left out with all that is below them: folders whose name begins with a dot.
bool is_hidden(std::string_view path) noexcept;

} // namespace lab::spec::detail
