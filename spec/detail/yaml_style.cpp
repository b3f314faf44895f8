#include "spec/detail/yaml_style.h"

#include "spec/detail/core_schema.h"
#include "spec/detail/yaml_source.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::spec {
namespace {

using detail::SourceText;

constexpr std::size_t kWidth = 100; // columns that a flow collection may reach

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Whether a plain scalar of this text is a string to readers of YAML 1.1 and 1.2 alike, wherever it stands.
bool is_plain_string(std::string_view text) {
    if (text.empty() || text.size() > 200 || text.back() == ' ' || text.back() == ':') return false;
    const char first = text.front();
    if (!is_letter(first) && !is_digit(first) && first != '/' && first != '_' && first != '.') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!is_letter(c) && !is_digit(c) &&
            std::string_view("_-./ :*+@=%~()").find(c) == std::string_view::npos)
            return false;
        if (c == ':' && text[i + 1] == ' ') return false;
    }
    if (detail::core_value(text) || detail::is_core_null(text)) return false;
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    constexpr std::string_view kReserved[] = {"true", "false", "yes",  "no",   "on",  "off",
                                              "y",    "n",     "null", ".inf", ".nan"};
    if (std::find(std::begin(kReserved), std::end(kReserved), lower) != std::end(kReserved)) return false;
    if (!is_digit(first) && first != '.') return true;
    // What begins like a number: an address or a version has two dots, a size or a name a letter that no
    // number has.
    const bool dotted =
        std::count(text.begin(), text.end(), '.') >= 2 && text.find_first_of(":_") == text.npos;
    return dotted || std::any_of(lower.begin(), lower.end(),
                                 [](char c) { return c > 'f' && c <= 'z' && c != 'o' && c != 'x'; });
}

std::string double_quoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = std::max<std::size_t>(utf8_length(text.substr(i)), 1);
        const std::string_view character = text.substr(i, length);
        const auto byte = static_cast<unsigned char>(character[0]);
        const auto second = static_cast<unsigned char>(length > 1 ? character[1] : 0);
        if (character == "\"" || character == "\\")
            (out += '\\') += character;
        else if (character == "\n")
            out += "\\n";
        else if (character == "\t")
            out += "\\t";
        else if (length == 1 && (byte < 0x20 || byte == 0x7f))
            out += fmt::format("\\x{:02x}", byte);
        else if (length == 2 && byte == 0xc2 && second < 0xa0)
            out += fmt::format("\\x{:02x}", second);
        else if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9")
            out += character == "\xe2\x80\xa8" ? "\\u2028" : "\\u2029";
        else if (character == "\xef\xbb\xbf")
            out += "\\ufeff";
        else
            out += character;
        i += length;
    }
    return out + '"';
}

bool is_printable(std::string_view text) {
    const std::string quoted = double_quoted(text);
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] != '\\') continue;
        if (quoted[i + 1] != '\\' && quoted[i + 1] != '"') return false;
        ++i;
    }
    return true;
}

bool is_container(const Value& value) {
    return (value.if_map() && !value.if_map()->empty()) || (value.if_list() && !value.if_list()->empty());
}

bool all_scalars(const ValueList& list) {
    return std::none_of(list.begin(), list.end(), is_container);
}

/// Texts that `|` can hold: lines that begin with something, no control characters.
bool is_literal(std::string_view text) {
    if (text.find('\n') == text.npos || text.front() == ' ' || text.front() == '\n') return false;
    if (text.ends_with("\n\n")) return false;
    for (const std::string_view line : split(text, '\n'))
        if (!line.empty() && (line.find_first_not_of(' ') == line.npos || !is_printable(line))) return false;
    return true;
}

std::size_t most(const std::map<std::size_t, std::size_t>& own,
                 const std::map<std::size_t, std::size_t>& others, std::size_t fallback) {
    const auto& counts = own.empty() ? others : own;
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return best == counts.end() ? fallback : best->first;
}

/// nullopt where nothing was counted, or as much of one as of the other.
std::optional<bool> is_flow(const std::map<std::string, YamlHabits::Tally>& tallies, std::string_view key) {
    const auto found = tallies.find(std::string(key));
    if (found == tallies.end() || found->second.flow == found->second.block) return std::nullopt;
    return found->second.flow > found->second.block;
}

class Survey {
  public:
    Survey(const Document& document, YamlHabits& habits) : source_(document), habits_(habits) {}

    void value(const Node& node, const std::string& parent, const std::string& key, std::size_t column) {
        const std::size_t at = source_.content_offset(node);
        const char first = at < source_.text().size() ? source_.text()[at] : ' ';
        if (first == '*') return; // counted where it was written
        const bool in_flow = first == '{' || first == '[';
        if (node.is_scalar()) return scalar(node, first);
        if (node.is_null() || node.size() == 0) return;
        const auto count = [&](YamlHabits::Tally& tally) { ++(in_flow ? tally.flow : tally.block); };
        if (node.is_map()) {
            count(habits_.maps);
            count(habits_.maps_by_key[key]);
            count(habits_.maps_below[parent]);
            if (in_flow) ++(source_.text()[at + 1] == ' ' ? habits_.padded : habits_.unpadded);
            if (!in_flow && column != 0 && node.column() > column) ++habits_.steps[node.column() - column];
            for (std::size_t i = 0; i < node.size(); ++i)
                value(node.value(i), key, std::string(node.key(i).text()), in_flow ? 0 : node.column());
            return;
        }
        bool scalars = true;
        for (std::size_t i = 0; i < node.size(); ++i) {
            scalars = scalars && (node.item(i).is_scalar() || node.item(i).is_null());
            value(node.item(i), key, key + "[]", 0);
        }
        if (scalars) count(habits_.lists), count(habits_.lists_by_key[key]);
        if (!in_flow && column != 0 && node.column() >= column) ++habits_.dashes[node.column() - column];
    }

  private:
    void scalar(const Node& node, char first) {
        if (first == '\'') ++habits_.single_quotes;
        if (first == '"') ++habits_.double_quotes;
        if (!is_plain_string(node.text())) return;
        if (node.plain()) ++habits_.plain;
        if (first == '\'' || first == '"') ++habits_.needless_quotes;
    }

    SourceText source_;
    YamlHabits& habits_;
};

} // namespace

void YamlHabits::add(const Document& document) {
    if (document.root().is_map()) Survey(document, *this).value(document.root(), "", "", 0);
}

namespace detail {

YamlStyle::YamlStyle(const Document& document, const YamlHabits& others) : others_(others) {
    own_.add(document);
    step_ = std::clamp<std::size_t>(most(own_.steps, others.steps, 2), 1, 16);
    dash_ = std::min<std::size_t>(most(own_.dashes, others.dashes, step_), 16);
    const YamlHabits& braces = own_.padded + own_.unpadded > 0 ? own_ : others;
    padded_ = braces.padded > braces.unpadded;
    const YamlHabits& quotes = own_.single_quotes + own_.double_quotes > 0 ? own_ : others;
    if (quotes.single_quotes > quotes.double_quotes) quote_ = '\'';
    const YamlHabits& strings = own_.plain + own_.needless_quotes > 0 ? own_ : others;
    quote_all_ = strings.needless_quotes > strings.plain;
    const auto end = document.text().find('\n');
    if (end != std::string::npos && end > 0 && document.text()[end - 1] == '\r') newline_ = "\r\n";
}

bool YamlStyle::flow_map(std::string_view parent, std::string_view key) const {
    for (const YamlHabits* habits : {&own_, &others_})
        for (const auto& shown : {is_flow(habits->maps_by_key, key), is_flow(habits->maps_below, parent)})
            if (shown) return *shown;
    return false;
}

bool YamlStyle::flow_list(std::string_view key) const {
    for (const YamlHabits* habits : {&own_, &others_}) {
        if (const auto shown = is_flow(habits->lists_by_key, key)) return *shown;
        if (habits->lists.flow != habits->lists.block) return habits->lists.flow > habits->lists.block;
    }
    return true;
}

std::string YamlStyle::key(std::string_view text) const {
    return is_plain_string(text) ? std::string(text) : double_quoted(text);
}

std::string YamlStyle::scalar(const Value& value) const {
    if (const ValueMap* map = value.if_map(); map && map->empty()) return "{}";
    const std::string* text = value.if_string();
    if (!text) return write_json(value);
    const bool plain = is_plain_string(*text);
    if (plain && !quote_all_) return *text;
    if (quote_ == '\'' && is_printable(*text) && text->find('\n') == text->npos) {
        std::string out = "'";
        for (const char c : *text)
            out += c == '\'' ? std::string("''") : std::string(1, c);
        return out + "'";
    }
    return double_quoted(*text);
}

std::string YamlStyle::flow(const Value& value) const {
    if (!is_container(value)) return scalar(value);
    std::string out;
    if (const ValueList* list = value.if_list()) {
        for (const Value& one : *list)
            out += (out.empty() ? "" : ", ") + flow(one);
        return "[" + out + "]";
    }
    for (const auto& [name, one] : *value.if_map())
        out += (out.empty() ? "" : ", ") + key(name) + ": " + flow(one);
    return padded_ ? "{ " + out + " }" : "{" + out + "}";
}

bool YamlStyle::is_inline(std::string_view parent, std::string_view name, const Value& value,
                          std::size_t indent) const {
    if (!is_container(value)) return true;
    const bool wanted =
        value.if_list() ? flow_list(name) && all_scalars(*value.if_list()) : flow_map(parent, name);
    return wanted && indent + name.size() + 2 + flow(value).size() <= kWidth;
}

std::string YamlStyle::literal(std::string_view text, std::size_t indent) const {
    std::string out = text.ends_with('\n') ? "|" : "|-";
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string_view line : split(text, '\n')) {
        out += newline_;
        if (!line.empty()) out.append(indent, ' ') += line;
    }
    return out;
}

/// What stands behind "key:" or a dash, with the line's end; `indent` is the key's.
std::string YamlStyle::after_key(std::string_view parent, std::string_view name, const Value& value,
                                 std::size_t indent, std::optional<bool> inline_map) const {
    const std::string* text = value.if_string();
    if (text && is_literal(*text)) return " " + literal(*text, indent + step_) + newline_;
    const bool on_line = value.if_map() && inline_map && is_container(value)
                             ? *inline_map && indent + name.size() + 2 + flow(value).size() <= kWidth
                             : is_inline(parent, name, value, indent);
    if (on_line) return " " + flow(value) + newline_;
    return newline_ + below(name, value, indent);
}

std::string YamlStyle::below(std::string_view name, const Value& value, std::size_t indent) const {
    std::string out;
    if (const ValueMap* map = value.if_map()) add_map(out, name, *map, indent + step_);
    if (const ValueList* list = value.if_list())
        for (const Value& one : *list)
            out += item(name, one, indent + dash_);
    return out;
}

void YamlStyle::add_map(std::string& out, std::string_view name, const ValueMap& map,
                        std::size_t indent) const {
    for (const auto& [inner, value] : map)
        out += entry(name, inner, value, indent);
}

std::string YamlStyle::entry(std::string_view parent, std::string_view name, const Value& value,
                             std::size_t indent, std::optional<bool> inline_map) const {
    return std::string(indent, ' ') + key(name) + ":" + after_key(parent, name, value, indent, inline_map);
}

std::string YamlStyle::item(std::string_view list, const Value& value, std::size_t indent) const {
    const std::string name = std::string(list) + "[]";
    const std::string* text = value.if_string();
    std::string out = std::string(indent, ' ') + "- ";
    if (text && is_literal(*text)) return out + literal(*text, indent + 2) + newline_;
    if (is_inline(list, name, value, indent)) return out + flow(value) + newline_;
    std::string lines;
    if (const ValueMap* map = value.if_map()) add_map(lines, name, *map, indent + 2);
    if (const ValueList* inner = value.if_list())
        for (const Value& one : *inner)
            lines += item(name, one, indent + 2);
    return out + lines.substr(indent + 2); // the first goes behind the dash
}

} // namespace detail
} // namespace lab::spec
