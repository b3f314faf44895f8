#include "support/url_mask.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

TEST(UrlMask, WhoFetchesIsMasked) {
    EXPECT_EQ(mask_url_secrets(R"(  nginx: {git: "https://bot:S3CRET@h/x.git", ref: v1})"),
              R"(  nginx: {git: "https://**********@h/x.git", ref: v1})");
    EXPECT_EQ(mask_url_secrets("https://S3CRET@h/x"), "https://******@h/x");
    EXPECT_EQ(mask_url_secrets("ssh://git:S3@h/x"), "ssh://******@h/x");
    EXPECT_EQ(mask_url_secrets("{\"url\":\"https:\\/\\/a:b@h\\/x\"}"), "{\"url\":\"https:\\/\\/***@h\\/x\"}");
    EXPECT_EQ(mask_url_secrets("git: bot:S3@h:x"), "git: ******@h:x");
    EXPECT_EQ(mask_url_secrets("['bot:S3@h:x', \"a:b@h\"]"), "['******@h:x', \"***@h\"]");
}

TEST(UrlMask, OddPasswordsAreMaskedInFull) {
    for (const char* secret : {"S'3", "S\"3", "S@3", "S 3", "S,3", "S}3", "S/3", "S?3", "S#3", "S:3",
                               "S\xc3\xa9"
                               "3"}) {
        const std::string masked =
            mask_url_secrets("git: 'https://bot:" + std::string(secret) + "@h/x', ref: v");
        EXPECT_EQ(masked.find('S'), std::string::npos) << masked;
        EXPECT_EQ(masked.find('3'), std::string::npos) << masked;
        EXPECT_NE(masked.find("', ref: v"), std::string::npos) << masked;
    }
    EXPECT_EQ(mask_url_secrets("https://\xc3\xa9:b@h/\xc3\xa9"), "https://***@h/\xc3\xa9") << "by characters";
}

TEST(UrlMask, WhatIsAskedForIsMasked) {
    EXPECT_EQ(mask_url_secrets("the repository 'https://h/x?token=S3' of"),
              "the repository 'https://h/x?********' of");
    EXPECT_EQ(mask_url_secrets("https://a:b@h/x?y z"), "https://***@h/x?* z");
}

TEST(UrlMask, TheRestStays) {
    for (const char* open :
         {"write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH", "https://h/@scope/x", "a: b@c",
          "ssh://git@[::1]:22/x", "https://h:80/x@y", "git@h:x", "https://h/x? is that so",
          "module: getty@tty1", "{\"a\":\"x@y\",\"b\":\"https://h/x\"}", "", "@:?", "://@",
          "is it 1:30? @noon", "digits and ._+-:~@\\, not"})
        EXPECT_EQ(mask_url_secrets(open), open);
}

TEST(UrlMask, HostileLinesTakeNoLongerThanTheyAreLong) {
    std::string line;
    for (int i = 0; i < 200'000; ++i)
        line += "http://a:b";
    EXPECT_EQ(mask_url_secrets(line + "@?").size(), line.size() + 2);
}

} // namespace
} // namespace lab
