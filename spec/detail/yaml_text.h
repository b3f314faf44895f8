#pragma once
// The text of a YAML file as bytes: whether it may be read at all, and where in it a byte is.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lab::spec::detail {

/// Line and column count from 1, columns and length in characters. Line 0: the file as a whole.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t length = 1;
};

struct TextCheck {
    std::size_t bad = std::string_view::npos; // the first byte that YAML does not allow
    std::string what;                         // what is wrong with it
    bool ascii = true;                        // so that a byte is a character; valid where nothing is bad
};

/// A file's text that passed check_text, without its byte order mark.
struct YamlBody {
    std::string_view text;
    bool ascii = true;
};

/// Well-formed UTF-8 of YAML's printable characters. A carriage return must end a line together with a line
/// feed.
TextCheck check_text(std::string_view text);

/// Characters of well-formed UTF-8.
std::size_t count_characters(std::string_view text) noexcept;

/// The place of the byte at `offset`, by reading from the beginning: for errors.
Place place_at(std::string_view text, std::size_t offset);

/// Columns of bytes asked for mostly in ascending order, so that a long line is counted once.
class ColumnCounter {
  public:
    ColumnCounter(std::string_view text, bool ascii) : text_(text), ascii_(ascii) {}
    std::uint32_t column(std::size_t line_start, std::size_t offset);
    std::uint32_t length(std::size_t begin, std::size_t end) const;

  private:
    std::string_view text_;
    bool ascii_;
    std::size_t line_start_ = 0;
    std::size_t counted_to_ = 0;
    std::size_t count_ = 0;
};

} // namespace lab::spec::detail
