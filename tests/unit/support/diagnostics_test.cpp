#include "support/diagnostics.h"

#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

namespace lab {
namespace {

using Sources = std::map<std::string, std::string>;

SourceLines lines_of(const Sources& sources) {
    return [sources](const std::string& file, std::uint32_t line) -> std::optional<std::string> {
        const auto found = sources.find(file);
        if (found == sources.end()) return std::nullopt;
        const auto lines = split(found->second, '\n');
        if (line == 0 || line > lines.size()) return std::nullopt;
        return std::string(lines[line - 1]);
    };
}

Span at(const char* file, std::uint32_t line, std::uint32_t column, std::uint32_t length = 1) {
    return {FileName(file), line, column, length};
}

std::string render_one(Diagnostic item, const Sources& sources, const RenderStyle& style = {}) {
    Diagnostics all;
    all.add(std::move(item));
    return render_text(all, lines_of(sources), style);
}

TEST(Diagnostics, ShowTheLineAndACaret) {
    const Sources sources{{"hosts/web1.yaml", "a: 1\n  profil: web\n"}};
    EXPECT_EQ(render_one({.code = "spec/unknown-key",
                          .message = "host 'web1' has no field 'profil'",
                          .at = at("hosts/web1.yaml", 2, 3, 6),
                          .help = "did you mean 'profile'?"},
                         sources),
              "hosts/web1.yaml:2:3: error: host 'web1' has no field 'profil' [spec/unknown-key]\n"
              "  |\n"
              "2 |   profil: web\n"
              "  |   ^^^^^^ did you mean 'profile'?\n"
              "\n"
              "1 error\n");
}

TEST(Diagnostics, ShowNotesWithTheirOwnLine) {
    const Sources sources{{"a.yaml", "x: 1\n"}, {"b.yaml", std::string(11, '\n') + "x: 2\n"}};
    EXPECT_EQ(
        render_one({.severity = Severity::Warning,
                    .code = "spec/conflict",
                    .message = "'x' has two values",
                    .at = at("b.yaml", 12, 1),
                    .help = "",
                    .notes = {{"first defined here", at("a.yaml", 1, 1)}, {"no place for this one", {}}}},
                   sources),
        "b.yaml:12:1: warning: 'x' has two values [spec/conflict]\n"
        "   |\n"
        "12 | x: 2\n"
        "   | ^\n"
        "a.yaml:1:1: note: first defined here\n"
        "  |\n"
        "1 | x: 1\n"
        "  | ^\n"
        "note: no place for this one\n"
        "\n"
        "1 warning\n");
}

TEST(Diagnostics, DoWithoutALine) {
    EXPECT_EQ(render_one({.code = "cli/no-inventory",
                          .message = "there is no inventory here",
                          .at = {},
                          .help = "run 'lab init'"},
                         {}),
              "error: there is no inventory here [cli/no-inventory]\n  = help: run 'lab init'\n\n1 error\n");
    EXPECT_EQ(render_one({.code = "c", .message = "m", .at = at("a.yaml", 0, 0)}, {{"a.yaml", "x"}}),
              "a.yaml: error: m [c]\n\n1 error\n");
    EXPECT_EQ(render_one({.code = "c", .message = "m", .at = at("gone.yaml", 3, 1), .help = "h"}, {}),
              "gone.yaml:3:1: error: m [c]\n  = help: h\n\n1 error\n");
    EXPECT_EQ(render_text(Diagnostics{}, {}), "");
}

TEST(Diagnostics, LongHelpGetsALineOfItsOwn) {
    const std::string help(100, 'h');
    EXPECT_EQ(render_one({.code = "c", .message = "m", .at = at("a", 1, 1), .help = help}, {{"a", "x"}}),
              "a:1:1: error: m [c]\n  |\n1 | x\n  | ^\n  = help: " + help + "\n\n1 error\n");
}

TEST(Diagnostics, TheCaretStandsUnderWideAndHiddenCharacters) {
    const auto caret = [](std::string_view line, std::uint32_t column, std::uint32_t length) {
        const std::string text = render_one({.code = "c", .message = "m", .at = at("a", 1, column, length)},
                                            {{"a", std::string(line)}});
        const auto lines = split(text, '\n');
        return fmt::format("{}\n{}", lines[2], lines[3]);
    };
    EXPECT_EQ(caret("\xe6\x97\xa5\xe6\x9c\xac: x", 5, 1), "1 | \xe6\x97\xa5\xe6\x9c\xac: x\n  |       ^");
    EXPECT_EQ(caret("\xe6\x97\xa5\xe6\x9c\xac: x", 2, 1), "1 | \xe6\x97\xa5\xe6\x9c\xac: x\n  |   ^^");
    EXPECT_EQ(caret("e\xcc\x81: x", 5, 1), "1 | e\xcc\x81: x\n  |    ^");
    EXPECT_EQ(caret("\tx", 2, 1), "1 |     x\n  |     ^");
    EXPECT_EQ(caret("a\x1b[0m\xff"
                    "b",
                    7, 1),
              "1 | a\\x1b[0m\\xffb\n  |             ^");
    EXPECT_EQ(caret("abc", 4, 1), "1 | abc\n  |    ^");  // behind the end
    EXPECT_EQ(caret("abc", 50, 3), "1 | abc\n  |    ^"); // far behind the end
    EXPECT_EQ(caret("abc", 2, 50), "1 | abc\n  |  ^^");  // no further than the end
    EXPECT_EQ(caret("", 1, 1), "1 | \n  | ^");
}

TEST(Diagnostics, LongLinesAreCutAroundTheCaret) {
    const std::string line = std::string(500, 'a') + "HERE" + std::string(500'000, 'b');
    const std::string text =
        render_one({.code = "c", .message = "m", .at = at("f", 1, 501, 4)}, {{"f", line}});
    const auto lines = split(text, '\n');
    EXPECT_EQ(lines[2], "1 | ..." + std::string(40, 'a') + "HERE" + std::string(56, 'b') + "...");
    EXPECT_EQ(lines[3], "  | " + std::string(43, ' ') + "^^^^");
}

TEST(Diagnostics, InputCannotDriveTheTerminal) {
    const std::string text = render_one(
        {.code = "c", .message = "unknown key '\x1b]0;title\x07'", .at = at("a\nb", 1, 1), .help = "\x1b[2J"},
        {{"a\nb", "\x1b[31m"}});
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(text.find('\x07'), std::string::npos) << text;
}

TEST(Diagnostics, ColourOnlyPaints) {
    const Sources sources{{"a", "x"}};
    const Diagnostic item{.code = "c", .message = "m", .at = at("a", 1, 1), .help = "h"};
    std::string painted = render_one(item, sources, {.color = true});
    EXPECT_NE(painted.find("\x1b[1;31m"), std::string::npos);
    for (std::size_t start; (start = painted.find('\x1b')) != std::string::npos;)
        painted.erase(start, painted.find('m', start) - start + 1);
    EXPECT_EQ(painted, render_one(item, sources));
}

TEST(Diagnostics, AreSortedAndWithoutRepeats) {
    Diagnostics all;
    all.add({.code = "z", .message = "late", .at = at("b", 1, 1)});
    all.add({.code = "b", .message = "second", .at = at("a", 2, 1)});
    Diagnostics more;
    more.add({.code = "a", .message = "first", .at = at("a", 2, 1)});
    more.add({.code = "b", .message = "second", .at = at("a", 2, 1)});
    more.add({.severity = Severity::Warning, .code = "w", .message = "early", .at = {}});
    all.append(std::move(more));
    EXPECT_EQ(all.errors(), 4u);
    EXPECT_EQ(all.warnings(), 1u);
    EXPECT_TRUE(all.has_errors());
    EXPECT_EQ(render_text(all, {}),
              "warning: early [w]\n\na:2:1: error: first [a]\n\na:2:1: error: second [b]\n\n"
              "b:1:1: error: late [z]\n\n3 errors, 1 warning\n");
}

TEST(Diagnostics, BeyondTheLimitErrorsGoFirst) {
    Diagnostics all;
    for (std::uint32_t line = 1; line <= 5; ++line)
        all.add({.severity = Severity::Warning, .code = "w", .message = "w", .at = at("a", line, 1)});
    all.add({.code = "e", .message = "e", .at = at("b", 1, 1)});
    EXPECT_EQ(render_text(all, {}, {.limit = 2}),
              "a:1:1: warning: w [w]\n\nb:1:1: error: e [e]\n\n1 error, 5 warnings (4 not shown)\n");
}

TEST(Diagnostics, HaveAJsonForm) {
    Diagnostics all;
    all.add(
        {.code = "c", .message = "m", .at = at("a", 3, 5, 2), .help = "h", .notes = {{"n", at("b", 0, 0)}}});
    all.add({.severity = Severity::Warning, .code = "w", .message = "x", .at = {}});
    EXPECT_EQ(
        write_json(to_value(all)),
        R"({"format":"lab.diagnostics/1","errors":1,"warnings":1,"diagnostics":[)"
        R"({"severity":"warning","code":"w","message":"x","file":null,"line":null,"column":null,"length":null,"help":null,"notes":[]},)"
        R"({"severity":"error","code":"c","message":"m","file":"a","line":3,"column":5,"length":2,"help":"h",)"
        R"("notes":[{"message":"n","file":"b","line":null,"column":null,"length":null}]}]})");
}

} // namespace
} // namespace lab
