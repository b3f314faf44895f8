#pragma once
// How far a written value reaches: a Span says only where it begins.

#include "spec/document.h"

namespace lab::spec {

/// The last line of the value that begins at a place, or of that of the key there; `line` itself where
/// nothing begins. Comments behind it are not part of it. No field has a whole definition as its value: at
/// the place of one its first key is meant.
std::uint32_t last_line(const Document& document, std::uint32_t line, std::uint32_t column);

} // namespace lab::spec
