#include "spec/edit.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using Kind = DocumentEdit::Kind;

std::string edited(std::string text, const std::vector<DocumentEdit>& edits) {
    const auto result = edit_document("f.yaml", std::move(text), edits);
    if (result) return *result;
    return "refused: " + result.error().message +
           (result.error().hint.empty() ? "" : " (" + result.error().hint + ")");
}

std::string set(std::string text, EditPath path, Value value) {
    return edited(std::move(text), {{Kind::Set, std::move(path), std::move(value)}});
}
std::string append(std::string text, EditPath path, Value value) {
    return edited(std::move(text), {{Kind::Append, std::move(path), std::move(value)}});
}
std::string removed(std::string text, EditPath path) {
    return edited(std::move(text), {{Kind::Remove, std::move(path), {}}});
}

Value server() {
    return ValueMap{{"root", Value("machines/b")}, {"labels", Value(ValueList{Value("base"), Value("web")})}};
}

TEST(Edit, AddsAnEntryBehindTheLastOfItsMap) {
    EXPECT_EQ(set("servers:\n  a:\n    root: machines/a\n    labels: [base]\n", {"servers", "b"}, server()),
              "servers:\n  a:\n    root: machines/a\n    labels: [base]\n  b:\n    root: machines/b\n    "
              "labels: [base, web]\n");
}

TEST(Edit, KeepsCommentsAndBlankLinesWhereTheyAre) {
    EXPECT_EQ(set("# all of it\nservers:\n  # the first\n  a:  # here\n    root: x # there\n    # inside "
                  "a\n\n# labels below\nlabels: {}\n",
                  {"servers", "b"}, ValueMap{{"root", Value("w")}}),
              "# all of it\nservers:\n  # the first\n  a:  # here\n    root: x # there\n    # inside a\n  "
              "b:\n    root: w\n\n"
              "# labels below\nlabels: {}\n");
}

TEST(Edit, FollowsTheFilesIndentationListsAndBlankLines) {
    EXPECT_EQ(
        set("servers:\n    a:\n        labels:\n        - base\n\n    b:\n        labels:\n        - base\n",
            {"servers", "c"}, ValueMap{{"labels", Value(ValueList{Value("x"), Value("z")})}}),
        "servers:\n    a:\n        labels:\n        - base\n\n    b:\n        labels:\n        - base\n\n"
        "    c:\n        labels:\n        - x\n        - z\n");
}

TEST(Edit, FollowsSiblingsOnOneLine) {
    EXPECT_EQ(set("servers:\n  a: { root: x, labels: ['base'] }\n  b: { root: y }\n", {"servers", "c"},
                  ValueMap{{"root", Value("z z:")}, {"protect", Value(true)}}),
              "servers:\n  a: { root: x, labels: ['base'] }\n  b: { root: y }\n  c: { root: 'z z:', protect: "
              "true }\n");
}

TEST(Edit, FollowsQuotesLineEndsAndAMissingLastOne) {
    EXPECT_EQ(set("a: \"x\"\r\nb: \"y\"", {"c"}, "z"), "a: \"x\"\r\nb: \"y\"\r\nc: \"z\"");
    EXPECT_EQ(set("m:\n  a: 'x y'\n  b: z", {"m", "c"}, "1:30"), "m:\n  a: 'x y'\n  b: z\n  c: '1:30'");
}

TEST(Edit, QuotesWhatWouldReadAsSomethingElse) {
    for (const char* text : {"no",
                             "010",
                             "1e3",
                             "",
                             " x",
                             "a: b",
                             "a #b",
                             "*x",
                             "&x",
                             "!x",
                             "-",
                             "x:",
                             "[a",
                             "{a",
                             "null",
                             "2024-01-01",
                             "02:00:00:00:00:01",
                             "'",
                             "\"",
                             "\\",
                             "#",
                             "@x",
                             "`x",
                             "%x",
                             "?",
                             "~",
                             "é",
                             "\x07",
                             "<<",
                             "0x1f",
                             "1_000"}) {
        const std::string result = set("m:\n  a: 1\n", {"m", "k"}, text);
        Diagnostics diagnostics;
        const auto document = Document::parse("f.yaml", result, diagnostics);
        ASSERT_TRUE(document && diagnostics.empty()) << result;
        EXPECT_EQ(document->root().find("m").find("k").scalar(), Value(text)) << result;
        EXPECT_TRUE(result.find(std::string("k: ") + text + "\n") == std::string::npos) << result;
    }
    for (const char* text : {"base", "postgresql::server", "10.0.0.1", "1.2.3", "10GB", "a b",
                             "apply:*:prod:*", "ghcr.io/org/x:1.2", "k3s=server"})
        EXPECT_EQ(set("m:\n  a: 1\n", {"m", "k"}, text), std::string("m:\n  a: 1\n  k: ") + text + "\n");
}

TEST(Edit, WritesTextOfSeveralLinesAsABlock) {
    EXPECT_EQ(set("m:\n  a: 1\n", {"m", "k"}, "one\n  two\n\nthree\n"),
              "m:\n  a: 1\n  k: |\n    one\n      two\n\n    three\n");
    EXPECT_EQ(set("m:\n  a: 1\n", {"m", "k"}, "one\ntwo"), "m:\n  a: 1\n  k: |-\n    one\n    two\n");
    EXPECT_EQ(set("m:\n  a: 1\n", {"m", "k"}, "one\n\n"), "m:\n  a: 1\n  k: \"one\\n\\n\"\n");
}

TEST(Edit, FillsSectionsThatAreEmpty) {
    EXPECT_EQ(
        set("servers:  # none yet\nlabels:\n  base: {}\n", {"servers", "a"}, ValueMap{{"root", Value("x")}}),
        "servers:  # none yet\n  a:\n    root: x\nlabels:\n  base: {}\n");
    EXPECT_EQ(set("servers: {}  # none yet\n", {"servers", "a"}, ValueMap{{"root", Value("x")}}),
              "servers:  # none yet\n  a:\n    root: x\n");
    EXPECT_EQ(set("servers: ~\n", {"servers", "a", "root"}, "x"), "servers:\n  a:\n    root: x\n");
    EXPECT_EQ(set("environments:\n  home: {}\n", {"environments", "home", "cloud"}, "local"),
              "environments:\n  home: {cloud: local}\n");
    EXPECT_EQ(set("# only this\n", {"servers", "a", "root"}, "x"),
              "# only this\n\nservers:\n  a:\n    root: x\n");
    EXPECT_EQ(set("", {"servers", "a", "root"}, "x"), "servers:\n  a:\n    root: x\n");
    EXPECT_EQ(set("---\n", {"a"}, 1), "---\n\na: 1\n");
}

TEST(Edit, AddsSectionsApart) {
    EXPECT_EQ(set("a:\n  x: 1\n", {"b", "z"}, 2), "a:\n  x: 1\n\nb:\n  z: 2\n");
    EXPECT_EQ(set("a: 1\nb: 2\n", {"c"}, 3), "a: 1\nb: 2\nc: 3\n");
    EXPECT_EQ(set("a: 1\n...\n", {"b"}, 3), "a: 1\n\nb: 3\n...\n");
}

TEST(Edit, ReplacesOnlyTheValue) {
    EXPECT_EQ(set("a:\n  k:   old   # why\n  j: 1\n", {"a", "k"}, "new"), "a:\n  k:   new   # why\n  j: 1\n");
    EXPECT_EQ(set("a: {k: \"old, x\", j: 1}\n", {"a", "k"}, 5), "a: {k: 5, j: 1}\n");
    EXPECT_EQ(set("a:\n  k: |  # why\n    x\n    # not a comment\n  j: 1\n", {"a", "k"}, "s"),
              "a:\n  k: s  # why\n  j: 1\n");
    EXPECT_EQ(set("a:\n  k:\n    x: 1\n  # about j\n  j: 1\n", {"a", "k"}, "s"),
              "a:\n  k: s\n  # about j\n  j: 1\n");
    EXPECT_EQ(set("a:\n  k: one\n    two\n  j: 1\n", {"a", "k"}, "s"), "a:\n  k: s\n  j: 1\n");
    EXPECT_EQ(set("a:\n  k: 1 # why\n", {"a", "k"}, ValueMap{{"x", Value(1)}}), "a:\n  k: # why\n    x: 1\n");
    EXPECT_EQ(set("a:\n  k:\n", {"a", "k"}, 3), "a:\n  k: 3\n");
    EXPECT_EQ(set("l:\n  - a # x\n  - b\n", {"l", std::size_t{0}}, "c"), "l:\n  - c # x\n  - b\n");
}

TEST(Edit, ChangesOfAListOrMapAreTheLeastThatIsNeeded) {
    const Value list = ValueList{Value("a"), Value("c"), Value("d")};
    EXPECT_EQ(set("l:\n  - a  # first\n  - b\n  - c\n", {"l"}, list), "l:\n  - a  # first\n  - c\n  - d\n");
    EXPECT_EQ(set("l: [a, b, c]\n", {"l"}, list), "l: [a, c, d]\n");
    EXPECT_EQ(set("m:\n  a: 1  # one\n  b: 2\n", {"m"}, ValueMap{{"a", Value(1)}, {"c", Value(3)}}),
              "m:\n  a: 1  # one\n  c: 3\n");
    EXPECT_EQ(set("m: {a: 1}\n", {"m"}, ValueMap{{"a", Value(1)}}), "m: {a: 1}\n");
}

TEST(Edit, AppendsToLists) {
    EXPECT_EQ(append("labels: [base]\n", {"labels"}, "web"), "labels: [base, web]\n");
    EXPECT_EQ(append("labels: [ base, ]\n", {"labels"}, "web"), "labels: [ base, web ]\n");
    EXPECT_EQ(append("labels: []\n", {"labels"}, "web"), "labels: [web]\n");
    EXPECT_EQ(append("s: {a: 1}\n", {"s", "labels"}, "web"), "s: {a: 1, labels: [web]}\n");
    EXPECT_EQ(append("labels:\n- base\n- x  # last\n\nb: 1\n", {"labels"}, "web"),
              "labels:\n- base\n- x  # last\n- web\n\nb: 1\n");
    EXPECT_EQ(append("labels: [\n  base,\n  x   # last\n]\n", {"labels"}, "web"),
              "labels: [\n  base,\n  x,   # last\n  web\n]\n");
    EXPECT_EQ(append("labels: [\n  base,\n  x,\n]\n", {"labels"}, "web"),
              "labels: [\n  base,\n  x,\n  web,\n]\n");
    EXPECT_EQ(append("alerts:\n  - name: a\n    for: 5m\n", {"alerts"},
                     ValueMap{{"name", Value("b")}, {"for", Value("1m")}}),
              "alerts:\n  - name: a\n    for: 5m\n  - name: b\n    for: 1m\n");
}

TEST(Edit, KeepsTheCommentsOfWhatIsEmpty) {
    EXPECT_EQ(append("a:\n  labels: [ # none yet\n  ]\n", {"a", "labels"}, "web"),
              "a:\n  labels: [ # none yet\n    web\n  ]\n");
    EXPECT_EQ(set("a: { # none yet\n  # x: 1\n}\n", {"a", "b"}, 2), "a: { # none yet\n  # x: 1\n  b: 2\n}\n");
    EXPECT_EQ(
        set("servers: {}\n  # b is off\nlabels: {}\n", {"servers", "a"}, ValueMap{{"root", Value("x")}}),
        "servers:\n  a:\n    root: x\n  # b is off\nlabels: {}\n");
    EXPECT_EQ(removed("l: [ # why\n  a, # a\n]\n", {"l", std::size_t{0}}), "l: [ # why\n]\n");
    EXPECT_EQ(removed("l: [ # why\n  a # a\n]\n", {"l", std::size_t{0}}), "l: [ # why\n]\n");
    EXPECT_EQ(removed("l: [ # why\n  a ]\n", {"l", std::size_t{0}}), "l: [ # why\n   ]\n");
    EXPECT_EQ(
        removed("s:  # these\n  # of a\n  a:\n    x: 1\n    # in a\n  # b is off\n    # for long\n\nz: 1\n",
                {"s", "a"}),
        "s: {}  # these\n  # b is off\n    # for long\n\nz: 1\n");
    EXPECT_EQ(removed("l:\n  - a\n  # - b\n", {"l", std::size_t{0}}), "l: []\n  # - b\n");
}

TEST(Edit, RemovesAnEntryWithTheCommentAboveIt) {
    const std::string text = "# the fleet\nservers:\n  # about a\n  a:\n    root: x\n\n  # about b\n  b:\n   "
                             " root: y  # here\n\n  c: {}\n";
    EXPECT_EQ(removed(text, {"servers", "b"}),
              "# the fleet\nservers:\n  # about a\n  a:\n    root: x\n\n  c: {}\n");
    EXPECT_EQ(
        removed(text, {"servers", "c"}),
        "# the fleet\nservers:\n  # about a\n  a:\n    root: x\n\n  # about b\n  b:\n    root: y  # here\n");
    EXPECT_EQ(removed(text, {"servers", "a"}),
              "# the fleet\nservers:\n  # about b\n  b:\n    root: y  # here\n\n  c: {}\n");
    EXPECT_EQ(removed("# file\na: 1\n\nb: 2\n", {"a"}), "# file\nb: 2\n");
    EXPECT_EQ(removed("a: 1\nb: 2", {"b"}), "a: 1");
    EXPECT_EQ(removed("s:\n  a: 1\n", {"s", "a"}), "s: {}\n");
    EXPECT_EQ(removed("s:\n  a: |\n    x\n\n  b: 1\n", {"s", "b"}), "s:\n  a: |\n    x\n");
}

TEST(Edit, RemovesFromFlowAndLists) {
    EXPECT_EQ(removed("l: [a, b, c]\n", {"l", std::size_t{0}}), "l: [b, c]\n");
    EXPECT_EQ(removed("l: [a, b, c]\n", {"l", std::size_t{1}}), "l: [a, c]\n");
    EXPECT_EQ(removed("l: [a, b, c]\n", {"l", std::size_t{2}}), "l: [a, b]\n");
    EXPECT_EQ(removed("l: [a]\n", {"l", std::size_t{0}}), "l: []\n");
    EXPECT_EQ(removed("l:\n  - a\n", {"l", std::size_t{0}}), "l: []\n");
    EXPECT_EQ(removed("l:\n  - a\n  - b # x\n  - c\n", {"l", std::size_t{1}}), "l:\n  - a\n  - c\n");
    EXPECT_EQ(removed("m: {a: 1, b: {c: 2}, d: 3}\n", {"m", "b"}), "m: {a: 1, d: 3}\n");
    EXPECT_EQ(removed("m: {\n  a: 1,  # one\n  b: 2,\n  c: 3\n}\n", {"m", "b"}),
              "m: {\n  a: 1,  # one\n  c: 3\n}\n");
    EXPECT_EQ(removed("l:\n  - a: 1\n    b: 2\n", {"l", std::size_t{0}, "a"}), "l:\n  - b: 2\n");
}

TEST(Edit, RefusesWithThePlaceAndWhatToWrite) {
    EXPECT_EQ(set("base: &b\n  x: 1\nother: *b\n", {"other", "z"}, 2),
              "refused: 'other.z' cannot be edited in place at f.yaml:3:1 (what is there is an alias, shared "
              "with another place; write "
              "by hand there:\nz: 2)");
    EXPECT_EQ(set("base: &b\n  x: 1\nother: *b\n", {"base", "z"}, 2),
              "refused: 'base.z' cannot be edited in place at f.yaml:1:1 (no change there would mean this "
              "and nothing else; write by "
              "hand there:\nz: 2)");
    EXPECT_EQ(removed("base: &b\n  x: 1\nother: *b\n", {"base"}),
              "refused: 'base' cannot be edited in place at f.yaml:1:1 (no change there would mean this and "
              "nothing else; remove it by "
              "hand)");
    EXPECT_EQ(set("a: 1\n", {"a", "b"}, 2), "refused: 'a.b' cannot be set: 'a' is no map");
    EXPECT_EQ(removed("a: 1\n", {"b", "c"}), "refused: there is no 'b.c'");
    EXPECT_EQ(set("a: [\n", {"b"}, 2).substr(0, 9), "refused: ");
}

TEST(Edit, ARefusalSaysThatItsPlaceIsInTheTextBetweenEdits) {
    const DocumentEdit edits[] = {{Kind::Set, {"first", "a"}, ValueMap{{"b", Value(1)}}},
                                  {Kind::Set, {"other", "z"}, Value(2)}};
    const std::string text = "base: &b\n  x: 1\nfirst: {}\nother: *b\n";
    const auto refused = edit_document("f.yaml", text, edits);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "'other.z' cannot be edited in place at f.yaml:6:1");
    EXPECT_EQ(refused.error().context.front(), "in the file as the edits before this one leave it");
    EXPECT_TRUE(edit_document("f.yaml", text, {edits + 1, 1}).error().context.empty());
}

TEST(Edit, AnAliasMayBeReplacedAsAWhole) {
    EXPECT_EQ(set("base: &b [x]\nother: *b  # why\n", {"other"}, ValueList{Value("z")}),
              "base: &b [x]\nother: [z]  # why\n");
}

TEST(Edit, SpellsPaths) {
    EXPECT_EQ(to_string(EditPath{"servers", "a.b", "labels", std::size_t{2}}), "servers.\"a.b\".labels[2]");
}

} // namespace
} // namespace lab::spec
