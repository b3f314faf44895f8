#include "spec/load.h"

#include "spec/detail/decode.h"
#include "spec/detail/file_digests.h"
#include "spec/detail/git_modules.h"
#include "spec/detail/manifest_loader.h"
#include "spec/detail/module_loader.h"
#include "spec/detail/parts.h"
#include "spec/detail/sections.h"
#include "spec/detail/selection.h"
#include "support/parallel.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <span>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using detail::add_error;

constexpr std::string_view kRootFile = "lab.yaml";
/// Parts of files are in memory twice while they are put together: not all of them at once.
constexpr std::size_t kFirstWindow = 64, kLargestWindow = 2048; // files
constexpr std::size_t kRoomForModules = 4096; // room for so many, before the list of files moves
constexpr std::size_t kServersAWindow = 4096;

/// How many files to read next, where those before had so many servers.
std::size_t next_window(std::size_t files, std::size_t servers) {
    if (servers <= files) return kLargestWindow;
    return std::clamp(kServersAWindow * files / servers, kFirstWindow, kLargestWindow);
}

/// What was read of one file. Files are independent of each other until they are merged.
struct FileResult {
    LoadedFile file;
    detail::Parts parts;
    Diagnostics diagnostics;
};

std::size_t servers_in(const std::vector<FileResult>& window) {
    std::size_t count = 0;
    for (const FileResult& result : window)
        count += result.parts.servers.size();
    return count;
}

Span whole_file(const std::string& path) {
    return {.file = FileName(path)};
}

void report_unreadable(const TreeEntry& entry, const Error& error, Diagnostics& diagnostics) {
    if (error.code == ErrorCode::Denied && entry.kind == EntryKind::Symlink)
        add_error(diagnostics, "spec/symlink", "this symbolic link leaves the inventory",
                  whole_file(entry.path),
                  "put what it points to into the inventory, or name it in lab.ignore");
    else
        add_error(diagnostics, "spec/unreadable", error.text(), whole_file(entry.path), error.hint);
}

bool holds_servers_only(const Node& root) {
    return root.is_map() && root.size() == 1 && root.key(0).text() == "servers";
}

/// `budget` is what may still be read of all files together.
FileResult decode_one(const TreeEntry& entry, Result<std::string> text, std::atomic<std::int64_t>& budget) {
    FileResult result;
    if (!text) {
        result.file.path = FileName(entry.path);
        report_unreadable(entry, text.error(), result.diagnostics);
        return result;
    }
    const auto size = static_cast<std::int64_t>(text->size());
    if (budget.fetch_sub(size) < size) return result;
    result.file = {.path = FileName(entry.path), .digest = sha256(*text), .blob = entry.blob};
    const auto document = Document::parse(result.file.path, *std::move(text), result.diagnostics);
    if (!document) return result;
    if (holds_servers_only(document->root())) result.file.holds = LoadedFile::Holds::Servers;
    result.parts = detail::decode_file(*document, entry.path == kRootFile, result.diagnostics);
    return result;
}

/// Reads a few files, then decodes them.
void read_some(const FileTree& tree, std::span<const TreeEntry* const> entries, std::span<FileResult> results,
               const LoadLimits& limits, std::atomic<std::int64_t>& budget) {
    constexpr std::size_t kBytesAtOnce = 1u << 20;
    std::vector<Result<std::string>> texts;
    for (std::size_t done = 0; done < entries.size() && budget.load() >= 0; done += texts.size()) {
        texts.clear();
        std::size_t bytes = 0;
        tree.read_each(entries.subspan(done), limits.file_bytes, [&](Result<std::string> text) {
            if (text) bytes += text->size();
            texts.push_back(std::move(text));
            return bytes < kBytesAtOnce;
        });
        for (std::size_t i = 0; i < texts.size(); ++i)
            results[done + i] = decode_one(*entries[done + i], std::move(texts[i]), budget);
    }
}

/// In the order of `entries`; read by as many threads as there is work and cores for, one of which does
/// `meanwhile` first.
std::vector<FileResult> read_files(const FileTree& tree, std::span<const TreeEntry* const> entries,
                                   const LoadLimits& limits, std::atomic<std::int64_t>& budget,
                                   const std::function<void()>& meanwhile) {
    constexpr std::size_t kFewFiles = 32; // are read before a thread has started
    constexpr std::size_t kPieces = 16;   // so that no thread has much left when the others are done
    const std::size_t at_once = entries.size() <= kFewFiles
                                    ? kFewFiles
                                    : std::clamp<std::size_t>(entries.size() / kPieces, 1, kFewFiles);
    std::vector<FileResult> results(entries.size());
    const std::size_t pieces = (entries.size() + at_once - 1) / at_once;
    in_parallel(1 + pieces, 1, [&](std::size_t piece, std::size_t) {
        if (piece == 0) return meanwhile();
        const std::size_t begin = (piece - 1) * at_once;
        const std::size_t count = std::min(at_once, entries.size() - begin);
        read_some(tree, entries.subspan(begin, count), std::span(results).subspan(begin, count), limits,
                  budget);
    });
    return results;
}

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

using Files = std::vector<LoadedFile>;

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

/// Whether a part of some file was not read.
bool is_broken(const Diagnostics& diagnostics) {
    const auto& items = diagnostics.items();
    return std::any_of(items.begin(), items.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.code.starts_with("yaml/") || diagnostic.code == "spec/unreadable";
    });
}

template <typename T>
void report_twice(std::string_view what, const std::string& name, const T& first, const T& second,
                  Diagnostics& diagnostics) {
    add_error(diagnostics, "spec/duplicate-name", fmt::format("{} '{}' is defined twice", what, name),
              second.at, "a definition is in one place: join the two", {{"first defined here", first.at}});
}

/// Moves definitions into a map by name; the first of two with one name stays.
template <typename T, typename Name>
void merge(std::vector<T>& from, std::map<std::string, T>& into, std::string_view what, Name name,
           Diagnostics& diagnostics) {
    for (T& definition : from) {
        const auto [found, added] = into.try_emplace(name(definition), std::move(definition));
        if (!added) report_twice(what, found->first, found->second, definition, diagnostics);
    }
    from.clear();
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
            report_unreadable(link, read.error(), diagnostics);
    }
}

/// lab.yaml alone, because it says which other files belong.
std::optional<FileResult> read_root(const FileTree& tree, const std::vector<TreeEntry>& entries,
                                    const LoadLimits& limits, std::atomic<std::int64_t>& budget,
                                    Diagnostics& diagnostics) {
    const auto root = std::find_if(entries.begin(), entries.end(),
                                   [](const TreeEntry& entry) { return entry.path == kRootFile; });
    if (root == entries.end()) {
        add_error(diagnostics, "spec/no-inventory",
                  fmt::format("there is no lab.yaml in the {}", tree.describe()), {},
                  "an inventory has a lab.yaml at its root; `lab init` makes one");
        return std::nullopt;
    }
    FileResult result = decode_one(*root, tree.read_entry(*root, limits.file_bytes), budget);
    if (!result.parts.settings && !result.diagnostics.has_errors())
        add_error(result.diagnostics, "spec/missing-key", "lab.yaml has no section 'lab'",
                  whole_file(root->path), "write lab: {format: 1, name: my-lab}");
    return result;
}

/// Puts together what files define, a window of files at a time and in their order.
class Assembly {
  public:
    Assembly(Loaded& loaded, std::size_t files) : loaded_(&loaded), files_in_all_(files) {
        files_.reserve(files + kRoomForModules);
    }

    void add(std::vector<FileResult>& window) {
        if (window.empty()) return;
        files_read_ += window.size();
        make_room(servers_in(window), window.size());
        Inventory& inventory = loaded_->inventory;
        for (FileResult& result : window) {
            inventory.incomplete = inventory.incomplete || is_broken(result.diagnostics);
            detail::merge_parts(std::move(result.parts), inventory, inventory.servers, loaded_->diagnostics);
            loaded_->diagnostics.append(std::move(result.diagnostics));
            if (result.file.path) files_.push_back(result.file);
        }
        window.clear();
    }

    Files finish() { return std::move(files_); }

  private:
    /// Servers are many and large, and a list that grows moves them about and has them twice meanwhile: room
    /// for all, if the files to come have as many as this window's.
    void make_room(std::size_t more, std::size_t files) {
        std::vector<Server>& servers = loaded_->inventory.servers;
        const std::size_t wanted = servers.size() + more + more * (files_in_all_ - files_read_) / files;
        if (wanted > servers.capacity()) servers.reserve(wanted + wanted / 16);
    }

    Loaded* loaded_;
    std::size_t files_in_all_, files_read_ = 0;
    Files files_;
};

/// lab.yaml, read before all others, and its place among them.
struct Root {
    std::size_t place = 0;
    FileResult result;
};

/// Nothing if the files are too large together.
std::optional<Files> read_definitions(const FileTree& tree, std::span<const TreeEntry* const> files,
                                      Root root, const LoadLimits& limits, std::atomic<std::int64_t>& budget,
                                      Loaded& loaded) {
    Assembly assembly(loaded, files.size());
    std::size_t size = kFirstWindow, servers = 0;
    std::vector<FileResult> before; // the window that was read and is not put together yet
    for (std::size_t begin = 0; begin < files.size();) {
        const auto window = files.subspan(begin, std::min(size, files.size() - begin));
        auto results = read_files(tree, window, limits, budget, [&] { assembly.add(before); });
        if (budget.load() < 0) {
            add_error(loaded.diagnostics, "spec/limit",
                      fmt::format("the inventory is larger than {} bytes", limits.total_bytes), {},
                      "name what is no part of it in lab.ignore");
            return std::nullopt;
        }
        if (root.place - begin < window.size()) results[root.place - begin] = std::move(root.result);
        begin += window.size();
        servers += servers_in(results);
        size = next_window(begin, servers);
        before = std::move(results);
    }
    assembly.add(before);
    return assembly.finish();
}

} // namespace

namespace detail {

void merge_parts(Parts&& parts, Inventory& inventory, std::vector<Server>& servers,
                 Diagnostics& diagnostics) {
    const auto by_name = [](const auto& definition) { return definition.name; };
    if (parts.settings) inventory.settings = std::move(*parts.settings);
    merge(parts.environments, inventory.environments, "environment", by_name, diagnostics);
    merge(parts.clouds, inventory.clouds, "cloud", by_name, diagnostics);
    merge(
        parts.labels, inventory.labels, "label", [](const Label& label) { return label.text(); },
        diagnostics);
    merge(parts.groups, inventory.groups, "group", by_name, diagnostics);
    merge(parts.layouts, inventory.layouts, "layout", by_name, diagnostics);
    merge(parts.sizes, inventory.sizes, "size", by_name, diagnostics);
    merge(parts.images, inventory.images, "image", by_name, diagnostics);
    merge(parts.clusters, inventory.clusters, "cluster", by_name, diagnostics);
    merge(parts.apps, inventory.apps, "app", by_name, diagnostics);
    merge(parts.roles, inventory.roles, "role", by_name, diagnostics);
    merge(parts.users, inventory.users, "user", by_name, diagnostics);
    merge(parts.module_sources, inventory.module_sources, "module", by_name, diagnostics);
    merge(parts.alerts, inventory.alerts, "alert", by_name, diagnostics);
    merge(
        parts.secrets, inventory.secrets, "secret", [](const Secret& secret) { return secret.path; },
        diagnostics);
    std::move(parts.servers.begin(), parts.servers.end(), std::back_inserter(servers));
}

void sort_servers(std::vector<Server>& servers, Diagnostics& diagnostics) {
    const auto by_name = [](const Server& a, const Server& b) { return a.name < b.name; };
    const auto out_of_order = [](const Server& a, const Server& b) { return a.name >= b.name; };
    // One look at each, in a fleet that is in order and has no name twice.
    if (std::adjacent_find(servers.begin(), servers.end(), out_of_order) == servers.end()) return;
    std::stable_sort(servers.begin(), servers.end(), by_name);
    const auto last =
        std::unique(servers.begin(), servers.end(), [&](const Server& first, const Server& second) {
            if (first.name != second.name) return false;
            report_twice("server", first.name, first, second, diagnostics);
            return true;
        });
    servers.erase(last, servers.end());
}

} // namespace detail

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
    std::atomic<std::int64_t> budget{static_cast<std::int64_t>(limits.total_bytes)};
    auto root = read_root(tree, *entries, limits, budget, diagnostics);
    if (!root) return loaded;
    const std::vector<std::string> ignore =
        root->parts.settings ? root->parts.settings->ignore : std::vector<std::string>();
    detail::Selection selection = detail::select_files(*entries, ignore, diagnostics);
    const std::vector<Text> puppet =
        root->parts.settings ? root->parts.settings->puppet_path : std::vector<Text>();
    const auto is_other = [&](const TreeEntry& entry) {
        return entry.path != kRootFile && detail::is_puppets(puppet, entry.path);
    };
    std::erase_if(selection.files, [&](const TreeEntry* entry) { return is_other(*entry); });
    std::erase_if(selection.links, is_other);
    std::size_t at_root = root_index(selection.files, *entries);
    if (selection.files.size() - 1 > limits.files) {
        add_error(
            diagnostics, "spec/limit",
            fmt::format("the inventory has {} files, more than {}", selection.files.size() - 1, limits.files),
            {}, "name what is no part of it in lab.ignore");
        selection.files = {selection.files[at_root]};
        at_root = 0;
    }
    auto read = read_definitions(tree, selection.files, {at_root, *std::move(root)}, limits, budget, loaded);
    if (!read) return loaded;
    Files files = *std::move(read);
    for (Role& role : builtin_roles())
        loaded.inventory.roles.try_emplace(role.name, std::move(role));
    detail::sort_servers(loaded.inventory.servers, diagnostics);
    check_links(tree, selection.links, diagnostics);
    const std::size_t of_inventory = files.size();
    Diagnostics of_modules;
    std::string lock = detail::read_lock(tree, selection, loaded, of_modules);
    if (const TreeEntry* entry = lock.empty() ? nullptr : detail::find_entry(*entries, kLockFile))
        files.push_back({.path = FileName(entry->path), .digest = sha256(lock), .blob = entry->blob});
    if (modules) detail::open_modules(*modules, loaded, of_modules);
    detail::load_modules(tree, selection, limits, loaded, files, of_modules);
    detail::load_manifests(tree, selection, loaded, files, of_modules);
    loaded.inventory.incomplete = loaded.inventory.incomplete || is_broken(of_modules);
    diagnostics.append(std::move(of_modules));
    sort_files(files, of_inventory);
    loaded.inventory.digest = inventory_digest(files);
    loaded.others = others_of(std::move(*entries), files);
    loaded.files = std::make_shared<const Files>(std::move(files));
    loaded.lines = source_lines(tree, loaded.files, loaded.inventory, limits);
    tree.release();
    return loaded;
}

} // namespace lab::spec
