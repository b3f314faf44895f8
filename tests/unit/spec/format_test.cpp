#include "spec/format.h"

#include "spec/document.h"
#include "support/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace lab::spec {
namespace {

/// The text laid out; "left LINE: WHY" where it was left; the first problem where it is no YAML.
std::string laid_out(const std::string& text) {
    Diagnostics diagnostics;
    const auto formatted = format_yaml("a.yaml", text, diagnostics);
    if (!formatted) return "broken: " + diagnostics.sorted().front().message;
    if (formatted->left.empty()) return formatted->text;
    EXPECT_EQ(formatted->text, text);
    return fmt::format("left {}: {}", formatted->left_line, formatted->left);
}

TEST(Format, IndentsByTwoAndListsToo) {
    EXPECT_EQ(laid_out("servers:\n    a:\n        labels:\n        - x\n        -   y\n"),
              "servers:\n  a:\n    labels:\n      - x\n      - y\n");
    EXPECT_EQ(laid_out("resources:\n-   file: /etc/motd\n    mode: \"0644\"\n-\n    package: x\n"),
              "resources:\n  - file: /etc/motd\n    mode: \"0644\"\n  -\n    package: x\n");
    EXPECT_EQ(laid_out("- - a\n  -   b\n-   - c\n"), "- - a\n  - b\n- - c\n");
    EXPECT_EQ(laid_out("  a: 1\n  b:\n     c: 2\n"), "a: 1\nb:\n  c: 2\n");
}

TEST(Format, SpacesTokensApart) {
    EXPECT_EQ(laid_out("a:   1\nb :\t2 \n\"c\" : [1,2 , {x: 1,\"y\":2}, [ ], { }]\n"),
              "a: 1\nb: 2\n\"c\": [1, 2, {x: 1, \"y\": 2}, [], {}]\n");
    EXPECT_EQ(laid_out("url: http://x/#y\ntext: a  b   c   # said\n"),
              "url: http://x/#y\ntext: a  b   c  # said\n");
    EXPECT_EQ(laid_out("a: &x {b: 1}\nc:   *x\nd: [ &y 1,*y ]\ne: &z\n   f: 1\n"),
              "a: &x {b: 1}\nc: *x\nd: [&y 1, *y]\ne: &z\n  f: 1\n");
    EXPECT_EQ(laid_out("{a: , b: }\n"), "{a: , b: }\n");
}

TEST(Format, KeepsBlankLinesOneAtATime) {
    EXPECT_EQ(laid_out("\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n  d: 2\n\n\n"), "a: 1\n\nb:\n  c: 1\n\n  d: 2\n");
    EXPECT_EQ(laid_out("a:\n\nb: 1"), "a:\n\nb: 1\n");
    EXPECT_EQ(laid_out("a: 1\r\nb: 2\r\n"), "a: 1\nb: 2\n");
    EXPECT_EQ(laid_out(""), "");
    EXPECT_EQ(laid_out("\n\n"), "");
}

TEST(Format, CommentsStayWithWhatTheyAreAbout) {
    EXPECT_EQ(laid_out("# top\n\n\n#second\nservers:\n     # first\n     a:\n          labels: [x]\n"
                       "          # provider: local\n     # about b\n     b: {}\n# end\n"),
              "# top\n\n#second\nservers:\n  # first\n  a:\n    labels: [x]\n    # provider: local\n"
              "  # about b\n  b: {}\n# end\n");
    EXPECT_EQ(laid_out("a:\n    b: 1\n    # in a\n\n    # too\n\n# of c\nc: 1\n"),
              "a:\n  b: 1\n  # in a\n\n  # too\n\n# of c\nc: 1\n");
    EXPECT_EQ(laid_out("a:\n    # nothing yet\nb: 1\nc:\n     # nor here\n"),
              "a:\n  # nothing yet\nb: 1\nc:\n  # nor here\n");
    EXPECT_EQ(laid_out("m:\n  a:\n  - x\n  # - y\n  # b: z\nc: 1\n"),
              "m:\n  a:\n    - x\n    # - y\n  # b: z\nc: 1\n");
    EXPECT_EQ(laid_out("a:\n- x\n# of y\n- y\n  # below y\nb: 1\n"),
              "a:\n  - x\n  # of y\n  - y\n  # below y\nb: 1\n");
}

TEST(Format, CommentsAtLineEndsKeepTheirColumn) {
    EXPECT_EQ(laid_out("a: 1 # one\nlonger: 2 # two\n"), "a: 1  # one\nlonger: 2  # two\n");
    EXPECT_EQ(laid_out("a:    1     # one\nlonger: 2   # two\n            # and more\nc: 3\n"),
              "a: 1       # one\nlonger: 2  # two\n           # and more\nc: 3\n");
    EXPECT_EQ(laid_out("a:          # one\n    b: x    # two\n"), "a:      # one\n  b: x  # two\n");
}

TEST(Format, BracketsKeepTheirLines) {
    EXPECT_EQ(laid_out("a: [\n1,\n      2 # two\n     # more\n,3\n    ]\nb: 1\n"),
              "a: [\n  1,\n  2  # two\n  # more\n  , 3\n]\nb: 1\n");
    EXPECT_EQ(laid_out("r:\n- {a: 1,\n b: [x,\n y],\n\n\n  c: 3}\n"),
              "r:\n  - {a: 1,\n     b: [x,\n         y],\n\n     c: 3}\n");
    EXPECT_EQ(laid_out("a:\n   [x,y]\n"), "a:\n  [x, y]\n");
    EXPECT_EQ(laid_out("{\n\"a\": 1}\n"), "{\n  \"a\": 1}\n");
}

TEST(Format, TextsOverSeveralLinesSayTheSame) {
    EXPECT_EQ(laid_out("a: |\n      one\n        two\n\n\n      three\n\n\nb: 1\n"),
              "a: |\n  one\n    two\n\n\n  three\n\nb: 1\n");
    EXPECT_EQ(laid_out("a:\n    - >-  # folded\n       x\n       y\n"),
              "a:\n  - >-  # folded\n    x\n    y\n");
    EXPECT_EQ(laid_out("a:\n    b: |2\n         deep\n    c: |+\n        kept\n\n\nd: 1\n"),
              "a:\n  b: |2\n       deep\n  c: |+\n    kept\n\n\nd: 1\n");
    EXPECT_EQ(
        laid_out("a: \"one\n   two\n\n\n   three\"\nb: 'x\n  y'\nc: some\n     words\n\n     more # end\n"),
        "a: \"one\n  two\n\n\n  three\"\nb: 'x\n  y'\nc: some\n  words\n\n  more  # end\n");
    EXPECT_EQ(laid_out("a: |\n    no end"), "a: |\n  no end");
    EXPECT_EQ(laid_out("a:\n     one\n     two\n"), "a:\n  one\n  two\n");
}

TEST(Format, KeepsTheMarksOfAFile) {
    EXPECT_EQ(laid_out("\xef\xbb\xbf# c\n---\na:   1\n"), "\xef\xbb\xbf# c\n---\na: 1\n");
    EXPECT_EQ(laid_out("é:   ü   # x\n日本: y    # z\n"), "é: ü  # x\n日本: y  # z\n");
}

TEST(Format, LeavesWhatItDoesNotKnow) {
    EXPECT_EQ(laid_out("a: 1\n? b\n: 2\n"), "left 2: a key that begins with '?'");
    EXPECT_EQ(laid_out("just text\n"), "left 1: a text that is neither 'key: value' nor '- item'");
    EXPECT_EQ(laid_out("a: 1\n...\n"), "left 2: a marker of YAML streams");
    EXPECT_EQ(laid_out("a: [1\n"), "broken: '[' is never closed");
}

/// Random YAML in all the forms people write, with white space and comments where they may be.
class Writer {
  public:
    explicit Writer(std::uint32_t seed) : random_(seed) {}
    std::string file() {
        if (one_in(6)) text_ += "---\n";
        block(0, 3, one_in(4));
        comment_lines(0);
        return text_;
    }
    const std::vector<std::string>& comments() const { return comments_; }

  private:
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    bool one_in(std::uint32_t count) { return below(count) == 0; }
    std::string spaces(std::uint32_t least) { return std::string(least + (one_in(3) ? below(4) : 0), ' '); }
    std::string word() {
        return fmt::format("{}{}", std::string(1, static_cast<char>('a' + below(26))), below(1000));
    }

    void comment() {
        comments_.push_back(fmt::format("#{} {}", one_in(3) ? "" : " note", below(100000)));
        text_ += comments_.back();
    }
    void comment_lines(std::uint32_t indent) {
        while (one_in(4)) {
            if (one_in(2)) {
                // What is indented below a block text is a part of it.
                if (!after_text_) text_ += spaces(one_in(3) ? 0 : indent);
                comment();
                text_ += one_in(5) ? "  " : "";
            }
            text_ += "\n";
        }
    }
    void line_end() {
        if (one_in(5)) {
            text_ += spaces(1);
            comment();
        }
        text_ += one_in(6) ? "  \n" : "\n";
        if (one_in(8)) text_ += "\n";
    }
    void block(std::uint32_t indent, std::uint32_t depth, bool list) {
        const std::uint32_t count = 1 + below(4);
        for (std::uint32_t i = 0; i < count; ++i) {
            comment_lines(indent);
            text_ += std::string(indent, ' ');
            after_text_ = false;
            list ? item(indent, depth) : entry(indent, depth, i);
        }
    }
    void entry(std::uint32_t indent, std::uint32_t depth, std::uint32_t index) {
        std::string key = fmt::format("{}{}", word(), index);
        if (one_in(6)) key = "\"" + key + ": #\"";
        text_ += key + (one_in(8) ? " :" : ":");
        value(indent, depth, false);
    }
    void item(std::uint32_t indent, std::uint32_t depth) {
        text_ += "-";
        if (depth > 0 && one_in(3)) {
            const std::string gap = spaces(1);
            text_ += gap;
            const auto column = indent + 1 + static_cast<std::uint32_t>(gap.size());
            entry(column, depth - 1, 9);
            if (one_in(2)) {
                text_ += std::string(column, ' ');
                entry(column, depth - 1, 8);
            }
            return;
        }
        value(indent, depth, true);
    }
    void value(std::uint32_t indent, std::uint32_t depth, bool in_list) {
        switch (below(depth > 0 ? 12 : 8)) {
        case 0: line_end(); return; // null
        case 1:
            text_ += spaces(1) + (one_in(2) ? "'it''s # no comment'" : "\"a\\\" # b\"");
            line_end();
            return;
        case 2:
            text_ += spaces(1);
            flow(indent + 1 + below(4), 2);
            line_end();
            return;
        case 3: block_text(indent); return;
        case 4:
            text_ += spaces(1) + word() + "\n" + (one_in(3) ? "\n" : "") +
                     std::string(indent + 1 + below(3), ' ') + word();
            line_end();
            return;
        case 5:
            text_ += spaces(1) + "\"" + word() + "\n" + (one_in(3) ? "\n" : "") + spaces(indent + 1) + "# " +
                     word() + "\"";
            line_end();
            return;
        case 8:
        case 9:
        case 10:
        case 11: {
            line_end();
            const bool list = one_in(2);
            const bool flat = list && !in_list && one_in(2);
            block(flat ? indent : indent + 1 + below(4), depth - 1, list);
            return;
        }
        default:
            text_ += spaces(1) + word() + (one_in(4) ? "  x#y:z" : "");
            line_end();
            return;
        }
    }
    void block_text(std::uint32_t indent) {
        const char* const chomp[] = {"", "-", "+"};
        text_ += spaces(1) + (one_in(2) ? "|" : ">") + chomp[below(3)];
        if (one_in(4)) {
            text_ += spaces(1);
            comment();
        }
        text_ += "\n";
        const std::uint32_t deeper = indent + 1 + below(5);
        for (std::uint32_t i = 0, count = 1 + below(3); i < count; ++i) {
            if (i > 0 && one_in(3)) text_ += "\n";
            text_ += std::string(deeper + (i > 0 && one_in(3) ? 2 : 0), ' ') + "# " + word() + "  end\n";
        }
        if (one_in(3)) text_ += "\n";
        after_text_ = true;
    }
    void flow_gap(std::uint32_t indent) {
        if (one_in(4)) text_ += " ";
        if (!one_in(7)) return;
        if (one_in(2)) {
            text_ += " ";
            comment();
        }
        text_ += (one_in(3) ? "\n\n" : "\n") + std::string(indent, ' ');
    }
    void flow(std::uint32_t indent, std::uint32_t depth) {
        const bool list = one_in(2);
        text_ += list ? "[" : "{";
        for (std::uint32_t i = 0, count = below(4); i < count; ++i) {
            if (i > 0) text_ += ",";
            flow_gap(indent);
            if (!list) {
                text_ += fmt::format("k{}:", i);
                text_ += " ";
            }
            if (depth > 0 && one_in(3))
                flow(indent, depth - 1);
            else
                text_ += one_in(3) ? "\"q, ]\"" : word();
            flow_gap(indent);
        }
        text_ += list ? "]" : "}";
    }

    std::minstd_rand random_;
    std::string text_;
    bool after_text_ = false;
    std::vector<std::string> comments_;
};

std::string without_white_space(std::string_view text) {
    std::string ink;
    for (const char c : text)
        if (c != ' ' && c != '\n') ink += c;
    return ink;
}

/// Every comment, in order, is there, at the end of its line.
void expect_comments(const std::string& text, const std::vector<std::string>& comments) {
    std::size_t at = 0;
    for (const std::string& comment : comments) {
        at = text.find(comment + "\n", at);
        ASSERT_NE(at, std::string::npos) << comment << " is missing in\n" << text;
        ASSERT_TRUE(at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n') << text;
        at += comment.size();
    }
}

TEST(Format, ChangesNothingButWhiteSpace) {
    std::size_t left = 0;
    constexpr std::uint32_t kFiles = 3000;
    for (std::uint32_t seed = 1; seed <= kFiles; ++seed) {
        Writer writer(seed);
        const std::string text = writer.file();
        Diagnostics diagnostics;
        const auto before = Document::parse("a.yaml", text, diagnostics);
        ASSERT_TRUE(before && diagnostics.empty()) << "seed " << seed << "\n"
                                                   << text << diagnostics.sorted().front().message;
        const auto once = format_yaml("a.yaml", text, diagnostics);
        ASSERT_TRUE(once);
        left += !once->left.empty();
        if (!once->left.empty()) ADD_FAILURE() << "seed " << seed << " left: " << once->left << "\n" << text;
        const auto after = Document::parse("a.yaml", once->text, diagnostics);
        ASSERT_TRUE(after && diagnostics.empty());
        EXPECT_EQ(write_json(before->root().as_value()), write_json(after->root().as_value())) << text;
        EXPECT_EQ(without_white_space(text), without_white_space(once->text));
        expect_comments(once->text, writer.comments());
        const auto twice = format_yaml("a.yaml", once->text, diagnostics);
        EXPECT_EQ(twice->text, once->text) << "seed " << seed;
    }
    EXPECT_EQ(left, 0u);
}

} // namespace
} // namespace lab::spec
