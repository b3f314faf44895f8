#include "spec/detail/yaml_complaint.h"

#include "spec/detail/document_builder.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>

#include <algorithm>

namespace lab::spec::detail {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
bool is_space(char c) {
    return is_blank(c) || c == '\n' || c == '\r';
}

/// A line of the text around an offset.
struct Line {
    std::string_view text;  // without its end
    std::size_t start = 0;  // offset of its first byte
    std::size_t indent = 0; // blanks before its content
    std::string_view content() const { return text.substr(indent); }
    bool tab_indented() const { return text.substr(0, indent).find('\t') != npos; }
};

Line line_at(std::string_view text, std::size_t offset) {
    const std::size_t before = offset == 0 ? npos : text.rfind('\n', offset - 1);
    Line line;
    line.start = before == npos ? 0 : before + 1;
    line.text = text.substr(line.start, text.find('\n', line.start) - line.start);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    line.indent = std::min(line.text.find_first_not_of(" \t"), line.text.size());
    return line;
}

/// The last line before `start` that is more than blanks and a comment.
std::optional<Line> content_line_before(std::string_view text, std::size_t start) {
    while (start > 0) {
        const Line line = line_at(text, start - 1);
        if (!line.content().empty() && line.content()[0] != '#') return line;
        start = line.start;
    }
    return std::nullopt;
}

/// Where a ':' with a blank or the line's end behind it is; npos where none is.
std::size_t colon_in(std::string_view content) {
    for (std::size_t at = content.find(':'); at != npos; at = content.find(':', at + 1))
        if (at + 1 == content.size() || is_blank(content[at + 1])) return at;
    return npos;
}

bool is_item(std::string_view content) {
    return content.starts_with('-') && (content.size() == 1 || is_blank(content[1]));
}

std::string what_is_at(std::string_view text, std::size_t offset) {
    const std::size_t at = text.find_first_not_of(" \t\r\n", offset);
    if (at == npos) return "the end of the file";
    return fmt::format("'{}'", excerpt(text.substr(at)));
}

Complaint made(std::string message, std::size_t at, std::string help) {
    Complaint complaint;
    complaint.code = "yaml/syntax";
    complaint.message = std::move(message);
    complaint.at = at;
    complaint.help = std::move(help);
    return complaint;
}

Complaint with_note(Complaint complaint, std::string note, std::size_t at) {
    complaint.note = std::move(note);
    complaint.note_at = at;
    return complaint;
}

Complaint with_code(Complaint complaint, std::string code) {
    complaint.code = std::move(code);
    return complaint;
}

Complaint tab_complaint(std::string_view text, std::size_t from) {
    return made("a tab is used for indentation", std::min(text.find('\t', from), text.size()),
                "indent with spaces");
}

Complaint unclosed_quote(std::string_view text, std::size_t offset) {
    const std::size_t quote = open_at(text, offset).quote.value_or(offset);
    const char mark = quote < text.size() ? text[quote] : '"';
    return made(fmt::format("the quote {} is never closed", mark), quote,
                fmt::format("add {} where the text ends", mark));
}

Complaint flow_end_missing(std::string_view text, std::size_t offset) {
    const OpenAt open = open_at(text, offset);
    if (open.quote) return unclosed_quote(text, offset);
    if (open.brackets.empty())
        return made(fmt::format("unexpected {}", what_is_at(text, offset)), offset, {});
    const std::size_t opening = open.brackets.back();
    const bool list = text[opening] == '[';
    const char closing = list ? ']' : '}';
    const std::string wanted = fmt::format("',' or '{}'", closing);
    if (line_at(text, opening).start == line_at(text, offset).start &&
        text.find_first_not_of(" \t\r\n", offset) != npos)
        return with_note(made(fmt::format("expected {} in the {}, found {}", wanted, list ? "list" : "map",
                                          what_is_at(text, offset)),
                              offset, "put quotes around a text with one of , [ ] { } : in it"),
                         fmt::format("the {} begins here", list ? "list" : "map"), opening);
    return with_note(made(fmt::format("'{}' is never closed", text[opening]), opening,
                          fmt::format("add '{}' where the {} ends", closing, list ? "list" : "map")),
                     fmt::format("found {} where {} was expected", what_is_at(text, offset), wanted), offset);
}

Complaint stray_flow_end(std::string_view text, std::size_t offset) {
    const OpenAt open = open_at(text, offset);
    const char closing = offset < text.size() ? text[offset] : ']';
    if (open.brackets.empty())
        return made(fmt::format("'{}' closes nothing", closing), offset,
                    "remove it, or put quotes around the text it belongs to");
    const std::size_t opening = open.brackets.back();
    return with_note(made(fmt::format("'{}' cannot close '{}'", closing, text[opening]), offset,
                          fmt::format("close it with '{}'", text[opening] == '[' ? ']' : '}')),
                     "opened here", opening);
}

/// A ':' that ends a key where no key may be.
Complaint misplaced_colon(std::string_view text, std::size_t offset) {
    constexpr std::size_t kLongestKey = 1024; // of yaml-cpp and the standard
    const Line line = line_at(text, offset);
    const std::string_view before = line.text.substr(0, offset - line.start);
    if (line.tab_indented()) return tab_complaint(text, line.start);
    if (before.size() > kLongestKey && colon_in(before) == npos)
        return made("a key of more than 1024 characters", line.start + line.indent, "shorten it");
    if (is_item(line.content()) && before.find('\t') != npos)
        return made("a tab between '-' and a key", line.start + before.find('\t'),
                    "write one space after '-'");
    if (colon_in(before) != npos) return made("a ': ' inside a value", offset, "put quotes around the value");
    const std::string key = excerpt(before.substr(std::min(line.indent, before.size())));
    const auto above = content_line_before(text, line.start);
    if (!above) return made("unexpected ':'", offset, "put quotes around the text it belongs to");
    if (above->indent < line.indent)
        return with_note(made(fmt::format("the key '{}' is indented into the value above it", key),
                              line.start + line.indent, "align it with the key it belongs beside"),
                         "the value begins on this line", above->start + above->indent);
    return made(fmt::format("expected 'key: value', found '{}'", excerpt(above->content())),
                above->start + above->indent, "a key ends in ':' and a space");
}

/// Something that is no entry of the block map or list it stands in.
Complaint misplaced_token(std::string_view text, std::size_t offset, bool in_list) {
    const Line line = line_at(text, offset);
    const std::string_view content = line.content();
    if (line.tab_indented()) return tab_complaint(text, line.start);
    if (offset >= text.size()) return made("the file ends in the middle of a value", text.size(), {});
    if (offset > line.start + line.indent) {
        const char last = text[text.find_last_not_of(" \t", offset - 1)];
        return made(fmt::format("unexpected {} after the value", what_is_at(text, offset)), offset,
                    last == '\'' ? "an apostrophe inside '...' is written twice: ''"
                                 : "put quotes around the whole value");
    }
    if (is_item(content))
        return made("this '-' lines up with no list above it", offset,
                    "give the items of one list the same indentation");
    const std::size_t colon = colon_in(content);
    if (in_list)
        return made(fmt::format("expected '- ' and a list item, found '{}'", excerpt(content)), offset,
                    "items of a list begin with '- '; a key of the map outside is indented less");
    if (colon != npos)
        return made(
            fmt::format("the key '{}' lines up with no map above it", excerpt(content.substr(0, colon))),
            offset, "give the keys of one map the same indentation");
    if (const std::size_t tight = content.find(':'); tight != npos)
        return made(fmt::format("no space after ':' in '{}'", excerpt(content)), offset + tight,
                    "write 'key: value'");
    return made(fmt::format("expected 'key: value', found '{}'", excerpt(content)), offset,
                "a key ends in ':' and a space");
}

Complaint misplaced_dash(std::string_view text, std::size_t offset) {
    const Line line = line_at(text, offset);
    if (line.tab_indented()) return tab_complaint(text, line.start);
    if (!open_at(text, offset).brackets.empty())
        return made("'- ' inside brackets", offset, "write the items with ',' between them");
    if (text.substr(line.start, offset - line.start).find('\t') != npos)
        return made("a tab before '-'", line.start + line.text.find('\t'), "write one space");
    return made("a list cannot begin on the line of its key", offset,
                "write each '- item' on a line of its own, or all as [a, b]");
}

Complaint impossible_start(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return made("the file ends in the middle of a value", text.size(), {});
    return made(fmt::format("a value cannot begin with '{}'", excerpt(text.substr(offset, 1))), offset,
                "put quotes around the text");
}

std::size_t last_of(std::string_view text, char c, std::size_t offset) {
    const std::size_t at = offset == 0 ? npos : text.rfind(c, offset - 1);
    return at == npos ? offset : at;
}

/// The word that `offset` is in or right behind.
std::string_view word_before(std::string_view text, std::size_t offset) {
    std::size_t start = std::min(offset, text.size());
    while (start > 0 && !is_space(text[start - 1]) && std::string_view("[]{},").find(text[start - 1]) == npos)
        --start;
    return text.substr(start, text.find_first_of(" \t\r\n,[]{}", start) - start);
}

Complaint bad_escape(std::string_view text, std::size_t offset, bool known) {
    const std::size_t at = known ? last_of(text, '\\', offset) : offset - std::min<std::size_t>(offset, 2);
    if (const std::string_view digits = text.substr(at).substr(0, 4);
        known && (digits.starts_with("\\ud") || digits.starts_with("\\uD")) && digits.back() >= '8')
        return made("half of a pair of surrogates", at,
                    "give both, \\ud800 to \\udbff and then \\udc00 to \\udfff, or \\U and 8 digits");
    if (known)
        return made("a \\x, \\u or \\U with wrong digits", at,
                    "give 2, 4 or 8 hexadecimal digits of a character");
    return made(fmt::format("unknown escape '{}'", excerpt(text.substr(at, offset - at))), at,
                "inside \"...\" a backslash is written \\\\; inside '...' it is an ordinary character");
}

Complaint bad_alias(std::string_view text, std::size_t offset) {
    const std::string_view word = word_before(text, offset);
    return with_code(made(fmt::format("'{}' is no valid anchor or alias", excerpt(word)),
                          static_cast<std::size_t>(word.data() - text.data()),
                          "where text begins with '*' or '&', put quotes around it"),
                     "yaml/alias");
}

Complaint bad_tag(std::string_view text, std::size_t offset) {
    const std::string_view word = word_before(text, offset);
    return with_code(made(fmt::format("the tag '{}' has no meaning here", excerpt(word)),
                          static_cast<std::size_t>(word.data() - text.data()),
                          "remove it; where text begins with '!', put quotes around the text"),
                     "yaml/tag");
}

Complaint unknown_anchor(std::string_view text, std::size_t offset) {
    const std::size_t end = text.find_first_of(" \t\r\n,[]{}", offset);
    const std::string name = excerpt(text.substr(offset, end - offset));
    return with_code(made(fmt::format("'{}' refers to no anchor above it", name), offset,
                          fmt::format("if the text is meant, put quotes around it: \"{}\"", name)),
                     "yaml/alias");
}

} // namespace

Complaint explain_unclosed_quote(std::string_view text) {
    return unclosed_quote(text, text.size());
}

Complaint explain_unclosed_bracket(std::string_view text) {
    return flow_end_missing(text, text.size());
}

Complaint explain_key_without_colon(std::string_view text, std::size_t key) {
    return misplaced_token(text, key, false);
}

OpenAt open_at(std::string_view text, std::size_t end) {
    OpenAt open;
    bool fresh = true; // a node may begin here
    const auto at_gap = [&](std::size_t at) { return at >= text.size() || is_space(text[at]); };
    for (std::size_t at = 0; at < end;) {
        const char c = text[at];
        const bool in_flow = !open.brackets.empty();
        if (is_space(c)) {
            fresh |= c == '\n';
            ++at;
        } else if (c == '#' && (at == 0 || is_space(text[at - 1]))) {
            at = std::min(text.find('\n', at), end);
        } else if (in_flow && (c == ']' || c == '}')) {
            open.brackets.pop_back();
            fresh = false;
            ++at;
        } else if ((fresh || in_flow) && (c == '[' || c == '{')) {
            open.brackets.push_back(at++);
            fresh = true;
        } else if (fresh && (c == '"' || c == '\'')) {
            std::size_t close = at + 1;
            while (close < end && text[close] != c)
                close += c == '"' && text[close] == '\\' ? 2u : 1u;
            if (close >= end) {
                open.quote = at;
                return open;
            }
            at = close + 1;
            fresh = c == '\'' && at < end && text[at] == '\''; // '' goes on with the same text
        } else if (fresh && !in_flow && (c == '|' || c == '>')) {
            const std::size_t indent = line_at(text, at).indent;
            at = std::min(text.find('\n', at), end);
            while (at < end) { // the lines that belong to the block
                const Line line = line_at(text, at + 1);
                if (!line.content().empty() && line.indent <= indent) break;
                at = std::min(text.find('\n', at + 1), end);
            }
        } else if (fresh && (c == '&' || c == '!')) {
            while (at < end && !is_space(text[at]))
                ++at;
        } else {
            fresh = ((c == ':' || (fresh && (c == '-' || c == '?'))) && at_gap(at + 1)) ||
                    (in_flow && c == ',') ||
                    (in_flow && c == ':' && at > 0 && (text[at - 1] == '"' || text[at - 1] == '\''));
            ++at;
        }
    }
    return open;
}

Complaint explain(std::string_view text, std::size_t offset, std::string_view message) {
    using namespace YAML::ErrorMsg;
    const auto is = [&](auto... known) { return ((message == known) || ...); };
    if (is(EOF_IN_SCALAR, DOC_IN_SCALAR)) return unclosed_quote(text, offset);
    if (is(END_OF_SEQ_FLOW, END_OF_MAP_FLOW)) return flow_end_missing(text, offset);
    if (is(FLOW_END)) return stray_flow_end(text, offset);
    if (is(MAP_VALUE)) return misplaced_colon(text, offset);
    if (is(END_OF_MAP, END_OF_SEQ)) return misplaced_token(text, offset, is(END_OF_SEQ));
    if (is(BLOCK_ENTRY)) return misplaced_dash(text, offset);
    if (is(UNKNOWN_TOKEN)) return impossible_start(text, offset);
    if (is(TAB_IN_INDENTATION)) return tab_complaint(text, offset);
    if (is(INVALID_HEX) || message.starts_with(INVALID_UNICODE)) return bad_escape(text, offset, true);
    if (message.starts_with(INVALID_ESCAPE)) return bad_escape(text, offset, false);
    if (is(UNKNOWN_ANCHOR)) return unknown_anchor(text, offset);
    if (is(ALIAS_NOT_FOUND, ANCHOR_NOT_FOUND, CHAR_IN_ALIAS, CHAR_IN_ANCHOR, MULTIPLE_ANCHORS, ALIAS_CONTENT))
        return bad_alias(text, offset);
    if (is(CHAR_IN_TAG_HANDLE, TAG_WITH_NO_SUFFIX, END_OF_VERBATIM_TAG, MULTIPLE_TAGS))
        return bad_tag(text, offset);
    if (is(CHAR_IN_BLOCK, ZERO_INDENT_IN_BLOCK))
        return made(fmt::format("unexpected {} after the sign of a block text", what_is_at(text, offset)),
                    offset, "the text begins on the next line, indented");
    if (is(MAP_KEY)) return made("unexpected '?'", offset, "put quotes around the text it belongs to");
    if (is(BAD_FILE)) return with_code(made("lists and maps nested too deeply", offset, {}), "yaml/too-deep");
    return made(fmt::format("this is not YAML: {}", message), offset, {});
}

Complaint explain_second_document(std::string_view text, std::size_t offset, std::size_t root) {
    const Line line = line_at(text, offset);
    const std::string_view before = text.substr(0, offset);
    if (text.substr(offset).starts_with("---") || before.rfind("\n...") != npos ||
        before.rfind("\n---") != npos)
        return with_code(
            made("a second document begins here", offset, "one file is one document: use a file for each"),
            "yaml/second-document");
    const Line first = line_at(text, root);
    if (line.tab_indented()) return tab_complaint(text, line.start);
    if (offset == line.start + line.indent && line.indent < root - first.start)
        return with_note(
            made(fmt::format("'{}' is indented less than the beginning of the file", excerpt(line.content())),
                 offset, "give both the same indentation"),
            "the file's first entry is here", root);
    return made(fmt::format("unexpected {} after the end of the file's {}", what_is_at(text, offset),
                            is_item(first.content()) ? "list" : "content"),
                offset, is_item(first.content()) ? "a file is a list or a map, not both" : "");
}

Complaint explain_runaway(std::string_view text, std::size_t from, std::size_t to, const YamlLimits& limits) {
    const OpenAt open = open_at(text, to);
    if (open.brackets.size() > limits.depth)
        return with_code(made(fmt::format("lists and maps nested more than {} levels deep", limits.depth),
                              open.brackets[limits.depth], "nothing in an inventory is nested that deeply"),
                         "yaml/too-deep");
    const std::string size = fmt::format("more than {} bytes", limits.scalar_bytes);
    if (open.quote)
        return with_code(made(fmt::format("a quoted text of {}", size), *open.quote,
                              "close the quote, or keep large content in a file of its own"),
                         "yaml/too-large");
    if (!open.brackets.empty())
        return with_code(made(fmt::format("a list or map in brackets of {}", size), open.brackets.front(),
                              "write it in lines, one '- item' or 'key: value' each"),
                         "yaml/too-large");
    return with_code(made(fmt::format("a text or comment of {}", size),
                          std::min(text.find_first_not_of(" \t\r\n", from), text.size()),
                          "keep large content in a file of its own"),
                     "yaml/too-large");
}

} // namespace lab::spec::detail
