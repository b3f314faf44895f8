#pragma once
// Unified diffs (POSIX diff -u) of text, by Myers' algorithm with a bound on its work.

#include <string>
#include <string_view>

namespace lab {

struct TextDiffOptions {
    std::string_view before_name = "before";
    std::string_view after_name = "after";
    std::size_t context = 3;
    std::size_t max_lines = 2000; // of output; then a line says how many were left out
};

/// Empty where the texts are equal. Texts with more than about 1500 different lines are shown as replaced
/// between the first and the last difference. Ends in a newline; a missing one at a text's end is marked as
/// diff(1) does.
std::string unified_diff(std::string_view before, std::string_view after,
                         const TextDiffOptions& options = {});

} // namespace lab
