#include "inventory_text.h"

#include <set>

#include <fmt/format.h>

namespace lab::spec::test {

Result<std::vector<TreeEntry>> MapTree::list(std::string_view, const Prune& prune) const {
    std::map<std::string, TreeEntry> entries;
    const auto add = [&](const std::string& path, EntryKind kind) {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            const TreeEntry folder{path.substr(0, slash), EntryKind::Directory};
            entries.emplace(folder.path, folder);
            if (prune && prune(folder)) return;
        }
        entries.emplace(path, TreeEntry{path, kind, {}});
    };
    for (const auto& [path, text] : files_)
        add(path, EntryKind::File);
    for (const auto& [path, target] : links_)
        add(path, EntryKind::Symlink);
    for (const auto& path : submodules_)
        add(path, EntryKind::Submodule);
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

std::vector<ProviderRules::FleetProblem>
TestProviders::validate_fleet(std::string_view, std::span<const FleetServer> servers) const {
    std::map<std::string, std::size_t> first;
    std::vector<FleetProblem> problems;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const Value* root = servers[i].settings->find("root");
        if (!root) continue;
        const auto [found, added] = first.emplace(display(*root), i);
        if (!added) problems.push_back({i, found->second, "root", "'root' is given twice", ""});
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

std::string validate(const FileTree& tree) {
    Loaded loaded = load(tree);
    const TestProviders providers;
    const Fleet fleet = Fleet::resolve(loaded.inventory, providers, {"key"}, loaded.diagnostics);
    if (!loaded.diagnostics.has_errors()) fleet.check_documents(loaded.diagnostics);
    return problems(loaded.diagnostics, loaded.lines);
}

std::string validate(Files files) {
    return validate(MapTree(std::move(files)));
}

Resolved::Resolved(Files files) : tree_(std::move(files)), loaded_(load(tree_)), fleet_(make()) {}

Fleet Resolved::make() {
    Fleet fleet = Fleet::resolve(loaded_.inventory, providers_, {"key"}, loaded_.diagnostics);
    if (!loaded_.diagnostics.has_errors()) fleet.check_documents(loaded_.diagnostics);
    return fleet;
}

std::string Resolved::said() const {
    std::string out;
    for (const Diagnostic& diagnostic : loaded_.diagnostics.sorted())
        out += diagnostic.at.text() + " " + diagnostic.code + " " + diagnostic.message + "\n";
    return out;
}

ServerIndex Resolved::index(std::string_view server) const {
    const auto found = fleet_.find(server);
    LAB_CHECK(found, "the test names a server that is not there");
    return *found;
}

api::Resource Resolved::resource(std::string_view server, std::string_view id) const {
    Diagnostics diagnostics;
    for (const ModuleUnit& unit : fleet_.units(index(server), diagnostics))
        for (const api::Resource& resource : unit.resources)
            if (resource.id() == id) return resource;
    return {};
}

std::string Resolved::property(std::string_view server, std::string_view id, std::string_view name) const {
    const api::Resource found = resource(server, id);
    const Value* value = found.properties.find(name);
    return value ? display(*value) : "(none)";
}

std::string Resolved::field(std::string_view server, std::string_view path) const {
    for (const Field& field : fleet_.fields(index(server)))
        if (field.path == path)
            return fmt::format("{} by {}{}{} at {}", display(field.effective.value),
                               to_string(field.effective.origin.level),
                               field.effective.origin.through.empty() ? "" : " ",
                               field.effective.origin.through, field.effective.origin.at.text());
    return "(none)";
}

} // namespace lab::spec::test
