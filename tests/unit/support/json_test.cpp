#include "support/json.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

std::string again(std::string_view text) {
    auto value = parse_json(text);
    return value ? write_json(*value) : value.error().message;
}

TEST(Json, GoesThereAndBack) {
    for (const std::string_view text :
         {"null", "true", "-9223372036854775808", "9223372036854775807", "0.5", "\"\"", "[]", "{}",
          R"({"b":1,"a":[1,2.5,"x",null,{"c":false}]})", R"("a\"b\\c\nd\u0001")", "\"gr\xc3\xbcn\"", "1e+300",
          "-9.018512937095518e+23", "5e-324", "0.1", "2.2250738585072014e-308"})
        EXPECT_EQ(again(text), text);
    EXPECT_EQ(again(" [ 1 , 2 ] \n"), "[1,2]");
    EXPECT_EQ(again("1.0"), "1.0"); // a number with a point stays one
    EXPECT_EQ(again(R"("\u00fc\/")"), "\"\xc3\xbc/\"");
}

TEST(Json, RefusesWhatIsNoJson) {
    for (const std::string_view text :
         {"", "{", "[1,]", "{\"a\":1,}", "nul", "01", "1 2", "// x\n1", "\"\t\"", "\"\xff\"",
          "\"\xed\xa0\x80\"", "1e999", "18446744073709551615", "NaN", "'a'", "\"\\ud800\""})
        EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_EQ(again("{\"a\":1,\n \"b\":2, \"a\":3}"),
              "no valid JSON at line 2 column 14: the key 'a' is given twice");
    EXPECT_EQ(again("[1,\n x]").substr(0, 31), "no valid JSON at line 2 column ");
}

TEST(Json, HoldsItsLimits) {
    EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')));
    EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')));
    EXPECT_FALSE(parse_json(std::string(100'000, '[')));
    EXPECT_FALSE(parse_json("[1, 2, 3]", {.bytes = 5}));
}

TEST(Json, WritesCanonicallyAndForPeople) {
    const Value value(
        ValueMap{{"b", Value(ValueList{Value(1), Value(2)})}, {"a", Value(ValueMap{})}, {"B", Value("x")}});
    EXPECT_EQ(write_json_canonical(value), R"({"B":"x","a":{},"b":[1,2]})");
    EXPECT_EQ(write_json_pretty(value),
              "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {},\n  \"B\": \"x\"\n}\n");
}

TEST(Json, BytesThatAreNoTextAreEncoded) {
    EXPECT_EQ(write_json(encode_bytes("text\n")), R"("text\n")");
    EXPECT_EQ(write_json(encode_bytes(std::string_view("a\0b", 3))), R"({"base64":"YQBi"})");
    for (const std::string& bytes : {std::string("text"), std::string("\xff\x00", 2), std::string()})
        EXPECT_EQ(*decode_bytes(encode_bytes(bytes)), bytes);
    EXPECT_FALSE(decode_bytes(Value(1)));
    EXPECT_EQ(write_json(Value("\xff")), "\"\xef\xbf\xbd\"");
}

TEST(Value, MapsKeepTheirOrderButCompareWithout) {
    ValueMap map{{"b", Value(1)}, {"a", Value(2)}};
    EXPECT_EQ(Value(map), Value(ValueMap{{"a", Value(2)}, {"b", Value(1)}}));
    EXPECT_NE(Value(map), Value(ValueMap{{"a", Value(2)}}));
    map.set("b", Value(3));
    map.set("c", Value(4));
    EXPECT_EQ(write_json(Value(map)), R"({"b":3,"a":2,"c":4})");
    EXPECT_TRUE(map.erase("a"));
    EXPECT_FALSE(map.erase("a"));
    EXPECT_EQ(Value(map).get("c")->type_name(), "integer");
    EXPECT_EQ(Value(map).get("a"), nullptr);
    EXPECT_EQ(Value(std::uint64_t{UINT64_MAX}), Value(std::int64_t{INT64_MAX}));
}

TEST(Value, DisplaysAsText) {
    EXPECT_EQ(display(Value("a b")), "a b");
    EXPECT_EQ(display(Value(ValueList{Value(1), Value("x")})), "[1,\"x\"]");
}

} // namespace
} // namespace lab
