#include "support/checksum.h"

#include <gtest/gtest.h>
#include <string>

namespace lab {
namespace {

// xxhash.com, XXH64 with seed 0: an empty text, one below a stripe, one of several with a rest of each size.
TEST(Checksum, IsXxh64) {
    EXPECT_EQ(checksum(""), 0xef46db3751d8e999u);
    EXPECT_EQ(checksum("abc"), 0x44bc2cf5ad770999u);
    EXPECT_EQ(checksum("Nobody inspects the spammish repetition"), 0xfbcea83c8a378bf1u);
}

TEST(Checksum, SeesEachFlippedBit) {
    std::string bytes(75, 'x');
    const std::uint64_t whole = checksum(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string damaged = bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        EXPECT_NE(checksum(damaged), whole) << bit;
    }
}

} // namespace
} // namespace lab
