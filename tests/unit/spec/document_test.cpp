#include "spec/document.h"

#include "support/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lab::spec {
namespace {

struct Parsed {
    std::shared_ptr<const Document> document;
    Diagnostics diagnostics;
};

Parsed parse(std::string text, const YamlLimits& limits = {}) {
    Parsed parsed;
    parsed.document = Document::parse("a.yaml", std::move(text), parsed.diagnostics, limits);
    return parsed;
}

/// "code line:column+length message | note line:column", a line for each problem.
std::string problems(const Parsed& parsed) {
    std::string text;
    for (const Diagnostic& problem : parsed.diagnostics.sorted()) {
        text += fmt::format("{}{} {}:{}+{} {}", text.empty() ? "" : "\n", problem.code, problem.at.line,
                            problem.at.column, problem.at.length, problem.message);
        for (const Diagnostic::Note& note : problem.notes)
            text += fmt::format(" | {} {}:{}", note.message, note.at.line, note.at.column);
    }
    return text;
}

std::string problems(std::string text, const YamlLimits& limits = {}) {
    return problems(parse(std::move(text), limits));
}

/// The data as JSON, where the text has no problem.
std::string data(std::string text) {
    const Parsed parsed = parse(std::move(text));
    if (!parsed.diagnostics.empty()) return problems(parsed);
    return write_json(parsed.document->root().as_value());
}

/// Whether the scanner, without the referee, reads it.
bool scans(std::string text) {
    Diagnostics diagnostics;
    return Document::parse_with(Document::Reader::ScannerOnly, FileName("a.yaml"), std::move(text),
                                diagnostics) != nullptr;
}

std::string place(const Node& node) {
    return fmt::format("{}:{}+{}", node.line(), node.column(), node.span().length);
}

TEST(Document, ReadsBlockStyle) {
    EXPECT_EQ(
        data("servers:\n  db-1:\n    labels: [db, base]\n    params: {db: {port: 5432}}\n    mac: "
             "aa:bb:cc:dd:ee:ff\n"),
        R"({"servers":{"db-1":{"labels":["db","base"],"params":{"db":{"port":5432}},"mac":"aa:bb:cc:dd:ee:ff"}}})");
    EXPECT_EQ(data("a:\n- 1\n- b: 2\n  c: 3\n-\n  - x\nd:\n"), R"({"a":[1,{"b":2,"c":3},["x"]],"d":null})");
    EXPECT_EQ(data("{a: [1, {b: c}],\n \"d\": 'it''s'}"), R"({"a":[1,{"b":"c"}],"d":"it's"})");
    EXPECT_EQ(data("a: |\n  one\n   two\n\n  three\nb: >-\n  folded\n  text\n"),
              R"({"a":"one\n two\n\nthree\n","b":"folded text"})");
}

TEST(Document, EmptyFilesAreNull) {
    for (const char* text : {"", "\n", "# only a comment\n", "---\n", "\xef\xbb\xbf", "--- # nothing\n..."}) {
        const Parsed parsed = parse(text);
        ASSERT_TRUE(parsed.document) << text << problems(parsed);
        EXPECT_TRUE(parsed.document->root().is_null());
        EXPECT_EQ(place(parsed.document->root()), "0:0+1") << text;
        EXPECT_EQ(parsed.document->root().span().text(), "a.yaml");
    }
}

TEST(Document, TypesPlainScalarsByTheCoreSchema) {
    const auto type_and_value = [](std::string scalar) {
        const Parsed parsed = parse("v: " + scalar + "\n");
        if (!parsed.document) return problems(parsed);
        const Node node = parsed.document->root().find("v");
        return fmt::format("{} {}", node.type_name(), write_json(node.as_value()));
    };
    EXPECT_EQ(type_and_value("12"), "integer 12");
    EXPECT_EQ(type_and_value("-0"), "integer 0");
    EXPECT_EQ(type_and_value("+7"), "integer 7");
    EXPECT_EQ(type_and_value("0x1F"), "integer 31");
    EXPECT_EQ(type_and_value("0o17"), "integer 15");
    EXPECT_EQ(type_and_value("1.5"), "number 1.5");
    EXPECT_EQ(type_and_value("1e3"), "number 1000.0");
    EXPECT_EQ(type_and_value("true"), "boolean true");
    EXPECT_EQ(type_and_value("FALSE"), "boolean false");
    EXPECT_EQ(type_and_value("~"), "null null");
    EXPECT_EQ(type_and_value("NULL"), "null null");
    EXPECT_EQ(type_and_value(""), "null null");
    for (const char* text :
         {"no",    "on",   "y",         "010",  "0644", "00", "01.5", "1:30", "1_000",
          "0b1",   "0x",   "0o8",       "0x-1", "1e",   ".",  ".inf", ".nan", "9223372036854775808",
          "1.2.3", "nUll", "2026-01-02"})
        EXPECT_EQ(type_and_value(text), fmt::format("string \"{}\"", text));
    for (const char* text : {"12", "true", "null", "~", ""})
        EXPECT_EQ(type_and_value(fmt::format("'{}'", text)), fmt::format("string \"{}\"", text));
}

TEST(Document, RefusesNumbersThatNoDoubleHolds) {
    EXPECT_EQ(problems("a: 1e400\nb: [-1e-400]\n"),
              "yaml/number 1:4+5 the number '1e400' is too large or too close to 0 to be kept\n"
              "yaml/number 2:5+7 the number '-1e-400' is too large or too close to 0 to be kept");
    EXPECT_EQ(problems("a: &x 12e4567\n1e400: '1e400'\n"),
              "yaml/number 1:4+2 the number '12e4567' is too large or too close to 0 to be kept");
    EXPECT_EQ(data("{a: 1e308, b: 5e-324, c: 0e999, d: \"1e400\", e: 1e4x, f: 1e400.}"),
              R"({"a":1e+308,"b":5e-324,"c":0.0,"d":"1e400","e":"1e4x","f":"1e400."})");
}

TEST(Document, KnowsWhereEverythingIs) {
    const Parsed parsed = parse(
        "a: 'x y'\nbé: [ü, {c: 12}]\nd:\n  - e: true\n  -   |-\n   text\n  -\nf: # none\ng: &x {h: *y }\n");
    EXPECT_FALSE(parsed.document);
    const Parsed good =
        parse("\xef\xbb\xbf"
              "a: 'x y'\r\nbé: [ü, {c: 12}]\nd:\n  - e: true\n  -   |-\n   text\n  -   # empty\n\nf: # none\n"
              "g: &x {h: 1}\ni: *x\n");
    ASSERT_TRUE(good.document) << problems(good);
    const Node root = good.document->root();
    EXPECT_EQ(place(root), "1:1+1");
    EXPECT_EQ(place(root.find("a")), "1:4+5");
    EXPECT_EQ(place(root.key(1)), "2:1+2");
    EXPECT_EQ(place(root.value(1)), "2:5+1");
    EXPECT_EQ(place(root.value(1).item(0)), "2:6+1");
    EXPECT_EQ(place(root.value(1).item(1)), "2:9+1");
    EXPECT_EQ(place(root.value(1).item(1).find("c")), "2:13+2");
    const Node list = root.find("d");
    EXPECT_EQ(place(list), "4:3+1");
    EXPECT_EQ(place(list.item(0)), "4:5+1");
    EXPECT_EQ(place(list.item(0).find("e")), "4:8+4");
    EXPECT_EQ(place(list.item(1)), "5:7+2");
    EXPECT_EQ(place(list.item(2)), "7:3+1");
    EXPECT_EQ(place(root.find("f")), "9:1+1"); // left out: at its key
    EXPECT_EQ(place(root.find("g")), "10:4+1");
    EXPECT_EQ(place(root.find("i")), "11:4+1");
    EXPECT_EQ(place(root.find("i").find("h")), "10:11+1"); // where it was written
    EXPECT_EQ(root.find("a").span().text(), "a.yaml:1:4");
}

TEST(Document, TellsPlainFromQuoted) {
    const Parsed parsed = parse("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\n'e': x\n");
    const Node root = parsed.document->root();
    EXPECT_TRUE(root.find("a").plain());
    EXPECT_FALSE(root.find("b").plain());
    EXPECT_FALSE(root.find("c").plain());
    EXPECT_FALSE(root.find("d").plain());
    EXPECT_FALSE(root.key(4).plain());
    EXPECT_TRUE(root.key(0).plain());
}

TEST(Document, DecodesEscapes) {
    EXPECT_EQ(data(R"(a: "x\ty\\\"\u00e9\x41\/")"), R"({"a":"x\ty\\\"éA/"})");
    EXPECT_EQ(data(R"(a: "\N\_é\_")"), "{\"a\":\"\xc2\x85\xc2\xa0é\xc2\xa0\"}");
    EXPECT_EQ(data("a: \"x\\\n   y\"\nb: \"one\n  two\n\n  three\"\n"), R"({"a":"xy","b":"one two\nthree"})");
    EXPECT_EQ(problems(R"(a: "x\0")"), "yaml/encoding 1:4+5 a text with the NUL character in it");
}

TEST(Document, ReadsPairsOfSurrogatesAsJsonHasThem) {
    const std::string pair = "\\ud83d\\ude00", face = "\xf0\x9f\x98\x80";
    EXPECT_TRUE(scans("{\"" + pair + "\": \"a" + pair + "\\u00e9\"}"));
    EXPECT_EQ(data("{\"a\": \"b" + pair + "\\u00e9\\uD83D\\uDE00\"}"),
              R"({"a":"b)" + face + "é" + face + "\"}");
    // The referee, by the line that is folded; only in double quotes is it an escape.
    const std::string folded = "\"a\n  " + pair + "\"";
    EXPECT_EQ(data("- " + folded + "\n- " + pair + "\n- '" + pair + "'\n- >\n  " + pair + "\n- &x\\\\" +
                   pair + " \"" + pair + "\"\n- *x\\\\" + pair + "\n- \"\\x01ud83d\\x01ude00\\\\" +
                   pair.substr(1, 5) + "\"\n"),
              R"(["a )" + face + R"(","\\ud83d\\ude00","\\ud83d\\ude00","\\ud83d\\ude00\n",")" + face +
                  R"(",")" + face + R"(","\u0001ud83d\u0001ude00\\ud83d"])");
    for (const char* half :
         {"\\ud83d", "\\ude00", "\\ud83dx", "\\ude00\\ud83d", "\\ud83d\\ud83d", "\\ud83d\\u0041"})
        EXPECT_NE(problems(fmt::format("a: \"{}\"", half)).find("half of a pair of surrogates"),
                  std::string::npos)
            << half;
    EXPECT_EQ(problems("a: \"" + pair + "\\" + pair + "\"\n"),
              "yaml/syntax 1:24+1 half of a pair of surrogates");
}

TEST(Document, KeepsTheLineFeedsOfTexts) {
    EXPECT_EQ(data("k: >+\n  first\n\n\nl: 1\n"), R"({"k":"first\n\n\n","l":1})");
    EXPECT_EQ(data("- k: >2+\r\n     a\r\n\r\n    b\r\n\r\n"), R"([{"k":" a\n\nb\n\n"}])");
    EXPECT_EQ(data("k: >+\n  a\n   b\n\n"), R"({"k":"a\n b\n\n"})");
    EXPECT_EQ(data("k: >\n  a\n  "), R"({"k":"a\n"})");
    EXPECT_EQ(data("k: >-\n  a\n  "), R"({"k":"a"})");
    EXPECT_EQ(data("k: >-\n  a\n   b \n  "), R"({"k":"a\n b "})");
    EXPECT_EQ(data("k: \"a\n\n\n  \"\n"), R"({"k":"a\n\n"})");
    EXPECT_EQ(data("k: '\n\n '\n"), R"({"k":"\n"})");
    EXPECT_EQ(data("[\" a \\\n  b \\\t \n c\\n \r\n\r\n d\" ]"), R"([" a b \t c\n\nd"])");
}

TEST(Document, FindsKeysOfSmallAndLargeMaps) {
    for (const int size : {1, 16, 17, 500}) {
        std::string text;
        for (int i = 0; i < size; ++i)
            text += fmt::format("k{}: {}\n", (i * 7919) % size, i);
        const Parsed parsed = parse(text);
        ASSERT_TRUE(parsed.diagnostics.empty()) << problems(parsed);
        const Node root = parsed.document->root();
        ASSERT_EQ(root.size(), static_cast<std::size_t>(size));
        for (std::size_t i = 0; i < root.size(); ++i)
            EXPECT_EQ(root.find(root.key(i).text()).line(), root.value(i).line());
        EXPECT_FALSE(root.find("k"));
        EXPECT_FALSE(root.find("zzz"));
        EXPECT_FALSE(root.find(""));
        EXPECT_FALSE(root.value(0).find("k0"));
    }
}

TEST(Document, DuplicateKeysAreReportedWithBothPlacesAndLeftOut) {
    const Parsed parsed = parse("a: 1\nb: {c: 1, \"c\": 2}\na: 3\na: 4\n");
    EXPECT_EQ(problems(parsed),
              "yaml/duplicate-key 2:11+3 key 'c' is given twice in one map | first given here 2:5\n"
              "yaml/duplicate-key 3:1+1 key 'a' is given twice in one map | first given here 1:1\n"
              "yaml/duplicate-key 4:1+1 key 'a' is given twice in one map | first given here 1:1");
    ASSERT_TRUE(parsed.document);
    EXPECT_EQ(write_json(parsed.document->root().as_value()), R"({"a":1,"b":{"c":1}})");

    std::string large;
    for (int i = 0; i < 40; ++i)
        large += fmt::format("k{}: {}\n", i, i);
    EXPECT_EQ(problems(large + "k7: x\nk7: y\n"),
              "yaml/duplicate-key 41:1+2 key 'k7' is given twice in one map | first given here 8:1\n"
              "yaml/duplicate-key 42:1+2 key 'k7' is given twice in one map | first given here 8:1");
}

TEST(Document, LargeMapsKeepTheirIndexWhenDuplicatesAreLeftOut) {
    std::string text = "first: {k1: x}\n";
    for (int i = 0; i < 18; ++i)
        text += fmt::format("k{}: {}\n", i, i);
    const Parsed parsed = parse(text + "k3: again\nlast: 1\n");
    EXPECT_EQ(parsed.diagnostics.errors(), 1u);
    const Node root = parsed.document->root();
    ASSERT_EQ(root.size(), 20u);
    EXPECT_EQ(root.find("k3").text(), "3");
    EXPECT_EQ(root.find("k17").text(), "17");
    EXPECT_EQ(root.find("last").text(), "1");
    EXPECT_EQ(root.find("first").find("k1").text(), "x");
}

TEST(Document, TheScannerTakesOrdinaryFiles) {
    EXPECT_TRUE(scans(
        "# a fleet\n\nservers:\n  web-1:\n    mac: \"aa:bb\"  # quoted\n    labels: [web, 'a''b', tier=1]\n"
        "    params: {nginx: {port: 443, \"tls\":true}}\n    size:\n  web-2: {}\n"));
    EXPECT_TRUE(scans(
        "disk: {select: {min_size: 200GB}}     # or serial:\nvolumes:\n- {name: a, mount: /}\n- name: b\n"
        "  run: [/bin/x, --all]\n-\n  - - x\n"));
    EXPECT_TRUE(scans("content: \"{{ params.banner }} on {{ server.name }}\\n\"\nscript: |\n  #!/bin/sh\n\n  "
                      "echo 'x: y'\nz: 1\n"));
    EXPECT_TRUE(scans("a: 1\r\nb:\r\n- x\r\n"));
    EXPECT_TRUE(scans("# first\n--- # begins\na: 1\n"));
    EXPECT_TRUE(scans("{\"a\": [1,\n  {\"b\": null}],\n \"c\": \"d\"}\n"));
    EXPECT_TRUE(scans("batch: 25%\nurl: http://a/b?c=d#e\nglob: a*\npath: /etc/[a]\n"));
}

TEST(Document, TheScannerLeavesTheRestToTheReferee) {
    for (const char* text : {"a: &x 1\n",
                             "a: *x\n",
                             "a: !t b\n",
                             "a: >\n  b\n",
                             "a: b\n  c\n",
                             "a: 'b\n  c'\n",
                             "a: \"\\x41\"\n",
                             "a: \"\\u0000\"\n",
                             "a: \"\\ud83d\"\n",
                             "? a\n: b\n",
                             "--- a\n",
                             "a: 1\n---\n",
                             "a:\tb\n",
                             "  a: 1\nb: 2\n",
                             "a: [b: c]\n",
                             "a: b: c\n",
                             "a\n",
                             "a: [b\n",
                             "a: |+\n  b\n",
                             "a: |2\n   b\n",
                             "a: {b}\n"})
        EXPECT_FALSE(scans(text)) << text;
}

TEST(Document, RefusesWhatIsNoText) {
    EXPECT_EQ(problems("a: \xff\n"), "yaml/encoding 1:4+1 byte 0xff is not UTF-8");
    EXPECT_EQ(problems("é: \xc0\xaf"), "yaml/encoding 1:4+1 byte 0xc0 is not UTF-8");
    EXPECT_EQ(problems("a: \xed\xa0\x80"), "yaml/encoding 1:4+1 byte 0xed is not UTF-8");
    EXPECT_EQ(problems(std::string("a: b\0c", 6)), "yaml/encoding 1:5+1 control character U+0000");
    EXPECT_EQ(problems("a: b\x04"), "yaml/encoding 1:5+1 control character U+0004");
    EXPECT_EQ(problems("a: \xc2\x80"), "yaml/encoding 1:4+1 control character U+0080");
    EXPECT_EQ(problems("a: 1\rb: 2\n"), "yaml/encoding 1:5+1 a carriage return without a line feed");
    EXPECT_EQ(problems("a: 1\n\xef\xbb\xbf"),
              "yaml/encoding 2:1+1 a byte order mark (U+FEFF) inside the text");
    EXPECT_EQ(problems(std::string("\xff\xfe"
                                   "a\0",
                                   4)),
              "yaml/encoding 1:1+1 byte 0xff is not UTF-8"); // UTF-16
}

TEST(Document, RefusesKeysThatAreNoText) {
    EXPECT_EQ(problems("a:\n  ? [b]\n  : c\n"), "yaml/key 2:5+1 a list cannot be a key");
    EXPECT_EQ(problems("{a: 1}: 2\n"), "yaml/key 1:1+1 a map cannot be a key");
    EXPECT_EQ(problems("a: 1\n~: 2\n"), "yaml/key 2:1+1 a key cannot be null, and '~' is");
    EXPECT_EQ(problems("a:\nnull: 2\n"), "yaml/key 2:1+4 a key cannot be null, and 'null' is");
    EXPECT_EQ(problems("a: 1\n: 2\n"), "yaml/key 2:1+1 a key is missing before ':'");
    EXPECT_EQ(problems("a: &x b\n*x : 2\n"), "yaml/key 2:1+2 alias '*x' cannot be a key");
    EXPECT_EQ(data("'~': 1\n12: 2\n? x\n: 3\n"), R"({"~":1,"12":2,"x":3})");
}

TEST(Document, RefusesMergeKeysAndTagsAndGoesOn) {
    const Parsed parsed =
        parse("a: &a {x: 1}\nb:\n  <<: *a\n  y: !!str 2\n  z: !vault |\n    secret\n  w: ! q\n");
    EXPECT_EQ(problems(parsed), "yaml/merge-key 3:3+2 the merge key '<<' is no part of YAML 1.2\n"
                                "yaml/tag 4:6+5 the tag '!!str' has no meaning here\n"
                                "yaml/tag 5:6+6 the tag '!vault' has no meaning here\n"
                                "yaml/tag 7:6+1 the tag '!' has no meaning here");
    ASSERT_TRUE(parsed.document);
    EXPECT_EQ(write_json(parsed.document->root().as_value()),
              R"({"a":{"x":1},"b":{"y":"2","z":"secret\n","w":"q"}})");
    EXPECT_EQ(problems("a: !map {x: 1}\n"), "yaml/tag 1:4+4 the tag '!map' has no meaning here");
    EXPECT_EQ(problems("a: &b !c [x]\n"), "yaml/tag 1:7+2 the tag '!c' has no meaning here");
    EXPECT_EQ(problems("a: !x!y!z b\n"), "yaml/tag 1:4+1 the tag '!x!y!z' has no meaning here");
    EXPECT_EQ(data("'<<': 1\n"), R"({"<<":1})");
}

TEST(Document, RefusesASecondDocument) {
    EXPECT_EQ(problems("a: 1\n---\nb: 2\n"), "yaml/second-document 2:1+1 a second document begins here");
    EXPECT_EQ(problems("---\na: 1\n...\nb: 2\n"), "yaml/second-document 4:1+1 a second document begins here");
    EXPECT_EQ(data("%YAML 1.2\n---\na: 1\n...\n"), R"({"a":1})");
}

TEST(Document, RefusesAKeyThatFallsOutOfTheFirstMap) {
    EXPECT_EQ(problems("  a: 1\nb: 2\n"), "yaml/syntax 2:1+1 'b: 2' is indented less than the beginning of "
                                          "the file | the file's first entry is here 1:3");
    EXPECT_EQ(problems("- a\nb: 2\n"),
              "yaml/syntax 2:1+1 unexpected 'b: 2' after the end of the file's list");
    EXPECT_EQ(problems("[a] b\n"), "yaml/syntax 1:5+1 unexpected 'b' after the end of the file's content");
}

TEST(Document, ExpandsAliasesWithinTheBudget) {
    EXPECT_EQ(data("a: &x [1, 2]\nb: *x\nc: {d: *x}\n"), R"({"a":[1,2],"b":[1,2],"c":{"d":[1,2]}})");
    EXPECT_EQ(data("a: &x v\nb: *x\nc: &y\nd: *y\n"), R"({"a":"v","b":"v","c":null,"d":null})");
    EXPECT_EQ(problems("a: &a [*a]\n"), "yaml/alias 1:8+2 alias '*a' is inside what '&a' names");
    EXPECT_EQ(problems("a: *b\n"), "yaml/alias 1:4+1 '*b' refers to no anchor above it");
    EXPECT_EQ(problems("a: *.example.com\n"),
              "yaml/alias 1:4+1 '*.example.com' refers to no anchor above it");
    EXPECT_EQ(problems("a: * b\n"), "yaml/alias 1:4+1 '*' is no valid anchor or alias");
    EXPECT_EQ(problems("a: &x 1\nb: [*x, *x, *x]\n", {.aliases = 2}),
              "yaml/alias 2:13+2 more than 2 aliases");

    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        bomb += fmt::format("a{}: &a{} [", i, i);
        for (int j = 0; j < 9; ++j)
            bomb += fmt::format("{}*a{}", j == 0 ? "" : ", ", i - 1);
        bomb += "]\n";
    }
    EXPECT_EQ(problems(bomb),
              "yaml/too-many-nodes 7:35+3 more than 4000000 values in one file, aliases expanded");

    std::string chain = "a0: &a0 [x]\n";
    for (int i = 1; i < 100; ++i)
        chain += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
    EXPECT_EQ(problems(chain), "yaml/too-deep 64:12+4 lists and maps nested more than 64 levels deep");
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

TEST(Document, RefusesDeepNesting) {
    EXPECT_EQ(data(repeated("[", 64) + repeated("]", 64)), repeated("[", 64) + repeated("]", 64));
    EXPECT_EQ(problems(repeated("[", 65) + repeated("]", 65)),
              "yaml/too-deep 1:65+1 lists and maps nested more than 64 levels deep");
    EXPECT_EQ(problems(repeated("- ", 65) + "x\n"),
              "yaml/too-deep 1:129+1 lists and maps nested more than 64 levels deep");
    for (const char* piece : {"[", "{a: ", "- ", "? ", "[{", "[a, ", "&a [", "!a "}) {
        const std::string found = problems(repeated(piece, 100'000), {.scalar_bytes = 4096});
        EXPECT_TRUE(found.starts_with("yaml/")) << piece << found;
    }
    EXPECT_EQ(problems(repeated("[", 100'000), {.scalar_bytes = 4096}),
              "yaml/too-deep 1:65+1 lists and maps nested more than 64 levels deep");
}

TEST(Document, RefusesLargeThings) {
    EXPECT_EQ(problems("a: 12345\n", {.bytes = 8}),
              "yaml/too-large 0:0+1 the file has 9 bytes, more than the 8 allowed");
    EXPECT_EQ(problems("a: 12345\n", {.scalar_bytes = 4}),
              "yaml/too-large 1:4+5 a text of 5 bytes, more than the 4 that one value may have");
    EXPECT_EQ(problems("a: [1, 2, 3]\n", {.nodes = 5}),
              "yaml/too-many-nodes 1:11+1 more than 5 values in one file");
    const YamlLimits small{.scalar_bytes = 4096};
    EXPECT_EQ(problems("a: " + repeated("x", 4096) + "\n", small), "");
    EXPECT_EQ(problems("a: >\n  " + repeated("x", 4095) + "\n", small), "");
    EXPECT_EQ(problems("a: " + repeated("x", 4097) + "\n", small),
              "yaml/too-large 1:4+4097 a text of 4097 bytes, more than the 4096 that one value may have");
    const std::size_t many = 50'000;
    EXPECT_EQ(problems("a: \"" + repeated("x\\x41", many), small),
              "yaml/too-large 1:4+1 a quoted text of more than 4096 bytes");
    EXPECT_EQ(problems("a: 1\nb: >\n" + repeated("  x\n", many), small),
              "yaml/too-large 2:1+1 a text or comment of more than 4096 bytes");
    EXPECT_EQ(problems("a:\n- [" + repeated("&a ,", many) + "]\n", small),
              "yaml/too-large 2:3+1 a list or map in brackets of more than 4096 bytes");
}

TEST(Document, ExplainsSlips) {
    // tabs
    EXPECT_EQ(problems("a:\n\tb: 1\n"), "yaml/syntax 2:1+1 a tab is used for indentation");
    EXPECT_EQ(problems("a:\n\tb\n"), "yaml/syntax 2:1+1 a tab is used for indentation");
    EXPECT_EQ(problems("a:\n  b: 1\n\tc: 2\n"), "yaml/syntax 3:1+1 a tab is used for indentation");
    EXPECT_EQ(problems("a:\n \t- b\n"), "yaml/syntax 2:2+1 a tab is used for indentation");
    EXPECT_EQ(problems("-\ta: 1\n"), "yaml/syntax 1:2+1 a tab between '-' and a key");
    EXPECT_EQ(data("a:\t1\t# x\n\t\nb: [1,\n\t2]\n"), R"({"a":1,"b":[1,2]})");
    // colons
    EXPECT_EQ(problems("a: 1\nfoo\nb: 2\n"), "yaml/syntax 2:1+1 expected 'key: value', found 'foo'");
    EXPECT_EQ(problems("foo\nb: 2\n"), "yaml/syntax 1:1+1 expected 'key: value', found 'foo'");
    EXPECT_EQ(problems("a: 1\nfoo:bar\n"), "yaml/syntax 2:4+1 no space after ':' in 'foo:bar'");
    EXPECT_EQ(problems("a: b: c\n"), "yaml/syntax 1:5+1 a ': ' inside a value");
    EXPECT_EQ(problems(repeated("k", 1100) + ": 1\n"),
              "yaml/syntax 1:1+1 a key of more than 1024 characters");
    // indentation
    EXPECT_EQ(problems("name: foo\n  size: 1\n"), "yaml/syntax 2:3+1 the key 'size' is indented into the "
                                                  "value above it | the value begins on this line 1:1");
    EXPECT_EQ(problems("a:\n    b: 1\n  c: 2\n"),
              "yaml/syntax 3:3+1 the key 'c' lines up with no map above it");
    EXPECT_EQ(problems("a:\n  - b\n - c\n"), "yaml/syntax 3:2+1 this '-' lines up with no list above it");
    EXPECT_EQ(problems("a: 1\n- b\n"), "yaml/syntax 2:1+1 this '-' lines up with no list above it");
    EXPECT_EQ(problems("a: - b\n"), "yaml/syntax 1:4+1 a list cannot begin on the line of its key");
    // quotes and brackets
    EXPECT_EQ(problems("a: 1\nb: 'x\nc: 2\n"), "yaml/syntax 2:4+1 the quote ' is never closed");
    EXPECT_EQ(problems("b: [1, \"x]\nc: 2\n"), "yaml/syntax 1:8+1 the quote \" is never closed");
    EXPECT_EQ(problems("a: 'it's'\n"), "yaml/syntax 1:8+1 unexpected 's'' after the value");
    EXPECT_EQ(problems("a: \"b\" c\n"), "yaml/syntax 1:8+1 unexpected 'c' after the value");
    EXPECT_EQ(problems("labels: [a, b\nsize: small\n"),
              "yaml/syntax 1:9+1 '[' is never closed | found ': small' where ',' or ']' was expected 2:5");
    EXPECT_EQ(problems("a: {b: [c, d}\n"), "yaml/syntax 1:13+1 '}' cannot close '[' | opened here 1:8");
    EXPECT_EQ(problems("x: |\n  ['\na: {b: 1\n"), "yaml/syntax 3:4+1 '{' is never closed | found the end of "
                                                  "the file where ',' or '}' was expected 4:1");
    EXPECT_EQ(problems("a: [b: c d: e]\n"),
              "yaml/syntax 1:11+1 expected ',' or ']' in the list, found ': e]' | the list begins here 1:4");
    EXPECT_EQ(problems(R"({"a": {"b": [1]})"), "yaml/syntax 1:1+1 '{' is never closed | found the end of the "
                                               "file where ',' or '}' was expected 1:17");
    EXPECT_EQ(problems("- [a\n\n"), "yaml/syntax 1:3+1 '[' is never closed | found the end of the file where "
                                    "',' or ']' was expected 3:1");
    EXPECT_EQ(problems("a: 1\n&x {b: \"c\n"), "yaml/syntax 2:8+1 the quote \" is never closed");
    EXPECT_EQ(problems("{a: b} c: d\n"), "yaml/key 1:1+1 a map cannot be a key");
    EXPECT_EQ(problems("a: ]\n"), "yaml/syntax 1:4+1 ']' closes nothing");
    EXPECT_EQ(problems("a: [b,, c]\n"), "yaml/syntax 1:7+1 an item is missing here");
    // characters
    EXPECT_EQ(problems("a: @b\n"), "yaml/syntax 1:4+1 a value cannot begin with '@'");
    EXPECT_EQ(problems("a: %b\n"), "yaml/syntax 1:4+1 a value cannot begin with '%'");
    EXPECT_EQ(problems("a: \"C:\\dir\"\n"), "yaml/syntax 1:7+1 unknown escape '\\d'");
    EXPECT_EQ(problems("a: \"\\xzz\"\n"), "yaml/syntax 1:5+1 a \\x, \\u or \\U with wrong digits");
    EXPECT_EQ(problems("a: | x\n"), "yaml/syntax 1:6+1 unexpected 'x' after the sign of a block text");
}

TEST(Document, EverySlipComesWithAdvice) {
    for (const char* text : {"a:\n\tb: 1\n", "a: b: c\n", "a: 'x", "a: [", "a: ]", "a: @", "a: *b", "a: !b",
                             "<<: 1", "a: 1\na: 2", "---\n---\n", "  a: 1\nb: 2\n", "? [a]", "\xff"}) {
        const Parsed parsed = parse(text);
        ASSERT_EQ(parsed.diagnostics.items().size(), 1u) << text << problems(parsed);
        EXPECT_FALSE(parsed.diagnostics.items()[0].help.empty()) << text;
    }
}

} // namespace
} // namespace lab::spec
