#pragma once
// JSON (RFC 8259) in and out of Value. Boost.JSON parses; the writer is ours because its bytes are a
// contract.

#include "support/value.h"

namespace lab {

struct JsonLimits {
    std::size_t bytes = 64u << 20;
    std::size_t depth = 32;
};

/// Parses one document. Refused: trailing text, invalid UTF-8, a key given twice, numbers out of range, and
/// anything over the limits. The error says where (line and column).
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact, keys in the order of the map. Bytes of a string that are no UTF-8 come out as U+FFFD: what may be
/// binary must be encoded before (see encode_bytes).
std::string write_json(const Value& value);
/// The same with two spaces of indentation and a final newline, for people.
std::string write_json_pretty(const Value& value);
/// Compact with keys sorted bytewise at every level: equal values give equal bytes. What digests are made of.
std::string write_json_canonical(const Value& value);
std::string write_json_canonical(const ValueMap& map);
/// The same behind what is in `out`, whose memory is used again.
void append_json_canonical(std::string& out, const Value& value);
void append_json_canonical(std::string& out, const ValueMap& map);

/// Text as it is when it is UTF-8 without NUL; else {"base64": "..."}.
Value encode_bytes(std::string_view bytes);
Result<std::string> decode_bytes(const Value& value);

} // namespace lab
