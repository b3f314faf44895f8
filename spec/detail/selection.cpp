#include "spec/detail/selection.h"

#include "support/text.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kModuleFile = "module.yaml";
constexpr std::string_view kRootFile = "lab.yaml";

std::string_view parent_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Decides for paths whether they are left out, remembering folders it has seen.
class Exclusion {
  public:
    Exclusion(const std::vector<TreeEntry>& entries, const std::vector<std::string>& ignore) {
        for (std::string glob : ignore) {
            while (glob.ends_with('/'))
                glob.pop_back();
            globs_.push_back(std::move(glob));
        }
        for (const TreeEntry& entry : entries) {
            if (entry.kind == EntryKind::Directory) continue;
            const std::string_view name = name_of(entry.path), folder = parent_of(entry.path);
            if (name == kModuleFile) modules_.insert(folder);
            if (name == kRootFile && !folder.empty()) inventories_.insert(folder);
        }
    }

    /// Whether the file or folder itself, or one it lies in, is left out. A module's folder is when
    /// `with_modules`.
    bool excludes(std::string_view path, bool with_modules) {
        if (is_hidden(name_of(path)) || ignored(path)) return true;
        return folder_excluded(parent_of(path), with_modules);
    }

  private:
    bool ignored(std::string_view path) const {
        return std::any_of(globs_.begin(), globs_.end(),
                           [&](const std::string& glob) { return glob_match(glob, path); });
    }
    bool folder_excluded(std::string_view folder, bool with_modules) {
        if (folder.empty()) return with_modules && modules_.contains(folder);
        auto& seen = with_modules ? seen_ : seen_without_modules_;
        if (const auto found = seen.find(folder); found != seen.end()) return found->second;
        const bool excluded = (with_modules && modules_.contains(folder)) || inventories_.contains(folder) ||
                              folder == "tests" || is_hidden(name_of(folder)) || ignored(folder) ||
                              folder_excluded(parent_of(folder), with_modules);
        return seen.emplace(folder, excluded).first->second;
    }

    std::vector<std::string> globs_;
    std::unordered_set<std::string_view> modules_, inventories_; // of the entries' paths
    std::unordered_map<std::string_view, bool> seen_, seen_without_modules_;
};

} // namespace

const TreeEntry* find_entry(std::span<const TreeEntry> entries, std::string_view path) {
    const auto found =
        std::lower_bound(entries.begin(), entries.end(), path,
                         [](const TreeEntry& entry, std::string_view wanted) { return entry.path < wanted; });
    return found == entries.end() || found->path != path ? nullptr : &*found;
}

bool is_hidden(std::string_view path) noexcept {
    return name_of(path).starts_with('.');
}

Selection select_files(const std::vector<TreeEntry>& entries, const std::vector<std::string>& ignore,
                       Diagnostics& diagnostics) {
    Selection selection;
    selection.entries = entries;
    Exclusion exclusion(entries, ignore);
    for (const TreeEntry& entry : entries) {
        const std::string_view name = name_of(entry.path);
        if (name == kModuleFile && entry.kind != EntryKind::Directory) {
            const std::string_view folder = parent_of(entry.path);
            if (name_of(parent_of(folder)) == "modules" &&
                !exclusion.excludes(folder, /*with_modules=*/false))
                selection.module_folders.emplace_back(folder);
            continue;
        }
        if (entry.path != kRootFile && exclusion.excludes(entry.path, /*with_modules=*/true)) continue;
        if (entry.kind == EntryKind::Submodule)
            diagnostics.add({.severity = Severity::Warning,
                             .code = "spec/submodule",
                             .message = "this submodule is left out: an inventory is one repository",
                             .at = {.file = FileName(entry.path)},
                             .help = "name it in lab.ignore to be told no more"});
        const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        // What is no file at all is told when it cannot be read: passed over, a definition would be missing.
        if (yaml && entry.kind != EntryKind::Directory && entry.kind != EntryKind::Submodule)
            selection.files.push_back(&entry);
        else if (entry.kind == EntryKind::Symlink)
            selection.links.push_back(entry);
    }
    std::sort(selection.module_folders.begin(), selection.module_folders.end());
    return selection;
}

} // namespace lab::spec::detail
