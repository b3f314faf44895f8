#include "api/resource_types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::api {
namespace {

constexpr std::string_view kIntroduction = R"(# Resource types

<!-- Generated from api/resource_types.cpp; `LAB_TEST_ACCEPT=1 ctest --test-dir build/dev -R unit.api` writes it again. -->

A resource has exactly one type key, whose value is its name; its id is `TYPE/NAME`. Common to all types:

| key | meaning |
|---|---|
| `after` | ids (`TYPE/NAME`) that come first; where one fails, this one is skipped |
| `notify` | ids that are told when this one changed: a service restarts, a command runs, each once a run |
| `when` | an expression on params and facts; where it is false, the resource is skipped |
| `sensitive` | `true` keeps its values on the machine: elsewhere they are sizes and fingerprints |

A property that is not written is not managed, but for those with a default. Values stay on the machine too where the
actual or the wanted mode keeps others from reading the file.
)";

std::string kind_text(const PropertySchema& property) {
    switch (property.kind) {
    case PropertyKind::Text:
    case PropertyKind::Words: return "text";
    case PropertyKind::Content: return "text or bytes";
    case PropertyKind::Integer: return "integer";
    case PropertyKind::Boolean: return "boolean";
    case PropertyKind::Mode: return "mode";
    case PropertyKind::Path: return "path";
    case PropertyKind::StringList: return "list of text";
    case PropertyKind::StringMap: return "map of text";
    case PropertyKind::Duration: return "duration";
    case PropertyKind::Choice: return fmt::format("`{}`", fmt::join(property.choices, "` or `"));
    }
    return {};
}

std::string_view without_quotes(std::string_view json) {
    return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

std::string property_row(const PropertySchema& property) {
    std::string kind = kind_text(property);
    if (property.required) kind += ", required";
    if (!property.default_json.empty())
        kind += fmt::format(", default `{}`", without_quotes(property.default_json));
    return fmt::format("| `{}` | {} | {} |\n", property.name, kind, property.summary);
}

} // namespace

std::string resource_reference_markdown() {
    std::string out(kIntroduction);
    for (const ResourceType& type : resource_types()) {
        out += fmt::format("\n## {}\n\n{}", type.name, type.summary);
        if (type.name_is_path) out += " The name is its path.";
        if (type.needs_live_system) out += " In a tree (`root:`) it is skipped: it needs a live system.";
        out += "\n\n| property | takes | meaning |\n|---|---|---|\n";
        for (const PropertySchema& property : type.properties)
            out += property_row(property);
        out += fmt::format("\n```yaml\n{}```\n", type.example);
    }
    return out;
}

} // namespace lab::api
