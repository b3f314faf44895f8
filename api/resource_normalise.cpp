#include "api/resource_types.h"

#include "api/content.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::api {
namespace {

constexpr std::size_t kLongestName = 4096;

std::string article(const ResourceType& type) {
    return fmt::format("a {}", type.name);
}

Error unfit(const ResourceType& type, const PropertySchema& property, std::string_view wanted,
            const Value& found) {
    std::string shown;
    const bool quotable = property.secrecy == Secrecy::Open || property.secrecy == Secrecy::IfSensitive;
    if (quotable && (found.if_string() || found.if_int() || found.if_bool() || found.if_double()))
        shown = fmt::format("'{}'", escape_controls(display(found)));
    else
        shown = with_article(found.type_name());
    return Error{
        .code = ErrorCode::Invalid,
        .message = fmt::format("'{}' of {} must be {}, not {}", property.name, article(type), wanted, shown)};
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_control);
}

/// The path without its final slash; nullopt where it is not absolute or has parts that lead elsewhere.
std::optional<std::string> canonical_path(std::string_view path) {
    if (path == "/") return std::string(path);
    if (path.ends_with('/')) path.remove_suffix(1);
    if (!path.starts_with('/') || path.size() > kLongestName || path.find('\0') != std::string_view::npos)
        return std::nullopt;
    for (const std::string_view part : split(path.substr(1), '/'))
        if (part.empty() || part == "." || part == ".." || part.size() > 255) return std::nullopt;
    return std::string(path);
}

/// Strings as they are; integers as people write them without quotes ("value: 1").
std::optional<std::string> text_of(const Value& value) {
    if (const std::string* text = value.if_string()) return *text;
    if (const std::int64_t* number = value.if_int()) return std::to_string(*number);
    return std::nullopt;
}

std::string squeeze(std::string_view text) {
    std::string out;
    for (const char c : trim(text)) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (space && out.ends_with(' ')) continue;
        out += space ? ' ' : c;
    }
    return out;
}

Result<Value> normalise_mode(const ResourceType& type, const PropertySchema& property, const Value& value) {
    constexpr std::string_view kWanted = "octal digits in quotes such as \"0644\"";
    const std::string* text = value.if_string();
    if (!text || text->size() < 3 || text->size() > 5) return unfit(type, property, kWanted, value);
    if (text->find_first_not_of("01234567") != std::string::npos)
        return unfit(type, property, kWanted, value);
    const std::string_view digits =
        text->size() == 5 ? std::string_view(*text).substr(1) : std::string_view(*text);
    if (text->size() == 5 && text->front() != '0') return unfit(type, property, "at most 07777", value);
    return Value(fmt::format("{:0>4}", digits));
}

Result<Value> normalise_list(const ResourceType& type, const PropertySchema& property, const Value& value) {
    constexpr std::string_view kWanted = "a list of strings";
    const ValueList* list = value.if_list();
    if (!list) return unfit(type, property, kWanted, value);
    std::vector<std::string> items;
    ValueList out;
    bool all_text = true;
    for (const Value& item : *list) {
        const auto text = text_of(item);
        if (!text && !item.get("$template")) return unfit(type, property, kWanted, item);
        if (text && text->find('\0') != std::string::npos)
            return unfit(type, property, "free of NUL characters", Value(ValueList{}));
        all_text = all_text && text;
        if (text) items.push_back(*text);
        out.push_back(text ? Value(*text) : item);
    }
    if (!property.at_least || !all_text) return Value(std::move(out));
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return Value(ValueList(items.begin(), items.end()));
}

Result<Value> normalise_map(const ResourceType& type, const PropertySchema& property, const Value& value) {
    const ValueMap* map = value.if_map();
    if (!map) return unfit(type, property, "a map of strings", value);
    ValueMap out;
    for (const auto& [key, item] : *map) {
        if (key.empty() || key.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("'{}' of {} has the key '{}', which no variable can have",
                                                property.name, article(type), escape_controls(key))};
        const auto text = text_of(item);
        if (!text && !item.get("$template")) return unfit(type, property, "a map of strings", item);
        out.append(key, text ? Value(*text) : item);
    }
    return Value(std::move(out));
}

Result<Value> normalise_text(const ResourceType& type, const PropertySchema& property, const Value& value) {
    const auto text = text_of(value);
    if (!text) return unfit(type, property, "text (write it in quotes)", value);
    // Such values become arguments, lines of system files or parts of paths.
    const bool one_line =
        std::none_of(text->begin(), text->end(), [](char c) { return is_control(c) && c != '\t'; });
    if (!one_line) return unfit(type, property, "one line without control characters", Value(ValueMap{}));
    return Value(*text);
}

Result<Value> normalise_content(const ResourceType& type, const PropertySchema& property,
                                const Value& value) {
    if (const auto text = text_of(value)) return Value(*text);
    const Value* encoded = value.get("base64");
    if (encoded && encoded->if_string() && value.if_map()->size() == 1 &&
        base64_decode(*encoded->if_string()))
        return value;
    return unfit(type, property, "text", value);
}

Result<Value> normalise_integer(const ResourceType& type, const PropertySchema& property,
                                const Value& value) {
    const std::int64_t* number = value.if_int();
    if (number && *number >= property.min && *number <= property.max) return value;
    return unfit(type, property,
                 property.min == INT64_MIN
                     ? "a whole number"
                     : fmt::format("a whole number from {} to {}", property.min, property.max),
                 value);
}

Result<Value> normalise_duration(const ResourceType& type, const PropertySchema& property,
                                 const Value& value) {
    constexpr std::string_view kWanted = "a time such as \"90s\" or \"10m\"";
    const std::string* text = value.if_string();
    if (!text) return unfit(type, property, kWanted, value);
    const auto duration = parse_duration(*text);
    if (!duration || duration->count() <= 0) return unfit(type, property, kWanted, value);
    return Value(format_duration(*duration));
}

bool all_of_set(std::string_view text, std::string_view extra) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               extra.find(c) != std::string_view::npos;
    });
}

/// Texts of a user are fields of /etc/passwd and its like, which a colon would end. Their paths too.
bool ends_its_field(const ResourceType& type, const Value& value) {
    if (type.name != "user") return false;
    if (const std::string* text = value.if_string()) return text->find(':') != std::string::npos;
    const ValueList* list = value.if_list();
    return list && std::any_of(list->begin(), list->end(),
                               [&](const Value& item) { return ends_its_field(type, item); });
}

Result<Value> fit(const ResourceType& type, const PropertySchema& property, const Value& value) {
    switch (property.kind) {
    case PropertyKind::Text: return normalise_text(type, property, value);
    case PropertyKind::Words: {
        const auto text = text_of(value);
        if (!text || text->find('\0') != std::string::npos)
            return unfit(type, property, "text (write it in quotes)", value);
        return Value(squeeze(*text));
    }
    case PropertyKind::Content: return normalise_content(type, property, value);
    case PropertyKind::Integer: return normalise_integer(type, property, value);
    case PropertyKind::Boolean:
        if (value.if_bool()) return value;
        return unfit(type, property, "true or false", value);
    case PropertyKind::Mode: return normalise_mode(type, property, value);
    case PropertyKind::Path: {
        const std::string* text = value.if_string();
        auto path = text ? canonical_path(*text) : std::nullopt;
        if (path && !has_controls(*path)) return Value(*std::move(path));
        return unfit(type, property, "an absolute path without '..', '.' and double slashes", value);
    }
    case PropertyKind::StringList: return normalise_list(type, property, value);
    case PropertyKind::StringMap: return normalise_map(type, property, value);
    case PropertyKind::Duration: return normalise_duration(type, property, value);
    case PropertyKind::Choice: {
        const std::string* text = value.if_string();
        if (text &&
            std::find(property.choices.begin(), property.choices.end(), *text) != property.choices.end())
            return value;
        return unfit(type, property, fmt::format("'{}'", fmt::join(property.choices, "' or '")), value);
    }
    }
    return unfit(type, property, "of a known kind", value);
}

} // namespace

Result<Value> normalise(const ResourceType& type, const PropertySchema& property, const Value& value,
                        bool sensitive) {
    PropertySchema schema = property;
    if (sensitive && property.secrecy == Secrecy::IfSensitive) schema.secrecy = Secrecy::Always;
    auto fitting = fit(type, schema, value);
    if (fitting && ends_its_field(type, *fitting))
        return unfit(type, schema, "free of colons, which end a field of /etc/passwd", *fitting);
    return fitting;
}

Result<Value> normalise_observed(const ResourceType& type, const PropertySchema& property,
                                 const Value& value) {
    if (value.is_null() || is_fingerprint(value) || is_summary(value)) return value;
    switch (property.kind) {
    case PropertyKind::Text:
    case PropertyKind::Path:
    case PropertyKind::Content: return normalise_content(type, property, value);
    case PropertyKind::Words: {
        const Value* live = value.get("live"); // a parameter that is another now than after a boot
        const Value* persisted = value.get("persisted");
        if (live && live->if_string() && persisted && persisted->if_string()) return value;
        return fit(type, property, value);
    }
    case PropertyKind::Integer:
    case PropertyKind::Boolean:
    case PropertyKind::Mode:
    case PropertyKind::StringList:
    case PropertyKind::StringMap:
    case PropertyKind::Duration:
    case PropertyKind::Choice: break;
    }
    return fit(type, property, value);
}

Result<std::string> normalise_name(const ResourceType& type, std::string_view name) {
    const auto refused = [&](std::string_view wanted) {
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the name of {} must be {}, not '{}'", article(type), wanted,
                                            escape_controls(name.substr(0, 200)))};
    };
    if (name.empty() || name.size() > kLongestName || has_controls(name) || !is_utf8(name))
        return refused("text of one line without control characters");
    if (type.name_is_path) {
        auto path = canonical_path(name);
        if (!path) return refused("an absolute path without '..', '.' and double slashes");
        if (*path == "/" && type.name != "directory") return refused("the path of something below '/'");
        return *std::move(path);
    }
    if (type.name == "line" || type.name == "command") return std::string(name);
    // What the tools take as names; a leading '-' would be an option to them.
    std::string_view extra = "._+-:~@\\";
    if (type.name == "user" || type.name == "group") extra = "._-$";
    if (type.name == "sysctl") extra = "._-/*";
    if (type.name == "kernel_module") extra = "_-";
    if (name.front() == '-' || name.front() == '.' || name.find("..") != std::string_view::npos ||
        !all_of_set(name, extra))
        return refused(fmt::format("made of letters, digits and {}", extra));
    return std::string(name);
}

} // namespace lab::api
