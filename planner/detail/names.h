#pragma once
// Lists of names for people.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::planner::detail {

/// Order in which people count: "web-2" before "web-10".
bool natural_less(std::string_view left, std::string_view right) noexcept;

/// "a, b, c and 4 more": at most `limit` names, in natural order, each once, safe to print.
std::string name_list(std::vector<std::string> names, std::size_t limit);

} // namespace lab::planner::detail
