#include "support/clock.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab {
namespace {

class SystemClock final : public Clock {
  public:
    WallTime wall() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

/// Reads fixed-width parts from the front of a text; one failure makes all later reads fail.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}
    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return failed_ = true, 0;
            value = value * 10 + (rest_[0] - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }
    bool accept(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view any_of) { failed_ |= !accept(any_of); }
    bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
    bool done() const { return !failed_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Digits after the point as milliseconds; finer ones are dropped. No digit at all fails.
std::chrono::milliseconds read_fraction(Reader& reader) {
    int value = reader.number(1) * 100;
    for (int weight = 10; reader.at_digit(); weight /= 10)
        value += reader.number(1) * weight;
    return std::chrono::milliseconds(value);
}

/// "Z" or "+02:00" as what has to be taken off to get UTC; -25 h where it is out of range.
std::chrono::minutes read_offset(Reader& reader) {
    if (reader.accept("Zz")) return std::chrono::minutes{0};
    const bool negative = reader.accept("-");
    if (!negative) reader.expect("+");
    const int hours = reader.number(2);
    reader.expect(":");
    const int minutes = reader.number(2);
    if (hours > 23 || minutes > 59) return std::chrono::hours{-25};
    const std::chrono::minutes offset{hours * 60 + minutes};
    return negative ? -offset : offset;
}

} // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string format_time(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Result<WallTime> parse_time(std::string_view text) {
    Reader reader(text);
    const int year = reader.number(4);
    reader.expect("-");
    const int month = reader.number(2);
    reader.expect("-");
    const int day = reader.number(2);
    reader.expect("Tt ");
    const int hours = reader.number(2);
    reader.expect(":");
    const int minutes = reader.number(2);
    reader.expect(":");
    const int seconds = reader.number(2); // 60 is a leap second: the first second of the next minute
    std::chrono::milliseconds fraction{0};
    if (reader.accept(".")) fraction = read_fraction(reader);
    const std::chrono::minutes offset = read_offset(reader);
    const std::chrono::year_month_day date(std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!reader.done() || !date.ok() || hours > 23 || minutes > 59 || seconds > 60 ||
        offset < std::chrono::hours{-24})
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no time", escape_controls(text.substr(0, 64))),
                     .hint = "write it as RFC 3339 says, such as 2026-03-15T14:22:03Z"};
    return WallTime(std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
                    std::chrono::seconds(seconds) + fraction - offset);
}

std::string format_age(std::chrono::milliseconds age) {
    using namespace std::chrono_literals;
    if (age < 1s) return "0 s"; // also what lies in the future, after a clock was set back
    if (age < 1min) return fmt::format("{} s", age / 1s);
    if (age < 1h) return fmt::format("{} min", age / 1min);
    if (age < 24h) return fmt::format("{} h", age / 1h);
    return fmt::format("{} d", age / 24h);
}

} // namespace lab
