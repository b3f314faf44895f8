#pragma once
// JSON-RPC 2.0 as LSP 3.17 uses it: messages in and out as Values.

#include "editor/buffer.h"
#include "support/diagnostics.h"
#include "support/value.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lab::editor {

// Error codes of JSON-RPC and LSP.
constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601,
              kInvalidParams = -32602, kNotInitialized = -32002, kRequestFailed = -32803,
              kRequestCancelled = -32800;

Value response(const Value& id, Value result);
Value error_response(const Value& id, int code, std::string message);
Value notification(std::string_view method, Value params);

Value to_value(Position position);
Value to_value(const Range& range);
std::optional<Position> position_from(const Value* value);
std::optional<Range> range_from(const Value* value);

/// A string member; null where there is none.
const std::string* text_at(const Value& value, std::string_view key);
/// params.textDocument.uri; null where there is none.
const std::string* document_uri(const Value& params);

/// Where a span is: columns are counted in the text that `lines` gives.
Range range_of(const Span& span, const SourceLines& lines);
/// {uri, range} of a span in an inventory at `root`.
Value location_of(const Span& span, const SourceLines& lines, const std::filesystem::path& root);
Value to_lsp(const Diagnostic& diagnostic, const SourceLines& lines, const std::filesystem::path& root);

} // namespace lab::editor
