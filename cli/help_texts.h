#pragma once
// The files of cli/help/, embedded when lab is built.

#include <span>
#include <string_view>

namespace lab::cli {

struct HelpText {
    std::string_view name; // file name without ".md"
    std::string_view markdown;
};
std::span<const HelpText> help_texts();

} // namespace lab::cli
