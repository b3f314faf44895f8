#pragma once
// Which files of a tree belong to the inventory.

#include "support/diagnostics.h"
#include "support/file_tree.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lab::spec::detail {

struct Selection {
    std::vector<TreeEntry> files;            // *.yaml and *.yml, lab.yaml among them; sorted by path
    std::vector<std::string> module_folders; // NAME/module.yaml below some folder modules/; sorted
    std::vector<TreeEntry> links;            // symbolic links that are no YAML files
    /// Kind of every entry that is not hidden, for what modules refer to.
    std::unordered_map<std::string, EntryKind> kinds;
};

/// `ignore` are the globs of `lab.ignore`: over a path or a folder it lies in.
Selection select_files(const std::vector<TreeEntry>& entries, const std::vector<std::string>& ignore,
                       Diagnostics& diagnostics);

/// Left out with all that is below them: folders whose name begins with a dot.
bool is_hidden(std::string_view path) noexcept;

} // namespace lab::spec::detail
