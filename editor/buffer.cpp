#include "editor/buffer.h"

#include "support/text.h"

#include <algorithm>

namespace lab::editor {
namespace {

/// Bytes of the character at the front, at least 1.
std::size_t character_bytes(std::string_view text) {
    return std::max<std::size_t>(utf8_length(text), 1);
}

std::uint32_t units(std::size_t bytes) {
    return bytes == 4 ? 2 : 1; // beyond the basic plane: a surrogate pair
}

} // namespace

std::uint32_t utf16_length(std::string_view text) noexcept {
    std::uint32_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t bytes = character_bytes(text.substr(at));
        count += units(bytes);
        at += bytes;
    }
    return count;
}

Buffer::Buffer(std::string text) : text_(std::move(text)) {
    find_lines();
}

void Buffer::find_lines() {
    starts_.assign(1, 0);
    for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1))
        starts_.push_back(at + 1);
}

std::string_view Buffer::line(std::size_t number) const noexcept {
    if (number >= starts_.size()) return {};
    const std::size_t end = number + 1 < starts_.size() ? starts_[number + 1] - 1 : text_.size();
    std::string_view line = std::string_view(text_).substr(starts_[number], end - starts_[number]);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t Buffer::offset(Position position) const noexcept {
    if (position.line >= starts_.size()) return text_.size();
    const std::string_view text = line(position.line);
    std::size_t at = 0;
    for (std::uint32_t count = 0; at < text.size();) {
        const std::size_t bytes = character_bytes(text.substr(at));
        count += units(bytes);
        if (count > position.character) break;
        at += bytes;
    }
    return starts_[position.line] + at;
}

Position Buffer::position(std::size_t offset) const noexcept {
    offset = std::min(offset, text_.size());
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto number = static_cast<std::size_t>(next - starts_.begin()) - 1;
    const std::string_view before = std::string_view(text_).substr(starts_[number], offset - starts_[number]);
    return {static_cast<std::uint32_t>(number), utf16_length(before)};
}

Range Buffer::range(std::uint32_t number, std::uint32_t column, std::uint32_t length) const noexcept {
    if (number == 0) return {};
    const std::string_view text = line(number - 1);
    const auto skip = [&](std::size_t at, std::uint32_t characters) {
        for (; characters > 0 && at < text.size(); --characters)
            at += character_bytes(text.substr(at));
        return std::min(at, text.size());
    };
    const std::size_t begin = skip(0, column == 0 ? 0 : column - 1);
    const std::size_t end = skip(begin, length);
    return {{number - 1, utf16_length(text.substr(0, begin))},
            {number - 1, utf16_length(text.substr(0, end))}};
}

void Buffer::replace(Range range, std::string_view text) {
    const std::size_t begin = offset(range.start);
    const std::size_t end = std::max(offset(range.end), begin);
    text_.replace(begin, end - begin, text);
    find_lines();
}

} // namespace lab::editor
