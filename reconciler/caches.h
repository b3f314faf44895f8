#pragma once
// What is kept below LAB_HOME/cache to be quicker, or to do without a network: how large it is, and how it is
// cleared. Everything in it can be made or fetched anew.

#include "support/result.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lab::reconciler {

/// Images of fleets; repositories of modules; copies of inventories at a URL.
enum class Cache { Fleets, Modules, Inventories };
inline constexpr std::array kCaches{Cache::Fleets, Cache::Modules, Cache::Inventories};
std::string_view to_string(Cache cache) noexcept; // "fleets": the name of its folder
std::filesystem::path folder_of(Cache cache, const std::filesystem::path& home);

struct Kept {
    std::size_t entries = 0; // images, repositories
    std::uint64_t bytes = 0;
};
/// What is in a cache now. One that is not there is empty.
Kept look_into(Cache cache, const std::filesystem::path& home);

struct Cleared {
    Kept removed;
    std::vector<std::string> left; // why of each that was not: another lab is fetching into it
};
/// Removes what is in a cache, but what another lab is writing, and what lab did not put there.
Result<Cleared> clear(Cache cache, const std::filesystem::path& home);

} // namespace lab::reconciler
