#pragma once
// Where a place inside a template's text is in the file that the text was written in.

#include "support/diagnostics.h"

#include <cstdint>
#include <string_view>

namespace lab::spec::detail {

/// `scalar` is where a YAML scalar begins in `file_text`, `decoded` what it means; line, column and length
/// (from 1, in characters) are inside of that. Exact for plain, quoted and literal block scalars; else the
/// scalar's own place.
Span place_in_scalar(std::string_view file_text, const Span& scalar, std::string_view decoded,
                     std::uint32_t line, std::uint32_t column, std::uint32_t length);

} // namespace lab::spec::detail
