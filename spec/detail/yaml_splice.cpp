#include "spec/detail/yaml_splice.h"

#include "support/text.h"

#include <algorithm>

namespace lab::spec::detail {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Back over white space.
std::size_t trimmed_back(std::string_view text, std::size_t end, std::size_t begin) {
    while (end > begin && is_space(text[end - 1]))
        --end;
    return end;
}

/// Over white space and comments.
std::size_t skipped(std::string_view text, std::size_t at) {
    while (at < text.size() && (is_space(text[at]) || text[at] == '#'))
        at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
    return at;
}

} // namespace

std::string spliced(std::string_view text, const Splices& splices) {
    std::string out;
    std::size_t at = 0;
    for (const Splice& splice : splices) {
        out += text.substr(at, splice.begin - at);
        out += splice.text;
        at = splice.end;
    }
    return out += text.substr(at);
}

YamlSplicer::YamlSplicer(const Document& document, const YamlHabits& others)
    : source_(document), style_(document, others), root_(document.root()) {}

Spot YamlSplicer::root() const {
    Spot spot;
    spot.node = root_;
    spot.end_line = source_.document_end();
    const std::size_t at = source_.content_offset(root_);
    spot.is_flow = !root_.is_null() && (source_.text()[at] == '{' || source_.text()[at] == '[');
    spot.entry = at;
    spot.first_line = source_.line_of(at);
    return spot;
}

Spot YamlSplicer::child(const Spot& holder, std::size_t index) const {
    Spot spot;
    const bool in_map = holder.node.is_map();
    spot.node = in_map ? holder.node.value(index) : holder.node.item(index);
    spot.depth = holder.depth + 1;
    spot.parent = holder.name;
    spot.name = in_map ? std::string(holder.node.key(index).text()) : holder.name + "[]";
    spot.in_flow = holder.in_flow || holder.is_flow;
    spot.is_alias = holder.is_alias;
    const std::size_t at = source_.content_offset(spot.node);
    const char first = at < source_.text().size() ? source_.text()[at] : ' ';
    spot.is_alias = spot.is_alias || (first == '*' && !spot.node.is_null());
    spot.is_flow = (spot.node.is_map() || spot.node.is_list()) && (first == '{' || first == '[');
    // A dash is found from the item behind it; items of one list have theirs in one column.
    const auto entry_of = [&](std::size_t i) {
        if (in_map) return source_.offset(holder.node.key(i));
        const std::size_t column = holder.node.column() - 1;
        if (i == 0 || spot.in_flow)
            return source_.offset(i == 0 && !spot.in_flow ? holder.node : holder.node.item(i));
        for (std::size_t line = source_.line_of(source_.offset(holder.node.item(i))) + 1; line-- > 0;)
            if (source_.indent(line) == column && source_.line(line).substr(column).starts_with('-'))
                return source_.start(line) + column;
        return source_.offset(holder.node.item(i));
    };
    if (in_map) spot.key = holder.node.key(index);
    spot.entry = in_map ? entry_of(index) : std::min(entry_of(index), source_.offset(spot.node));
    spot.indent = in_map ? spot.key.column() - 1 : holder.node.column() - 1;
    spot.first_line = source_.line_of(spot.entry);
    const bool last = index + 1 == holder.node.size();
    spot.end_line = last || spot.in_flow ? holder.end_line : source_.line_of(entry_of(index + 1));
    return spot;
}

bool YamlSplicer::is_missing(const Spot& spot) const {
    return spot.node.is_null() && spot.node.text().empty();
}

/// Behind "key:" or "-".
std::size_t YamlSplicer::value_begin(const Spot& spot) const {
    const std::string_view text = source_.text();
    if (!spot.key) return spot.in_flow ? spot.entry : spot.entry + 1;
    std::size_t at = inline_end(text, spot.entry, spot.in_flow);
    while (at < text.size() && is_space(text[at]))
        ++at;
    return at < text.size() && text[at] == ':' ? at + 1 : kNone;
}

Splices YamlSplicer::at_line(std::size_t line, std::string lines) const {
    const std::size_t at = source_.start(line);
    const bool open_end = at == source_.text().size() && at > 0 && source_.text()[at - 1] != '\n';
    if (open_end) { // the text's last line has no end; the new last line has none either
        while (lines.ends_with('\n') || lines.ends_with('\r'))
            lines.pop_back();
        lines = style_.newline() + lines;
    }
    return {{at, at, std::move(lines)}};
}

/// Whether entries of this map have blank lines between them.
bool YamlSplicer::apart(const Spot& holder) const {
    if (holder.node.size() < 2) return holder.depth == 0 && holder.node.size() == 1;
    const Spot last = child(holder, holder.node.size() - 1);
    const std::size_t begin = leading(last, 0);
    return begin > 0 && source_.is_blank(begin - 1);
}

/// How the maps among the values of a map are written, where they agree.
std::optional<bool> YamlSplicer::siblings_flow(const Spot& map) const {
    std::size_t flow = 0, block = 0;
    for (std::size_t i = 0; map.node.is_map() && i < map.node.size(); ++i) {
        const Node value = map.node.value(i);
        if (!value.is_map() || value.size() == 0) continue;
        const std::size_t at = source_.content_offset(value);
        ++(source_.text()[at] == '{' ? flow : block);
    }
    if (flow == block) return std::nullopt;
    return flow > block;
}

std::vector<Splices> YamlSplicer::insert_lines(const Spot& holder, const std::string& lines,
                                               bool blank) const {
    const Spot last = child(holder, holder.node.size() - 1);
    const std::size_t end = source_.content_end(last.first_line, holder.end_line, last.indent);
    std::vector<Splices> ways;
    ways.push_back(at_line(end, blank ? style_.newline() + lines : lines));
    if (holder.end_line != end) ways.push_back(at_line(holder.end_line, lines));
    const Spot first = child(holder, 0);
    if (source_.is_first(first.entry)) ways.push_back(at_line(first.first_line, lines));
    return ways;
}

std::vector<Splices> YamlSplicer::insert_entry(const Spot& map, std::string_view key,
                                               const Value& value) const {
    if (map.is_alias) return {};
    if (map.node.is_null() || map.node.size() == 0) return fill_empty(map, key, value);
    if (map.is_flow) return {add_to_flow(map, style_.key(key) + ": " + style_.flow(value))};
    const std::size_t indent = child(map, 0).indent;
    return insert_lines(map, style_.entry(map.name, key, value, indent, siblings_flow(map)), apart(map));
}

std::vector<Splices> YamlSplicer::append_item(const Spot& list, const Value& value) const {
    if (list.is_alias) return {};
    if (list.node.is_null() || list.node.size() == 0) {
        std::vector<Splices> ways = replace(list, ValueList{value});
        if (list.is_flow) ways.insert(ways.begin(), fill_flow(list, style_.flow(value)));
        return ways;
    }
    if (list.is_flow) return {add_to_flow(list, style_.flow(value))};
    return insert_lines(list, style_.item(list.name, value, child(list, 0).indent), apart(list));
}

/// An entry into a map that has none.
std::vector<Splices> YamlSplicer::fill_empty(const Spot& map, std::string_view key,
                                             const Value& value) const {
    if (map.depth == 0 && !map.is_flow) { // a file of comments, or nothing
        const std::size_t end = map.end_line;
        const bool blank = end > 0 && !source_.is_blank(end - 1);
        const std::string lines = style_.entry("", key, value, 0);
        return {at_line(end, blank ? style_.newline() + lines : lines), at_line(end, lines)};
    }
    const Value whole = ValueMap{{std::string(key), value}};
    std::vector<Splices> ways;
    if (map.is_flow) ways.push_back(fill_flow(map, style_.key(key) + ": " + style_.flow(value)));
    const bool section = map.depth == 1;
    if (map.is_flow && !map.in_flow && !section && style_.is_inline("", "", value, 0) && !value.if_map()) {
        const std::size_t begin = source_.content_offset(map.node),
                          end = inline_end(source_.text(), begin, false);
        if (end != kNone) ways.push_back({{begin, end, style_.flow(whole)}});
    }
    for (Splices& way : replace(map, whole))
        ways.push_back(std::move(way));
    return ways;
}

std::vector<Splices> YamlSplicer::replace(const Spot& spot, const Value& value) const {
    if (spot.depth == 0) return {};
    const std::size_t behind = value_begin(spot);
    if (behind == kNone) return {};
    const bool block_map = (spot.node.is_map() || spot.node.is_list()) && !spot.is_flow && !spot.is_alias;
    const std::size_t begin = is_missing(spot) ? behind : source_.offset(spot.node);
    const char first = begin < source_.text().size() ? source_.text()[begin] : ' ';
    const bool block_scalar = spot.node.is_scalar() && (first == '|' || first == '>') && !spot.in_flow;
    const bool on_line = spot.in_flow || style_.is_inline(spot.parent, spot.name, value, spot.indent);
    std::vector<Splices> ways;
    if (on_line && !block_map && !block_scalar) {
        if (is_missing(spot)) {
            ways.push_back({{behind, behind, " " + style_.flow(value)}});
        } else if (const std::size_t end =
                       inline_end(source_.text(), source_.content_offset(spot.node), spot.in_flow);
                   end != kNone) {
            ways.push_back({{begin, end, style_.flow(value)}});
        }
    }
    if (!spot.in_flow) ways.push_back(rewrite(spot, value));
    return ways;
}

/// The comment behind what ends at `at` on line `line`, with the spaces before it.
std::string YamlSplicer::comment_behind(std::size_t at, std::size_t line) const {
    const std::size_t end = source_.start(line) + source_.line(line).size();
    if (at == kNone || at > end) return {};
    const std::string_view rest = source_.text().substr(at, end - at);
    const auto comment = rest.find_first_not_of(" \t");
    return comment != kNone && comment > 0 && rest[comment] == '#' ? std::string(rest) : std::string();
}

/// The lines of the whole entry anew, but for its key; a comment behind it stays.
Splices YamlSplicer::rewrite(const Spot& spot, const Value& value) const {
    // Below a key without a value, or behind a bracket that closes, is nothing but comments: they stay.
    const std::size_t close = spot.is_flow ? flow_close(spot) : kNone;
    const std::size_t end = is_missing(spot) ? spot.first_line + 1
                            : close != kNone
                                ? source_.line_of(close) + 1
                                : source_.content_end(spot.first_line, spot.end_line, spot.indent);
    const std::size_t begin = source_.start(spot.first_line), behind = value_begin(spot);
    const std::string lines = spot.key ? style_.entry(spot.parent, spot.name, value, spot.indent)
                                       : style_.item(spot.parent, value, spot.indent);
    const std::size_t line_end = lines.find(style_.newline());
    const std::size_t own = spot.indent + (spot.key ? style_.key(spot.name).size() + 1 : 1);
    std::size_t comment = behind;
    if (const std::size_t at = source_.content_offset(spot.node);
        !is_missing(spot) && source_.line_of(at) == spot.first_line) {
        const bool block_scalar = source_.text()[at] == '|' || source_.text()[at] == '>';
        comment = block_scalar ? source_.text().find_first_not_of("|>+-0123456789", at)
                               : inline_end(source_.text(), at, /*in_flow=*/false);
    }
    std::string text(source_.text().substr(begin, behind - begin));
    text +=
        lines.substr(own, line_end - own) + comment_behind(comment, spot.first_line) + lines.substr(line_end);
    const std::size_t stop = source_.start(end);
    if (stop == source_.text().size() && !source_.text().ends_with('\n'))
        while (text.ends_with('\n') || text.ends_with('\r'))
            text.pop_back();
    return {{begin, stop, std::move(text)}};
}

std::size_t YamlSplicer::flow_close(const Spot& spot) const {
    const std::size_t end = inline_end(source_.text(), source_.content_offset(spot.node), true);
    return end == kNone ? kNone : end - 1;
}

YamlSplicer::Element YamlSplicer::flow_element(const Spot& holder, std::size_t index) const {
    const Spot spot = child(holder, index);
    Element element{.begin = spot.entry, .end = kNone};
    if (is_missing(spot)) {
        const std::size_t behind = value_begin(spot);
        element.end = spot.key && behind != kNone ? behind : inline_end(source_.text(), spot.entry, true);
    } else {
        element.end = inline_end(source_.text(), source_.content_offset(spot.node), true);
    }
    return element;
}

/// The first into a flow collection that holds a comment: on a line of its own, as that has to be.
Splices YamlSplicer::fill_flow(const Spot& holder, const std::string& added) const {
    const std::size_t close = flow_close(holder);
    if (close == kNone) return {};
    const std::size_t line = source_.line_of(close);
    if (line == source_.line_of(source_.content_offset(holder.node)) || !source_.is_first(close)) return {};
    return at_line(line, std::string(source_.indent(line) + style_.step(), ' ') + added + style_.newline());
}

Splices YamlSplicer::add_to_flow(const Spot& holder, const std::string& added) const {
    const std::string_view text = source_.text();
    const std::size_t close = flow_close(holder);
    const Element last = flow_element(holder, holder.node.size() - 1);
    if (close == kNone || last.end == kNone || last.end > close) return {};
    const std::size_t next = skipped(text, last.end);
    const bool comma = next < close && text[next] == ',';
    const std::size_t end = comma ? next + 1 : last.end;
    const std::size_t line = source_.line_of(last.begin);
    if (line == source_.line_of(close)) return {{end, end, (comma ? " " : ", ") + added}};
    // One a line: a line of its own, indented as the last.
    const std::string own_line =
        std::string(source_.indent(line), ' ') + added + (comma ? "," : "") + style_.newline();
    const std::size_t behind = source_.start(source_.line_of(end == 0 ? 0 : end - 1) + 1);
    if (!source_.is_first(last.begin) || behind > source_.start(source_.line_of(close)))
        return {{end, end, (comma ? " " : ", ") + added}};
    if (comma) return {{behind, behind, own_line}};
    return {{end, end, ","}, {behind, behind, own_line}};
}

Splices YamlSplicer::remove_from_flow(const Spot& holder, std::size_t index) const {
    const std::string_view text = source_.text();
    const Element element = flow_element(holder, index);
    const std::size_t close = flow_close(holder), open = source_.content_offset(holder.node);
    if (element.end == kNone || close == kNone) return {};
    const bool below_comment = text.substr(open, element.begin - open).find('#') != kNone;
    if (holder.node.size() == 1 && !below_comment) return {{open + 1, close, ""}};
    const std::size_t next = skipped(text, element.end);
    const bool comma = next < close && text[next] == ',';
    const std::size_t line = source_.line_of(element.begin);
    const std::size_t behind = comma ? next + 1 : element.end;
    // Alone on its lines: they go.
    const std::size_t after = source_.start(source_.line_of(behind - 1) + 1);
    const std::size_t rest = text.find_first_not_of(" \t\r", behind);
    const bool alone = source_.is_first(element.begin) && rest != kNone &&
                       (text[rest] == '\n' || text[rest] == '#') && line != source_.line_of(open);
    // The comma before it may stay: what ends a list may be one.
    if (alone) return {{source_.start(line), after, ""}};
    if (comma) {
        const std::size_t begin = text.find_first_not_of(" \t", behind);
        return {{element.begin, begin == kNone ? behind : begin, ""}};
    }
    if (index == 0) return {{element.begin, element.end, ""}};
    const Element before = flow_element(holder, index - 1);
    if (before.end == kNone) return {};
    return {{before.end, element.end, ""}};
}

/// The first of the comment lines directly above an entry, not above line `from`.
std::size_t YamlSplicer::leading(const Spot& entry, std::size_t from) const {
    std::size_t line = entry.first_line;
    while (line > from && source_.is_comment(line - 1) && source_.indent(line - 1) == entry.indent)
        --line;
    return line;
}

/// A block collection without its only entry, where comments that are not the entry's stand in it: they stay.
Splices YamlSplicer::emptied(const Spot& holder) const {
    const Spot only = child(holder, 0);
    const std::size_t behind = value_begin(holder), inside = holder.first_line + 1;
    if (behind == kNone || only.first_line < inside || !source_.is_first(only.entry)) return {};
    const std::size_t begin = leading(only, inside),
                      end = source_.content_end(only.first_line, only.end_line, only.indent),
                      stop = source_.content_end(holder.first_line, holder.end_line, holder.indent);
    bool comments = false;
    for (std::size_t line = inside; line < stop; ++line)
        comments = comments || ((line < begin || line >= end) && source_.is_comment(line));
    if (!comments) return {};
    return {{behind, behind, holder.node.is_map() ? " {}" : " []"},
            {source_.start(begin), source_.start(end), ""}};
}

std::vector<Splices> YamlSplicer::remove(const Spot& holder, std::size_t index) const {
    if (holder.is_alias) return {};
    if (holder.is_flow) return {remove_from_flow(holder, index)};
    if (holder.node.size() == 1 && holder.depth > 0) {
        std::vector<Splices> ways =
            replace(holder, holder.node.is_map() ? Value(ValueMap()) : Value(ValueList()));
        ways.insert(ways.begin(), emptied(holder));
        return ways;
    }
    const Spot entry = child(holder, index);
    return remove_lines(holder, entry, index);
}

std::vector<Splices> YamlSplicer::remove_lines(const Spot& holder, const Spot& entry,
                                               std::size_t index) const {
    const bool last = index + 1 == holder.node.size();
    const std::size_t end = source_.content_end(entry.first_line, entry.end_line, entry.indent);
    if (!source_.is_first(entry.entry)) {
        // "- a: 1": the next entry comes behind the dash.
        if (last || entry.end_line != end) return {};
        const std::size_t next = child(holder, index + 1).entry;
        if (!source_.is_first(next)) return {};
        return {{{entry.entry, next, ""}}};
    }
    const std::size_t above =
        index > 0 ? child(holder, index - 1).first_line + 1 : holder.first_line + (holder.depth > 0);
    // What stands above the first section is about the file.
    const std::size_t first = holder.depth == 0 && index == 0 ? entry.first_line : leading(entry, above);
    std::size_t begin_line = first, end_line = end;
    const bool blank_above = begin_line == 0 || source_.is_blank(begin_line - 1) || index == 0;
    if (blank_above)
        while (end_line < entry.end_line && source_.is_blank(end_line))
            ++end_line;
    if (end_line == source_.lines() && index > 0) // nothing follows: the blank lines above end the file
        while (begin_line > above && source_.is_blank(begin_line - 1))
            --begin_line;
    std::size_t begin = source_.start(begin_line);
    const std::size_t stop = source_.start(end_line);
    // The text's last line had no end: the one before it has none now.
    if (stop == source_.text().size() && !source_.text().ends_with('\n'))
        begin = trimmed_back(source_.text(), begin, begin > 1 ? begin - 2 : 0);
    std::vector<Splices> ways{{{begin, stop, ""}}};
    ways.push_back({{source_.start(entry.first_line), source_.start(end), ""}});
    ways.push_back({{source_.start(entry.first_line), source_.start(entry.end_line), ""}});
    return ways;
}

std::string YamlSplicer::by_hand(std::string_view parent, std::string_view key, const Value& value) const {
    return key.empty() ? style_.item(parent, value, 0) : style_.entry(parent, key, value, 0);
}

} // namespace lab::spec::detail
