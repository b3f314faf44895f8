#include "support/template.h"

#include "support/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lab {
namespace {

const Value& scope_value() {
    static const Value value = *parse_json(R"({
        "params": {"banner": "hi", "port": 8080, "ratio": 0.5, "on": true, "off": false, "nothing": null,
                   "list": ["b", "a", "c"], "numbers": [3, 1.5, 2], "empty": [], "my-key": "dashed", "a.b": "dotted",
                   "peers": [{"name": "p1", "port": 1}, {"name": "p2", "port": 2}],
                   "map": {"x": 1, "y": 2}, "text": "  Hello World  "},
        "facts": {"os": {"id": "debian", "version": "12"}, "memory": 4096},
        "server": {"name": "web-1"}})");
    return value;
}

TemplateScope scope() {
    return [](std::string_view name) { return scope_value().get(name); };
}

/// What the text renders to, or its error as "line:column+length message (help)".
std::string describe(const TemplateError& error) {
    return fmt::format("{}:{}+{} {}{}", error.line, error.column, error.length, error.message,
                       error.help.empty() ? "" : " (" + error.help + ")");
}

std::string render(std::string_view text, const TemplateLimits& limits = {}) {
    auto parsed = Template::parse(text);
    if (const auto* error = std::get_if<TemplateError>(&parsed)) return describe(*error);
    auto rendered = std::get<Template>(parsed).render(scope(), limits);
    if (const auto* error = std::get_if<TemplateError>(&rendered)) return describe(*error);
    return std::get<std::string>(rendered);
}

/// The value of an expression as JSON, or its error.
std::string value_of(std::string_view text) {
    auto parsed = Template::parse_expression(text);
    if (const auto* error = std::get_if<TemplateError>(&parsed)) return describe(*error);
    auto value = std::get<Template>(parsed).evaluate(scope());
    if (const auto* error = std::get_if<TemplateError>(&value)) return describe(*error);
    return write_json(std::get<Value>(value));
}

TEST(Template, WritesTextAndValues) {
    EXPECT_EQ(render(""), "");
    EXPECT_EQ(render("plain { text } }} %} #}\n"), "plain { text } }} %} #}\n");
    EXPECT_EQ(render("{{ params.banner }} on {{server.name}}\n"), "hi on web-1\n");
    EXPECT_EQ(render("{{ params.port }} {{ params.on }} {{ params.list }} {{ params.map }}"),
              R"(8080 true ["b","a","c"] {"x":1,"y":2})");
    EXPECT_EQ(render(R"({{ "{{" }} {{ '}}' }} {{ "a\tb\n\"" }})"), "{{ }} a\tb\n\"");
    EXPECT_EQ(render("{"), "{");
    EXPECT_EQ(render("a{# comment {{ x }} #}b"), "ab");
}

TEST(Template, WalksPaths) {
    EXPECT_EQ(value_of("params.my-key"), "\"dashed\"");
    EXPECT_EQ(value_of("params[\"a.b\"]"), "\"dotted\"");
    EXPECT_EQ(value_of("params.list[1]"), "\"a\"");
    EXPECT_EQ(value_of("params.peers[1].name"), "\"p2\"");
    EXPECT_EQ(value_of("params.map[params.list[0] | replace(\"b\", \"x\")]"), "1");
    EXPECT_EQ(value_of("[1, [2, 3]][1][0]"), "2");
    EXPECT_EQ(value_of("(params.peers)[0].port"), "1");
}

TEST(Template, ComparesAndDecides) {
    EXPECT_EQ(value_of("1 == 1.0 and not (1 == 2)"), "true");
    EXPECT_EQ(value_of("params.port > 1024 and facts.os.id == \"debian\""), "true");
    EXPECT_EQ(value_of("\"a\" < \"b\" and 2 >= 2 and 1 <= 1.5 and 3 != 4"), "true");
    EXPECT_EQ(value_of("false or false or 1"), "true");
    EXPECT_EQ(value_of("\"a\" in params.list and \"z\" not in params.list"), "true");
    EXPECT_EQ(value_of("\"x\" in params.map"), "true");
    EXPECT_EQ(value_of("\"ell\" in params.text"), "true");
    EXPECT_EQ(value_of("facts.os.id in [\"debian\", \"ubuntu\"]"), "true");
    EXPECT_EQ(value_of("not params.empty"), "true");
    EXPECT_EQ(value_of("not not params.empty"), "false");
    EXPECT_EQ(value_of("-5 < -4.5"), "true");
    EXPECT_EQ(value_of("true or params.missing"), "true"); // the rest is not looked at
}

TEST(Template, AppliesFilters) {
    EXPECT_EQ(value_of("params.missing | default(\"y\")"), "\"y\"");
    EXPECT_EQ(value_of("params.nothing | default(3)"), "3");
    EXPECT_EQ(value_of("params.missing.deeper | default([])"), "[]");
    EXPECT_EQ(value_of("params.banner | default(\"y\")"), "\"hi\"");
    EXPECT_EQ(value_of("params.list | join(\", \")"), "\"b, a, c\"");
    EXPECT_EQ(value_of("params.numbers | join"), "\"31.52\"");
    EXPECT_EQ(value_of("params.text | trim | lower"), "\"hello world\"");
    EXPECT_EQ(value_of("params.text | trim | upper | replace(\"L\", \"1\")"), "\"HE11O WOR1D\"");
    EXPECT_EQ(value_of("params.map | json"), R"("{\"x\":1,\"y\":2}")");
    EXPECT_EQ(value_of("params.list | length"), "3");
    EXPECT_EQ(value_of("\"gr\xc3\xbcn\" | length"), "4");
    EXPECT_EQ(value_of("params.list | sort | join(\"\")"), "\"abc\"");
    EXPECT_EQ(value_of("params.numbers | sort"), "[1.5,2,3]");
    EXPECT_EQ(value_of("params.list | length == 3"), "true"); // filters bind tighter than comparisons
}

TEST(Template, RunsBlocks) {
    EXPECT_EQ(render("{% if params.on %}a{% else %}b{% endif %}"), "a");
    EXPECT_EQ(render("{% if params.off %}a{% elif params.port == 8080 %}b{% else %}c{% endif %}"), "b");
    EXPECT_EQ(render("{% if params.off %}a{% elif params.off %}b{% else %}c{% endif %}"), "c");
    EXPECT_EQ(render("{% if params.off %}a{% endif %}"), "");
    EXPECT_EQ(
        render("{% for p in params.peers %}{{ loop.index }}:{{ p.name }}{% if not loop.last %},{% endif %}"
               "{% endfor %}"),
        "1:p1,2:p2");
    EXPECT_EQ(render("{% for k, v in params.map %}{{ k }}={{ v }} {% endfor %}"), "x=1 y=2 ");
    EXPECT_EQ(
        render(
            "{% for a in params.list %}{% for b in params.list %}{{ a }}{{ b }}{{ loop.index }} {% endfor %}"
            "{{ loop.index }}/{{ loop.length }};{% endfor %}"),
        "bb1 ba2 bc3 1/3;ab1 aa2 ac3 2/3;cb1 ca2 cc3 3/3;");
    EXPECT_EQ(render("{% for x in params.empty %}never{% endfor %}"), "");
}

TEST(Template, TagsAloneOnALineLeaveNoLine) {
    EXPECT_EQ(render("a\n{% if params.on %}\nb\n  {% else %}  \nc\n{% endif %}\nd\n"), "a\nb\nd\n");
    EXPECT_EQ(render("a\n  {# one\n  comment #}  \nb\n"), "a\nb\n");
    EXPECT_EQ(render("a\r\n{% if params.on %}\r\nb\r\n{% endif %}\r\nc\r\n"), "a\r\nb\r\nc\r\n");
    EXPECT_EQ(render("{% if params.on %}\nb\n{% endif %}"), "b\n");
    EXPECT_EQ(render("x {% if params.on %}\nb{% endif %}\n"),
              "x \nb\n"); // not alone: the text stays as it is
    EXPECT_EQ(render("  {{ params.banner }}  \n"), "  hi  \n");
    EXPECT_EQ(render("{% for p in params.peers %}\n- {{ p.name }}\n{% endfor %}\n"), "- p1\n- p2\n");
    EXPECT_EQ(render("{% if params.on %}\n{% if params.on %}\n  x\n{% endif %}\n{% endif %}\n"), "  x\n");
}

TEST(Template, KeepsTheTypeOfASingleValue) {
    const auto evaluate = [](std::string_view text) {
        return write_json(std::get<Value>(std::get<Template>(Template::parse(text)).evaluate(scope())));
    };
    EXPECT_EQ(evaluate("{{ params.port }}"), "8080");
    EXPECT_EQ(evaluate("{{ params.list }}"), "[\"b\",\"a\",\"c\"]");
    EXPECT_EQ(evaluate("{{ params.nothing }}"), "null");
    EXPECT_EQ(evaluate("{{ params.port }}\n"), "\"8080\\n\"");
    EXPECT_EQ(evaluate("{{ params.port }}{{ params.port }}"), "\"80808080\"");
    EXPECT_EQ(evaluate("plain"), "\"plain\"");
    EXPECT_EQ(evaluate(""), "\"\"");
}

TEST(Template, ListsWhatItReads) {
    auto parsed =
        Template::parse("{{ params.banner }}\n{% for p in params.peers %}{{ p.name }} {{ facts.os[\"id\"] }} "
                        "{{ params.list[params.port] }}{% endfor %} {{ server.x.y | default(params.z) }}");
    ASSERT_TRUE(std::holds_alternative<Template>(parsed)) << describe(std::get<TemplateError>(parsed));
    std::string all;
    for (const auto& reference : std::get<Template>(parsed).references()) {
        all += fmt::format("{}:{}+{}{}", reference.line, reference.column, reference.length,
                           reference.optional ? "?" : "");
        for (const auto& part : reference.path)
            all += " " + part;
        all += '\n';
    }
    EXPECT_EQ(all, "1:4+13 params banner\n2:13+12 params peers\n2:44+14 facts os id\n2:65+11 params list\n"
                   "2:77+11 params port\n2:108+10? server x y\n2:129+8 params z\n");
    EXPECT_FALSE(std::get<Template>(parsed).constant());
    EXPECT_TRUE(std::get<Template>(Template::parse("a {{ \"b\" }} c")).constant());
}

TEST(Template, TellsWhereAndWhatIsWrong) {
    EXPECT_EQ(render("a\n{{ params.baner }}"),
              "2:11+5 'params' has no member 'baner' (did you mean 'banner'?)");
    EXPECT_EQ(render("{{ parms.banner }}"), "1:4+5 unknown name 'parms' (did you mean 'params'?)");
    EXPECT_EQ(render("{{ parms | default(1) }}"), "1:4+5 unknown name 'parms' (did you mean 'params'?)");
    EXPECT_EQ(render("{{ params.port.x }}"), "1:16+1 'params.port' is an integer and has no member 'x'");
    EXPECT_EQ(render("{{ params.list[7] }}"),
              "1:15+3 'params.list' has 3 items, there is no index 7 (the first index is 0)");
    EXPECT_EQ(
        render("{{ params.list[\"a\" | lower] }}"),
        "1:15+13 cannot index a list with a string (index a list with an integer, a map with a string)");
    EXPECT_EQ(render("x{{ params.nothing }}"), "1:5+14 'params.nothing' is null and cannot be written (give "
                                               "it a value, or say what to write instead: "
                                               "| default(\"\"))");
    EXPECT_EQ(render("{{ params.port | uper }}"), "1:18+4 unknown filter 'uper' (did you mean 'upper'?)");
    EXPECT_EQ(render("{{ params.port | upper }}"), "1:18+5 this filter takes a string, found an integer");
    EXPECT_EQ(render("{{ params.list | join(1, 2) }}"), "1:18+10 the filter 'join' takes 0 or 1 arguments");
    EXPECT_EQ(render("{{ 1 < \"a\" }}"),
              "1:4+7 cannot order an integer and a string (order two numbers or two strings)");
    EXPECT_EQ(render("{{ 1 < 2 < 3 }}"),
              "1:10+1 comparisons cannot be chained (join two of them with 'and')");
    EXPECT_EQ(
        render("{% for x in params.map %}{% endfor %}"),
        "1:13+10 'params.map' is a map; expected a list (write 'for key, value in ...' to go over a map)");
}

TEST(Template, RefusesBrokenSyntax) {
    EXPECT_EQ(render("a {{ params.x"), "1:3+2 '{{' is not closed (write '}}' at its end)");
    EXPECT_EQ(render("{% if params.on %}x"), "1:1+2 'if' is not closed (write '{% endif %}' behind it)");
    EXPECT_EQ(render("{% for x in params.list %}\n{% if x %}{% endfor %}"),
              "2:14+6 'endfor' without what it belongs to (expected 'endif')");
    EXPECT_EQ(render("{% endif %}"), "1:4+5 'endif' without what it belongs to");
    EXPECT_EQ(render("{% fi params.on %}"), "1:4+2 unknown tag 'fi' (did you mean 'if'?)");
    EXPECT_EQ(render("{# never closed"), "1:1+2 the comment is not closed (write '#}' at its end)");
    EXPECT_EQ(render("{{ }}"), "1:1+5 the tag is empty");
    EXPECT_EQ(render("{{ a = b }}"), "1:6+1 unexpected '=' (write '==' to compare)");
    EXPECT_EQ(render("{{ \"abc }}"), "1:4+1 the string is not closed (write \" at its end)");
    EXPECT_EQ(render("{{ 99999999999999999999 }}"), "1:4+20 the number is out of range");
    EXPECT_EQ(render("{{ loop.index }}"), "1:4+4 'loop' is known only inside 'for'");
    EXPECT_EQ(render("{% for in in params.list %}{% endfor %}"), "1:8+2 'in' cannot name a loop variable");
    EXPECT_EQ(render("{{ params.x params.y }}"), "1:13+6 expected an operator or '}}', found 'params'");
    EXPECT_EQ(value_of(""), "1:1+1 the expression is empty");
    EXPECT_EQ(value_of("1 2"), "1:3+1 expected the end, found '2'");
    EXPECT_EQ(value_of("(1"), "1:3+1 expected ')', found the end");
}

TEST(Template, StaysWithinItsLimits) {
    const auto repeated = [](std::string_view text, int count) {
        std::string out;
        for (int i = 0; i < count; ++i)
            out += text;
        return out;
    };
    EXPECT_NE(value_of(repeated("(", 100'000)).find("nested too deeply"), std::string::npos);
    EXPECT_NE(value_of(repeated("not ", 40'000) + "1").find("nested too deeply"), std::string::npos);
    EXPECT_NE(render(repeated("{% if 1 %}", 10'000)).find("nested too deeply"), std::string::npos);
    EXPECT_EQ(value_of("1" + repeated(" and 1", 20'000)), "true"); // long is fine, deep is not
    EXPECT_EQ(value_of("\"a\"" + repeated("|lower", 20'000)), "\"a\"");
    EXPECT_NE(render(repeated(" ", 5'000'000)).find("more than the limit"), std::string::npos);
    EXPECT_NE(value_of(repeated("1,", 300'000)).find("too large"), std::string::npos);

    const std::string loops =
        repeated("{% for x in [1,2,3,4,5,6,7,8,9,0] %}", 20) + repeated("{% endfor %}", 20);
    EXPECT_NE(render(loops).find("more than 1000000 steps"), std::string::npos);
    EXPECT_NE(render("{% for x in params.list %}12345{% endfor %}", {.output = 12}).find("limit of 12 bytes"),
              std::string::npos);
    const std::string bomb = "\"aaaaaaaaaa\"" + repeated(" | replace(\"a\", \"aaaaaaaaaa\")", 30);
    EXPECT_NE(value_of(bomb).find("limit"), std::string::npos);
    EXPECT_NE(value_of("\"\\\"\"" + repeated(" | json", 60)).find("limit"), std::string::npos);
}

TEST(Template, TruthIsWhatIsNotEmpty) {
    for (const char* json : {"false", "null", "0", "0.0", "\"\"", "[]", "{}"})
        EXPECT_FALSE(truthy(*parse_json(json))) << json;
    for (const char* json : {"true", "1", "-0.5", "\"0\"", "[0]", "{\"a\":0}"})
        EXPECT_TRUE(truthy(*parse_json(json))) << json;
}

} // namespace
} // namespace lab
