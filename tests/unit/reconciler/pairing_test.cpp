#include "reconciler/detail/pairing.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace lab::reconciler::detail {
namespace {

using Fitting = std::set<std::pair<std::size_t, std::size_t>>; // line, found

Pairing pair_up(std::size_t lines, std::size_t found, const Fitting& fitting) {
    return Pairing(lines, found, [&](std::size_t line, std::size_t one) {
        return fitting.contains({line, one});
    });
}

TEST(Pairing, ALineTakesOneAndOneOnly) {
    const Pairing one = pair_up(1, 3, {{0, 0}, {0, 1}, {0, 2}});
    EXPECT_EQ(one.taken_by(0), 0u);
    EXPECT_FALSE(one.line_of(1));
    EXPECT_FALSE(one.line_of(2));
    const Pairing twice = pair_up(2, 1, {{0, 0}, {1, 0}});
    EXPECT_EQ(twice.taken_by(0), 0u);
    EXPECT_FALSE(twice.taken_by(1));
}

TEST(Pairing, ALineThatFitsAnythingLeavesWhatOnlyAnotherFits) {
    // Line 0 fits both, line 1 the first only: in whatever order they are found.
    const Pairing first = pair_up(2, 2, {{0, 0}, {0, 1}, {1, 0}});
    EXPECT_EQ(first.taken_by(0), 1u);
    EXPECT_EQ(first.taken_by(1), 0u);
    // A chain: each line moves on by one so that the last finds a place.
    const Pairing chain = pair_up(3, 3, {{0, 0}, {1, 0}, {1, 1}, {2, 1}, {0, 2}});
    EXPECT_EQ(chain.line_of(0), 1u);
    EXPECT_EQ(chain.line_of(1), 2u);
    EXPECT_EQ(chain.line_of(2), 0u);
}

TEST(Pairing, WhatComesEarlierIsServedFirst) {
    const Pairing pairs = pair_up(1, 2, {{0, 0}, {0, 1}});
    EXPECT_EQ(pairs.line_of(0), 0u);
    EXPECT_FALSE(pairs.line_of(1));
}

} // namespace
} // namespace lab::reconciler::detail
