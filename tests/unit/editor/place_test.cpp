#include "editor/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace lab::editor {
namespace {

/// The place of the '|' in a text: "servers/web-1 key 'lab' beside cloud".
std::string at(std::string text) {
    const auto cursor = text.find('|');
    text.erase(cursor, 1);
    const Place place = place_at(text, cursor);
    if (place.nothing) return "nothing";
    EXPECT_LE(place.begin, place.end);
    EXPECT_LE(place.end, text.size());
    return fmt::format(
        "{} {}{} '{}'{}", fmt::join(place.path, "/"), place.key ? "key" : "value", place.colon ? ":" : "",
        place.word, place.siblings.empty() ? "" : fmt::format(" beside {}", fmt::join(place.siblings, " ")));
}

TEST(Place, KeysAndValuesOfBlocks) {
    const std::string file = "lab:\n  name: x\nservers:\n  web-1:\n    cloud: rack\n    labels: [a, b]\n";
    EXPECT_EQ(at("|" + file), " key: 'lab' beside servers");
    EXPECT_EQ(at("lab:\n  na|me: x\n  id: y\n"), "lab key: 'name' beside id");
    EXPECT_EQ(at("lab:\n  name: x|\n"), "lab/name value 'x'");
    EXPECT_EQ(at("lab:\n  name: |\n"), "lab/name value ''");
    EXPECT_EQ(at("servers:\n  \"we|b-1\":\n    x: 1\n"), "servers key: 'web-1'");
    EXPECT_EQ(at("a: 'it|' # c\n"), "a value 'it'");
    EXPECT_EQ(at("a: x # c|\n"), "nothing");
    EXPECT_EQ(at("# |\na: x\n"), "nothing");
}

TEST(Place, WhatIsBeingTyped) {
    EXPECT_EQ(at("|"), " key ''");
    EXPECT_EQ(at("ser|"), " key 'ser'");
    EXPECT_EQ(at("servers:\n  web-1:\n    lab|"), "servers/web-1 key 'lab'");
    EXPECT_EQ(at("servers:\n  web-1:\n    cloud: rack\n    lab|\n    region: x\n"),
              "servers/web-1 key 'lab' beside cloud region");
    EXPECT_EQ(at("servers:\n  web-1:\n    |\n"), "servers/web-1 key ''");
    EXPECT_EQ(at("servers:\n  web-1:\n    cloud: rack\n    |\n  web-2:\n    x: 1\n"),
              "servers/web-1 key '' beside cloud");
    EXPECT_EQ(at("servers:\n  web-1:\n    cloud: rack\n  |\n"), "servers key '' beside web-1");
    EXPECT_EQ(at("servers:\n  web-1:\n    cloud: rack\n|"), " key '' beside servers");
    EXPECT_EQ(at("servers:\n  web-1:\n    cloud: rack\n       |\n"), "nothing");
}

TEST(Place, Items) {
    EXPECT_EQ(at("a:\n  - x|\n"), "a/[] key 'x'");
    EXPECT_EQ(at("a:\n  - |\n"), "a/[] key ''");
    EXPECT_EQ(at("a:\n- x\n- |\n"), "a/[] key ''");
    EXPECT_EQ(at("a:\n  - file: /x\n    mo|\n"), "a/[] key 'mo' beside file");
    EXPECT_EQ(at("a:\n  - file: /x\n    mode: |\n"), "a/[]/mode value '' beside file");
    EXPECT_EQ(at("a:\n  - file: /x|\n    mode: 1\n"), "a/[]/file value '/x' beside mode");
    EXPECT_EQ(at("- - b|\n"), "[]/[] key 'b'");
    EXPECT_EQ(at("a:\n- x\nb|: 1\n"), " key: 'b' beside a");
}

TEST(Place, AByteOrderMarkIsNoText) {
    EXPECT_EQ(at("\xef\xbb\xbf"
                 "a: x|\n"),
              "a value 'x'");
    EXPECT_EQ(at("\xef\xbb\xbf"
                 "a|b: 1\nc: 2\n"),
              " key: 'ab' beside c");
    EXPECT_EQ(at("\xef\xbb\xbf"
                 "servers:\n  w|: {}\n"),
              "servers key: 'w'");
    EXPECT_EQ(at("|\xef\xbb\xbf"), " key ''");
}

TEST(Place, InFrontOfAWordIsTheWord) {
    EXPECT_EQ(at("a: [|one, two]\n"), "a/[] key 'one'");
    EXPECT_EQ(at("a: [one, |two]\n"), "a/[] key 'two'");
    EXPECT_EQ(at("a: [one,|two]\n"), "a/[] key 'two'");
    EXPECT_EQ(at("a: [one,\n    |two]\n"), "a/[] key 'two'");
    EXPECT_EQ(at("a: {b: |one, c: two}\n"), "a/b value 'one' beside c");
    EXPECT_EQ(at("a: {b: one, |c: two}\n"), "a key: 'c' beside b");
    EXPECT_EQ(at("a: [one, | ]\n"), "a/[] key ''");
}

TEST(Place, Brackets) {
    EXPECT_EQ(at("labels: [we|]\n"), "labels/[] key 'we'");
    EXPECT_EQ(at("labels: [|]\n"), "labels/[] key ''");
    EXPECT_EQ(at("labels: [|web]\n"), "labels/[] key 'web'");
    EXPECT_EQ(at("labels: [a, |]\n"), "labels/[] key ''");
    EXPECT_EQ(at("labels: [a, b|, c]\n"), "labels/[] key 'b'");
    EXPECT_EQ(at("labels: [a, |\nother: x\n"), "labels/[] key ''");
    EXPECT_EQ(at("m: {lab|}\n"), "m key 'lab'");
    EXPECT_EQ(at("m: {region: x, |}\n"), "m key '' beside region");
    EXPECT_EQ(at("m: {region: x, la|bels: [y]}\n"), "m key: 'labels' beside region");
    EXPECT_EQ(at("m: {labels: |}\n"), "m/labels value ''");
    EXPECT_EQ(at("m: {labels: [x|]}\n"), "m/labels/[] key 'x'");
    EXPECT_EQ(at("m: {\n  labels: [\n    x,\n    y|\n  ]}\n"), "m/labels/[] key 'y'");
    EXPECT_EQ(at("m: {a: {b: c|}}\nn: 1\n"), "m/a/b value 'c'");
    EXPECT_EQ(at("m: {a: [\nn|: 1\n"), " key: 'n' beside m");
    EXPECT_EQ(at("m: [a, # x|\n  b]\n"), "nothing");
}

TEST(Place, TextsHaveNoPlaces) {
    EXPECT_EQ(at("a: |-\n"), "a value '-'"); // the helper takes the first '|' away
    EXPECT_EQ(at("a: >\n  some | text\nb: 1\n"), "nothing");
    EXPECT_EQ(at("a: >\n  text\nb|: 1\n"), " key: 'b' beside a");
}

/// Every offset of anything has a place in the text.
TEST(Place, TakesAnything) {
    const std::string pieces[] = {"a: ", "- ", "[",  "]", "{",   "}", ",",  ":",   "\n",
                                  "  ",  "#",  "\"", "'", "|\n", "x", "\t", "\xff"};
    std::uint32_t state = 7;
    for (int round = 0; round < 400; ++round) {
        std::string text;
        for (int i = 0; i < 30; ++i) {
            state = state * 1664525u + 1013904223u;
            text += pieces[(state >> 16) % std::size(pieces)];
        }
        for (std::size_t offset = 0; offset <= text.size(); ++offset) {
            const Place place = place_at(text, offset);
            ASSERT_LE(place.begin, place.end);
            ASSERT_LE(place.end, text.size());
        }
    }
}

} // namespace
} // namespace lab::editor
