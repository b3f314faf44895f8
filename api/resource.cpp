#include "api/resource.h"

#include "api/content.h"
#include "api/detail/fields.h"
#include "api/resource_types.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::api {
namespace {

using detail::Fields;

ValueList text_list(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

/// What both the document and the digest hold.
ValueMap effective_map(const Resource& resource) {
    ValueMap out{{"type", Value(resource.type)}, {"name", Value(resource.name)}};
    out.append("properties", resource.properties);
    if (!resource.after.empty()) out.append("after", text_list(resource.after));
    if (!resource.notify.empty()) out.append("notify", text_list(resource.notify));
    if (resource.when) out.append("when", to_value(*resource.when));
    if (resource.sensitive) out.append("sensitive", true);
    return out;
}

Error invalid(std::string message) {
    return Error{.code = ErrorCode::Invalid, .message = std::move(message)};
}

/// Rules over several properties.
Result<void> check_together(const Resource& resource) {
    const ValueMap& properties = resource.properties;
    if (resource.type == "command") {
        const Value* only_notified = properties.find("only_notified");
        if (!properties.contains("unless") && !properties.contains("creates") &&
            !(only_notified && *only_notified == Value(true)))
            return invalid(fmt::format(
                "the resource '{}' needs 'unless', 'creates' or 'only_notified: true', so that it is known "
                "when there is something to run",
                resource.id()));
        for (const std::string_view key : {"run", "unless"}) {
            const Value* argv = properties.find(key);
            const ValueList* list = argv ? argv->if_list() : nullptr;
            if (list && list->empty())
                return invalid(fmt::format("'{}' of '{}' must name a program", key, resource.id()));
        }
    }
    if (resource.type == "template" && !properties.contains("content")) {
        const Value* ensure = properties.find("ensure");
        if (!ensure || *ensure == Value("present"))
            return invalid(fmt::format("the resource '{}' has no 'content'", resource.id()));
    }
    return {};
}

std::vector<std::string> sorted_ids(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

} // namespace

Value to_value(const Deferred& deferred) {
    ValueMap out{{"$template", Value(deferred.text)}};
    if (!deferred.scope.empty()) out.append("with", deferred.scope);
    return out;
}

std::optional<Deferred> as_deferred(const Value& value) {
    const Value* text = value.get("$template");
    if (!text || !text->if_string()) return std::nullopt;
    const Value* scope = value.get("with");
    if (scope && !scope->if_map()) return std::nullopt;
    if (value.if_map()->size() != (scope ? 2u : 1u)) return std::nullopt;
    return Deferred{.text = *text->if_string(), .scope = scope ? *scope->if_map() : ValueMap{}};
}

bool is_private_mode(std::string_view mode) noexcept {
    return mode.empty() || mode.back() < '0' || mode.back() > '7' || ((mode.back() - '0') & 4) == 0;
}

bool is_private(const Resource& resource) noexcept {
    if (resource.sensitive) return true;
    const Value* mode = resource.properties.find("mode");
    if (!mode) return false;
    const std::string* text = mode->if_string();
    return !text || is_private_mode(*text);
}

Resource redacted(Resource resource, const FingerprintKey& key) {
    const ResourceType* type = find_resource_type(resource.type);
    if (!type) return resource;
    const bool hide = is_private(resource);
    for (auto& [name, value] : resource.properties) {
        const PropertySchema* property = find_property(*type, name);
        if (!property || !property->is_hidden(resource.sensitive, hide)) continue;
        if (const auto bytes = content_bytes(value)) value = fingerprint(key, *bytes);
    }
    return resource;
}

Result<Resource> checked(Resource resource) {
    const ResourceType* type = find_resource_type(resource.type);
    if (!type) {
        std::vector<std::string_view> names;
        for (const ResourceType& known : resource_types())
            names.push_back(known.name);
        const auto guess = nearest(resource.type, names);
        return invalid(fmt::format("there is no resource type '{}'{}", escape_controls(resource.type),
                                   guess ? fmt::format(", did you mean '{}'?", *guess) : ""));
    }
    auto name = normalise_name(*type, resource.name);
    if (!name) return std::move(name).error();
    resource.name = *std::move(name);
    for (const auto& [key, value] : resource.properties) {
        const PropertySchema* property = find_property(*type, key);
        if (!property || property->only_in_yaml)
            return invalid(
                fmt::format("the resource '{}' has no property '{}'", resource.id(), escape_controls(key)));
    }
    // What is to be absent need not say how it would be; a line must, because that says which line.
    const Value* ensure = resource.properties.find("ensure");
    const bool absent = ensure && *ensure == Value("absent");
    ValueMap properties;
    for (const PropertySchema& property : type->properties) {
        const Value* value = resource.properties.find(property.name);
        if (!value && property.required && !(absent && resource.type != "line"))
            return invalid(fmt::format("the resource '{}' has no '{}'", resource.id(), property.name));
        if (!value && property.default_json.empty()) continue;
        if (!value) {
            properties.append(std::string(property.name), parse_json(property.default_json).value());
        } else if (as_deferred(*value) || (property.secrecy != Secrecy::Open && is_fingerprint(*value)) ||
                   (property.kind == PropertyKind::Content && is_summary(*value))) {
            properties.append(std::string(property.name), *value);
        } else {
            auto fit = normalise(*type, property, *value, resource.sensitive);
            if (!fit) return std::move(fit).error().during(fmt::format("in '{}'", resource.id()));
            properties.append(std::string(property.name), *std::move(fit));
        }
    }
    resource.properties = std::move(properties);
    LAB_TRY(check_together(resource));
    return resource;
}

Result<void> spares_records(const Resource& resource) {
    const auto lies_below = [](std::string_view path, std::string_view folder) {
        return folder == "/" || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
    };
    const ResourceType* type = find_resource_type(resource.type);
    const Value* named = resource.properties.find("path"); // the file that a line stands in
    const std::string* path = type && type->name_is_path ? &resource.name
                              : named                    ? named->if_string()
                                                         : nullptr;
    if (!path) return {};
    if (lies_below(*path, kRecordsFolder))
        return Error{.code = ErrorCode::Denied,
                     .message =
                         fmt::format("'{}' lies among lab's own records ('{}')", *path, kRecordsFolder),
                     .hint = "put it into another folder"};
    const Value* ensure = resource.properties.find("ensure");
    const bool goes = resource.type == "directory" && ensure && *ensure == Value("absent");
    if (goes && (*path == kRecordsFolder || lies_below(kRecordsFolder, *path)))
        return Error{.code = ErrorCode::Denied,
                     .message = fmt::format("'{}' holds lab's own records ('{}') and is not removed", *path,
                                            kRecordsFolder)};
    return {};
}

Digest digest(const Resource& resource) {
    return sha256(write_json_canonical(effective_map(resource)));
}

Value to_value(const Resource& resource) {
    ValueMap out = effective_map(resource);
    if (!resource.module.empty()) out.append("module", Value(resource.module));
    if (resource.source.known()) out.append("source", to_value(resource.source));
    return out;
}

Result<Resource> resource_from_value(const Value& value) {
    Fields fields(value, "a resource");
    Resource resource{
        .type = fields.text("type"), .name = fields.text("name"), .module = fields.text_or("module", "")};
    resource.properties = fields.map("properties");
    resource.sensitive = fields.boolean_or("sensitive", false);
    resource.after = sorted_ids(fields.texts("after"));
    resource.notify = sorted_ids(fields.texts("notify"));
    if (const Value when = fields.value("when"); !when.is_null()) {
        resource.when = as_deferred(when);
        if (!resource.when)
            fields.refuse("'when' of a resource must be {\"$template\": TEXT, \"with\": {...}}");
    }
    if (auto source = span_from_value(fields.value("source")))
        resource.source = *std::move(source);
    else
        fields.refuse(std::move(source).error());
    LAB_TRY(fields.finish_strict());
    return checked(std::move(resource));
}

Value to_value(const Span& span) {
    if (!span.known()) return {};
    ValueMap out{{"file", Value(*span.file)},
                 {"line", Value(static_cast<std::int64_t>(span.line))},
                 {"column", Value(static_cast<std::int64_t>(span.column))}};
    if (span.length != 1) out.append("length", Value(static_cast<std::int64_t>(span.length)));
    return out;
}

Result<Span> span_from_value(const Value& value) {
    if (value.is_null()) return Span{};
    Fields fields(value, "a source place");
    const auto number = [&](std::string_view key, std::int64_t other) {
        const std::int64_t found = fields.integer_or(key, other);
        if (found < 0 || found > UINT32_MAX)
            fields.refuse(fmt::format("'{}' of a source place is out of range", key));
        return static_cast<std::uint32_t>(found);
    };
    Span span{.file = FileName(fields.text("file"))};
    span.line = number("line", 0);
    span.column = number("column", 0);
    span.length = number("length", 1);
    LAB_TRY(fields.finish());
    return span;
}

} // namespace lab::api
