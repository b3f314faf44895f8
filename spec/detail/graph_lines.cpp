// Lines of one file that undo each other: no apply of them would be the last.

#include "spec/detail/documents.h"
#include "support/text.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

/// No text: only the machine knows it.
struct Line {
    std::optional<std::string_view> text, match;
    bool absent = false;
};

std::optional<std::string_view> known_text(const api::Resource& resource, std::string_view name) {
    const Value* value = resource.properties.find(name);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

/// What of a line decides which others it removes.
Line line_of(const api::Resource& resource, bool absent) {
    if (!known_text(resource, "ensure")) return {}; // facts decide whether it is there
    return {.text = known_text(resource, "text"), .match = known_text(resource, "match"), .absent = absent};
}

/// How `remover` removes what `kept` wants there; nothing where it does not.
std::string_view removal(const Line& remover, const Line& kept) {
    if (kept.absent || !kept.text) return {};
    if (remover.text == kept.text) return remover.absent ? ", which is the same line" : "";
    // `match` removes whatever it matches, but for the text of its own line.
    const bool knows_itself = remover.absent || remover.text;
    return knows_itself && remover.match && glob_match(*remover.match, *kept.text) ? " by its 'match'" : "";
}

} // namespace

void GraphBuilder::check_lines(ServerIndex index, const ServerGraph& graph, const IdTable& ids) {
    lines_.clear();
    bool some_take = false;
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        const ShapeEntry& entry = *graph.nodes[i].entry;
        if (!entry.is_line || !entry.path || graph.nodes[i].keeper != i) continue;
        lines_.push_back(i);
        some_take = some_take || entry.takes_lines;
    }
    if (!some_take || lines_.size() < 2) return; // most servers
    const auto path = [&](std::uint32_t node) { return *graph.nodes[node].entry->path; };
    std::stable_sort(lines_.begin(), lines_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return path(a) < path(b); });
    for (auto begin = lines_.begin(); begin != lines_.end();) {
        const auto end =
            std::find_if(begin, lines_.end(), [&](std::uint32_t node) { return path(node) != path(*begin); });
        const bool take =
            std::any_of(begin, end, [&](std::uint32_t node) { return graph.nodes[node].entry->takes_lines; });
        if (take && end - begin > 1) check_lines_of(index, graph, {begin, end}, ids);
        begin = end;
    }
}

void GraphBuilder::check_lines_of(ServerIndex index, const ServerGraph& graph,
                                  std::span<const std::uint32_t> nodes, const IdTable& ids) {
    Diagnostics unused; // what is wrong with a resource is told where it is rendered
    Reporter quiet(unused);
    std::deque<api::Resource> own; // of this server
    std::vector<const api::Resource*> resources;
    for (const std::uint32_t node : nodes) {
        const Placement& placement = state_.placed(index)[graph.nodes[node].placement];
        const std::uint32_t resource = graph.nodes[node].entry->resource;
        resources.push_back(shared_resource(state_, index, placement, resource));
        if (resources.back()) continue;
        auto rendered = resource_on(state_, index, placement, resource, quiet);
        if (rendered) resources.back() = &own.emplace_back(*std::move(rendered));
    }
    if (good_lines_.contains(resources)) return;
    std::vector<Line> lines;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        lines.push_back(resources[i] ? line_of(*resources[i], graph.nodes[nodes[i]].entry->absent) : Line());
    bool good = own.empty(); // what is the server's own lives no longer than this
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (std::size_t j = 0; j < nodes.size(); ++j) {
            const std::string_view how = removal(lines[i], lines[j]);
            const bool is_said = i > j && !removal(lines[j], lines[i]).empty();
            if (how.empty() || is_said) continue;
            good = false;
            path_conflict(index, graph, nodes[j], nodes[i],
                          fmt::format("'{}' removes '{}'{}", ids.text(graph.nodes[nodes[i]].entry->id),
                                      ids.text(graph.nodes[nodes[j]].entry->id), how),
                          "keep one of the two, or let no 'match' be of both");
        }
    if (good) good_lines_.insert(std::move(resources));
}

} // namespace lab::spec::detail
