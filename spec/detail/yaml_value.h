#pragma once
// The values of scalars that yaml-cpp accepts and gets wrong, read from the text itself.

#include <string>
#include <string_view>

namespace lab::spec::detail {

/// The value of the quoted scalar at `at`, which yaml-cpp accepted: it drops line feeds before the closing
/// quote, and writes some escapes as no UTF-8.
std::string quoted_value(std::string_view text, std::size_t at);

/// What yaml-cpp read of the folded block at `at`, with the right end: where '+' keeps line feeds, it drops
/// one behind a line that is not indented further, and it makes a blank of the last where the file ends in
/// blanks.
std::string folded_value(std::string_view text, std::size_t at, std::string value);

} // namespace lab::spec::detail
