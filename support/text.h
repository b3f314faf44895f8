#pragma once
// Text as bytes, UTF-8 and base64; nearest names; what is safe to print. Free of locale everywhere.

#include "support/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lab {

/// Bytes of the well-formed UTF-8 character (RFC 3629) that `text` begins with; 0 where it begins with none.
std::size_t utf8_length(std::string_view text) noexcept;
bool is_utf8(std::string_view text) noexcept;
/// Terminal columns of `text`: wide characters count 2, combining ones 0.
std::size_t display_width(std::string_view text) noexcept;

/// Control characters (C0 but for none, DEL, C1) and broken UTF-8 as \xNN, so that input cannot drive a
/// terminal. With `keep_newlines`, \n and \t pass.
std::string escape_controls(std::string_view text, bool keep_newlines = false);

/// RFC 4648 section 4, with padding. Decoding refuses anything else, white space too.
std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);

/// The candidate nearest to `word` by edits and transpositions, when it is near enough to be a likely slip.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);
std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// Whether `text` matches `pattern`, where `*` is any run of characters and `?` any one. Linear in practice,
/// never exponential.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;

std::string_view trim(std::string_view text) noexcept;
std::vector<std::string_view> split(std::string_view text, char separator);

/// "a string", "an integer", "a user"; "null", which is not one of many.
std::string with_article(std::string_view noun);

/// "1 server", "2 servers": `count` with the noun in the right number.
std::string counted(std::size_t count, std::string_view singular, std::string_view plural = {});

} // namespace lab
