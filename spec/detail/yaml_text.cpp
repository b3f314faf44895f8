#include "spec/detail/yaml_text.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lab::spec::detail {

namespace {

/// Bytes that need a second look: control characters but for tab and line feed, DEL, and all that is not
/// ASCII.
constexpr std::array<bool, 256> special_bytes() {
    std::array<bool, 256> special{};
    for (std::size_t byte = 0; byte < 256; ++byte)
        special[byte] = (byte < 0x20 && byte != '\t' && byte != '\n') || byte >= 0x7f;
    return special;
}
constexpr auto kSpecial = special_bytes();

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

/// What is wrong with the character of `length` bytes at `at`; empty where nothing is.
std::string complaint_about(std::string_view text, std::size_t at, std::size_t length) {
    const std::uint8_t byte = byte_at(text, at);
    if (length == 0) return fmt::format("byte 0x{:02x} is not UTF-8", byte);
    if (byte == '\r') {
        if (at + 1 < text.size() && text[at + 1] == '\n') return {};
        return "a carriage return without a line feed";
    }
    if (byte < 0x80) return fmt::format("control character U+{:04X}", byte);
    if (length == 2 && byte == 0xc2 && byte_at(text, at + 1) < 0xa0 && byte_at(text, at + 1) != 0x85)
        return fmt::format("control character U+{:04X}", byte_at(text, at + 1));
    if (text.substr(at, 3) == "\xef\xbb\xbf") return "a byte order mark (U+FEFF) inside the text";
    if (text.substr(at, 3) == "\xef\xbf\xbe" || text.substr(at, 3) == "\xef\xbf\xbf")
        return "a code point that is no character";
    return {};
}

} // namespace

TextCheck check_text(std::string_view text) {
    TextCheck check;
    for (std::size_t at = 0; at < text.size();) {
        if (!kSpecial[byte_at(text, at)]) {
            ++at;
            continue;
        }
        const std::size_t length = utf8_length(text.substr(at));
        if (std::string what = complaint_about(text, at, length); !what.empty()) {
            check.bad = at;
            check.what = std::move(what);
            return check;
        }
        check.ascii = check.ascii && length == 1;
        at += length;
    }
    return check;
}

std::size_t count_characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

Place place_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    return {static_cast<std::uint32_t>(lines) + 1, static_cast<std::uint32_t>(count_characters(line)) + 1, 1};
}

std::uint32_t ColumnCounter::column(std::size_t line_start, std::size_t offset) {
    if (ascii_) return static_cast<std::uint32_t>(offset - line_start) + 1;
    if (line_start != line_start_ || offset < counted_to_) {
        line_start_ = counted_to_ = line_start;
        count_ = 0;
    }
    count_ += count_characters(text_.substr(counted_to_, offset - counted_to_));
    counted_to_ = offset;
    return static_cast<std::uint32_t>(count_) + 1;
}

std::uint32_t ColumnCounter::length(std::size_t begin, std::size_t end) const {
    return static_cast<std::uint32_t>(ascii_ ? end - begin
                                             : count_characters(text_.substr(begin, end - begin)));
}

} // namespace lab::spec::detail
