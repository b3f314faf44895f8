// Sizes, durations, times and the small readers of text: what reads must be written in a form that reads the
// same.

#include "support/clock.h"
#include "support/text.h"
#include "support/units.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto bytes = lab::parse_size(text)) static_cast<void>(lab::format_size(*bytes));
    if (const auto duration = lab::parse_duration(text)) {
        const auto again = lab::parse_duration(lab::format_duration(*duration));
        LAB_CHECK(again && *again == *duration, "a duration reads differently");
    }
    if (const auto time = lab::parse_time(text)) {
        const std::string written = lab::format_time(*time);
        // An offset can move the first and the last hours of the calendar out of its four-digit years.
        if (const auto again = lab::parse_time(written))
            LAB_CHECK(lab::format_time(*again) == written, "a time reads differently");
    }
    const std::string escaped = lab::escape_controls(text);
    LAB_CHECK(lab::is_utf8(escaped), "an escaped text is no UTF-8");
    LAB_CHECK(lab::escape_controls(escaped) == escaped, "escaping is not stable");
    static_cast<void>(lab::display_width(text));
    const auto decoded = lab::base64_decode(lab::base64_encode(text));
    LAB_CHECK(decoded && *decoded == text, "base64 lost something");
    if (const auto bytes = lab::base64_decode(text))
        LAB_CHECK(lab::base64_encode(*bytes) == text, "two base64 texts for the same bytes");
    const std::size_t half = size / 2;
    if (size < 2000) static_cast<void>(lab::glob_match(text.substr(0, half), text.substr(half)));
    return 0;
}
