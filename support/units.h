#pragma once
// Sizes and durations as people write them. Exact: no unit is guessed and nothing is rounded when read.

#include "support/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace lab {

/// Bytes of "512", "10GB" (10^9), "4GiB" (2^30), "1.5TB". Units: B KB MB GB TB PB, KiB MiB GiB TiB PiB.
Result<std::uint64_t> parse_size(std::string_view text);
enum class Rounding { Nearest, Up, Down };
/// The largest decimal unit with at most three digits before the point: "27GB", "1.02TB", "600MB". What is
/// needed is rounded up and what is there down, where the two are compared: then they never look equal.
std::string format_size(std::uint64_t bytes, Rounding rounding = Rounding::Nearest);

/// "90s", "5m", "1h30m", "2d". Units: ms s m h d w.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);

} // namespace lab
