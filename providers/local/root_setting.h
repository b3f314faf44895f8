#pragma once
// The setting `root` of a local server: a relative path, resolved below lab's home and never leaving it.

#include "support/result.h"
#include "support/value.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lab::providers::local {

/// What is wrong with a root as written, and what to do; nothing where it is fine. Offline.
struct RootProblem {
    std::string message, help;
};
std::optional<RootProblem> check_root(const Value& root);

/// "trees/web-1" for "trees//web-1/./": one spelling of one tree. `root` has passed check_root().
std::string normal_root(std::string_view root);

/// What is at a tree's place right now.
struct RootPlace {
    std::filesystem::path path; // absolute
    bool exists = false;
};
/// Denied where a part of the path is a symlink, which could lead anywhere; Conflict where something else
/// than a folder is there, or where it lies inside another machine's tree.
Result<RootPlace> find_root(const std::filesystem::path& home, std::string_view root);

} // namespace lab::providers::local
