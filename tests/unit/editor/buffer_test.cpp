#include "editor/buffer.h"

#include <gtest/gtest.h>

namespace lab::editor {
namespace {

TEST(Buffer, CountsColumnsInUtf16) {
    const Buffer buffer("a: 1\né😀x: y\r\nlast");
    EXPECT_EQ(buffer.lines(), 3u);
    EXPECT_EQ(buffer.line(1), "é😀x: y");
    EXPECT_EQ(buffer.offset({1, 1}), 5u + 2); // behind é: two bytes, one unit
    EXPECT_EQ(buffer.offset({1, 3}), 5u + 6); // behind the surrogate pair
    EXPECT_EQ(buffer.offset({1, 2}), 5u + 2); // inside it: its beginning
    EXPECT_EQ(buffer.position(5 + 6), (Position{1, 3}));
    EXPECT_EQ(buffer.range(2, 3, 1), (Range{{1, 3}, {1, 4}})); // characters: é, 😀, x
    EXPECT_EQ(buffer.range(0, 0, 1), (Range{}));
}

TEST(Buffer, TakesPlacesBeyondItsText) {
    const Buffer buffer("ab\r\nc");
    EXPECT_EQ(buffer.offset({0, 99}), 2u);
    EXPECT_EQ(buffer.offset({9, 9}), 5u);
    EXPECT_EQ(buffer.position(99), (Position{1, 1}));
    EXPECT_EQ(buffer.line(7), "");
    EXPECT_EQ(Buffer("").whole(), (Range{}));
    EXPECT_EQ(buffer.range(1, 50, 50), (Range{{0, 2}, {0, 2}}));
}

TEST(Buffer, BrokenCharactersCountOneEach) {
    const Buffer buffer("\xff\xc3x");
    EXPECT_EQ(buffer.offset({0, 2}), 2u);
    EXPECT_EQ(buffer.position(3), (Position{0, 3}));
}

TEST(Buffer, ReplacesRanges) {
    Buffer buffer("one\ntwo\nthree\n");
    buffer.replace({{0, 1}, {1, 1}}, "X\nY");
    EXPECT_EQ(buffer.text(), "oX\nYwo\nthree\n");
    buffer.replace({{3, 0}, {9, 0}}, "end");
    EXPECT_EQ(buffer.text(), "oX\nYwo\nthree\nend");
    buffer.replace({{2, 3}, {1, 0}}, "!"); // from behind its end: nothing goes
    EXPECT_EQ(buffer.text(), "oX\nYwo\nthr!ee\nend");
    EXPECT_EQ(buffer.lines(), 4u);
}

} // namespace
} // namespace lab::editor
