#include "api/resource_diff.h"

#include "api/content.h"
#include "api/detail/fields.h"
#include "support/template.h"
#include "support/text_diff.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::api {
namespace {

const Value& at(const ValueMap& map, std::string_view key) {
    static const Value kNothing;
    const Value* found = map.find(key);
    return found ? *found : kNothing;
}

bool is_number(const Value& value) {
    const std::string* text = value.if_string();
    return text && !text->empty() && text->find_first_not_of("0123456789") == std::string::npos;
}

/// What is compared with `property`: its own observed value, but the number of an owner that is written as
/// one.
const Value& observed_side(const PropertySchema& property, const Value& wanted, const ValueMap& observed) {
    if (property.name == "owner" && is_number(wanted) && observed.contains("uid")) return at(observed, "uid");
    if (property.name == "group" && is_number(wanted) && observed.contains("gid")) return at(observed, "gid");
    return at(observed, property.name);
}

bool holds_all(const Value& wanted, const Value& actual) {
    const ValueList* listed = wanted.if_list();
    const ValueList* found = actual.if_list();
    if (!listed || !found) return false;
    return std::all_of(listed->begin(), listed->end(), [&](const Value& item) {
        return std::find(found->begin(), found->end(), item) != found->end();
    });
}

bool same(const PropertySchema& property, const Value& wanted, const Value& actual,
          const FingerprintKey& key) {
    if (wanted == actual) return true;
    if (property.at_least) return holds_all(wanted, actual);
    if (property.kind == PropertyKind::Content || property.secrecy != Secrecy::Open)
        return same_content(wanted, actual, key);
    // A number observed for an owner or written for a text property.
    if (wanted.if_string() && actual.if_int()) return *wanted.if_string() == std::to_string(*actual.if_int());
    return false;
}

Value as_shown(const Value& value, bool hide, const FingerprintKey& key) {
    const auto bytes = content_bytes(value);
    if (!bytes) return value;
    if (hide) return fingerprint(key, *bytes);
    return bytes->size() > kShownBytes ? summary(*bytes) : value;
}

/// The text of one side of a diff: what is not there is empty; nullopt where it is no text or not known.
std::optional<std::string_view> diff_side(const Value& value) {
    if (value.is_null()) return std::string_view();
    if (const std::string* text = value.if_string()) return *text;
    return std::nullopt;
}

std::string content_diff(const Resource& desired, const Value& before, const Value& after) {
    const auto old_text = diff_side(before);
    const auto new_text = diff_side(after);
    if (!old_text || !new_text) return {};
    const std::string old_name = before.is_null() ? "/dev/null" : desired.name + " (is)";
    const std::string new_name = after.is_null() ? "/dev/null" : desired.name + " (wanted)";
    return unified_diff(*old_text, *new_text, {.before_name = old_name, .after_name = new_name});
}

/// Private by what is wanted, or by what is there: a file that is private now was so with its old content.
bool hides(const Resource& desired, const ValueMap& observed) {
    if (is_private(desired)) return true;
    const std::string* mode = at(observed, "mode").if_string();
    return mode && is_private_mode(*mode);
}

} // namespace

std::vector<PropertyChange> diff_resource(const Resource& desired, const ValueMap& observed,
                                          const FingerprintKey& key) {
    const ResourceType* type = find_resource_type(desired.type);
    LAB_CHECK(type != nullptr, "a resource of an unknown type was not refused when it was read");
    const bool owed = type->acts_on_notify && at(observed, "owed") == Value(true);
    if (desired.type == "command") {
        if (at(observed, "done") == Value(true) && !owed) return {};
        return {notified_change(desired, key)};
    }

    std::vector<PropertyChange> changes;
    const bool wants_absent = at(desired.properties, "ensure") == Value("absent");
    const Value& is = at(observed, "ensure");
    const bool is_absent = is == Value("absent");
    if (wants_absent) {
        if (!is_absent)
            changes.push_back({.path = "ensure", .before = is, .after = Value("absent"), .effect = "remove"});
        return changes;
    }
    const bool anew = type->takes_ensure && is != Value("present");
    if (anew)
        changes.push_back({.path = "ensure",
                           .before = is,
                           .after = Value("present"),
                           .effect = is_absent ? "create" : "update"});

    const bool hide = hides(desired, observed);
    const Value nothing;
    for (const PropertySchema& property : type->properties) {
        const Value* wanted = desired.properties.find(property.name);
        if (!wanted || !property.compared || property.name == "ensure") continue;
        const Value& actual = anew ? nothing : observed_side(property, *wanted, observed);
        if (!anew && same(property, *wanted, actual, key)) continue;
        const bool hides_it = property.is_hidden(desired.sensitive, hide);
        PropertyChange change{.path = std::string(property.name),
                              .before = as_shown(actual, hides_it, key),
                              .after = as_shown(*wanted, hides_it, key),
                              .effect = actual.is_null() ? "create" : "update"};
        if (property.kind == PropertyKind::Content && !hides_it)
            change.diff = content_diff(desired, actual, *wanted);
        changes.push_back(std::move(change));
    }
    const bool starts = std::any_of(changes.begin(), changes.end(),
                                    [](const PropertyChange& change) { return change.path == "running"; });
    if (owed && !starts) changes.push_back(notified_change(desired, key));
    return changes;
}

PropertyChange notified_change(const Resource& desired, const FingerprintKey& key) {
    if (desired.type == "service")
        return {.path = "", .after = at(desired.properties, "restart"), .effect = "restart"};
    return {.path = "",
            .after = as_shown(at(desired.properties, "run"), is_private(desired), key),
            .effect = "run"};
}

ValueMap shown_properties(const Resource& desired, ValueMap observed, const FingerprintKey& key) {
    const ResourceType* type = find_resource_type(desired.type);
    LAB_CHECK(type != nullptr, "a resource of an unknown type was not refused when it was read");
    const bool hide = hides(desired, observed);
    for (auto& [name, value] : observed) {
        const PropertySchema* property = find_property(*type, name);
        if (property) value = as_shown(value, property->is_hidden(desired.sensitive, hide), key);
    }
    return observed;
}

Risk risk_of(const Resource& desired, const std::vector<PropertyChange>& changes) {
    Risk risk = Risk::Safe;
    const auto raise = [&](Risk to) { risk = std::max(risk, to); };
    for (const PropertyChange& change : changes) {
        if (change.effect == "run" || change.effect == "restart") raise(Risk::Disruptive);
        if (desired.type == "service" && change.path == "running") raise(Risk::Disruptive);
        if (desired.type == "package" && change.path == "version" && !change.before.is_null())
            raise(Risk::Disruptive);
        if (change.path != "ensure") continue;
        const bool was_other_kind = change.before != Value("present") && change.before != Value("absent");
        if (was_other_kind && !change.before.is_null()) raise(Risk::Destructive);
        if (change.effect != "remove") continue;
        if (desired.type == "directory" && at(desired.properties, "recursive") == Value(true))
            raise(Risk::Destructive);
        if (desired.type == "package" || desired.type == "user" || desired.type == "kernel_module")
            raise(Risk::Disruptive);
    }
    return risk;
}

Value to_value(const PropertyChange& change) {
    ValueMap out{{"path", Value(change.path)},
                 {"before", change.before},
                 {"after", change.after},
                 {"effect", Value(change.effect)}};
    if (!change.diff.empty()) out.append("diff", Value(change.diff));
    if (change.used) out.append("used", Value(*change.used));
    return out;
}

Result<PropertyChange> change_from_value(const Value& value) {
    detail::Fields fields(value, "a change");
    PropertyChange change{.path = fields.text("path"),
                          .before = fields.value("before"),
                          .after = fields.value("after"),
                          .effect = fields.text("effect"),
                          .diff = fields.text_or("diff", "")};
    if (const Value used = fields.value("used"); !used.is_null()) {
        if (!used.if_int() || *used.if_int() < 0)
            return Error{.code = ErrorCode::Invalid, .message = "'used' of a change must be bytes"};
        change.used = static_cast<std::uint64_t>(*used.if_int());
    }
    LAB_TRY(fields.finish());
    return change;
}

} // namespace lab::api
