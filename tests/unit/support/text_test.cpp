#include "support/text.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

TEST(Text, Utf8LengthTakesOnlyWellFormedCharacters) {
    EXPECT_EQ(utf8_length("a"), 1u);
    EXPECT_EQ(utf8_length("\xc3\xa9"), 2u);
    EXPECT_EQ(utf8_length("\xe6\x97\xa5x"), 3u);
    EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4u);
    EXPECT_EQ(utf8_length(""), 0u);
    EXPECT_EQ(utf8_length("\xc0\x80"), 0u);         // overlong
    EXPECT_EQ(utf8_length("\xe0\x80\x80"), 0u);     // overlong
    EXPECT_EQ(utf8_length("\xed\xa0\x80"), 0u);     // surrogate
    EXPECT_EQ(utf8_length("\xf4\x90\x80\x80"), 0u); // above U+10FFFF
    EXPECT_EQ(utf8_length("\xe6\x97"), 0u);         // cut off
    EXPECT_FALSE(is_utf8("ok \xff"));
    EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f"));
}

TEST(Text, DisplayWidthCountsColumns) {
    EXPECT_EQ(display_width("abc"), 3u);
    EXPECT_EQ(display_width("\xe6\x97\xa5\xe6\x9c\xac"), 4u); // two wide characters
    EXPECT_EQ(display_width("e\xcc\x81"), 1u);                // a combining accent
    EXPECT_EQ(display_width("\xf0\x9f\x98\x80"), 2u);
}

TEST(Text, EscapesWhatCouldDriveATerminal) {
    EXPECT_EQ(escape_controls("a\x1b[31mb"), "a\\x1b[31mb");
    EXPECT_EQ(escape_controls("a\nb\tc"), "a\\x0ab\\x09c");
    EXPECT_EQ(escape_controls("a\nb\tc", true), "a\nb\tc");
    EXPECT_EQ(escape_controls("\xc2\x9b"
                              "1m"),
              "\\xc2\\x9b1m"); // C1 CSI
    EXPECT_EQ(escape_controls("\x7f\xff"), "\\x7f\\xff");
    EXPECT_EQ(escape_controls("gr\xc3\xbcn"), "gr\xc3\xbcn");
}

TEST(Text, Base64GoesThereAndBack) {
    const std::string_view plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const std::string_view coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (std::size_t i = 0; i < std::size(plain); ++i) {
        EXPECT_EQ(base64_encode(plain[i]), coded[i]);
        auto back = base64_decode(coded[i]);
        ASSERT_TRUE(back) << coded[i];
        EXPECT_EQ(*back, plain[i]);
    }
    for (const auto bad : {"Zg", "Zg=", "Z===", "====", "Zm 9", "Zm9v\n", "Zh==", "Zm9=", "Zg==Zg==", "Zg=a"})
        EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(Text, NearestFindsSlipsAndNothingElse) {
    const std::string words[] = {"environment", "labels", "servers", "region"};
    EXPECT_EQ(nearest("enviroment", words), "environment");
    EXPECT_EQ(nearest("lables", words), "labels");
    EXPECT_EQ(nearest("Region", words), "region");
    EXPECT_EQ(nearest("env", words), "environment") << "a word cut short";
    EXPECT_EQ(nearest("zzz", words), std::nullopt);
    EXPECT_EQ(nearest("", words), std::nullopt);
    EXPECT_EQ(nearest(std::string(1'000'000, 'a'), words), std::nullopt);
    const std::string_view short_words[] = {"b"};
    EXPECT_EQ(nearest("a", short_words), std::nullopt);
}

TEST(Text, GlobsMatchWholeNames) {
    EXPECT_TRUE(glob_match("web-*", "web-1"));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_TRUE(glob_match("a?c*e", "abcde"));
    EXPECT_TRUE(glob_match("?", "\xc3\xa9"));
    EXPECT_FALSE(glob_match("web-?", "web-10"));
    EXPECT_FALSE(glob_match("", "a"));
    EXPECT_FALSE(glob_match("a*b", "acd"));
    EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*b", std::string(2000, 'a'))); // must not take forever
}

TEST(Text, SplitTrimAndCount) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
    EXPECT_EQ(trim(" \t a b \n"), "a b");
    EXPECT_EQ(trim("  "), "");
    EXPECT_EQ(counted(1, "server"), "1 server");
    EXPECT_EQ(counted(2, "server"), "2 servers");
    EXPECT_EQ(counted(0, "entry", "entries"), "0 entries");
    EXPECT_EQ(with_article("string"), "a string");
    EXPECT_EQ(with_article("integer"), "an integer");
    EXPECT_EQ(with_article("user"), "a user");
    EXPECT_EQ(with_article("null"), "null");
}

} // namespace
} // namespace lab
