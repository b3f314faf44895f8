#pragma once
// Why a text is not YAML, in words for the person who wrote it: yaml-cpp says where its scanner stopped, this
// looks at the text around that for the slip behind it.

#include "spec/document.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

struct Complaint {
    std::string code;
    std::string message;
    std::size_t at = 0; // byte offset
    std::string help;
    std::string note; // empty: no note
    std::size_t note_at = 0;
};

/// What is open at `end`, by a quick reading from the beginning that is exact for well-formed text before it.
struct OpenAt {
    std::vector<std::size_t> brackets; // offsets of '[' and '{', outermost first
    std::optional<std::size_t> quote;  // offset of the quote
};
OpenAt open_at(std::string_view text, std::size_t end);

/// yaml-cpp stopped at `offset` with `message`.
Complaint explain(std::string_view text, std::size_t offset, std::string_view message);

/// The quote that is open at the end of the text.
Complaint explain_unclosed_quote(std::string_view text);

/// The bracket that is open at the end of the text, or the quote inside it.
Complaint explain_unclosed_bracket(std::string_view text);

/// The scalar at `key` stands where a key of a map must, without a ':' behind it.
Complaint explain_key_without_colon(std::string_view text, std::size_t key);

/// A second document began at `offset`; `root` is where the first one's root is.
Complaint explain_second_document(std::string_view text, std::size_t offset, std::size_t root);

/// yaml-cpp read from `from` on to `to`, too far for our limits, without making sense of it.
Complaint explain_runaway(std::string_view text, std::size_t from, std::size_t to, const YamlLimits& limits);

} // namespace lab::spec::detail
