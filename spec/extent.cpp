#include "spec/extent.h"

#include "spec/detail/yaml_source.h"

#include <algorithm>
#include <optional>

namespace lab::spec {
namespace {

constexpr std::size_t kDefinition = 2; // depth of one: SECTION, NAME

/// A value, and where what follows it in the file begins. No line: nothing does.
struct Found {
    Node node;
    std::uint32_t next_line = 0;
};

/// Looks below `node`, which is `depth` steps from the root.
std::optional<Found> find_at(const Node& node, std::uint32_t line, std::uint32_t column, std::size_t depth,
                             std::uint32_t next_line) {
    const auto here = [&](const Node& one) { return one.line() == line && one.column() == column; };
    const bool is_container = node.is_map() || node.is_list();
    for (std::size_t i = 0; is_container && i < node.size(); ++i) {
        const Node value = node.is_map() ? node.value(i) : node.item(i);
        std::uint32_t next = next_line;
        if (i + 1 < node.size()) next = (node.is_map() ? node.key(i + 1) : node.item(i + 1)).line();
        // A block map begins where its first key does: as a value it goes first, but for a definition.
        const bool is_value = here(value) && !(value.is_map() && depth < kDefinition);
        if (is_value) return Found{value, next};
        if (auto below = find_at(value, line, column, depth + 1, next)) return below;
        if (node.is_map() && here(node.key(i))) return Found{value, next};
    }
    return std::nullopt;
}

} // namespace

std::uint32_t last_line(const Document& document, std::uint32_t line, std::uint32_t column) {
    const auto found = find_at(document.root(), line, column, 0, 0);
    if (!found || found->node.is_null()) return line;
    const detail::SourceText source(document);
    const std::string_view text = source.text();
    const std::size_t at = source.content_offset(found->node);
    if (at >= text.size() || text[at] == '*') return line; // what an alias names is written elsewhere
    const std::size_t first = source.line_of(at);
    std::size_t last = first;
    if (std::string_view("[{\"'").find(text[at]) != std::string_view::npos) {
        const std::size_t end = detail::inline_end(text, at, /*in_flow=*/false);
        if (end != std::string_view::npos) last = source.line_of(end - 1);
    } else {
        const std::size_t end = found->next_line ? found->next_line - 1 : source.document_end();
        if (end > first + 1) last = source.content_end(first, end, source.indent(first)) - 1;
    }
    return std::max(line, static_cast<std::uint32_t>(last + 1));
}

} // namespace lab::spec
