// A small emitter of our own: yaml-cpp's drops quotes that keep a string a string ("no", "010").
#include "cli/output.h"

#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

/// Whether a plain scalar with this text is read as this very string by YAML 1.1 and 1.2 readers alike.
bool plain_is_safe(std::string_view text) {
    if (text.empty() || text.size() > 200) return false;
    const auto word_character = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.' || c == '/' || c == ' ' || c == '@' || c == '+' || c == '(' || c == ')' ||
               c == ',' || c == '=';
    };
    const char first = text.front();
    const bool starts_well =
        (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/' || first == '_';
    if (!starts_well || text.back() == ' ' || !std::all_of(text.begin(), text.end(), word_character))
        return false;
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    constexpr std::string_view kReserved[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    return std::find(std::begin(kReserved), std::end(kReserved), lower) == std::end(kReserved);
}

/// A JSON string is a YAML double-quoted scalar, but for the characters JSON leaves raw and YAML does not
/// print.
std::string scalar(const Value& value) {
    const std::string* text = value.if_string();
    if (!text) return write_json(value);
    if (plain_is_safe(*text)) return *text;
    std::string out;
    const std::string json = write_json(value);
    for (std::size_t i = 0; i < json.size();) {
        const std::size_t length = std::max<std::size_t>(utf8_length(std::string_view(json).substr(i)), 1);
        const std::string_view character = std::string_view(json).substr(i, length);
        if (character == "\x7f") {
            out += "\\x7f";
        } else if (length == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0) {
            out += fmt::format("\\u00{:02x}", static_cast<unsigned char>(character[1]));
        } else if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
            out += character == "\xe2\x80\xa8" ? "\\u2028" : "\\u2029";
        } else if (character == "\xef\xbb\xbf") {
            out += "\\ufeff";
        } else {
            out += character;
        }
        i += length;
    }
    return out;
}

bool is_block(const Value& value) {
    return (value.if_map() && !value.if_map()->empty()) || (value.if_list() && !value.if_list()->empty());
}

/// Writes `value` whose first line goes on where `out` stands; further lines are indented by `indent`.
void write(std::string& out, const Value& value, std::size_t indent) {
    if (!is_block(value)) {
        out += scalar(value);
        out += '\n';
        return;
    }
    bool first = true;
    const auto start_line = [&] {
        if (!first) out.append(indent, ' ');
        first = false;
    };
    if (const ValueMap* map = value.if_map()) {
        for (const auto& [key, member] : *map) {
            start_line();
            out += scalar(Value(key));
            if (!is_block(member)) {
                out += ": ";
                write(out, member, indent + 2);
                continue;
            }
            out += ":\n";
            out.append(indent + 2, ' ');
            write(out, member, indent + 2);
        }
        return;
    }
    for (const Value& item : *value.if_list()) {
        start_line();
        out += "- ";
        write(out, item, indent + 2);
    }
}

} // namespace

std::string write_yaml(const Value& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

} // namespace lab::cli
