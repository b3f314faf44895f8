#pragma once
// The values of scalars that yaml-cpp gets wrong or does not take, read from the text itself.

#include <optional>
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

/// Appends the character of the \u at the beginning of `text`, or of two that are JSON's pair of surrogates,
/// and gives their length; 0 where they are no character.
std::size_t append_unicode(std::string_view text, std::string& out);

/// Stands for a backslash that is hidden from yaml-cpp: no text that is read has this byte.
inline constexpr char kHiddenBackslash = '\x01';

/// `text` with hidden backslashes where it has an escaped pair of surrogates, which yaml-cpp refuses; nullopt
/// where it has none. In double quotes such a pair is an escape, elsewhere its backslashes are to be shown
/// again.
std::optional<std::string> hide_surrogate_pairs(std::string_view text);

} // namespace lab::spec::detail
