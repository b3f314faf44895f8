#include "support/clock.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

using namespace std::chrono_literals;

TEST(Clock, TimesGoThereAndBack) {
    for (const std::string_view text :
         {"1970-01-01T00:00:00Z", "2026-03-15T14:22:03Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z",
          "9999-12-31T23:59:59Z"}) {
        auto time = parse_time(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(format_time(*time), text);
    }
    EXPECT_EQ(*parse_time("1970-01-01T00:00:01.2509Z"), WallTime(1250ms));
    EXPECT_EQ(format_time(*parse_time("2026-03-15T14:22:03+02:00")), "2026-03-15T12:22:03Z");
    EXPECT_EQ(format_time(*parse_time("2026-03-15t14:22:03-00:30")), "2026-03-15T14:52:03Z");
    EXPECT_EQ(format_time(*parse_time("2016-12-31T23:59:60Z")), "2017-01-01T00:00:00Z"); // a leap second
}

TEST(Clock, RefusesWhatIsNoTime) {
    for (const std::string_view text :
         {"", "2026", "2026-03-15", "2026-03-15T14:22:03", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-03-15T24:00:00Z", "2026-03-15T14:22:03Z ", "2026-03-15T14:22:03.Z",
          "2026-03-15T14:22:03+24:00", "26-03-15T14:22:03Z", "2026-03-15T14:22:61Z"})
        EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Clock, AgesAreForPeople) {
    EXPECT_EQ(format_age(-5s), "0 s");
    EXPECT_EQ(format_age(41'999ms), "41 s");
    EXPECT_EQ(format_age(3min + 59s), "3 min");
    EXPECT_EQ(format_age(2h), "2 h");
    EXPECT_EQ(format_age(5 * 24h), "5 d");
}

TEST(Clock, TheSystemClockMoves) {
    const auto before = system_clock().steady();
    EXPECT_LE(before, system_clock().steady());
    EXPECT_GT(system_clock().wall(), *parse_time("2020-01-01T00:00:00Z"));
}

} // namespace
} // namespace lab
