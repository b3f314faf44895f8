#include "spec/detail/module_loader.h"

#include "api/resource_types.h"
#include "spec/detail/decode.h"
#include "spec/detail/module_file.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

struct Loader {
    const FileTree& tree;
    const Selection& selection;
    const LoadLimits& limits;
    Inventory& inventory;
    Diagnostics& diagnostics;
};

bool has_tags(std::string_view text) {
    return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

/// Whether the path or a folder of it below `folder` is a symbolic link: those could leave the module.
bool through_link(const Selection& selection, const std::string& folder, const std::string& path) {
    for (std::size_t end = folder.size(); end != std::string::npos; end = path.find('/', end + 1)) {
        const auto found = selection.kinds.find(path.substr(0, end));
        if (found != selection.kinds.end() && found->second == EntryKind::Symlink) return true;
    }
    const auto last = selection.kinds.find(path);
    return last != selection.kinds.end() && last->second == EntryKind::Symlink;
}

/// Reads one file of a module into the inventory.
void read_module_file(Loader& loader, const Module& module, const std::string& name, const Span& at) {
    const std::string path = module.folder + "/" + name;
    if (loader.inventory.module_files.contains(path)) return;
    if (through_link(loader.selection, module.folder, path)) {
        add_error(loader.diagnostics, "spec/symlink",
                  fmt::format("'{}' is reached through a symbolic link", name), at,
                  "a module's files lie in its folder: put the file itself there");
        return;
    }
    const auto found = loader.selection.kinds.find(path);
    if (found == loader.selection.kinds.end() || found->second != EntryKind::File) {
        add_error(loader.diagnostics, "spec/missing-file",
                  fmt::format("module '{}' has no file '{}'", module.name, name), at,
                  fmt::format("it would be {}", path));
        return;
    }
    auto bytes = loader.tree.read(path, loader.limits.module_file_bytes);
    if (bytes)
        loader.inventory.module_files.emplace(path, *std::move(bytes));
    else
        add_error(loader.diagnostics, "spec/unreadable", bytes.error().text(), at, bytes.error().hint);
}

/// A name with tags in it is known only when it is compiled: every file of the module may be meant.
void read_all_files(Loader& loader, const Module& module, const Span& at) {
    const std::string prefix = module.folder + "/";
    const std::string tests = prefix + (module.tests ? module.tests->value : "tests") + "/";
    for (const auto& [path, kind] : loader.selection.kinds)
        if (kind == EntryKind::File && path.starts_with(prefix) && !path.starts_with(tests))
            read_module_file(loader, module, path.substr(prefix.size()), at);
}

void read_sources(Loader& loader, const Module& module) {
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

void check_tests_folder(Loader& loader, const Module& module) {
    if (!module.tests) return;
    const auto clean = clean_path(module.tests->value);
    const auto found =
        clean ? loader.selection.kinds.find(module.folder + "/" + *clean) : loader.selection.kinds.end();
    if (found == loader.selection.kinds.end() || found->second != EntryKind::Directory)
        add_error(loader.diagnostics, "spec/missing-file",
                  fmt::format("module '{}' has no folder '{}'", module.name, module.tests->value),
                  module.tests->at);
}

Digest content_digest(const Loader& loader, const Module& module) {
    const std::string prefix = module.folder + "/";
    Hasher hasher;
    const auto& files = loader.inventory.module_files;
    for (auto file = files.lower_bound(prefix); file != files.end() && file->first.starts_with(prefix);
         ++file)
        hasher.part(std::string_view(file->first).substr(prefix.size())).part(file->second);
    return hasher.finish();
}

/// `source` is the entry of the section `modules` that led here, if one did.
void load_module(Loader& loader, const std::string& folder, const ModuleSource* source) {
    const std::string path = folder + "/module.yaml";
    const Span file{.file = std::make_shared<const std::string>(path)};
    if (through_link(loader.selection, folder, path)) {
        add_error(loader.diagnostics, "spec/symlink", "a module.yaml may not be a symbolic link", file);
        return;
    }
    auto text = loader.tree.read(path, loader.limits.file_bytes);
    if (!text) {
        add_error(loader.diagnostics, "spec/unreadable", text.error().text(), file, text.error().hint);
        return;
    }
    loader.inventory.module_files.emplace(path, *text);
    const auto document = Document::parse(path, *std::move(text), loader.diagnostics);
    if (!document) return;
    Module module = decode_module(*document, folder, loader.diagnostics);
    if (module.name.empty()) return;
    if (source && source->name != module.name)
        add_error(
            loader.diagnostics, "spec/bad-value",
            fmt::format("the section 'modules' calls this module '{}', not '{}'", source->name, module.name),
            module.at, "give it one name", {{"it is named here", source->at}});
    read_sources(loader, module);
    check_tests_folder(loader, module);
    module.content = content_digest(loader, module);
    std::string name = module.name;
    const auto [first, added] = loader.inventory.modules.try_emplace(std::move(name), std::move(module));
    if (!added)
        add_error(loader.diagnostics, "spec/duplicate-name",
                  fmt::format("module '{}' is defined twice", first->first), module.at, {},
                  {{"first defined here", first->second.at}});
}

} // namespace

void load_modules(const FileTree& tree, const Selection& selection, const LoadLimits& limits,
                  Inventory& inventory, Diagnostics& diagnostics) {
    Loader loader{tree, selection, limits, inventory, diagnostics};
    std::map<std::string, const ModuleSource*> folders;
    for (const std::string& folder : selection.module_folders)
        folders.emplace(folder, nullptr);
    for (const auto& [name, source] : inventory.module_sources) {
        if (source.path.empty()) continue; // said before
        if (!selection.kinds.contains(source.path + "/module.yaml"))
            add_error(diagnostics, "spec/missing-file",
                      fmt::format("there is no module.yaml in '{}'", source.path), source.at);
        else
            folders[source.path] = &source;
    }
    for (const auto& [folder, source] : folders)
        load_module(loader, folder, source);
}

} // namespace lab::spec::detail
