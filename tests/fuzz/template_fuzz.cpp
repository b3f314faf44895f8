// Parsing and evaluating must end, within the limits, with a text or an error whose place lies in the
// template.

#include "support/json.h"
#include "support/template.h"

#include <algorithm>
#include <cstdint>

namespace {

const lab::Value& scope_value() {
    static const lab::Value value = *lab::parse_json(R"({
        "params": {"a": 1, "b": "text", "c": [1, 2.5, "x", null], "d": {"x": [], "y": {"z": true}}, "e": null},
        "server": {"name": "web-1"}, "facts": {"os": {"id": "debian"}}})");
    return value;
}

void check(const lab::TemplateError& error, std::string_view text) {
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    LAB_CHECK(error.line >= 1 && error.line <= lines, "the error lies behind the template");
    LAB_CHECK(error.column >= 1 && error.column <= text.size() + 1, "the error lies behind its line");
    LAB_CHECK(!error.message.empty(), "the error says nothing");
}

void exercise(const std::variant<lab::Template, lab::TemplateError>& parsed, std::string_view text) {
    if (const auto* error = std::get_if<lab::TemplateError>(&parsed)) return check(*error, text);
    const auto& tmpl = std::get<lab::Template>(parsed);
    const lab::TemplateLimits limits{.output = 1u << 16, .steps = 20'000};
    const lab::TemplateScope scope = [](std::string_view name) { return scope_value().get(name); };
    const auto rendered = tmpl.render(scope, limits);
    if (const auto* error = std::get_if<lab::TemplateError>(&rendered))
        check(*error, text);
    else
        LAB_CHECK(std::get<std::string>(rendered).size() <= limits.output, "the text is beyond its limit");
    const auto value = tmpl.evaluate(scope, limits);
    if (const auto* error = std::get_if<lab::TemplateError>(&value)) check(*error, text);
    for (const auto& reference : tmpl.references())
        LAB_CHECK(!reference.path.empty(), "a reference to nothing");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    exercise(lab::Template::parse(text), text);
    exercise(lab::Template::parse_expression(text), text);
    return 0;
}
