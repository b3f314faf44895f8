#pragma once
// Time as an argument: rooms that need it take a Clock, so tests advance it instead of sleeping.

#include "support/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace lab {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
  public:
    virtual ~Clock() = default;
    /// For people and records; may jump. Never compared to decide who holds a lock.
    virtual WallTime wall() const = 0;
    /// For deadlines and durations.
    virtual SteadyTime steady() const = 0;
};

const Clock& system_clock();

/// RFC 3339 in UTC with whole seconds: "2026-03-15T14:22:03Z".
std::string format_time(WallTime time);
Result<WallTime> parse_time(std::string_view text);
/// "41 s", "3 min", "2 h", "5 d": how old something is, for people.
std::string format_age(std::chrono::milliseconds age);

} // namespace lab
