// The graph of one server's resources.

#include "spec/detail/documents.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::uint32_t kLeftOut = std::numeric_limits<std::uint32_t>::max();

std::string_view module_name(const FleetState& state, ServerIndex index, const GraphNode& node) {
    return state.module_of(state.units[state.placed(index)[node.placement].unit]).module->name;
}

/// "waits for", as a note says it.
std::string explain(const GraphEdge& edge, std::string_view from, std::string_view to) {
    switch (edge.kind) {
    case GraphEdge::Kind::After: return fmt::format("'{}' comes after '{}' by this", from, to);
    case GraphEdge::Kind::Notify: return fmt::format("'{}' is notified by '{}' here", from, to);
    case GraphEdge::Kind::Folder: return fmt::format("'{}' lies in '{}'", from, to);
    case GraphEdge::Kind::Owner: return fmt::format("'{}' needs '{}'", from, to);
    }
    return {};
}

std::string differing(const api::Resource& first, const api::Resource& second) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : first.properties) {
        const Value* other = second.properties.find(name);
        if (!other || !(*other == value)) names.push_back(name);
    }
    for (const auto& [name, value] : second.properties)
        if (!first.properties.contains(name)) names.push_back(name);
    const auto same_when = [&] {
        if (!first.when || !second.when) return !first.when && !second.when;
        return first.when->text == second.when->text && first.when->scope == second.when->scope;
    };
    if (!same_when()) names.push_back("when");
    if (first.sensitive != second.sensitive) names.push_back("sensitive");
    return names.empty() ? std::string() : listed(names);
}

/// How many unfinished nodes each node waits for, once all that can be done is done: 0 for those.
std::vector<std::size_t> left_waiting(const ServerGraph& graph) {
    std::vector<std::size_t> waiting(graph.nodes.size());
    std::vector<std::vector<std::uint32_t>> released(graph.nodes.size());
    for (const GraphEdge& edge : graph.edges) {
        ++waiting[edge.from];
        released[edge.to].push_back(edge.from);
    }
    std::vector<std::uint32_t> ready;
    for (std::uint32_t i = 0; i < waiting.size(); ++i)
        if (!waiting[i]) ready.push_back(i);
    while (!ready.empty()) {
        const std::uint32_t next = ready.back();
        ready.pop_back();
        for (const std::uint32_t node : released[next])
            if (--waiting[node] == 0) ready.push_back(node);
    }
    return waiting;
}

/// The edges of one cycle, each from where the one before leads; none where there is no cycle.
std::vector<const GraphEdge*> cycle_of(const ServerGraph& graph) {
    const std::vector<std::size_t> waiting = left_waiting(graph);
    const auto start =
        std::find_if(waiting.begin(), waiting.end(), [](std::size_t count) { return count != 0; });
    std::vector<const GraphEdge*> path;
    if (start == waiting.end()) return path;
    // Every node left waits for one that is left: following that comes back to where it has been.
    std::vector<bool> seen(graph.nodes.size());
    auto at = static_cast<std::uint32_t>(start - waiting.begin());
    while (!seen[at]) {
        seen[at] = true;
        const auto edge = std::find_if(graph.edges.begin(), graph.edges.end(), [&](const GraphEdge& one) {
            return one.from == at && waiting[one.to] != 0;
        });
        path.push_back(&*edge);
        at = edge->to;
    }
    path.erase(path.begin(), std::find_if(path.begin(), path.end(),
                                          [&](const GraphEdge* edge) { return edge->from == at; }));
    return path;
}

} // namespace

const ResourceTemplate& written_resource(const FleetState& state, ServerIndex index, const GraphNode& node) {
    const Unit& unit = state.units[state.placed(index)[node.placement].unit];
    return state.module_of(unit).module->resources[node.entry->resource];
}

const ServerGraph& GraphBuilder::build(ServerIndex index, const std::vector<const Shape*>& shapes,
                                       const IdTable& ids) {
    ServerGraph& graph = graph_;
    graph.nodes.clear();
    graph.edges.clear();
    ++stamp_;
    if (slots_.size() < ids.size()) slots_.resize(ids.size());
    add_nodes(index, shapes, ids, graph);
    check_paths(index, graph, ids);
    check_lines(index, graph, ids);
    add_edges(index, ids, graph);
    const bool forward = std::any_of(graph.edges.begin(), graph.edges.end(),
                                     [](const GraphEdge& edge) { return edge.to >= edge.from; });
    if (forward) find_cycle(index, graph, ids);
    return graph;
}

void GraphBuilder::add_nodes(ServerIndex index, const std::vector<const Shape*>& shapes, const IdTable& ids,
                             ServerGraph& graph) {
    for (std::uint32_t placement = 0; placement < shapes.size(); ++placement) {
        for (const ShapeEntry& entry : shapes[placement]->entries) {
            const auto node = static_cast<std::uint32_t>(graph.nodes.size());
            graph.nodes.push_back({.placement = placement, .entry = &entry, .keeper = node});
            Slot& slot = slots_[entry.id];
            if (slot.stamp == stamp_ && slot.node != kLeftOut)
                add_duplicate(index, graph, slot.node, node, ids);
            else
                slot = {stamp_, node};
        }
        for (const std::uint32_t id : shapes[placement]->left_out)
            if (slots_[id].stamp != stamp_) slots_[id] = {stamp_, kLeftOut};
    }
}

void GraphBuilder::add_duplicate(ServerIndex index, ServerGraph& graph, std::uint32_t first,
                                 std::uint32_t second, const IdTable& ids) {
    GraphNode& one = graph.nodes[first];
    GraphNode& other = graph.nodes[second];
    const std::string& id = ids.text(other.entry->id);
    const Span& first_at = written_resource(state_, index, one).at;
    const Span& second_at = written_resource(state_, index, other).at;
    if (one.placement == other.placement) {
        reporter_.error("spec/resource-conflict", fmt::format("'{}' is there twice in one module", id),
                        second_at, {}, {{"first written here", first_at}}, &state_.server(index));
        other.keeper = first;
        return;
    }
    std::string difference;
    if (!agree(index, one, other, difference)) {
        const bool in_order = module_name(state_, index, one) < module_name(state_, index, other);
        reporter_.error("spec/resource-conflict",
                        fmt::format("modules '{}' and '{}' want '{}' differently: {}",
                                    module_name(state_, index, in_order ? one : other),
                                    module_name(state_, index, in_order ? other : one), id, difference),
                        in_order ? second_at : first_at, "let one module have it, or make them agree",
                        {{"the other is written here", in_order ? first_at : second_at}},
                        &state_.server(index));
    }
    // It stays with the first module by name.
    if (module_name(state_, index, other) < module_name(state_, index, one)) {
        one.keeper = second;
        slots_[other.entry->id].node = second;
        for (GraphNode& node : graph.nodes)
            if (node.keeper == first) node.keeper = second;
    } else {
        other.keeper = first;
    }
}

bool GraphBuilder::agree(ServerIndex index, const GraphNode& first, const GraphNode& second,
                         std::string& difference) {
    const auto placements = state_.placed(index);
    const auto one =
        resource_on(state_, index, placements[first.placement], first.entry->resource, reporter_);
    const auto other =
        resource_on(state_, index, placements[second.placement], second.entry->resource, reporter_);
    if (!one || !other) return true; // what is wrong with it was said
    difference = differing(*one, *other);
    return difference.empty();
}

void GraphBuilder::check_paths(ServerIndex index, const ServerGraph& graph, const IdTable& ids) {
    if (path_slots_.size() < ids.size()) path_slots_.resize(ids.size());
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        if (node.keeper != i || !node.entry->path || node.entry->is_line) continue;
        if (const std::uint32_t* first = holder(*node.entry->path))
            path_conflict(index, graph, *first, i,
                          fmt::format("'{}' and '{}' are one path", ids.text(graph.nodes[*first].entry->id),
                                      ids.text(node.entry->id)),
                          "let one resource have it");
        else
            path_slots_[*node.entry->path] = {stamp_, i};
    }
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
        if (graph.nodes[i].keeper == i && graph.nodes[i].entry->path) check_path(index, graph, i, ids);
}

/// Against the file that a line goes into, and the folders that a path lies in.
void GraphBuilder::check_path(ServerIndex index, const ServerGraph& graph, std::uint32_t node,
                              const IdTable& ids) {
    const ShapeEntry& entry = *graph.nodes[node].entry;
    const std::uint32_t* file = entry.is_line ? holder(*entry.path) : nullptr;
    if (file && graph.nodes[*file].entry->is_file) {
        const ShapeEntry& whole = *graph.nodes[*file].entry;
        if (whole.absent ? !entry.absent : whole.has_content)
            path_conflict(
                index, graph, *file, node,
                fmt::format("'{}' is a line of '{}', {}", ids.text(entry.id), ids.text(whole.id),
                            whole.absent ? "which is to be absent" : "whose whole content is given"),
                "write the line into that content, or give the file no content");
    }
    for (const std::uint32_t folder : entry.folders) {
        const std::uint32_t* above = holder(folder);
        if (!above) continue;
        const ShapeEntry& held = *graph.nodes[*above].entry;
        if (held.absent ? entry.absent : !held.is_file) continue;
        path_conflict(index, graph, *above, node,
                      fmt::format("'{}' lies in '{}', {}", ids.text(entry.id), ids.text(held.id),
                                  held.is_file ? "which is no directory" : "which is to be absent"),
                      held.is_file ? "one of the two needs another path"
                                   : "let both be absent, or none of them");
    }
}

void GraphBuilder::path_conflict(ServerIndex index, const ServerGraph& graph, std::uint32_t one,
                                 std::uint32_t other, std::string message, std::string help) {
    const GraphNode& first = graph.nodes[one];
    const GraphNode& second = graph.nodes[other];
    // Where facts decide on both they may be alternatives.
    if (first.entry->conditional && second.entry->conditional) return;
    reporter_.error("spec/resource-conflict", std::move(message), written_resource(state_, index, second).at,
                    std::move(help),
                    {{"the other is written here", written_resource(state_, index, first).at}},
                    &state_.server(index));
}

const std::uint32_t* GraphBuilder::holder(std::uint32_t path) const {
    return path_slots_[path].stamp == stamp_ ? &path_slots_[path].node : nullptr;
}

std::optional<std::uint32_t> GraphBuilder::find(std::uint32_t id) const {
    if (slots_[id].stamp != stamp_ || slots_[id].node == kLeftOut) return std::nullopt;
    return slots_[id].node;
}

const GraphNode* GraphBuilder::written(ServerIndex index, const ServerGraph& graph,
                                       const ShapeEntry::Edge& edge, const IdTable& ids) {
    if (const auto node = find(edge.id)) return &graph.nodes[*node];
    if (slots_[edge.id].stamp == stamp_) return nullptr; // its `when` is false: nothing to wait for
    std::vector<std::string_view> known;
    for (const GraphNode& node : graph.nodes)
        known.push_back(ids.text(node.entry->id));
    std::string help = reporter_.suggest(ids.text(edge.id), known);
    if (help.empty()) help = "write TYPE/NAME of a resource of this module or of one it depends on";
    reporter_.error("spec/unknown-resource",
                    fmt::format("'{}' is no resource of a server that gets this", ids.text(edge.id)),
                    *edge.at, std::move(help), {}, &state_.server(index));
    return nullptr;
}

void GraphBuilder::add_edges(ServerIndex index, const IdTable& ids, ServerGraph& graph) {
    const auto add = [&](std::uint32_t from, std::uint32_t to, GraphEdge::Kind kind, const Span* at) {
        graph.edges.push_back({graph.nodes[from].keeper, graph.nodes[to].keeper, kind, at});
    };
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        const ShapeEntry& entry = *graph.nodes[i].entry;
        for (const ShapeEntry::Edge& edge : entry.after)
            if (const GraphNode* node = written(index, graph, edge, ids))
                add(i, node->keeper, GraphEdge::Kind::After, edge.at);
        for (const ShapeEntry::Edge& edge : entry.notify)
            if (const GraphNode* node = written(index, graph, edge, ids))
                add(node->keeper, i, GraphEdge::Kind::Notify, edge.at);
        if (graph.nodes[i].keeper != i) continue; // the keeper has the same folders and owners
        for (const std::uint32_t id : entry.owners)
            if (const auto owner = find(id); owner && *owner != i && !graph.nodes[*owner].entry->absent)
                add(i, *owner, GraphEdge::Kind::Owner, nullptr);
        for (const std::uint32_t id : entry.folders) {
            const auto folder = find(id);
            if (!folder) continue;
            // What lies in a folder that goes away goes first.
            if (graph.nodes[*folder].entry->absent)
                add(*folder, i, GraphEdge::Kind::Folder, nullptr);
            else
                add(i, *folder, GraphEdge::Kind::Folder, nullptr);
            break;
        }
    }
}

void GraphBuilder::find_cycle(ServerIndex index, const ServerGraph& graph, const IdTable& ids) {
    std::vector<const GraphEdge*> path = cycle_of(graph);
    if (path.empty()) return;
    const auto id = [&](std::uint32_t node) -> const std::string& {
        return ids.text(graph.nodes[node].entry->id);
    };
    const auto first =
        std::min_element(path.begin(), path.end(),
                         [&](const GraphEdge* a, const GraphEdge* b) { return id(a->from) < id(b->from); });
    std::rotate(path.begin(), first, path.end());
    std::string text;
    std::vector<Diagnostic::Note> notes;
    for (const GraphEdge* edge : path) {
        text += id(edge->from) + " -> ";
        const Span& place =
            edge->at ? *edge->at : written_resource(state_, index, graph.nodes[edge->from]).at;
        notes.push_back({explain(*edge, id(edge->from), id(edge->to)), place});
    }
    reporter_.error("spec/resource-cycle",
                    fmt::format("resources wait for each other: {}{}", text, id(path.front()->from)),
                    written_resource(state_, index, graph.nodes[path.front()->from]).at,
                    "remove one of the steps", std::move(notes), &state_.server(index));
}

} // namespace lab::spec::detail
