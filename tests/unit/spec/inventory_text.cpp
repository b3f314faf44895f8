#include "inventory_text.h"

#include <set>

#include <fmt/format.h>

namespace lab::spec::test {

Result<std::vector<TreeEntry>> MapTree::list(std::string_view, const Prune& prune) const {
    std::map<std::string, TreeEntry> entries;
    const auto add = [&](const std::string& path, EntryKind kind, std::size_t size) {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            const TreeEntry folder{path.substr(0, slash), EntryKind::Directory};
            entries.emplace(folder.path, folder);
            if (prune && prune(folder)) return;
        }
        entries.emplace(path, TreeEntry{path, kind, {}, size});
    };
    for (const auto& [path, text] : files_)
        add(path, EntryKind::File, text.size());
    for (const auto& [path, target] : links_)
        add(path, EntryKind::Symlink, 0);
    for (const auto& path : submodules_)
        add(path, EntryKind::Submodule, 0);
    std::vector<TreeEntry> out;
    for (auto& [path, entry] : entries)
        out.push_back(std::move(entry));
    return out;
}

Result<std::string> MapTree::read(std::string_view path, std::size_t max_bytes) const {
    std::string name(path);
    if (const auto link = links_.find(name); link != links_.end()) {
        if (link->second.starts_with('/'))
            return Error{ErrorCode::Denied, fmt::format("'{}' leaves the tree", path), {}, {}};
        name = link->second;
    }
    const auto file = files_.find(name);
    if (file == files_.end())
        return Error{ErrorCode::NotFound, fmt::format("there is no file '{}'", name), {}, {}};
    if (file->second.size() > max_bytes)
        return Error{
            ErrorCode::Invalid, fmt::format("'{}' is larger than {} bytes", name, max_bytes), {}, {}};
    return file->second;
}

std::vector<ProviderRules::Problem> TestProviders::validate(std::string_view provider,
                                                            const ValueMap& settings, bool on_server) const {
    std::vector<Problem> problems;
    for (const auto& [name, value] : settings) {
        if (name != "root" || !on_server)
            problems.push_back({name, fmt::format("provider '{}' has no setting '{}'", provider, name), ""});
        else if (!value.if_string() || value.if_string()->starts_with('/'))
            problems.push_back({name, "'root' must be a relative path", "it stays below LAB_HOME"});
    }
    return problems;
}

std::string problems(const Diagnostics& diagnostics, const SourceLines& lines) {
    if (diagnostics.empty()) return {};
    return render_text(
        diagnostics, lines ? lines : [](const std::string&, std::uint32_t) { return std::nullopt; });
}

std::string lab_yaml(const std::string& more) {
    return "lab:\n  format: 1\n  name: test\n  defaults: {cloud: local}\n" + more;
}

} // namespace lab::spec::test
