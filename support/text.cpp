#include "support/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

namespace lab {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

/// The code point of the well-formed character of `length` bytes at the start of `text`.
char32_t code_point(std::string_view text, std::size_t length) {
    if (length == 1) return byte_at(text, 0);
    char32_t value = static_cast<char32_t>(byte_at(text, 0) & (0x7fu >> length));
    for (std::size_t i = 1; i < length; ++i)
        value = value << 6 | static_cast<char32_t>(byte_at(text, i) & 0x3fu);
    return value;
}

struct Range {
    char32_t first, last;
};

// The blocks that matter in names and comments, not the whole of Unicode's tables: a caret that is off by one
// under a rare script is better than a locale or a large table.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f},
    {0x06d6, 0x06dc}, {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948},   {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f},
    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x2705, 0x2705},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t point) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [point](Range range) { return range.first <= point && point <= range.last; });
}

std::string lower_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// Edits (insert, delete, replace, swap of neighbours) from `left` to `right`; anything above `limit` is
/// limit + 1.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
    const std::size_t longer = std::max(left.size(), right.size()),
                      shorter = std::min(left.size(), right.size());
    if (longer - shorter > limit) return limit + 1;
    std::vector<std::size_t> before(right.size() + 1), row(right.size() + 1), next(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = row[j - 1] + (left[i - 1] == right[j - 1] ? 0u : 1u);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                next[j] = std::min(next[j], before[j - 2] + 1);
        }
        std::swap(before, row);
        std::swap(row, next);
    }
    return row[right.size()];
}

/// A word cut short: "prod" for "production"; nullopt where several begin with it.
template <typename Text>
std::optional<std::string> only_one_beginning_with(const std::string& wanted,
                                                   std::span<const Text> candidates) {
    constexpr std::size_t kShortest = 3;
    if (wanted.size() < kShortest) return std::nullopt;
    const Text* found = nullptr;
    for (const auto& candidate : candidates) {
        if (candidate.size() <= wanted.size() || !lower_ascii(candidate).starts_with(wanted)) continue;
        if (found) return std::nullopt;
        found = &candidate;
    }
    return found ? std::optional(std::string(*found)) : std::nullopt;
}

template <typename Text>
std::optional<std::string> nearest_of(std::string_view word, std::span<const Text> candidates) {
    constexpr std::size_t kLongestWord = 256; // keeps the work small for hostile input
    if (word.empty() || word.size() > kLongestWord) return std::nullopt;
    const std::string wanted = lower_ascii(word);
    std::size_t best =
        std::max<std::size_t>(1, word.size() / 3) + 1; // one edit in three characters is a slip
    std::optional<std::string> found;
    for (const auto& candidate : candidates) {
        if (candidate.size() > kLongestWord || candidate == word) continue;
        const std::size_t distance = edit_distance(wanted, lower_ascii(candidate), best - 1);
        // A slip leaves something of the word standing: 'a' is no likely slip for 'b'.
        if (distance >= best || distance >= std::max(word.size(), candidate.size())) continue;
        best = distance;
        found = std::string(candidate);
        if (best == 0) break;
    }
    return found ? found : only_one_beginning_with(wanted, candidates);
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Error not_base64(std::string_view why) {
    return Error{.code = ErrorCode::Invalid, .message = fmt::format("no valid base64: {}", why)};
}

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const std::uint8_t lead = byte_at(text, 0);
    if (lead < 0x80) return 1;
    std::size_t length = 0;
    std::uint8_t low = 0x80, high = 0xbf; // what the second byte may be (RFC 3629, section 4)
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
    } else {
        return 0;
    }
    if (text.size() < length || byte_at(text, 1) < low || byte_at(text, 1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte_at(text, i) & 0xc0u) != 0x80) return 0;
    return length;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t display_width(std::string_view text) noexcept {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length <= 1) {
            ++width; // ASCII, or a broken byte that a terminal shows as one replacement character
            text.remove_prefix(1);
            continue;
        }
        const char32_t point = code_point(text, length);
        width += within(kZeroWidth, point) ? 0u : within(kWide, point) ? 2u : 1u;
        text.remove_prefix(length);
    }
    return width;
}

std::string escape_controls(std::string_view text, bool keep_newlines) {
    std::string out;
    out.reserve(text.size());
    const auto escape = [&out](std::uint8_t byte) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    };
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
        const std::uint8_t lead = byte_at(text, 0);
        const bool broken = length == 1 && lead >= 0x80;
        const bool kept = keep_newlines && (lead == '\n' || lead == '\t');
        const bool c1 = length == 2 && lead == 0xc2 && byte_at(text, 1) < 0xa0;
        if (broken || c1 || lead == 0x7f || (lead < 0x20 && !kept)) {
            for (std::size_t i = 0; i < length; ++i)
                escape(byte_at(text, i));
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (j < have ? byte_at(bytes, i + j) : 0u);
        for (std::size_t j = 0; j < 4; ++j)
            out += j <= have ? kBase64[group >> (18 - 6 * j) & 0x3f] : '=';
    }
    return out;
}

Result<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return not_base64("its length is no multiple of four");
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const bool last = i + 4 == text.size();
        const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const std::size_t digit = j < 4 - padding ? kBase64.find(text[i + j]) : 0;
            if (digit == std::string_view::npos)
                return not_base64(fmt::format("unexpected '{}'", escape_controls(text.substr(i + j, 1))));
            group = group << 6 | static_cast<std::uint32_t>(digit);
        }
        if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0))
            return not_base64(
                "bits are set behind its end"); // two texts for the same bytes would break digests
        for (std::size_t j = 0; j < 3 - padding; ++j)
            out += static_cast<char>(group >> (16 - 8 * j) & 0xff);
    }
    return out;
}

std::string hex_encode(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out += kDigits[byte_at(bytes, i) >> 4];
        out += kDigits[byte_at(bytes, i) & 0xf];
    }
    return out;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
    return nearest_of(word, candidates);
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
    return nearest_of(word, candidates);
}

bool glob_match(std::string_view pattern, std::string_view text) noexcept {
    // On a mismatch only the last '*' takes one more character: what earlier stars took can stay as it is.
    std::size_t p = 0, t = 0;
    std::size_t star = std::string_view::npos, taken = 0;
    while (t < text.size()) {
        const std::size_t length = std::max<std::size_t>(1, utf8_length(text.substr(t)));
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.size() && pattern[p] == '?') {
            ++p;
            t += length;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            taken += std::max<std::size_t>(1, utf8_length(text.substr(taken)));
            t = taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string with_article(std::string_view noun) {
    if (noun == "null") return "null";
    const bool vowel = std::string_view("aeio").find(noun.front()) != std::string_view::npos;
    return fmt::format("{} {}", vowel ? "an" : "a", noun);
}

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
    if (count == 1) return fmt::format("1 {}", singular);
    return plural.empty() ? fmt::format("{} {}s", count, singular) : fmt::format("{} {}", count, plural);
}

} // namespace lab
