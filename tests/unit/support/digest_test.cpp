#include "support/digest.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

TEST(Digest, IsSha256) { // FIPS 180-4, examples
    EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc").text(),
              "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, KeyedIsHmac) { // RFC 4231, test cases 2 and 1
    EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").hex(),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There").hex(),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_NE(hmac_sha256("", "a"), hmac_sha256("k", "a"));
}

TEST(Digest, PartsAreFramed) {
    const auto of = [](std::string_view first, std::string_view second) {
        return Hasher().part(first).part(second).finish();
    };
    EXPECT_NE(of("ab", "c"), of("a", "bc"));
    EXPECT_EQ(of("ab", "c"), of("ab", "c"));
    Hasher hasher;
    const Digest first = hasher.part("x").part(std::uint64_t{7}).finish();
    EXPECT_EQ(hasher.part("x").part(std::uint64_t{7}).finish(), first); // empty again after finish()
    EXPECT_NE(Hasher().finish(), Hasher().part("").finish());
}

TEST(Digest, RandomBytesDiffer) {
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(33).size(), 33u);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

} // namespace
} // namespace lab
