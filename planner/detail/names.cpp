#include "planner/detail/names.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// The digits at the start of `text`, without leading zeros; they are taken off it.
std::string_view take_number(std::string_view& text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end]))
        ++end;
    std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    while (digits.size() > 1 && digits.front() == '0')
        digits.remove_prefix(1);
    return digits;
}

} // namespace

bool natural_less(std::string_view left, std::string_view right) noexcept {
    std::string_view a = left, b = right;
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view x = take_number(a), y = take_number(b);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
            continue;
        }
        if (a.front() != b.front()) return a.front() < b.front();
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    if (a.empty() != b.empty()) return a.empty();
    return left < right;
}

std::string name_list(std::vector<std::string> names, std::size_t limit) {
    std::sort(names.begin(), names.end(), natural_less);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const std::size_t shown = names.size() <= limit ? names.size() : limit;
    std::string out =
        fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
    return escape_controls(out);
}

} // namespace lab::planner::detail
