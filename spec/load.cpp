#include "spec/load.h"

#include "spec/detail/decode.h"
#include "spec/detail/git_modules.h"
#include "spec/detail/manifest_loader.h"
#include "spec/detail/module_loader.h"
#include "spec/detail/sections.h"
#include "spec/detail/selection.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using detail::add_error;

constexpr std::string_view kRootFile = "lab.yaml";
constexpr std::size_t kFilesPerThread = 64; // fewer are read before a thread has started

/// What was read of one file. Files are independent of each other until they are merged.
struct FileResult {
    std::string path, text;
    Digest digest;
    detail::Parts parts;
    Diagnostics diagnostics;
};

Span whole_file(const std::string& path) {
    return {.file = std::make_shared<const std::string>(path)};
}

void report_unreadable(const TreeEntry& entry, const Error& error, Diagnostics& diagnostics) {
    if (error.code == ErrorCode::Denied && entry.kind == EntryKind::Symlink)
        add_error(diagnostics, "spec/symlink", "this symbolic link leaves the inventory",
                  whole_file(entry.path),
                  "put what it points to into the inventory, or name it in lab.ignore");
    else
        add_error(diagnostics, "spec/unreadable", error.text(), whole_file(entry.path), error.hint);
}

/// `budget` is what may still be read of all files together.
FileResult read_one(const FileTree& tree, const TreeEntry& entry, const LoadLimits& limits,
                    std::atomic<std::int64_t>& budget) {
    FileResult result;
    result.path = entry.path;
    if (budget.load() < 0) return result;
    auto text = tree.read(entry.path, limits.file_bytes);
    if (!text) {
        report_unreadable(entry, text.error(), result.diagnostics);
        return result;
    }
    if (budget.fetch_sub(static_cast<std::int64_t>(text->size())) < static_cast<std::int64_t>(text->size()))
        return result;
    result.text = *std::move(text);
    result.digest = sha256(result.text);
    const auto document = Document::parse(entry.path, result.text, result.diagnostics);
    if (document) result.parts = detail::decode_file(*document, entry.path == kRootFile, result.diagnostics);
    return result;
}

/// In the order of `entries`, read by as many threads as there is work and cores for.
std::vector<FileResult> read_files(const FileTree& tree, const std::vector<TreeEntry>& entries,
                                   const LoadLimits& limits, std::atomic<std::int64_t>& budget) {
    std::vector<FileResult> results(entries.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        constexpr std::size_t kChunk = 32;
        for (std::size_t first = next.fetch_add(kChunk); first < entries.size();
             first = next.fetch_add(kChunk))
            for (std::size_t i = first; i < std::min(first + kChunk, entries.size()); ++i)
                results[i] = read_one(tree, entries[i], limits, budget);
    };
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    const std::size_t others = std::min({cores, std::size_t{8}, entries.size() / kFilesPerThread + 1}) - 1;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < others; ++i)
        threads.emplace_back(work);
    work();
    return results;
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

void merge_parts(detail::Parts parts, Inventory& inventory, Diagnostics& diagnostics) {
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
    std::move(parts.servers.begin(), parts.servers.end(), std::back_inserter(inventory.servers));
}

/// Servers are many and large: moving them about while the list grows shows.
void reserve_servers(const std::vector<FileResult>& results, Inventory& inventory) {
    std::size_t count = 0;
    for (const FileResult& result : results)
        count += result.parts.servers.size();
    inventory.servers.reserve(count);
}

void sort_servers(std::vector<Server>& servers, Diagnostics& diagnostics) {
    const auto by_name = [](const Server& a, const Server& b) { return a.name < b.name; };
    if (!std::is_sorted(servers.begin(), servers.end(), by_name))
        std::stable_sort(servers.begin(), servers.end(), by_name);
    const auto last =
        std::unique(servers.begin(), servers.end(), [&](const Server& first, const Server& second) {
            if (first.name != second.name) return false;
            report_twice("server", first.name, first, second, diagnostics);
            return true;
        });
    servers.erase(last, servers.end());
}

/// The texts that diagnostics can quote, by path.
SourceLines source_lines(std::vector<FileResult>& results, const Inventory& inventory, std::string lock) {
    // Shared: a std::function is copied, and the texts may be large.
    auto texts = std::make_shared<std::map<std::string, std::string>>(inventory.module_files);
    for (FileResult& result : results)
        texts->emplace(std::move(result.path), std::move(result.text));
    texts->emplace(kLockFile, std::move(lock));
    return [texts](const std::string& file, std::uint32_t line) -> std::optional<std::string> {
        const auto found = texts->find(file);
        if (found == texts->end()) return std::nullopt;
        const std::string& text = found->second;
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
    };
}

/// Path and bytes of every file, in the order of paths.
/// Modules from git are in it by their pins too, which say the same whatever of them is read.
Digest inventory_digest(const std::vector<FileResult>& results, const Loaded& loaded) {
    std::map<std::string_view, Digest> digests;
    for (const FileResult& result : results)
        digests.emplace(result.path, result.digest);
    for (const auto& [path, bytes] : loaded.inventory.module_files)
        digests.emplace(path, sha256(bytes));
    Hasher hasher;
    for (const auto& [path, digest] : digests)
        hasher.part(path).part(digest);
    for (const auto& [name, tree] : loaded.module_trees) {
        const ModulePin& pin = loaded.lock.pins.at(name);
        hasher.part(name).part(pin.commit).part(pin.digest);
    }
    return hasher.finish();
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
    FileResult result = read_one(tree, *root, limits, budget);
    if (!result.parts.settings && !result.diagnostics.has_errors())
        add_error(result.diagnostics, "spec/missing-key", "lab.yaml has no section 'lab'",
                  whole_file(root->path), "write lab: {format: 1, name: my-lab}");
    return result;
}

} // namespace

Loaded load(const FileTree& tree, const LoadLimits& limits, const ModuleTrees* modules) {
    Loaded loaded;
    loaded.lines = [](const std::string&, std::uint32_t) { return std::nullopt; };
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
        return entry.path == kRootFile || detail::is_puppets(puppet, entry.path);
    };
    std::erase_if(selection.files, is_other);
    std::erase_if(selection.links, is_other);
    if (selection.files.size() > limits.files) {
        add_error(
            diagnostics, "spec/limit",
            fmt::format("the inventory has {} files, more than {}", selection.files.size(), limits.files), {},
            "name what is no part of it in lab.ignore");
        selection.files.clear();
    }
    std::vector<FileResult> results = read_files(tree, selection.files, limits, budget);
    if (budget.load() < 0) {
        add_error(diagnostics, "spec/limit",
                  fmt::format("the inventory is larger than {} bytes", limits.total_bytes), {},
                  "name what is no part of it in lab.ignore");
        return loaded;
    }
    const auto place = std::lower_bound(results.begin(), results.end(), *root,
                                        [](const auto& a, const auto& b) { return a.path < b.path; });
    results.insert(place, std::move(*root));
    reserve_servers(results, loaded.inventory);
    for (FileResult& result : results) {
        loaded.inventory.incomplete = loaded.inventory.incomplete || is_broken(result.diagnostics);
        merge_parts(std::move(result.parts), loaded.inventory, diagnostics);
        diagnostics.append(std::move(result.diagnostics));
    }
    for (Role& role : builtin_roles())
        loaded.inventory.roles.try_emplace(role.name, std::move(role));
    sort_servers(loaded.inventory.servers, diagnostics);
    check_links(tree, selection.links, diagnostics);
    Diagnostics of_modules;
    std::string lock = detail::read_lock(tree, selection, loaded, of_modules);
    if (!lock.empty()) loaded.files.emplace_back(kLockFile);
    if (modules) detail::open_modules(*modules, loaded, of_modules);
    detail::load_modules(tree, selection, limits, loaded, of_modules);
    detail::load_manifests(tree, selection, loaded, of_modules);
    loaded.inventory.incomplete = loaded.inventory.incomplete || is_broken(of_modules);
    diagnostics.append(std::move(of_modules));
    loaded.inventory.digest = inventory_digest(results, loaded);
    for (const FileResult& result : results)
        loaded.files.push_back(result.path);
    std::sort(loaded.files.begin(), loaded.files.end());
    loaded.lines = source_lines(results, loaded.inventory, std::move(lock));
    return loaded;
}

} // namespace lab::spec
