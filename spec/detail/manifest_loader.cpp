#include "spec/detail/manifest_loader.h"

#include "spec/detail/decode.h"
#include "spec/detail/manifest.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::size_t kManifestBytes = 1u << 20;
constexpr std::size_t kMostManifests = 20'000;
constexpr std::string_view kManifests = "/manifests/";

/// PATH/MODULE/manifests/FILE.
struct ManifestPath {
    std::string path, module, file;
};

/// In the order of the folders; of a module in two of them, only those of the first, as Puppet does.
std::vector<ManifestPath> manifests_of(const Selection& selection, const std::vector<Text>& folders) {
    std::vector<ManifestPath> out;
    std::map<std::string, std::size_t, std::less<>> folder_of; // by module
    std::vector<std::string> paths;
    for (const TreeEntry& entry : selection.entries)
        if (entry.kind == EntryKind::File && entry.path.ends_with(".pp")) paths.push_back(entry.path);
    for (std::size_t i = 0; i < folders.size(); ++i) {
        const std::string prefix = folders[i].value + "/";
        for (const std::string& path : paths) {
            if (!path.starts_with(prefix)) continue;
            const std::size_t slash = path.find('/', prefix.size());
            if (slash == std::string::npos || path.compare(slash, kManifests.size(), kManifests) != 0)
                continue;
            std::string module = path.substr(prefix.size(), slash - prefix.size());
            if (folder_of.try_emplace(module, i).first->second != i) continue;
            out.push_back({path, std::move(module), path.substr(slash + kManifests.size())});
        }
    }
    return out;
}

/// Where Puppet looks for a class, below a folder with modules.
std::string place_of_class(std::string_view name) {
    const auto first = name.find("::");
    std::string path = fmt::format("{}{}", name.substr(0, first), kManifests);
    if (first == std::string_view::npos) return path + "init.pp";
    std::string_view rest = name.substr(first + 2);
    for (auto next = rest.find("::"); next != std::string_view::npos; next = rest.find("::")) {
        path.append(rest.substr(0, next)).append("/");
        rest.remove_prefix(next + 2);
    }
    return path.append(rest).append(".pp");
}

/// Whether a class is loaded by looking for `autoloaded`: it is that, or nested in it.
bool is_found(std::string_view name, std::string_view autoloaded) {
    return !autoloaded.empty() && (name == autoloaded || (name.starts_with(autoloaded) &&
                                                          name.substr(autoloaded.size()).starts_with("::")));
}

void add_classes(const ManifestPath& manifest, std::string text, Loaded& loaded,
                 std::vector<LoadedFile>& files, Diagnostics& diagnostics) {
    const bool matters = mentions_secrets(text);
    Diagnostics found;
    auto classes = scan_manifest(manifest.path, text, found);
    if (matters) {
        diagnostics.append(std::move(found));
    } else if (found.has_errors()) {
        Diagnostic unread = found.items().front();
        unread.severity = Severity::Warning;
        unread.help = "the classes it includes are not followed to the secrets they need";
        diagnostics.add(std::move(unread));
    }
    const std::string expected = autoloaded_class(manifest.module, manifest.file);
    for (PuppetClass& one : classes) {
        if (is_found(one.name, expected)) {
            std::string name = one.name;
            loaded.inventory.puppet_classes.try_emplace(std::move(name), std::move(one));
        } else if (!one.secrets.empty()) {
            add_error(diagnostics, "spec/puppet-place",
                      fmt::format("Puppet does not look for class '{}' in this file", one.name), one.at,
                      fmt::format("it looks in {}", place_of_class(one.name)));
        }
    }
    // Also one without calls is read: it includes classes that have some, or an edit took its call away.
    files.push_back({.path = FileName(manifest.path),
                     .digest = sha256(text),
                     .blob = {},
                     .holds = LoadedFile::Holds::Module});
    if (matters) loaded.inventory.module_files.emplace(manifest.path, std::move(text));
}

} // namespace

bool is_puppets(const std::vector<Text>& folders, std::string_view path) {
    return std::any_of(folders.begin(), folders.end(), [&](const Text& folder) {
        return path.starts_with(folder.value) && path.substr(folder.value.size()).starts_with('/');
    });
}

void load_manifests(const FileTree& tree, const Selection& selection, Loaded& loaded,
                    std::vector<LoadedFile>& files, Diagnostics& diagnostics) {
    const std::vector<Text>& folders = loaded.inventory.settings.puppet_path;
    for (const Text& folder : folders) {
        const TreeEntry* found = find_entry(selection.entries, folder.value);
        if (!found || found->kind != EntryKind::Directory)
            add_error(diagnostics, "spec/missing-file", fmt::format("there is no folder '{}'", folder.value),
                      folder.at, "it would hold Puppet modules: MODULE/manifests/init.pp");
    }
    const auto manifests = manifests_of(selection, folders);
    if (manifests.size() > kMostManifests) {
        add_error(
            diagnostics, "spec/limit",
            fmt::format("there are {} Puppet manifests, more than {}", manifests.size(), kMostManifests),
            folders.front().at, "name only the folders with your own modules");
        return;
    }
    for (const ManifestPath& manifest : manifests) {
        auto text = tree.read(manifest.path, kManifestBytes);
        if (text)
            add_classes(manifest, *std::move(text), loaded, files, diagnostics);
        else
            add_error(diagnostics, "spec/unreadable", text.error().text(), {.file = FileName(manifest.path)},
                      text.error().hint);
    }
}

} // namespace lab::spec::detail
