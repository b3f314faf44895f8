#include "spec/extent.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

/// The last line of what begins at a place of the text.
std::uint32_t last(const std::string& text, std::uint32_t line, std::uint32_t column) {
    Diagnostics diagnostics;
    const auto document = Document::parse("f.yaml", text, diagnostics);
    EXPECT_TRUE(document && diagnostics.empty()) << text;
    return document ? last_line(*document, line, column) : 0;
}

TEST(Extent, ValuesOfOneLineEndOnIt) {
    const std::string text =
        "servers:\n  a:\n    root: x\n    labels: [a, b]\n    mac: \"x\"\n    none:\n\n# end\n";
    EXPECT_EQ(last(text, 3, 11), 3u);
    EXPECT_EQ(last(text, 4, 13), 4u);
    EXPECT_EQ(last(text, 4, 14), 4u);
    EXPECT_EQ(last(text, 5, 10), 5u);
    EXPECT_EQ(last(text, 6, 5), 6u);
    EXPECT_EQ(last(text, 40, 1), 40u);
}

TEST(Extent, BlockListsAndMapsEndWithTheirLastEntry) {
    const std::string text = "servers:\n"
                             "  a:\n"
                             "    params:\n"
                             "      m:\n"
                             "        sites:\n"
                             "          - one\n"
                             "          - two\n"
                             "          # about the rest\n"
                             "\n"
                             "        # about the next\n"
                             "        map:\n"
                             "          x: 1\n"
                             "          y:\n"
                             "          - z\n"
                             "\n"
                             "    root: x\n"
                             "  b: {}\n";
    EXPECT_EQ(last(text, 6, 11), 7u);
    EXPECT_EQ(last(text, 6, 13), 6u); // an item
    EXPECT_EQ(last(text, 12, 11), 14u);
    EXPECT_EQ(last(text, 14, 11), 14u);
    EXPECT_EQ(last(text, 3, 5), 14u) << "the first key of a definition is no whole definition";
    EXPECT_EQ(last(text, 16, 5), 16u);
}

TEST(Extent, TextsOfSeveralLinesEndWithTheirLast) {
    const std::string text = "servers:\n"
                             "  a:\n"
                             "    literal: |\n"
                             "      one\n"
                             "\n"
                             "      # two\n"
                             "    plain: one\n"
                             "      two\n"
                             "    quoted: \"one\n"
                             "      two\"\n"
                             "    flow: [a,\n"
                             "           b]\n"
                             "    list:\n"
                             "      - |\n"
                             "        one\n"
                             "      - two\n";
    EXPECT_EQ(last(text, 3, 14), 6u);
    EXPECT_EQ(last(text, 7, 12), 8u);
    EXPECT_EQ(last(text, 9, 13), 10u);
    EXPECT_EQ(last(text, 11, 11), 12u);
    EXPECT_EQ(last(text, 14, 9), 15u);
    EXPECT_EQ(last(text, 13, 5), 16u) << "at a key it is the value's";
}

TEST(Extent, AnchorsBelongToTheValueAndAliasesNameOthers) {
    const std::string text = "servers:\n"
                             "  a:\n"
                             "    one: &x\n"
                             "      - 1\n"
                             "      - 2\n"
                             "    two: *x\n"
                             "    three: 3\n";
    EXPECT_EQ(last(text, 3, 10), 5u);
    EXPECT_EQ(last(text, 6, 10), 6u);
}

} // namespace
} // namespace lab::spec
