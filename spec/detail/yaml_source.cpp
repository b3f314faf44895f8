#include "spec/detail/yaml_source.h"

#include "support/text.h"

#include <algorithm>

namespace lab::spec::detail {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_flow_indicator(char c) {
    return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

bool ends_word(std::string_view text, std::size_t at) {
    return at >= text.size() || is_space(text[at]);
}

/// One past a plain scalar on its line.
std::size_t plain_end(std::string_view text, std::size_t at, bool in_flow) {
    std::size_t end = at;
    for (; end < text.size() && text[end] != '\n' && text[end] != '\r'; ++end) {
        const char c = text[end];
        if (in_flow && is_flow_indicator(c)) break;
        if (c == ':' && (ends_word(text, end + 1) || (in_flow && is_flow_indicator(text[end + 1])))) break;
        if (c == '#' && end > at && is_space(text[end - 1])) break;
    }
    while (end > at && is_space(text[end - 1]))
        --end;
    return end;
}

std::size_t flow_end(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '[' || c == '{') {
            ++depth;
            ++at;
        } else if (c == ']' || c == '}') {
            ++at;
            if (--depth == 0) return at;
        } else if (c == '"' || c == '\'') {
            at = quoted_end(text, at);
        } else if (c == '#' && is_space(text[at - 1])) {
            at = text.find('\n', at);
        } else if (is_space(c) || c == ',' || c == ':' || c == '?') {
            ++at;
        } else {
            at = std::max(plain_end(text, at, /*in_flow=*/true), at + 1);
        }
    }
    return kNone;
}

} // namespace

std::size_t quoted_end(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
            ++i;
        }
    }
    return kNone;
}

std::size_t inline_end(std::string_view text, std::size_t at, bool in_flow) {
    if (at >= text.size()) return kNone;
    if (text[at] == '[' || text[at] == '{') return flow_end(text, at);
    if (text[at] == '"' || text[at] == '\'') return quoted_end(text, at);
    return plain_end(text, at, in_flow);
}

SourceText::SourceText(const Document& document) : text_(document.text()) {
    // No line has the byte order mark: it stays whatever becomes of the first one.
    starts_.push_back(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    for (std::size_t i = text_.find('\n'); i != kNone && i + 1 < text_.size(); i = text_.find('\n', i + 1))
        starts_.push_back(i + 1);
}

std::size_t SourceText::offset(const Node& node) const {
    if (node.line() == 0) return start(0);
    std::size_t at = start(node.line() - 1);
    for (std::uint32_t column = 1; column < node.column() && at < text_.size(); ++column)
        at += std::max<std::size_t>(utf8_length(text_.substr(at, 4)), 1);
    return at;
}

std::size_t SourceText::content_offset(const Node& node) const {
    std::size_t at = offset(node);
    if (at >= text_.size() || text_[at] != '&') return at;
    while (!ends_word(text_, at))
        ++at;
    while (at < text_.size() && (is_space(text_[at]) || text_[at] == '#'))
        at = text_[at] == '#' ? std::min(text_.find('\n', at), text_.size()) : at + 1;
    return at;
}

std::size_t SourceText::line_of(std::size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return static_cast<std::size_t>(next - starts_.begin()) - 1;
}

std::size_t SourceText::start(std::size_t line) const {
    return line < starts_.size() ? starts_[line] : text_.size();
}

std::string_view SourceText::line(std::size_t number) const {
    std::string_view content = text_.substr(start(number), start(number + 1) - start(number));
    while (content.ends_with('\n') || content.ends_with('\r'))
        content.remove_suffix(1);
    return content;
}

std::size_t SourceText::indent(std::size_t number) const {
    return std::min(line(number).find_first_not_of(' '), line(number).size());
}

bool SourceText::is_blank(std::size_t number) const {
    return line(number).find_first_not_of(" \t") == kNone;
}

bool SourceText::is_comment(std::size_t number) const {
    const std::string_view content = line(number);
    const auto first = content.find_first_not_of(" \t");
    return first != kNone && content[first] == '#';
}

bool SourceText::is_first(std::size_t offset) const {
    const std::size_t begin = start(line_of(offset));
    return text_.substr(begin, offset - begin).find_first_not_of(' ') == kNone;
}

std::size_t SourceText::content_end(std::size_t first, std::size_t end, std::size_t indent_of_entry) const {
    std::size_t last = end;
    while (last > first + 1 && (is_blank(last - 1) || is_comment(last - 1)))
        --last;
    for (std::size_t line = last; line < end && (is_blank(line) || indent(line) > indent_of_entry); ++line)
        if (!is_blank(line)) last = line + 1;
    return last;
}

std::size_t SourceText::document_end() const {
    std::size_t end = lines();
    while (end > 0 && (is_blank(end - 1) || is_comment(end - 1)))
        --end;
    return end > 0 && line(end - 1).starts_with("...") ? end - 1 : lines();
}

} // namespace lab::spec::detail
