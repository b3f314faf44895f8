#include "spec/load.h"

#include "spec/detail/data_rules.h"
#include "spec/detail/decode.h"
#include "spec/detail/definition_reader.h"
#include "spec/detail/file_digests.h"
#include "spec/detail/git_modules.h"
#include "spec/detail/manifest_loader.h"
#include "spec/detail/module_loader.h"
#include "spec/detail/parts.h"
#include "spec/detail/selection.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using detail::add_error;

constexpr std::string_view kRootFile = "lab.yaml";

using Files = std::vector<LoadedFile>;

/// Where lab.yaml is among them; put there if it is no file.
std::size_t root_index(std::vector<const TreeEntry*>& files, const std::vector<TreeEntry>& entries) {
    const auto place = std::lower_bound(
        files.begin(), files.end(), kRootFile,
        [](const TreeEntry* entry, std::string_view wanted) { return entry->path < wanted; });
    if (place != files.end() && (*place)->path == kRootFile)
        return static_cast<std::size_t>(place - files.begin());
    return static_cast<std::size_t>(files.insert(place, detail::find_entry(entries, kRootFile)) -
                                    files.begin());
}

/// Those of the inventory are in order; what modules added from `added` on is not, and may be YAML files that
/// were read as parts of the inventory too.
void sort_files(Files& files, std::size_t added) {
    const auto before = [](const LoadedFile& a, const LoadedFile& b) { return *a.path < *b.path; };
    const auto same = [](const LoadedFile& a, const LoadedFile& b) { return *a.path == *b.path; };
    const auto of_modules = files.begin() + static_cast<std::ptrdiff_t>(added);
    std::stable_sort(of_modules, files.end(), before);
    std::inplace_merge(files.begin(), of_modules, files.end(), before);
    files.erase(std::unique(files.begin(), files.end(), same), files.end());
}

/// Of `entries`, all but the files of servers; both are sorted by path.
std::vector<TreeEntry> others_of(std::vector<TreeEntry> entries, const Files& files) {
    auto file = files.begin();
    std::erase_if(entries, [&](const TreeEntry& entry) {
        while (file != files.end() && *file->path < entry.path)
            ++file;
        return file != files.end() && *file->path == entry.path && file->holds == LoadedFile::Holds::Servers;
    });
    entries.shrink_to_fit(); // few are left of a large fleet's
    return entries;
}

std::optional<std::string> line_of(const std::string& text, std::uint32_t line) {
    std::size_t start = 0;
    for (std::uint32_t i = 1; i < line; ++i) {
        start = text.find('\n', start);
        if (start == std::string::npos) return std::nullopt;
        ++start;
    }
    std::size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    if (end > start && text[end - 1] == '\r') --end;
    return text.substr(start, end - start);
}

/// Reads what diagnostics quote a second time: few inventories have any, and the texts of a fleet are large.
class Quotation {
  public:
    Quotation(const FileTree& tree, std::shared_ptr<const Files> files, const Inventory& inventory,
              std::size_t max_bytes)
        : tree_(&tree), files_(std::move(files)), module_files_(inventory.module_files),
          max_bytes_(max_bytes) {}

    std::optional<std::string> line(const std::string& file, std::uint32_t line) {
        if (const auto found = module_files_.find(file); found != module_files_.end())
            return line_of(found->second, line);
        if (file != path_) {
            path_ = file;
            text_ = unchanged(file);
        }
        return text_ ? line_of(*text_, line) : std::nullopt;
    }

  private:
    std::optional<std::string> unchanged(const std::string& file) const {
        const auto known = std::lower_bound(
            files_->begin(), files_->end(), file,
            [](const LoadedFile& one, const std::string& wanted) { return *one.path < wanted; });
        if (known == files_->end() || *known->path != file) return std::nullopt;
        auto text = tree_->read(file, max_bytes_);
        if (!text || sha256(*text) != known->digest) return std::nullopt;
        return *std::move(text);
    }

    const FileTree* tree_;
    std::shared_ptr<const Files> files_;
    std::map<std::string, std::string> module_files_;
    std::size_t max_bytes_;
    std::string path_; // of text_, the file asked for last
    std::optional<std::string> text_;
};

SourceLines source_lines(const FileTree& tree, std::shared_ptr<const Files> files, const Inventory& inventory,
                         const LoadLimits& limits) {
    // Shared: a std::function is copied.
    auto quotation = std::make_shared<Quotation>(tree, std::move(files), inventory, limits.file_bytes);
    return [quotation](const std::string& file, std::uint32_t line) { return quotation->line(file, line); };
}

/// Path and bytes of every file of the tree, whatever their order. The pins of modules from git are in
/// lab.lock, and they say the same whatever of those modules is read.
Digest inventory_digest(const Files& files) {
    detail::FileDigests digests;
    for (const LoadedFile& file : files)
        digests.add(*file.path, file.digest);
    return digests.finish();
}

void check_links(const FileTree& tree, const std::vector<TreeEntry>& links, Diagnostics& diagnostics) {
    for (const TreeEntry& link : links) {
        const auto read = tree.read(link.path, 1u << 20);
        if (!read && read.error().code == ErrorCode::Denied)
            detail::report_unreadable(link, read.error(), diagnostics);
    }
}

std::optional<detail::FileResult> read_root(const FileTree& tree, detail::DefinitionReader& reader,
                                            const std::vector<TreeEntry>& entries, Diagnostics& diagnostics) {
    const auto root = std::find_if(entries.begin(), entries.end(),
                                   [](const TreeEntry& entry) { return entry.path == kRootFile; });
    if (root == entries.end()) {
        add_error(diagnostics, "spec/no-inventory",
                  fmt::format("there is no lab.yaml in the {}", tree.describe()), {},
                  "an inventory has a lab.yaml at its root; `lab init` makes one");
        return std::nullopt;
    }
    detail::FileResult result = reader.read_root(*root);
    if (!result.parts.settings && !result.diagnostics.has_errors())
        add_error(result.diagnostics, "spec/missing-key", "lab.yaml has no section 'lab'",
                  detail::whole_file(root->path), "write lab: {format: 1, name: my-lab}");
    return result;
}

/// What belongs by lab.yaml's word: not what it ignores, and not what is Puppet's.
detail::Selection selection_of(const std::vector<TreeEntry>& entries, const std::optional<Settings>& settings,
                               Diagnostics& diagnostics) {
    const Settings none;
    const Settings& given = settings ? *settings : none;
    detail::Selection selection = detail::select_files(entries, given.ignore, diagnostics);
    const auto is_other = [&](const TreeEntry& entry) {
        return entry.path != kRootFile && detail::is_puppets(given.puppet_path, entry.path);
    };
    std::erase_if(selection.files, [&](const TreeEntry* entry) { return is_other(*entry); });
    std::erase_if(selection.links, is_other);
    return selection;
}

/// What modules and manifests define, and the files that this was read from.
void load_modules(const FileTree& tree, const detail::Selection& selection, const LoadLimits& limits,
                  const ModuleTrees* modules, Loaded& loaded, Files& files) {
    Diagnostics diagnostics;
    std::string lock = detail::read_lock(tree, selection, loaded, diagnostics);
    if (const TreeEntry* entry = lock.empty() ? nullptr : detail::find_entry(selection.entries, kLockFile))
        files.push_back({.path = FileName(entry->path), .digest = sha256(lock), .blob = entry->blob});
    if (modules) detail::open_modules(*modules, loaded, diagnostics);
    detail::load_modules(tree, selection, limits, loaded, files, diagnostics);
    detail::load_manifests(tree, selection, loaded, files, diagnostics);
    loaded.inventory.incomplete = loaded.inventory.incomplete || detail::is_broken(diagnostics);
    loaded.diagnostics.append(std::move(diagnostics));
}

} // namespace

const LoadedFile* Loaded::find_file(std::string_view path) const {
    const auto found =
        std::lower_bound(files->begin(), files->end(), path,
                         [](const LoadedFile& file, std::string_view wanted) { return *file.path < wanted; });
    return found == files->end() || *found->path != path ? nullptr : &*found;
}

Loaded load(const FileTree& tree, const LoadLimits& limits, const ModuleTrees* modules) {
    Loaded loaded;
    loaded.lines = [](const std::string&, std::uint32_t) { return std::nullopt; };
    loaded.files = std::make_shared<const Files>();
    Diagnostics& diagnostics = loaded.diagnostics;
    const auto hidden = [](const TreeEntry& folder) { return detail::is_hidden(folder.path); };
    auto entries = tree.list("", hidden);
    if (!entries) {
        add_error(diagnostics, "spec/unreadable", entries.error().text(), {}, entries.error().hint);
        return loaded;
    }
    detail::DefinitionReader reader(tree, limits);
    auto root = read_root(tree, reader, *entries, diagnostics);
    if (!root) return loaded;
    detail::Selection selection = selection_of(*entries, root->parts.settings, diagnostics);
    std::size_t at_root = root_index(selection.files, *entries);
    if (selection.files.size() - 1 > limits.files) {
        add_error(
            diagnostics, "spec/limit",
            fmt::format("the inventory has {} files, more than {}", selection.files.size() - 1, limits.files),
            {}, "name what is no part of it in lab.ignore");
        selection.files = {selection.files[at_root]};
        at_root = 0;
    }
    auto read = reader.read(selection.files, at_root, *std::move(root), loaded);
    if (!read) return loaded;
    Files files = *std::move(read);
    for (Role& role : builtin_roles())
        loaded.inventory.roles.try_emplace(role.name, std::move(role));
    detail::sort_servers(loaded.inventory.servers, diagnostics);
    check_links(tree, selection.links, diagnostics);
    detail::check_image_files(loaded.inventory, *entries, diagnostics);
    const std::size_t of_inventory = files.size();
    load_modules(tree, selection, limits, modules, loaded, files);
    sort_files(files, of_inventory);
    loaded.inventory.digest = inventory_digest(files);
    loaded.others = others_of(std::move(*entries), files);
    loaded.files = std::make_shared<const Files>(std::move(files));
    loaded.lines = source_lines(tree, loaded.files, loaded.inventory, limits);
    tree.release();
    return loaded;
}

} // namespace lab::spec
