#include "spec/fleet.h"

#include "spec/detail/documents.h"
#include "support/parallel.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

namespace lab::spec {

using namespace detail;

namespace {

/// `resource` put where it belongs, with the edges of the graph.
struct Linked {
    std::vector<std::string> after, notify;
};

/// But for what may be there, in a file that could not be read.
Diagnostics without_consequences(const Diagnostics& found) {
    Diagnostics kept;
    for (const Diagnostic& diagnostic : found.items()) {
        const std::string_view code = diagnostic.code;
        const bool unknown_name = code.starts_with("spec/") && code.substr(5).starts_with("unknown-");
        const bool consequence = (unknown_name && code != "spec/unknown-key") || code == "spec/no-cloud" ||
                                 code == "spec/missing-param" || code == "spec/target-mismatch";
        if (!consequence) kept.add(diagnostic);
    }
    return kept;
}

std::vector<Linked> links(const ServerGraph& graph, const IdTable& ids) {
    std::vector<Linked> out(graph.nodes.size());
    const auto id = [&](std::uint32_t node) -> const std::string& {
        return ids.text(graph.nodes[node].entry->id);
    };
    for (const GraphEdge& edge : graph.edges) {
        if (edge.kind == GraphEdge::Kind::Notify)
            out[edge.to].notify.push_back(id(edge.from));
        else
            out[edge.from].after.push_back(id(edge.to));
    }
    for (Linked& linked : out)
        for (auto* list : {&linked.after, &linked.notify}) {
            std::sort(list->begin(), list->end());
            list->erase(std::unique(list->begin(), list->end()), list->end());
        }
    return out;
}

/// A line is as private as the file of this server it goes into.
void keep_lines_private(std::vector<ModuleUnit>& modules) {
    std::unordered_set<std::string> private_files;
    for (const ModuleUnit& unit : modules)
        for (const api::Resource& resource : unit.resources)
            if ((resource.type == "file" || resource.type == "template") && api::is_private(resource))
                private_files.insert(resource.name);
    if (private_files.empty()) return;
    for (ModuleUnit& unit : modules)
        for (api::Resource& resource : unit.resources) {
            const Value* path = resource.type == "line" ? resource.properties.find("path") : nullptr;
            if (path && path->if_string() && private_files.contains(*path->if_string()))
                resource.sensitive = true;
        }
}

std::vector<ModuleUnit> rendered(const FleetState& state, ServerIndex index, std::vector<ModuleUnit> modules,
                                 GraphBuilder& builder, Reporter& reporter) {
    if (!can_build(state, index)) return modules;
    IdTable ids(&state.ids);
    std::vector<Shape> own;
    const auto shapes = shapes_of(state, index, ids, own, reporter);
    const ServerGraph& graph = builder.build(index, shapes, ids);
    std::vector<Linked> linked = links(graph, ids);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        if (node.keeper != i) continue;
        auto resource =
            resource_on(state, index, state.placed(index)[node.placement], node.entry->resource, reporter);
        if (!resource) continue;
        resource->after = std::move(linked[i].after);
        resource->notify = std::move(linked[i].notify);
        modules[node.placement].resources.push_back(std::move(*resource));
    }
    keep_lines_private(modules);
    return modules;
}

} // namespace

void detail::for_servers(const FleetState& state, Reporter& reporter, const ServerPass& pass) {
    std::atomic<bool> reported{false};
    in_parallel(state.servers.size(), kServersAtOnce, [&](std::size_t begin, std::size_t end) {
        if (reported) return;
        Diagnostics found;
        Reporter range_reporter(found);
        pass(static_cast<ServerIndex>(begin), static_cast<ServerIndex>(end), range_reporter);
        if (!found.empty()) reported = true;
    });
    if (reported) pass(0, static_cast<ServerIndex>(state.servers.size()), reporter);
}

std::string_view to_string(Level level) noexcept {
    switch (level) {
    case Level::ModuleDefault: return "module default";
    case Level::LabDefault: return "lab.defaults";
    case Level::Environment: return "environment";
    case Level::Label: return "label";
    case Level::Server: return "server";
    case Level::Implicit: return "implicit";
    }
    return "implicit";
}

Fleet::Fleet(std::unique_ptr<FleetState> state) : state_(std::move(state)) {}
Fleet::~Fleet() = default;
Fleet::Fleet(Fleet&&) noexcept = default;

Fleet Fleet::resolve(const Inventory& inventory, const ProviderRules& providers,
                     const api::FingerprintKey& key, Diagnostics& diagnostics) {
    auto state = std::make_unique<FleetState>();
    state->inventory = &inventory;
    state->providers = &providers;
    state->provider_names = providers.names();
    state->key = key;
    Diagnostics found;
    Reporter reporter(found);
    resolve_scalars(*state, reporter);
    resolve_labels(*state, reporter);
    resolve_provisions(*state, reporter);
    resolve_selectors(*state, reporter);
    check_references(*state, reporter);
    check_layouts(*state, reporter);
    resolve_modules(*state, reporter);
    resolve_units(*state, reporter);
    resolve_policy(*state, reporter);
    resolve_documents(*state, reporter);
    resolve_keys(*state);
    state->providers = nullptr; // the fleet may outlive them
    diagnostics.append(inventory.incomplete ? without_consequences(found) : std::move(found));
    return Fleet(std::move(state));
}

const Inventory& Fleet::inventory() const noexcept {
    return *state_->inventory;
}
std::size_t Fleet::size() const noexcept {
    return state_->servers.size();
}
const Server& Fleet::server(ServerIndex index) const {
    return state_->server(index);
}

std::optional<ServerIndex> Fleet::find(std::string_view name) const {
    const Server* server = state_->inventory->find_server(name);
    if (!server) return std::nullopt;
    return static_cast<ServerIndex>(server - state_->inventory->servers.data());
}

std::string_view Fleet::environment(ServerIndex index) const {
    return scalars_of(*state_, index).environment;
}
std::string_view Fleet::cloud(ServerIndex index) const {
    return scalars_of(*state_, index).cloud;
}
std::string_view Fleet::provider(ServerIndex index) const {
    return provider_of(*state_, index);
}
std::string_view Fleet::region(ServerIndex index) const {
    return scalars_of(*state_, index).region;
}
std::string_view Fleet::domain(ServerIndex index) const {
    return scalars_of(*state_, index).domain;
}

std::vector<std::string> Fleet::labels(ServerIndex index) const {
    std::vector<std::string> out;
    for (const std::uint32_t term : state_->labels.of(index))
        out.emplace_back(state_->labels.terms[term].text);
    return out;
}

std::vector<std::string> Fleet::groups(ServerIndex index) const {
    std::vector<std::string> out;
    for (const auto& [name, members] : state_->selectors.groups)
        if (members.test(index)) out.emplace_back(name);
    return out;
}

std::string_view Fleet::chosen(ServerIndex index, Provides what) const {
    LAB_CHECK(is_single(what), "a server has any number of these");
    return choose_single(*state_, index, what).name();
}

std::vector<Provided> Fleet::provided(ServerIndex index, Provides what) const {
    std::vector<Provided> out;
    for (const GivenBy& by : givers(*state_, index, what)) {
        auto one = std::find_if(out.begin(), out.end(),
                                [&](const Provided& other) { return other.name == by.name(); });
        if (one == out.end()) one = out.insert(one, {.name = std::string(by.name()), .origins = {}});
        one->origins.push_back({by.level, std::string(by.through), by.given->name.at});
        if (is_single(what)) break; // the first counts
    }
    std::sort(out.begin(), out.end(),
              [&](const Provided& a, const Provided& b) { return comes_before(what, a.name, b.name); });
    return out;
}

ValueMap Fleet::settings(ServerIndex index) const {
    return *MergedSettings(*state_, index);
}

std::vector<ServerIndex> Fleet::select(const Target& target) const {
    return evaluate(*state_, target).members();
}
void Fleet::check(const Target& target, Diagnostics& diagnostics) const {
    check_target(*state_, target, diagnostics);
}

std::vector<ServerIndex> Fleet::members(std::string_view group) const {
    const auto found = state_->selectors.groups.find(group);
    return found == state_->selectors.groups.end() ? std::vector<ServerIndex>() : found->second.members();
}

std::vector<ServerIndex> Fleet::with_label(std::string_view label) const {
    const auto found = state_->labels.ids.find(label);
    return found == state_->labels.ids.end() ? std::vector<ServerIndex>()
                                             : state_->labels.terms[found->second].servers.members();
}

std::vector<Fleet::Set> Fleet::sets() const {
    std::vector<Set> sets;
    for (const LabelTerm& term : state_->labels.terms)
        sets.push_back({SetKind::Label, term.text, term.servers.words()});
    const auto add = [&](SetKind kind, const std::map<std::string_view, Bitset>& named) {
        for (const auto& [name, servers] : named)
            sets.push_back({kind, name, servers.words()});
    };
    add(SetKind::Group, state_->selectors.groups);
    add(SetKind::Environment, state_->selectors.environments);
    add(SetKind::Region, state_->selectors.regions);
    add(SetKind::Cloud, state_->selectors.clouds);
    add(SetKind::Provider, state_->selectors.providers);
    return sets;
}

const Digest& Fleet::key(ServerIndex index) const {
    return state_->keys[index];
}

std::vector<ModuleUnit> Fleet::modules(ServerIndex index) const {
    const FleetState& state = *state_;
    std::vector<ModuleUnit> out;
    for (const Placement& placement : state.placed(index)) {
        const Unit& unit = state.units[placement.unit];
        const Module& module = *state.module_of(unit).module;
        ModuleUnit entry;
        entry.module = module.name;
        entry.version = module.version;
        entry.at = placed_at(state, unit.module, index);
        for (const std::uint32_t term : state.labels.of(index))
            for (const std::uint32_t label : state.labels.terms[term].provides)
                for (const std::uint32_t listed : state.modules.of_label[label])
                    if (listed == unit.module) entry.labels.emplace_back(state.labels.texts[label]);
        for (const Placement& other : state.placed(index)) {
            const Module& needing = *state.module_of(state.units[other.unit]).module;
            for (const Text& dependency : needing.deps)
                if (dependency.value == module.name) entry.required_by.push_back(needing.name);
        }
        out.push_back(std::move(entry));
    }
    return out;
}

std::vector<ModuleUnit> Fleet::units(ServerIndex index, Diagnostics& diagnostics) const {
    Reporter reporter(diagnostics);
    GraphBuilder builder(*state_, reporter);
    return rendered(*state_, index, modules(index), builder, reporter);
}

void Fleet::check_documents(Diagnostics& diagnostics) const {
    Reporter reporter(diagnostics);
    GraphBuilder builder(*state_, reporter);
    for (ServerIndex i = 0; i < size(); ++i)
        rendered(*state_, i, modules(i), builder, reporter);
}

} // namespace lab::spec
