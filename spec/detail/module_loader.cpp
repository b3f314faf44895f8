#include "spec/detail/module_loader.h"

#include "api/resource_types.h"
#include "spec/detail/decode.h"
#include "spec/detail/module_file.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kModuleFile = "module.yaml";

/// Where one module's files are read.
struct Loader {
    const FileTree& tree;
    std::span<const TreeEntry> entries; // of the tree
    std::string folder;                 // the module's in the tree; "" is its root
    std::string root;                   // Module::root
    std::string commit;                 // of a module from git
    const LoadLimits& limits;
    Inventory& inventory;
    std::vector<LoadedFile>* files; // where it is noted what was read; null: nowhere
    Diagnostics& diagnostics;

    std::optional<EntryKind> kind_of(std::string_view path) const {
        const TreeEntry* entry = find_entry(entries, path);
        return entry ? std::optional(entry->kind) : std::nullopt;
    }
    std::string path(std::string_view name) const {
        return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
    }
    void keep(const std::string& name, std::string bytes) const {
        if (files)
            files->push_back({.path = FileName(path(name)),
                              .digest = sha256(bytes),
                              .blob = {},
                              .holds = LoadedFile::Holds::Module});
        inventory.module_files.emplace(root + name, std::move(bytes));
    }
};

bool has_tags(std::string_view text) {
    return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

/// Whether the file or a folder on the way to it is a symbolic link: those could leave the module.
bool through_link(const Loader& loader, const std::string& path) {
    for (std::size_t end = loader.folder.size(); end != std::string::npos; end = path.find('/', end + 1))
        if (loader.kind_of(std::string_view(path).substr(0, end)) == EntryKind::Symlink) return true;
    return loader.kind_of(path) == EntryKind::Symlink;
}

/// Reads one file of a module into the inventory.
void read_module_file(const Loader& loader, const Module& module, const std::string& name, const Span& at) {
    const std::string path = loader.path(name), shown = module.root + name;
    if (loader.inventory.module_files.contains(shown)) return;
    if (through_link(loader, path)) {
        add_error(loader.diagnostics, "spec/symlink",
                  fmt::format("'{}' is reached through a symbolic link", name), at,
                  "a module's files lie in its folder: put the file itself there");
        return;
    }
    if (loader.kind_of(path) != EntryKind::File) {
        add_error(loader.diagnostics, "spec/missing-file",
                  fmt::format("module '{}' has no file '{}'", module.name, name), at,
                  fmt::format("it would be {}", shown));
        return;
    }
    auto bytes = loader.tree.read(path, loader.limits.module_file_bytes);
    if (bytes)
        loader.keep(name, *std::move(bytes));
    else
        add_error(loader.diagnostics, "spec/unreadable", bytes.error().text(), at, bytes.error().hint);
}

/// A name with tags in it is known only when it is compiled: every file of the module may be meant.
void read_all_files(const Loader& loader, const Module& module, const Span& at) {
    const std::string prefix = loader.path("");
    const std::string tests = prefix + (module.tests ? module.tests->value : "tests") + "/";
    auto entry =
        std::lower_bound(loader.entries.begin(), loader.entries.end(), prefix,
                         [](const TreeEntry& one, const std::string& wanted) { return one.path < wanted; });
    for (; entry != loader.entries.end() && entry->path.starts_with(prefix); ++entry)
        if (entry->kind == EntryKind::File && !entry->path.starts_with(tests))
            read_module_file(loader, module, entry->path.substr(prefix.size()), at);
}

void read_sources(const Loader& loader, const Module& module) {
    for (const ResourceTemplate& resource : module.resources) {
        const api::ResourceType* type = api::find_resource_type(resource.type);
        for (const ResourceTemplate::Property& property : resource.properties) {
            const std::string* name = property.value.if_string();
            if (!name || property.name != "source" || !type || !api::find_property(*type, "source")) continue;
            const auto clean = clean_path(*name);
            if (has_tags(*name))
                read_all_files(loader, module, property.at);
            else if (clean)
                read_module_file(loader, module, *clean, property.at);
            else
                add_error(loader.diagnostics, "spec/bad-source",
                          fmt::format("'{}' is not below the module's folder", *name), property.at,
                          "'source' is relative to the module.yaml, without '..'");
        }
    }
}

void check_tests_folder(const Loader& loader, const Module& module) {
    if (!module.tests) return;
    const auto clean = clean_path(module.tests->value);
    if (!clean || loader.kind_of(loader.path(*clean)) != EntryKind::Directory)
        add_error(loader.diagnostics, "spec/missing-file",
                  fmt::format("module '{}' has no folder '{}'", module.name, module.tests->value),
                  module.tests->at);
}

Digest content_digest(const Loader& loader, const Module& module) {
    const std::string& prefix = module.root;
    Hasher hasher;
    const auto& files = loader.inventory.module_files;
    for (auto file = files.lower_bound(prefix); file != files.end() && file->first.starts_with(prefix);
         ++file)
        hasher.part(std::string_view(file->first).substr(prefix.size())).part(file->second);
    return hasher.finish();
}

/// `source` is the entry of the section `modules` that led here, if one did.
void load_module(const Loader& loader, const std::string& folder, const ModuleSource* source) {
    const std::string name(kModuleFile), path = loader.path(name);
    const Span file{.file = FileName(loader.root + name)};
    if (through_link(loader, path)) {
        add_error(loader.diagnostics, "spec/symlink", "a module.yaml may not be a symbolic link", file);
        return;
    }
    auto text = loader.tree.read(path, loader.limits.file_bytes);
    if (!text) {
        add_error(loader.diagnostics, "spec/unreadable", text.error().text(), file, text.error().hint);
        return;
    }
    loader.keep(name, *text);
    const auto document = Document::parse(file.file, *std::move(text), loader.diagnostics);
    if (!document) return;
    Module module = decode_module(*document, folder, loader.diagnostics);
    if (module.name.empty()) return;
    module.root = loader.root;
    module.commit = loader.commit;
    if (source && source->name != module.name)
        add_error(
            loader.diagnostics, "spec/bad-value",
            fmt::format("the section 'modules' calls this module '{}', not '{}'", source->name, module.name),
            module.at, "give it one name", {{"it is named here", source->at}});
    read_sources(loader, module);
    check_tests_folder(loader, module);
    module.content = content_digest(loader, module);
    std::string own_name = module.name;
    const auto [first, added] = loader.inventory.modules.try_emplace(std::move(own_name), std::move(module));
    if (!added)
        add_error(loader.diagnostics, "spec/duplicate-name",
                  fmt::format("module '{}' is defined twice", first->first), module.at, {},
                  {{"first defined here", first->second.at}});
}

void load_own(const FileTree& tree, const Selection& selection, const LoadLimits& limits, Loaded& loaded,
              std::vector<LoadedFile>& files, Diagnostics& diagnostics) {
    std::map<std::string, const ModuleSource*> folders;
    for (const std::string& folder : selection.module_folders)
        folders.emplace(folder, nullptr);
    for (const auto& [name, source] : loaded.inventory.module_sources) {
        if (source.from_git() || source.path.empty()) continue; // or said before
        if (!find_entry(selection.entries, source.path + "/module.yaml"))
            add_error(diagnostics, "spec/missing-file",
                      fmt::format("there is no module.yaml in '{}'", source.path), source.at);
        else
            folders[source.path] = &source;
    }
    for (const auto& [folder, source] : folders)
        load_module({.tree = tree,
                     .entries = selection.entries,
                     .folder = folder,
                     .root = folder + "/",
                     .commit = {},
                     .limits = limits,
                     .inventory = loaded.inventory,
                     .files = &files,
                     .diagnostics = diagnostics},
                    folder, source);
}

/// One that lies in another repository; its tree begins at its folder.
void load_foreign(const FileTree& tree, const ModuleSource& source, const LoadLimits& limits, Loaded& loaded,
                  Diagnostics& diagnostics) {
    const std::string& commit = loaded.lock.pins.at(source.name).commit;
    const std::string below = source.path.empty() ? "" : source.path + "/";
    auto entries = tree.list("");
    if (!entries)
        return add_error(diagnostics, "spec/unreadable", entries.error().text(), source.at,
                         entries.error().hint);
    if (!find_entry(*entries, kModuleFile))
        return add_error(diagnostics, "spec/missing-file",
                         fmt::format("there is no {}module.yaml in commit {} of {}", below,
                                     short_commit(commit), source.git),
                         source.at, source.path.empty() ? "`path` names its folder in the repository" : "");
    load_module({.tree = tree,
                 .entries = *entries,
                 .folder = {},
                 .root = fmt::format("module {} at {}: {}", source.name, short_commit(commit), below),
                 .commit = commit,
                 .limits = limits,
                 .inventory = loaded.inventory,
                 .files = nullptr,
                 .diagnostics = diagnostics},
                source.path, &source);
}

} // namespace

void load_modules(const FileTree& tree, const Selection& selection, const LoadLimits& limits, Loaded& loaded,
                  std::vector<LoadedFile>& files, Diagnostics& diagnostics) {
    load_own(tree, selection, limits, loaded, files, diagnostics);
    for (const auto& [name, folder] : loaded.module_trees)
        load_foreign(*folder, loaded.inventory.module_sources.at(name), limits, loaded, diagnostics);
}

} // namespace lab::spec::detail
