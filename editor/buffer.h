#pragma once
// The text of a file as an editor has it, by lines. Editors count columns in UTF-16 code units from 0, our
// documents in characters from 1; here they become bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lab::editor {

/// A place as LSP has it: line from 0, column from 0 in UTF-16 code units.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t character = 0;
    friend bool operator==(const Position&, const Position&) = default;
};
struct Range {
    Position start, end;
    friend bool operator==(const Range&, const Range&) = default;
};

class Buffer {
  public:
    explicit Buffer(std::string text = {});
    const std::string& text() const noexcept { return text_; }
    /// Line from 0, without its end; empty beyond the last.
    std::string_view line(std::size_t number) const noexcept;
    std::size_t lines() const noexcept { return starts_.size(); }

    /// A place beyond a line is its end, one beyond the text is the text's end; inside a character, its
    /// beginning.
    std::size_t offset(Position position) const noexcept;
    Position position(std::size_t offset) const noexcept;
    /// Of a Span: line and column from 1, both in characters; line 0 is the beginning of the file.
    Range range(std::uint32_t line, std::uint32_t column, std::uint32_t length) const noexcept;
    Range whole() const noexcept { return {{0, 0}, position(text_.size())}; }

    void replace(Range range, std::string_view text);

  private:
    void find_lines();
    std::string text_;
    std::vector<std::size_t> starts_; // of each line
};

/// UTF-16 code units of well-formed UTF-8; each broken byte counts as one.
std::uint32_t utf16_length(std::string_view text) noexcept;

} // namespace lab::editor
