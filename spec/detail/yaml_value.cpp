#include "spec/detail/yaml_value.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace lab::spec::detail {
namespace {

constexpr auto kNone = std::string_view::npos;

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto byte = [&out](std::uint32_t bits) { out += static_cast<char>(bits); };
    const auto rest = [&](std::uint32_t shift) { byte(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xc0 | (code >> 6));
    } else {
        if (code < 0x10000) {
            byte(0xe0 | (code >> 12));
        } else {
            byte(0xf0 | (code >> 18));
            rest(12);
        }
        rest(6);
    }
    rest(0);
}

/// `digits` hexadecimal digits at the beginning of a text; nullopt where there are fewer.
std::optional<std::uint32_t> hexadecimal(std::string_view text, std::size_t digits) {
    const std::string_view found = text.substr(0, digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), code, 16);
    if (found.size() != digits || error != std::errc{} || end != found.data() + digits) return std::nullopt;
    return code;
}

/// The code unit of the \u at the beginning of `text`.
std::optional<std::uint32_t> code_unit(std::string_view text) {
    return text.starts_with("\\u") ? hexadecimal(text.substr(2), 4) : std::nullopt;
}

bool is_high(std::uint32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low(std::uint32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

constexpr std::size_t kUnit = 6; // bytes of \u and its digits

/// What an escape of one letter stands for; the letter itself where that is what it does.
std::uint32_t escaped(char letter) {
    switch (letter) {
    case '0': return 0;
    case 'a': return 7;
    case 'b': return 8;
    case 't': return '\t';
    case 'n': return '\n';
    case 'v': return 11;
    case 'f': return 12;
    case 'r': return '\r';
    case 'e': return 27;
    case 'N': return 0x85;
    case '_': return 0xa0;
    case 'L': return 0x2028;
    case 'P': return 0x2029;
    default: return static_cast<std::uint8_t>(letter);
    }
}

class Quoted {
  public:
    Quoted(std::string_view text, std::size_t at) : text_(text), at_(at + 1), quote_(text[at]) {}

    std::string value() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == quote_) {
                if (quote_ == '"' || text_.substr(at_, 2) != "''") break;
                at_ += 2;
                out_ += c;
            } else if (c == '\\' && quote_ == '"') {
                ++at_;
                solid_ = out_.size();
                if (skip_break())
                    fold(/*joined=*/true);
                else
                    escape();
                solid_ = out_.size();
            } else if (skip_break()) {
                while (out_.size() > solid_ && is_blank(out_.back()))
                    out_.pop_back();
                fold(/*joined=*/false);
            } else {
                out_ += c;
                ++at_;
            }
        }
        return std::move(out_);
    }

  private:
    bool skip_break() {
        const std::string_view rest = text_.substr(at_, 2);
        if (!rest.starts_with('\n') && rest != "\r\n") return false;
        at_ += rest[0] == '\r' ? 2u : 1u;
        return true;
    }

    /// What a line's end, the empty lines behind it and the blanks before the next text come to.
    void fold(bool joined) {
        std::size_t empty = 0;
        while (true) {
            while (at_ < text_.size() && is_blank(text_[at_]))
                ++at_;
            if (!skip_break()) break;
            ++empty;
        }
        if (empty > 0)
            out_.append(empty, '\n');
        else if (!joined)
            out_ += ' ';
    }

    void escape() { // at_ is behind the backslash
        if (at_ >= text_.size()) return;
        if (const std::size_t length = append_unicode(text_.substr(at_ - 1), out_)) {
            at_ += length - 1;
            return;
        }
        const char letter = text_[at_++];
        const std::size_t digits = letter == 'x' ? 2 : letter == 'U' ? 8 : 0;
        append_utf8(out_, digits == 0 ? escaped(letter) : hexadecimal(text_.substr(at_), digits).value_or(0));
        at_ += digits;
    }

    std::string_view text_;
    std::size_t at_;
    char quote_;
    std::string out_;
    std::size_t solid_ = 0; // blanks before it are no mere end of a line
};

std::string_view line_at(std::string_view text, std::size_t at) {
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t spaces(std::string_view text) {
    return std::min(text.find_first_not_of(' '), text.size());
}

} // namespace

std::size_t append_unicode(std::string_view text, std::string& out) {
    const auto unit = code_unit(text);
    if (!unit || is_low(*unit)) return 0;
    if (!is_high(*unit)) {
        append_utf8(out, *unit);
        return kUnit;
    }
    const auto low = code_unit(text.substr(kUnit));
    if (!low || !is_low(*low)) return 0;
    append_utf8(out, 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00));
    return 2 * kUnit;
}

std::optional<std::string> hide_surrogate_pairs(std::string_view text) {
    std::optional<std::string> hidden;
    for (std::size_t at = text.find("\\u"); at != kNone; at = text.find("\\u", at + 1)) {
        const auto high = code_unit(text.substr(at));
        if (!high || !is_high(*high)) continue;
        const auto low = code_unit(text.substr(at + kUnit));
        if (!low || !is_low(*low)) continue;
        const std::size_t before = at == 0 ? kNone : text.find_last_not_of('\\', at - 1);
        if ((at - (before + 1)) % 2 != 0) continue; // the backslash itself is escaped; npos + 1 is 0
        if (!hidden) hidden = text;
        (*hidden)[at] = (*hidden)[at + kUnit] = kHiddenBackslash;
        at += kUnit;
    }
    return hidden;
}

std::string quoted_value(std::string_view text, std::size_t at) {
    return Quoted(text, at).value();
}

std::string folded_value(std::string_view text, std::size_t at, std::string value) {
    const std::size_t first = value.find_first_not_of('\n');
    if (first == kNone) return value;
    std::size_t line = at;
    const auto next = [&] { line = std::min(text.find('\n', line), text.size() - 1) + 1; };
    for (std::size_t passed = 0; passed <= first; ++passed)
        next();
    // How far the block is indented: by what its first line has lost of its own indentation.
    const std::size_t indent = spaces(line_at(text, line)) - spaces(std::string_view(value).substr(first));
    std::size_t breaks = 0; // from the last line that is not empty on
    bool at_indent = false; // the file ends right where a line of the block would go on
    for (; line < text.size(); next()) {
        const std::string_view found = line_at(text, line);
        const bool empty = spaces(found) == found.size() && found.size() <= indent;
        if (!empty && spaces(found) < indent) break;
        const bool ends = text.find('\n', line) != kNone;
        at_indent = empty && !ends && found.size() == indent;
        breaks = (empty ? breaks : 0) + (ends ? 1 : 0);
    }
    value.resize(value.find_last_not_of('\n') + 1);
    const bool further = is_blank(value[value.rfind('\n') + 1]); // npos + 1 is 0
    if (at_indent && breaks == 1 && !further) value.pop_back();  // joined with nothing
    const std::string_view header = line_at(text, at).substr(1, 2);
    if (header.find('+') == kNone) breaks = header.find('-') == kNone ? std::min<std::size_t>(breaks, 1) : 0;
    return value.append(breaks, '\n');
}

} // namespace lab::spec::detail
