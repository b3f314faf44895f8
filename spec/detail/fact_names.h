#pragma once
// The facts that templates can read: the names of docs/facts.md, two levels deep.

#include <span>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

struct FactNames {
    std::string_view name;
    std::span<const std::string_view> below; // of a map with fixed keys; empty: not checked
};

/// Null where no machine reports it.
const FactNames* find_fact(std::string_view name);
std::vector<std::string_view> fact_names();

} // namespace lab::spec::detail
