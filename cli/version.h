#pragma once
// What this program calls itself. It comes from the project() line of the build.

#include <string>
#include <string_view>

namespace lab::cli {

/// "0.1.0"
std::string_view version_text();
/// "lab 0.1.0\n"
std::string version_line();

} // namespace lab::cli
