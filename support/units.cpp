#include "support/units.h"

#include "support/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <numeric>
#include <optional>

namespace lab {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t kThousand = 1000;
constexpr std::array kSizes = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"KB", kThousand},
    Unit{"MB", kThousand* kThousand},
    Unit{"GB", kThousand* kThousand* kThousand},
    Unit{"TB", kThousand* kThousand* kThousand* kThousand},
    Unit{"PB", kThousand* kThousand* kThousand* kThousand* kThousand},
    Unit{"KiB", std::uint64_t{1} << 10},
    Unit{"MiB", std::uint64_t{1} << 20},
    Unit{"GiB", std::uint64_t{1} << 30},
    Unit{"TiB", std::uint64_t{1} << 40},
    Unit{"PiB", std::uint64_t{1} << 50},
};
// Largest first: the order in which a duration names its parts.
constexpr std::array kDurations = {Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                                   Unit{"m", 60'000},      Unit{"s", 1000},       Unit{"ms", 1}};

Error invalid(std::string_view text, std::string_view what, std::string_view hint) {
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("'{}' {}", escape_controls(text.substr(0, 64)), what),
                 .hint = std::string(hint)};
}

std::string_view take_digits(std::string_view& text) {
    const std::string_view digits =
        text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    text.remove_prefix(digits.size());
    return digits;
}

std::optional<std::uint64_t> to_number(std::string_view digits) {
    std::uint64_t value = 0;
    for (const char digit : digits)
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value))
            return std::nullopt;
    return value;
}

/// `digits` behind the point times `factor`; nullopt where that is no whole number.
std::optional<std::uint64_t> exact_fraction(std::string_view digits, std::uint64_t factor) {
    while (!digits.empty() && digits.back() == '0')
        digits.remove_suffix(1);
    constexpr std::size_t kMostDigits = 18; // of a 64-bit number; no unit is divisible by more tens
    if (digits.size() > kMostDigits) return std::nullopt;
    std::uint64_t tens = 1;
    for (std::size_t i = 0; i < digits.size(); ++i)
        tens *= 10;
    const std::uint64_t common = std::gcd(tens, factor);
    const std::uint64_t number = *to_number(digits);
    if (number % (tens / common) != 0) return std::nullopt;
    return number / (tens / common) * (factor / common);
}

constexpr std::string_view kSizeHint =
    "write a number and one of B KB MB GB TB PB (powers of ten) or KiB MiB GiB TiB PiB";
constexpr std::string_view kDurationHint =
    "write numbers with ms, s, m, h, d or w, the largest first, such as 90s or 1h30m";

} // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    std::string_view rest = text;
    const std::string_view whole = take_digits(rest);
    std::string_view fraction;
    if (!whole.empty() && rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = take_digits(rest);
        if (fraction.empty()) return invalid(text, "is no size", kSizeHint);
    }
    if (whole.empty()) return invalid(text, "is no size", kSizeHint);
    const auto unit = std::find_if(kSizes.begin(), kSizes.end(),
                                   [rest](const Unit& candidate) { return candidate.name == rest; });
    if (unit == kSizes.end()) return invalid(text, "has no known unit of size", kSizeHint);
    const auto part = exact_fraction(fraction, unit->factor);
    if (!part) return invalid(text, "is no whole number of bytes", {});
    const auto number = to_number(whole);
    std::uint64_t bytes = 0;
    if (!number || __builtin_mul_overflow(*number, unit->factor, &bytes) ||
        __builtin_add_overflow(bytes, *part, &bytes))
        return invalid(text, "is too large", "the largest size is 18446744073709551615B");
    return bytes;
}

std::string format_size(std::uint64_t bytes, Rounding rounding) {
    constexpr std::array<std::string_view, 6> kNames = {"B", "KB", "MB", "GB", "TB", "PB"};
    std::size_t index = 0;
    std::uint64_t factor = 1;
    const auto hundredths = [&] {
        const std::uint64_t more = rounding == Rounding::Up     ? factor - 1
                                   : rounding == Rounding::Down ? 0
                                                                : factor / 2;
        return bytes / factor * 100 + (bytes % factor * 100 + more) / factor;
    };
    // By the rounded number, so that 999.999GB becomes 1TB and not 1000GB.
    while (index + 1 < kNames.size() && hundredths() >= 100'000) {
        ++index;
        factor *= kThousand;
    }
    const std::uint64_t shown = hundredths();
    if (shown % 100 == 0) return fmt::format("{}{}", shown / 100, kNames[index]);
    if (shown % 10 == 0) return fmt::format("{}.{}{}", shown / 100, shown % 100 / 10, kNames[index]);
    return fmt::format("{}.{:02}{}", shown / 100, shown % 100, kNames[index]);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::string_view rest = text;
    std::int64_t total = 0;
    auto allowed = kDurations.begin(); // units may only become smaller
    if (rest.empty()) return invalid(text, "is no duration", kDurationHint);
    while (!rest.empty()) {
        const std::string_view digits = take_digits(rest);
        const std::string_view name = rest.substr(0, std::min(rest.find_first_of("0123456789"), rest.size()));
        const auto unit = std::find_if(allowed, kDurations.end(),
                                       [name](const Unit& candidate) { return candidate.name == name; });
        if (digits.empty() || unit == kDurations.end()) return invalid(text, "is no duration", kDurationHint);
        rest.remove_prefix(name.size());
        allowed = unit + 1;
        const auto number = to_number(digits);
        std::int64_t part = 0;
        if (!number || __builtin_mul_overflow(*number, unit->factor, &part) ||
            __builtin_add_overflow(total, part, &total))
            return invalid(text, "is too long a time", {});
    }
    return std::chrono::milliseconds(total);
}

std::string format_duration(std::chrono::milliseconds duration) {
    if (duration.count() == 0) return "0s";
    std::string out = duration.count() < 0 ? "-" : "";
    auto rest = static_cast<std::uint64_t>(duration.count());
    if (duration.count() < 0) rest = 0 - rest;
    for (const Unit& unit : kDurations) {
        if (unit.name == "w") continue; // people count days: 14d, not 2w
        if (const std::uint64_t count = rest / unit.factor; count != 0)
            out += fmt::format("{}{}", count, unit.name);
        rest %= unit.factor;
    }
    return out;
}

} // namespace lab
