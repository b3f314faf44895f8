#include "reconciler/detail/found_values.h"

#include "api/content.h"
#include "spec/policy.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace lab::reconciler::detail {
namespace {

constexpr std::size_t kShown = 300; // bytes of one value in a message

Value id_list(const std::vector<std::string>& ids) {
    return Value(ValueList(ids.begin(), ids.end()));
}

bool equal(const Value& expected, const Value& found, const api::FingerprintKey& key) {
    if (expected == found) return true;
    return api::is_fingerprint(found) && api::same_content(found, expected, key);
}

} // namespace

std::string shown(const Value& value) {
    if (value.is_null()) return "nothing";
    if (api::is_fingerprint(value)) return "(sensitive)";
    std::string text = write_json(value);
    if (text.size() > kShown) text = text.substr(0, kShown) + "...";
    return escape_controls(text);
}

FoundValues::FoundValues(const spec::Fleet& fleet, spec::ServerIndex server,
                         const std::vector<spec::ModuleUnit>& resources, const spec::Inventory& base,
                         const providers::ProviderTable& providers, api::FingerprintKey key)
    : names_(fleet.inventory(), base), key_(std::move(key)) {
    for (spec::Field& field : fleet.fields(server))
        values_.insert_or_assign(std::move(field.path), std::move(field.effective.value));
    const auto provider = values_.find("provider");
    const std::string* chosen = provider == values_.end() ? nullptr : provider->second.if_string();
    if (const providers::Provider* found = chosen ? providers.find(*chosen) : nullptr) {
        std::vector<std::string> settings;
        for (const providers::SettingSchema& setting : found->schema().settings)
            settings.emplace_back(setting.name);
        names_.set_settings(std::move(settings));
    }
    // Levels that name an alert or a secret are but one way to it, and a target may take an alert away again.
    std::erase_if(values_, [](const auto& entry) {
        return entry.first.starts_with("alerts.") || entry.first.starts_with("secrets.");
    });
    for (const spec::ServerAlert& alert : spec::alerts_of(fleet, server))
        values_.insert_or_assign("alerts." + alert.name, Value(true));
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, server))
        values_.insert_or_assign("secrets." + secret.path, Value(true));
    for (const std::string& group : fleet.groups(server))
        values_.insert_or_assign("groups." + group, Value(true));
    for (const spec::ModuleUnit& unit : fleet.modules(server))
        values_.insert_or_assign("modules." + unit.module, Value(unit.version));
    for (const spec::ModuleUnit& unit : resources)
        for (const api::Resource& resource : unit.resources) {
            const std::string id = resource.id();
            const api::Resource safe = api::redacted(resource, key_);
            for (const auto& [name, value] : safe.properties)
                values_.insert_or_assign(fmt::format("{}.{}", id, name), value);
            values_.insert_or_assign(id + ".after", id_list(resource.after));
            values_.insert_or_assign(id + ".notify", id_list(resource.notify));
        }
}

std::vector<std::pair<std::string, Value>> FoundValues::below(std::string_view path) const {
    std::vector<std::pair<std::string, Value>> found;
    const std::string prefix = std::string(path) + ".";
    for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix); ++at)
        found.emplace_back(at->first.substr(prefix.size()), at->second);
    return found;
}

std::optional<std::string> FoundValues::names_differ(std::string_view path, const ValueList& expected) const {
    std::set<std::string> found, wanted;
    for (const auto& [name, value] : below(path)) {
        const std::string* text = path == "labels" ? value.if_string() : nullptr; // "k3s=server"
        found.insert(text ? name + "=" + *text : name);
    }
    for (const Value& name : expected)
        wanted.insert(display(name));
    if (found == wanted) return std::nullopt;
    return found.empty() ? "nothing" : fmt::format("[{}]", fmt::join(found, ", "));
}

std::optional<std::string> FoundValues::members_differ(std::string_view path,
                                                       const ValueMap& expected) const {
    std::string found;
    const std::string_view type = is_resource(path) ? path.substr(0, path.find('/')) : std::string_view();
    for (const auto& [name, value] : expected) {
        auto one = unknown_property(type, name);
        if (!one) one = difference(fmt::format("{}.{}", path, name), value);
        if (one) found += fmt::format("{}{}: {}", found.empty() ? "" : ", ", name, *one);
    }
    return found.empty() ? std::nullopt : std::optional(std::move(found));
}

bool FoundValues::is_resource(std::string_view path) const {
    return path.find('/') != std::string_view::npos && !below(path).empty();
}

std::optional<std::string> FoundValues::names_nothing(std::string_view path) const {
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos || !is_resource(path.substr(0, dot))) return names_.unknown(path);
    // "package/python3.11" may be the name of another resource: only what is nearly a property is a slip.
    const std::string_view type = path.substr(0, path.find('/')), property = path.substr(dot + 1);
    return is_near_property(type, property) ? unknown_property(type, property) : std::nullopt;
}

std::optional<std::string> FoundValues::difference(std::string_view path, const Value& expected) const {
    if (const auto exact = values_.find(path); exact != values_.end()) {
        if (equal(expected, exact->second, key_)) return std::nullopt;
        return shown(exact->second);
    }
    const bool parent = !below(path).empty();
    if (!parent)
        if (auto nothing = names_nothing(path)) return nothing;
    if (expected.is_null() && !parent) return std::nullopt;
    if (const ValueList* names = expected.if_list(); names && (parent || names->empty()))
        return names_differ(path, *names);
    const ValueMap* members = expected.if_map();
    if (members && parent && !members->empty()) return members_differ(path, *members);
    if (!parent) return "nothing";
    std::vector<std::string> names;
    for (const auto& [name, value] : below(path))
        names.push_back(name);
    // Whatever is there has nothing of an empty map in it that could differ.
    return fmt::format("[{}]{}", fmt::join(names, ", "),
                       members ? ": name those that are expected; none at all is []" : "");
}

} // namespace lab::reconciler::detail
