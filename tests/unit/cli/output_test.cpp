#include "cli/output.h"

#include "cli/help.h"

#include <gtest/gtest.h>

namespace lab::cli {
namespace {

TEST(Table, AlignsByDisplayWidthAndLeavesNothingTrailing) {
    const Table table{
        .columns = {{.title = "NAME"}, {.title = "SERVERS", .right = true}, {.title = "SEEN", .wide = true}},
        .rows = {{"db-1", "3", ""}, {"größe-漢", "12", "now"}}};
    EXPECT_EQ(table.text(false, {}), "NAME       SERVERS\n"
                                     "db-1             3\n"
                                     "größe-漢        12\n");
    EXPECT_EQ(table.text(true, {}), "NAME       SERVERS   SEEN\n"
                                    "db-1             3   -\n"
                                    "größe-漢        12   now\n");
}

TEST(Table, ControlCharactersOfInputDoNotReachTheTerminal) {
    const Table table{.columns = {{.title = "NAME"}}, .rows = {{"a\x1b[31m"}}};
    EXPECT_EQ(table.text(false, {}), "NAME\na\\x1b[31m\n");
}

TEST(Table, PaintDoesNotChangeAlignment) {
    const Table table{.columns = {{.title = "SYNC"}, {.title = "X"}},
                      .rows = {{Cell("ok", Tone::Good), "1"}}};
    EXPECT_EQ(table.text(false, {.on = true}),
              "\x1b[2mSYNC\x1b[0m   \x1b[2mX\x1b[0m\n\x1b[32mok\x1b[0m     1\n");
}

TEST(Yaml, QuotesWhatWouldReadAsSomethingElse) {
    const Value value(ValueMap{{"plain", "worker-1"},
                               {"no", "no"},
                               {"octal", "010"},
                               {"null word", "null"},
                               {"colon", "a: b"},
                               {"empty", ""},
                               {"dash", "- x"},
                               {"number", 7},
                               {"real", 1.5},
                               {"yes", true},
                               {"nothing", Value()}});
    EXPECT_EQ(write_yaml(value), "plain: worker-1\n"
                                 "\"no\": \"no\"\n"
                                 "octal: \"010\"\n"
                                 "null word: \"null\"\n"
                                 "colon: \"a: b\"\n"
                                 "empty: \"\"\n"
                                 "dash: \"- x\"\n"
                                 "number: 7\n"
                                 "real: 1.5\n"
                                 "\"yes\": true\n"
                                 "nothing: null\n");
}

TEST(Yaml, NestsListsAndMaps) {
    const Value value(ValueMap{{"list", ValueList{Value(1), Value(ValueList{Value("a"), Value("b")}),
                                                  Value(ValueMap{{"x", 1}, {"z", ValueList{}}})}},
                               {"map", ValueMap{{"in", ValueMap{{"deep", "text\nlines"}}}}},
                               {"none", ValueMap{}}});
    EXPECT_EQ(write_yaml(value), "list:\n"
                                 "  - 1\n"
                                 "  - - a\n"
                                 "    - b\n"
                                 "  - x: 1\n"
                                 "    z: []\n"
                                 "map:\n"
                                 "  in:\n"
                                 "    deep: \"text\\nlines\"\n"
                                 "none: {}\n");
}

TEST(Branches, EndsInACorner) {
    EXPECT_EQ(branches({"a", "b"}), "  ├── a\n  └── b\n");
}

TEST(Markdown, ReadsWellInATerminalAndInMan) {
    const std::string_view text =
        "First `code` line.\n\n- one\n- two\n  more\n\n    run it\n\n## Title\n.dot\n";
    EXPECT_EQ(markdown_to_text(text, {}),
              "  First 'code' line.\n\n  - one\n  - two\n    more\n\n      run it\n\nTitle\n  .dot\n");
    EXPECT_EQ(markdown_to_roff(text),
              "First \\fBcode\\fR line.\n.IP \\(bu 2\none\n.IP \\(bu 2\ntwo\nmore\n.PP\n.RS "
              "4\n.nf\n\\&run it\n.fi\n.RE\n.SS Title\n\\&.dot\n");
}

} // namespace
} // namespace lab::cli
