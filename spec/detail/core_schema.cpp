#include "spec/detail/core_schema.h"

#include <charconv>
#include <cmath>

namespace lab::spec::detail {

namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end]))
        ++end;
    return end - at;
}

template <typename Number>
std::optional<Value> parsed(std::string_view text, auto... format) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, format...);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return Value(number);
}

enum class Decimal { None, Integer, Number };

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, told apart into integers and numbers.
Decimal decimal_of(std::string_view text) noexcept {
    std::size_t at = text[0] == '-' || text[0] == '+' ? 1 : 0;
    const std::size_t whole = digits(text, at);
    if (whole > 1 && text[at] == '0') return Decimal::None;
    at += whole;
    if (at == text.size()) return whole > 0 ? Decimal::Integer : Decimal::None;
    if (text[at] == '.') {
        const std::size_t fraction = digits(text, ++at);
        if (whole + fraction == 0) return Decimal::None;
        at += fraction;
    } else if (whole == 0) {
        return Decimal::None;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return Decimal::None;
        at += exponent;
    }
    return at == text.size() ? Decimal::Number : Decimal::None;
}

std::optional<Value> decimal(std::string_view text) {
    const std::string_view number = text[0] == '+' ? text.substr(1) : text;
    switch (decimal_of(text)) {
    case Decimal::None: return std::nullopt;
    case Decimal::Integer: return parsed<std::int64_t>(number);
    case Decimal::Number: return parsed<double>(number);
    }
    return std::nullopt;
}

} // namespace

bool is_core_null(std::string_view text) noexcept {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<Value> core_value(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text == "true" || text == "True" || text == "TRUE") return Value(true);
    if (text == "false" || text == "False" || text == "FALSE") return Value(false);
    if (text.starts_with("0x") && text.size() > 2 && text[2] != '-')
        return parsed<std::int64_t>(text.substr(2), 16);
    if (text.starts_with("0o") && text.size() > 2 && text[2] != '-')
        return parsed<std::int64_t>(text.substr(2), 8);
    return decimal(text);
}

bool is_beyond_numbers(std::string_view text) {
    return !text.empty() && decimal_of(text) == Decimal::Number && !decimal(text);
}

} // namespace lab::spec::detail
