#include "support/json.h"

#include "support/text.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace lab {
namespace {

/// Builds a Value from Boost's events. Returning false with `error` set stops the parser.
class Builder {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    using Code = boost::json::error_code;

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) { return open(ValueMap{}); }
    bool on_object_end(std::size_t, Code& code) { return check_duplicates(code) && close(); }
    bool on_array_begin(Code&) { return open(ValueList{}); }
    bool on_array_end(std::size_t, Code&) { return close(); }
    bool on_key_part(boost::json::string_view part, std::size_t, Code&) { return text_.append(part), true; }
    bool on_key(boost::json::string_view part, std::size_t, Code&) {
        text_.append(part);
        keys_.push_back(std::exchange(text_, {}));
        return true;
    }
    bool on_string_part(boost::json::string_view part, std::size_t, Code&) {
        return text_.append(part), true;
    }
    bool on_string(boost::json::string_view part, std::size_t, Code&) {
        text_.append(part);
        return add(Value(std::exchange(text_, {})));
    }
    bool on_number_part(boost::json::string_view part, Code&) { return number_.append(part), true; }
    bool on_int64(std::int64_t value, boost::json::string_view, Code&) {
        number_.clear();
        return add(Value(value));
    }
    bool on_uint64(std::uint64_t value, boost::json::string_view, Code& code) {
        number_.clear();
        if (value > std::uint64_t{INT64_MAX}) return refuse("the number is out of range", code);
        return add(Value(value));
    }
    bool on_double(double approximate, boost::json::string_view part, Code& code) {
        if (!std::isfinite(approximate)) return refuse("the number is out of range", code);
        // Boost's own number may be off by the last bit: what we write would not read as the same value.
        const std::string text = std::exchange(number_, {}).append(part);
        double value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        if (read.ec == std::errc::result_out_of_range) {
            if (std::abs(approximate) > 1) return refuse("the number is out of range", code);
            value = 0; // too small to tell from it
        }
        return add(Value(value));
    }
    bool on_bool(bool value, Code&) { return add(Value(value)); }
    bool on_null(Code&) { return add(Value()); }
    bool on_comment_part(boost::json::string_view, Code&) { return true; }
    bool on_comment(boost::json::string_view, Code&) { return true; }

    Value take() { return std::move(root_); }
    const std::string& reason() const { return reason_; }

  private:
    bool open(Value container) {
        stack_.push_back(std::move(container));
        return true;
    }
    bool close() {
        Value done = std::move(stack_.back());
        stack_.pop_back();
        return add(std::move(done));
    }
    bool add(Value value) {
        if (stack_.empty()) {
            root_ = std::move(value);
        } else if (ValueList* list = stack_.back().if_list()) {
            list->push_back(std::move(value));
        } else {
            stack_.back().if_map()->append(std::move(keys_.back()), std::move(value));
            keys_.pop_back();
        }
        return true;
    }
    bool check_duplicates(Code& code) {
        const ValueMap& map = *stack_.back().if_map();
        std::vector<std::string_view> keys;
        keys.reserve(map.size());
        for (const auto& [key, value] : map)
            keys.push_back(key);
        std::sort(keys.begin(), keys.end());
        const auto twice = std::adjacent_find(keys.begin(), keys.end());
        if (twice == keys.end()) return true;
        return refuse(fmt::format("the key '{}' is given twice", escape_controls(*twice)), code);
    }
    bool refuse(std::string reason, Code& code) {
        reason_ = std::move(reason);
        code = boost::json::error::exception;
        return false;
    }

    std::vector<Value> stack_;
    std::vector<std::string> keys_;
    std::string text_, number_, reason_;
    Value root_;
};

std::string place(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto newline = before.rfind('\n');
    const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    return fmt::format("line {} column {}", line, column);
}

void write_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t clean = 0; // start of the run not yet written
    const auto flush = [&](std::size_t end) { out.append(text, clean, end - clean); };
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != 0x7f) {
            ++i;
            continue;
        }
        if (byte >= 0x80) {
            const std::size_t length = utf8_length(text.substr(i));
            if (length != 0) {
                i += length;
                continue;
            }
        }
        flush(i);
        switch (byte) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (byte < 0x80)
                out += fmt::format("\\u{:04x}", byte);
            else
                out += "\xef\xbf\xbd"; // U+FFFD
        }
        clean = ++i;
    }
    flush(text.size());
    out += '"';
}

void write_double(std::string& out, double value) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    out += text;
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0"; // stays a double when read again
}

struct Style {
    bool pretty = false;
    bool sorted = false;
};

void write(std::string& out, const Value& value, Style style, std::size_t indent);

void line_break(std::string& out, Style style, std::size_t indent) {
    if (!style.pretty) return;
    out += '\n';
    out.append(indent, ' ');
}

void write_map(std::string& out, const ValueMap& map, Style style, std::size_t indent) {
    std::vector<const ValueMap::Entry*> entries;
    entries.reserve(map.size());
    for (const auto& entry : map)
        entries.push_back(&entry);
    if (style.sorted)
        std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
    out += '{';
    bool first = true;
    for (const auto* entry : entries) {
        if (!std::exchange(first, false)) out += ',';
        line_break(out, style, indent + 2);
        write_string(out, entry->first);
        out += style.pretty ? ": " : ":";
        write(out, entry->second, style, indent + 2);
    }
    if (!first) line_break(out, style, indent);
    out += '}';
}

void write_list(std::string& out, const ValueList& list, Style style, std::size_t indent) {
    out += '[';
    bool first = true;
    for (const auto& item : list) {
        if (!std::exchange(first, false)) out += ',';
        line_break(out, style, indent + 2);
        write(out, item, style, indent + 2);
    }
    if (!first) line_break(out, style, indent);
    out += ']';
}

void write(std::string& out, const Value& value, Style style, std::size_t indent) {
    if (value.is_null()) {
        out += "null";
    } else if (const bool* flag = value.if_bool()) {
        out += *flag ? "true" : "false";
    } else if (const std::int64_t* number = value.if_int()) {
        fmt::format_to(std::back_inserter(out), "{}", *number);
    } else if (const double* real = value.if_double()) {
        write_double(out, *real);
    } else if (const std::string* text = value.if_string()) {
        write_string(out, *text);
    } else if (const ValueList* list = value.if_list()) {
        write_list(out, *list, style, indent);
    } else {
        write_map(out, *value.if_map(), style, indent);
    }
}

} // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the JSON document has {} bytes, more than the limit of {}",
                                            text.size(), limits.bytes)};
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::basic_parser<Builder> parser(options);
    boost::json::error_code code;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
    if (!code && read < text.size()) code = boost::json::error::extra_data;
    if (code) {
        const std::string& reason = parser.handler().reason();
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("no valid JSON at {}: {}", place(text, read),
                                            reason.empty() ? code.message() : reason)};
    }
    return parser.handler().take();
}

std::string write_json(const Value& value) {
    std::string out;
    write(out, value, {}, 0);
    return out;
}

std::string write_json_pretty(const Value& value) {
    std::string out;
    write(out, value, {.pretty = true}, 0);
    out += '\n';
    return out;
}

void append_json_canonical(std::string& out, const Value& value) {
    write(out, value, {.sorted = true}, 0);
}
void append_json_canonical(std::string& out, const ValueMap& map) {
    write_map(out, map, {.sorted = true}, 0);
}

std::string write_json_canonical(const Value& value) {
    std::string out;
    append_json_canonical(out, value);
    return out;
}
std::string write_json_canonical(const ValueMap& map) {
    std::string out;
    append_json_canonical(out, map);
    return out;
}

Value encode_bytes(std::string_view bytes) {
    if (is_utf8(bytes) && bytes.find('\0') == std::string_view::npos) return Value(bytes);
    return Value(ValueMap{{"base64", Value(base64_encode(bytes))}});
}

Result<std::string> decode_bytes(const Value& value) {
    if (const std::string* text = value.if_string()) return *text;
    if (const Value* encoded = value.get("base64"); encoded && encoded->if_string())
        return base64_decode(*encoded->if_string());
    return Error{.code = ErrorCode::Invalid, .message = "expected text or {\"base64\": ...}"};
}

} // namespace lab
