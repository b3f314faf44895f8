#include "spec/detail/template_place.h"

#include "support/text.h"

#include <algorithm>
#include <optional>

namespace lab::spec::detail {
namespace {

/// Bytes of the character at `at`, at least 1.
std::size_t step(std::string_view text, std::size_t at) {
    return std::max<std::size_t>(1, utf8_length(text.substr(at)));
}

std::optional<std::size_t> offset_of(std::string_view text, std::uint32_t line, std::uint32_t column) {
    std::size_t at = 0;
    for (std::uint32_t i = 1; i < line; ++i) {
        at = text.find('\n', at);
        if (at == std::string_view::npos) return std::nullopt;
        ++at;
    }
    for (std::uint32_t i = 1; i < column; ++i) {
        if (at >= text.size() || text[at] == '\n') return std::nullopt;
        at += step(text, at);
    }
    return at < text.size() ? std::optional(at) : std::nullopt;
}

/// Characters before a place in the decoded text.
std::size_t characters_before(std::string_view decoded, std::uint32_t line, std::uint32_t column) {
    std::size_t count = 0, at = 0;
    for (std::uint32_t i = 1; i < line && at < decoded.size(); ++count) {
        if (decoded[at] == '\n') ++i;
        at += step(decoded, at);
    }
    return count + column - 1;
}

std::size_t escape_bytes(char kind) {
    switch (kind) {
    case 'x': return 4;
    case 'u': return 6;
    case 'U': return 10;
    default: return 2;
    }
}

/// Columns from the opening quote to the `count`-th character; nullopt where the scalar goes on in the next
/// line.
std::optional<std::uint32_t> columns_in_quotes(std::string_view rest, std::size_t count) {
    const char quote = rest[0];
    std::size_t at = 1;
    std::uint32_t columns = 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (at >= rest.size() || rest[at] == '\n') return std::nullopt;
        std::size_t bytes = step(rest, at), characters = 1;
        if (quote == '"' && rest[at] == '\\' && at + 1 < rest.size()) {
            if (rest[at + 1] == '\n') return std::nullopt;
            bytes = characters = escape_bytes(rest[at + 1]);
        } else if (quote == '\'' && rest[at] == '\'') {
            bytes = characters = 2;
        }
        at += bytes;
        columns += static_cast<std::uint32_t>(characters);
    }
    return columns;
}

/// Indentation of a literal block scalar whose header is at `header`: given in it, or of its first line with
/// text.
std::optional<std::uint32_t> block_indent(std::string_view text, std::size_t header) {
    std::size_t at = header + 1;
    for (; at < text.size() && text[at] != '\n'; ++at)
        if (text[at] >= '1' && text[at] <= '9')
            return std::nullopt; // relative to the parent: not worked out here
    while (at < text.size()) {
        const std::size_t start = ++at;
        while (at < text.size() && text[at] == ' ')
            ++at;
        if (at < text.size() && text[at] != '\n' && text[at] != '\r')
            return static_cast<std::uint32_t>(at - start);
        at = text.find('\n', at);
        if (at == std::string_view::npos) break;
    }
    return std::nullopt;
}

} // namespace

Span place_in_scalar(std::string_view file_text, const Span& scalar, std::string_view decoded,
                     std::uint32_t line, std::uint32_t column, std::uint32_t length) {
    const auto start = offset_of(file_text, scalar.line, scalar.column);
    if (!start) return scalar;
    Span place = scalar;
    place.length = length;
    const std::string_view rest = file_text.substr(*start);
    switch (rest[0]) {
    case '|':
        if (const auto indent = block_indent(file_text, *start)) {
            place.line = scalar.line + line;
            place.column = *indent + column;
            return place;
        }
        return scalar;
    case '"':
    case '\'':
        if (const auto columns = columns_in_quotes(rest, characters_before(decoded, line, column))) {
            place.column = scalar.column + *columns;
            return place;
        }
        return scalar;
    case '>':
    case '&':
    case '*':
    case '!': return scalar;
    default: break;
    }
    const std::string_view first_line = rest.substr(0, rest.find('\n'));
    if (line != 1 || column > first_line.size()) return scalar;
    place.column = scalar.column + column - 1;
    return place;
}

} // namespace lab::spec::detail
