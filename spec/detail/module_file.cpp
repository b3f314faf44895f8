#include "spec/detail/module_file.h"

#include "api/resource_types.h"
#include "spec/detail/decode.h"
#include "spec/detail/given.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kModuleKeys{"name"sv,   "version"sv,   "summary"sv, "targets"sv, "deps"sv,
                                 "params"sv, "resources"sv, "health"sv,  "secrets"sv, "tests"sv};
constexpr std::array kParamKeys{"type"sv, "default"sv, "required"sv, "min"sv,
                                "max"sv,  "enum"sv,    "summary"sv,  "sensitive"sv};
constexpr std::array kHealthKeys{"command"sv};

void read_param_type(ParamSchema& schema, const Node& value, Diagnostics& diagnostics) {
    const auto text = read_text(value, "type", diagnostics);
    if (!text) return;
    const auto found = std::find(std::begin(kParamTypes), std::end(kParamTypes), text->value);
    if (found == std::end(kParamTypes)) {
        std::string help = did_you_mean(text->value, kParamTypes);
        if (help.empty()) help = fmt::format("the types are {}", listed(kParamTypes));
        add_error(diagnostics, "spec/bad-value", fmt::format("there is no type '{}'", text->value), text->at,
                  std::move(help));
        return;
    }
    schema.type = static_cast<ParamSchema::Type>(found - std::begin(kParamTypes));
}

std::optional<double> read_number(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    const Value value = node.is_scalar() ? node.scalar() : Value();
    if (const std::int64_t* number = value.if_int()) return static_cast<double>(*number);
    if (const double* number = value.if_double()) return *number;
    report_type(node, key, "a number", diagnostics);
    return std::nullopt;
}

void read_param_key(ParamSchema& schema, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "type") {
        read_param_type(schema, value, diagnostics);
    } else if (name == "default") {
        schema.fallback = value.as_value();
        schema.default_at = value.span();
    } else if (name == "required") {
        schema.required = read_boolean(value, name, diagnostics).value_or(false);
    } else if (name == "min") {
        schema.min = read_number(value, name, diagnostics);
    } else if (name == "max") {
        schema.max = read_number(value, name, diagnostics);
    } else if (name == "enum") {
        if (is_list(value, name, diagnostics))
            for (std::size_t i = 0; i < value.size(); ++i)
                schema.choices.push_back(value.item(i).as_value());
        if (schema.choices.empty() && !value.is_scalar() && !value.is_map())
            add_error(diagnostics, "spec/bad-value", "'enum' lists no value", value.span());
    } else if (name == "summary") {
        if (auto text = read_text(value, name, diagnostics)) schema.summary = std::move(text->value);
    } else if (name == "sensitive") {
        schema.sensitive = read_boolean(value, name, diagnostics).value_or(false);
    } else {
        report_unknown_key(key, {"a param", kParamKeys}, diagnostics);
    }
}

/// What the schema says against itself.
void check_param(const ParamSchema& schema, Diagnostics& diagnostics) {
    using Type = ParamSchema::Type;
    if ((schema.min || schema.max) && (schema.type == Type::Boolean || schema.type == Type::Map))
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("'min' and 'max' mean nothing for a {}", to_string(schema.type)), schema.at);
    if (schema.min && schema.max && *schema.min > *schema.max)
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("'min' of param '{}' is above its 'max'", schema.name), schema.at);
    if (schema.required && schema.fallback)
        add_error(
            diagnostics, "spec/bad-value",
            fmt::format("param '{}' is required and has a default, so it would never be missed", schema.name),
            schema.default_at, "remove one of the two");
    for (const Value& choice : schema.choices) {
        ParamSchema without_choices = schema;
        without_choices.choices.clear();
        if (const std::string problem = param_problem(without_choices, choice); !problem.empty())
            add_error(diagnostics, "spec/bad-param", fmt::format("a value of 'enum' {}", problem), schema.at);
    }
    if (!schema.fallback) return;
    if (const std::string problem = param_problem(schema, *schema.fallback); !problem.empty())
        add_error(diagnostics, "spec/bad-param",
                  fmt::format("the default of param '{}' {}", schema.name, problem), schema.default_at, {},
                  {{"its type is given here", schema.at}});
}

ParamSchema read_param(const Node& key, const Node& body, Diagnostics& diagnostics) {
    ParamSchema schema;
    schema.name = std::string(key.text());
    schema.at = key.span();
    if (!is_identifier(key.text()))
        add_error(diagnostics, "spec/bad-name", fmt::format("'{}' is no name for a param", key.text()),
                  key.span(), "templates read it: letters, digits and '_', not beginning with a digit");
    if (!is_map(body, key.text(), diagnostics)) return schema;
    for (std::size_t i = 0; i < body.size(); ++i)
        read_param_key(schema, body.key(i), body.value(i), diagnostics);
    check_param(schema, diagnostics);
    return schema;
}

/// Places of the strings in a value, in the order in which a walk over as_value() meets them.
void collect_strings(const Node& node, std::vector<Span>& places) {
    if (node.is_string()) places.push_back(node.span());
    if (node.is_list())
        for (std::size_t i = 0; i < node.size(); ++i)
            collect_strings(node.item(i), places);
    if (node.is_map())
        for (std::size_t i = 0; i < node.size(); ++i)
            collect_strings(node.value(i), places);
}

/// The key that says what the resource is. Some words are a type and a property of another type (`group` of a
/// file), so it is the one whose type takes all the others as properties.
std::optional<std::size_t> find_type_key(const Node& body, std::vector<std::size_t>& candidates) {
    for (std::size_t i = 0; i < body.size(); ++i)
        if (api::find_resource_type(body.key(i).text())) candidates.push_back(i);
    for (const std::size_t candidate : candidates) {
        const api::ResourceType* type = api::find_resource_type(body.key(candidate).text());
        const bool takes_others = std::all_of(candidates.begin(), candidates.end(), [&](std::size_t other) {
            return other == candidate || api::find_property(*type, body.key(other).text());
        });
        if (takes_others) return candidate;
    }
    return std::nullopt;
}

void report_type_key(const Node& body, const std::vector<std::size_t>& candidates, Diagnostics& diagnostics) {
    if (candidates.size() > 1) {
        add_error(diagnostics, "spec/bad-resource",
                  fmt::format("a resource is one thing, but this names '{}' and '{}'",
                              body.key(candidates[0]).text(), body.key(candidates[1]).text()),
                  body.key(candidates[1]).span(), "begin a new list item with '-' for each resource");
        return;
    }
    report_unknown_type(body.size() ? body.key(0).text() : std::string_view(),
                        body.size() ? body.key(0).span() : body.span(), diagnostics);
}

void report_unknown_property(const api::ResourceType& type, const Node& key, Diagnostics& diagnostics) {
    std::vector<std::string_view> known;
    for (const api::PropertySchema& property : type.properties)
        known.push_back(property.name);
    for (const std::string_view word : {"after"sv, "notify"sv, "when"sv, "sensitive"sv})
        known.push_back(word);
    std::string help = did_you_mean(key.text(), known);
    if (help.empty()) help = fmt::format("it takes {}", listed(known));
    add_error(diagnostics, "spec/unknown-key",
              fmt::format("a {} has no property '{}'", type.name, key.text()), key.span(), std::move(help));
}

void read_resource_key(ResourceTemplate& resource, const api::ResourceType& type, const Node& key,
                       const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "after") {
        resource.after = read_texts(value, name, diagnostics);
    } else if (name == "notify") {
        resource.notify = read_texts(value, name, diagnostics);
    } else if (name == "when") {
        resource.when = read_text(value, name, diagnostics);
    } else if (name == "sensitive") {
        resource.sensitive = read_boolean(value, name, diagnostics).value_or(false);
    } else if (api::find_property(type, name)) {
        ResourceTemplate::Property property;
        property.name = std::string(name);
        property.value = value.as_value();
        property.at = value.span();
        collect_strings(value, property.strings);
        resource.properties.push_back(std::move(property));
    } else {
        report_unknown_property(type, key, diagnostics);
    }
}

std::optional<ResourceTemplate> read_resource(const Node& body, Diagnostics& diagnostics) {
    if (!body.is_map()) {
        report_type(body, "resources", "a list of maps", diagnostics);
        return std::nullopt;
    }
    std::vector<std::size_t> candidates;
    const auto type_key = find_type_key(body, candidates);
    if (!type_key) {
        report_type_key(body, candidates, diagnostics);
        return std::nullopt;
    }
    ResourceTemplate resource;
    const Node key = body.key(*type_key);
    const api::ResourceType& type = *api::find_resource_type(key.text());
    resource.type = std::string(type.name);
    resource.at = key.span();
    auto name = read_text(body.value(*type_key), key.text(), diagnostics);
    for (std::size_t i = 0; i < body.size(); ++i)
        if (i != *type_key) read_resource_key(resource, type, body.key(i), body.value(i), diagnostics);
    if (!name) return std::nullopt;
    resource.name = std::move(*name);
    return resource;
}

void read_health(Module& module, const Node& node, Diagnostics& diagnostics) {
    if (!is_list(node, "health", diagnostics)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node item = node.item(i);
        if (!item.is_map()) {
            report_type(item, "health", "a list of maps", diagnostics);
            continue;
        }
        HealthCheck check{.command = {}, .at = item.span()};
        for (std::size_t j = 0; j < item.size(); ++j) {
            if (item.key(j).text() != "command") {
                report_unknown_key(item.key(j), {"a health check", kHealthKeys}, diagnostics);
                continue;
            }
            for (Text& word : read_texts(item.value(j), "command", diagnostics))
                check.command.push_back(std::move(word.value));
        }
        if (!item.find("command"))
            add_error(diagnostics, "spec/missing-key", "a health check has no 'command'", item.span());
        else if (check.command.empty() && item.find("command").size() == 0 &&
                 !item.find("command").is_scalar())
            add_error(diagnostics, "spec/bad-value", "'command' is empty", item.span(),
                      "write the program and its arguments: command: [/usr/bin/true]");
        module.health.push_back(std::move(check));
    }
}

void read_module_key(Module& module, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "name") {
        module.at = value.span();
        if (auto text = read_name(value, name, "module", diagnostics)) module.name = std::move(text->value);
    } else if (name == "version") {
        if (auto text = read_text(value, name, diagnostics)) module.version = std::move(text->value);
    } else if (name == "summary") {
        if (auto text = read_text(value, name, diagnostics)) module.summary = std::move(text->value);
    } else if (name == "targets") {
        if (!value.is_null()) module.targets = parse_target(value, diagnostics);
    } else if (name == "deps") {
        module.deps = read_names(value, name, "module", diagnostics);
    } else if (name == "params") {
        if (is_map(value, name, diagnostics))
            for (std::size_t i = 0; i < value.size(); ++i)
                module.params.push_back(read_param(value.key(i), value.value(i), diagnostics));
    } else if (name == "resources") {
        if (is_list(value, name, diagnostics))
            for (std::size_t i = 0; i < value.size(); ++i)
                if (auto resource = read_resource(value.item(i), diagnostics))
                    module.resources.push_back(std::move(*resource));
    } else if (name == "health") {
        read_health(module, value, diagnostics);
    } else if (name == "secrets") {
        for (Given& given : read_given(Provides::Secrets, value, diagnostics))
            module.secrets.push_back(std::move(given.name));
    } else if (name == "tests") {
        module.tests = read_text(value, name, diagnostics);
    } else {
        report_unknown_key(key, {"a module", kModuleKeys}, diagnostics);
    }
}

std::string bounds(const ParamSchema& schema) {
    if (schema.min && schema.max) return fmt::format("from {} to {}", *schema.min, *schema.max);
    if (schema.min) return fmt::format("at least {}", *schema.min);
    return fmt::format("at most {}", *schema.max);
}

bool in_bounds(const ParamSchema& schema, double value) {
    return !(schema.min && value < *schema.min) && !(schema.max && value > *schema.max);
}

bool has_type(ParamSchema::Type type, const Value& value) {
    switch (type) {
    case ParamSchema::Type::String: return value.if_string();
    case ParamSchema::Type::Integer: return value.if_int();
    case ParamSchema::Type::Number: return value.if_int() || value.if_double();
    case ParamSchema::Type::Boolean: return value.if_bool();
    case ParamSchema::Type::List: return value.if_list();
    case ParamSchema::Type::Map: return value.if_map();
    }
    return false;
}

} // namespace

std::string param_problem(const ParamSchema& schema, const Value& value) {
    if (!has_type(schema.type, value))
        return fmt::format("must be {}, not {}", with_article(to_string(schema.type)),
                           with_article(value.type_name()));
    if (const std::int64_t* number = value.if_int();
        number && !in_bounds(schema, static_cast<double>(*number)))
        return fmt::format("must be {}, not {}", bounds(schema), *number);
    if (const double* number = value.if_double(); number && !in_bounds(schema, *number))
        return fmt::format("must be {}, not {}", bounds(schema), *number);
    if (const std::string* text = value.if_string();
        text && !in_bounds(schema, static_cast<double>(text->size())))
        return fmt::format("must be {} bytes long, not {}", bounds(schema), text->size());
    if (const ValueList* list = value.if_list();
        list && !in_bounds(schema, static_cast<double>(list->size())))
        return fmt::format("must have a number of items that is {}, not {}", bounds(schema), list->size());
    if (schema.choices.empty() ||
        std::find(schema.choices.begin(), schema.choices.end(), value) != schema.choices.end())
        return {};
    std::string choices;
    for (const Value& choice : schema.choices)
        choices += fmt::format("{}'{}'", choices.empty() ? "" : ", ", display(choice));
    return fmt::format("must be one of {}, not '{}'", choices, display(value));
}

Module decode_module(const Document& document, std::string folder, Diagnostics& diagnostics) {
    Module module;
    module.folder = std::move(folder);
    const Node root = document.root();
    module.at = root.span();
    if (!root.is_map()) {
        add_error(diagnostics, "spec/wrong-type", "a module.yaml must be a map with at least a 'name'",
                  root.span());
        return module;
    }
    for (std::size_t i = 0; i < root.size(); ++i)
        read_module_key(module, root.key(i), root.value(i), diagnostics);
    if (!root.find("name"))
        add_error(diagnostics, "spec/missing-key", "the module has no 'name'", root.span());
    return module;
}

} // namespace lab::spec::detail
