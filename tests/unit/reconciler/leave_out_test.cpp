#include "reconciler/leave_out.h"

#include <gtest/gtest.h>
#include <vector>

namespace lab::reconciler {
namespace {

constexpr std::string_view kText = "servers:\n"
                                   "  a:\n"
                                   "    note: |+\n"
                                   "      kept\n"
                                   "\n"
                                   "  b: {root: b}\n"
                                   "  # of b\n"
                                   "  c:\n"
                                   "    root: c\n";

std::string left(std::string text, bool a, bool b, bool c) {
    const std::vector<WrittenServer> servers{{.name = "a", .line = 2, .wanted = a},
                                             {.name = "b", .line = 6, .wanted = b},
                                             {.name = "c", .line = 8, .wanted = c}};
    return leave_out(std::move(text), servers);
}

TEST(LeaveOut, LinesKeepTheirNumbers) {
    const std::string text(kText);
    EXPECT_EQ(left(text, true, true, true), text);
    EXPECT_EQ(left(text, false, true, false), "servers:\n#\n#\n#\n#\n  b: {root: b}\n  # of b\n#\n#\n");
    EXPECT_EQ(left(text, true, false, false), "servers:\n  a:\n    note: |+\n      kept\n\n#\n#\n#\n#\n");
}

TEST(LeaveOut, ALastLineMayHaveNoEnd) {
    std::string text(kText);
    text.pop_back();
    EXPECT_EQ(left(text, false, false, true), "servers:\n#\n#\n#\n#\n#\n#\n  c:\n    root: c");
}

TEST(LeaveOut, WhatIsLaidOutOtherwiseStaysWhole) {
    for (const std::string text :
         {"servers: {a: {root: a}, b: {root: b}, c: {root: c}}\n", "servers:\n  x:\n", ""})
        EXPECT_EQ(left(text, false, true, false), text);
}

} // namespace
} // namespace lab::reconciler
