#include "editor/protocol.h"

#include "editor/uri.h"

#include <algorithm>
#include <limits>

namespace lab::editor {
namespace {

std::optional<std::uint32_t> count_from(const Value* value) {
    const std::int64_t* number = value ? value->if_int() : nullptr;
    // LSP's uinteger ends at 2^31 - 1.
    if (!number || *number < 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

} // namespace

Value response(const Value& id, Value result) {
    return ValueMap{{"jsonrpc", Value("2.0")}, {"id", id}, {"result", std::move(result)}};
}

Value error_response(const Value& id, int code, std::string message) {
    return ValueMap{
        {"jsonrpc", Value("2.0")},
        {"id", id},
        {"error", Value(ValueMap{{"code", Value(code)}, {"message", Value(std::move(message))}})}};
}

Value notification(std::string_view method, Value params) {
    return ValueMap{{"jsonrpc", Value("2.0")}, {"method", Value(method)}, {"params", std::move(params)}};
}

Value to_value(Position position) {
    return ValueMap{{"line", Value(std::int64_t{position.line})},
                    {"character", Value(std::int64_t{position.character})}};
}

Value to_value(const Range& range) {
    return ValueMap{{"start", to_value(range.start)}, {"end", to_value(range.end)}};
}

std::optional<Position> position_from(const Value* value) {
    if (!value) return std::nullopt;
    const auto line = count_from(value->get("line")), character = count_from(value->get("character"));
    if (!line || !character) return std::nullopt;
    return Position{*line, *character};
}

std::optional<Range> range_from(const Value* value) {
    if (!value) return std::nullopt;
    const auto start = position_from(value->get("start")), end = position_from(value->get("end"));
    if (!start || !end) return std::nullopt;
    return Range{*start, *end};
}

const std::string* text_at(const Value& value, std::string_view key) {
    const Value* member = value.get(key);
    return member ? member->if_string() : nullptr;
}

const std::string* document_uri(const Value& params) {
    const Value* document = params.get("textDocument");
    return document ? text_at(*document, "uri") : nullptr;
}

Range range_of(const Span& span, const SourceLines& lines) {
    if (!span.known() || span.line == 0) return {};
    const auto line = lines ? lines(std::string(*span.file), span.line) : std::nullopt;
    Range range = Buffer(line.value_or(std::string())).range(1, span.column, std::max(span.length, 1u));
    range.start.line = range.end.line = span.line - 1;
    return range;
}

Value location_of(const Span& span, const SourceLines& lines, const std::filesystem::path& root) {
    return ValueMap{{"uri", Value(uri_of(root / *span.file))}, {"range", to_value(range_of(span, lines))}};
}

Value to_lsp(const Diagnostic& diagnostic, const SourceLines& lines, const std::filesystem::path& root) {
    std::string message = diagnostic.message;
    if (!diagnostic.help.empty()) message += "\n" + diagnostic.help;
    ValueMap result{{"range", to_value(range_of(diagnostic.at, lines))},
                    {"severity", Value(diagnostic.severity == Severity::Error ? 1 : 2)},
                    {"code", Value(diagnostic.code)},
                    {"source", Value("lab")},
                    {"message", Value(std::move(message))}};
    ValueList related;
    for (const Diagnostic::Note& note : diagnostic.notes)
        if (note.at.known())
            related.emplace_back(
                ValueMap{{"location", location_of(note.at, lines, root)}, {"message", Value(note.message)}});
    if (!related.empty()) result.append("relatedInformation", Value(std::move(related)));
    return result;
}

} // namespace lab::editor
