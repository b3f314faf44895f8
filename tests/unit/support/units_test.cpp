#include "support/units.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

using namespace std::chrono_literals;

TEST(Units, SizesAreExact) {
    const std::pair<std::string_view, std::uint64_t> sizes[] = {
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"10GB", 10'000'000'000},
        {"4GiB", 4'294'967'296},
        {"1.5TB", 1'500'000'000'000},
        {"0.5KiB", 512},
        {"1.0", 1},
        {"600MB", 600'000'000},
        {"1.50KB", 1500},
        {"18446744073709551615", UINT64_MAX},
    };
    for (const auto& [text, bytes] : sizes) {
        auto size = parse_size(text);
        ASSERT_TRUE(size) << text;
        EXPECT_EQ(*size, bytes) << text;
    }
    for (const std::string_view text :
         {"", "GB", "10G", "10gb", "10 GB", "1.GB", ".5GB", "-1", "1.5", "1.2345KB", "18446744073709551616",
          "99999PB", "1e3", "0.00000000000000000000001PB", "10GBx"})
        EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_EQ(parse_size("10G").error().message, "'10G' has no known unit of size");
}

TEST(Units, SizesAreShownShort) {
    EXPECT_EQ(format_size(0), "0B");
    EXPECT_EQ(format_size(999), "999B");
    EXPECT_EQ(format_size(1000), "1KB");
    EXPECT_EQ(format_size(27'000'000'000), "27GB");
    EXPECT_EQ(format_size(1'024'209'543'168), "1.02TB");
    EXPECT_EQ(format_size(600'000'000), "600MB");
    EXPECT_EQ(format_size(1'500'000), "1.5MB");
    EXPECT_EQ(format_size(999'999'999), "1GB"); // and not 1000MB
    EXPECT_EQ(format_size(UINT64_MAX), "18446.74PB");
}

TEST(Units, DurationsAddUp) {
    const std::pair<std::string_view, std::chrono::milliseconds> durations[] = {
        {"90s", 90s}, {"5m", 5min},     {"1h30m", 90min}, {"2d", 48h},
        {"1w", 168h}, {"250ms", 250ms}, {"0s", 0s},       {"1m1ms", 60'001ms},
    };
    for (const auto& [text, wanted] : durations) {
        auto duration = parse_duration(text);
        ASSERT_TRUE(duration) << text;
        EXPECT_EQ(*duration, wanted) << text;
    }
    for (const std::string_view text : {"", "90", "s", "5 m", "30m1h", "1h1h", "1.5h", "-5s", "5M",
                                        "99999999999999999999s", "9999999999999999w", "1h30"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, DurationsAreShownInParts) {
    EXPECT_EQ(format_duration(0ms), "0s");
    EXPECT_EQ(format_duration(90s), "1m30s");
    EXPECT_EQ(format_duration(90min), "1h30m");
    EXPECT_EQ(format_duration(14 * 24h), "14d");
    EXPECT_EQ(format_duration(1500ms), "1s500ms");
    EXPECT_EQ(format_duration(-5s), "-5s");
    for (const auto duration : {1ms, 59'999ms, 86'400'000ms, 93'784'005ms})
        EXPECT_EQ(*parse_duration(format_duration(duration)), duration);
}

TEST(Units, NeededAndThereNeverLookEqual) {
    EXPECT_EQ(format_size(5'004'000'000), "5GB");
    EXPECT_EQ(format_size(5'004'000'000, Rounding::Up), "5.01GB");
    EXPECT_EQ(format_size(5'004'000'000, Rounding::Down), "5GB");
    EXPECT_EQ(format_size(999'999'999, Rounding::Up), "1GB");
    EXPECT_EQ(format_size(999'999'999, Rounding::Down), "999.99MB");
    EXPECT_EQ(format_size(7'000'000'000, Rounding::Up), "7GB");
    EXPECT_EQ(format_size(0, Rounding::Up), "0B");
}

} // namespace
} // namespace lab
