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
                         api::FingerprintKey key)
    : inventories_{&fleet.inventory(), &base}, key_(std::move(key)) {
    for (spec::Field& field : fleet.fields(server))
        values_.insert_or_assign(std::move(field.path), std::move(field.effective.value));
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
    for (const auto& [name, value] : expected) {
        const auto one = difference(fmt::format("{}.{}", path, name), value);
        if (one) found += fmt::format("{}{}: {}", found.empty() ? "" : ", ", name, *one);
    }
    return found.empty() ? std::nullopt : std::optional(std::move(found));
}

std::optional<std::string> FoundValues::names_nothing(std::string_view path) const {
    const auto dot = path.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view word = path.substr(0, dot), rest = path.substr(dot + 1);
    std::string_view what;
    std::vector<std::string> known;
    const auto look_among = [&](std::string_view kind, auto definitions) {
        what = kind;
        for (const spec::Inventory* inventory : inventories_)
            for (const auto& [name, definition] : inventory->*definitions)
                known.push_back(name);
    };
    if (word == "groups") look_among("group", &spec::Inventory::groups);
    if (word == "modules" || word == "params") look_among("module", &spec::Inventory::modules);
    if (word == "alerts") look_among("alert", &spec::Inventory::alerts);
    if (word == "secrets") look_among("secret", &spec::Inventory::secrets);
    if (word == "alerts")
        for (const spec::CatalogueEntry& entry : spec::alert_catalogue())
            known.emplace_back(entry.name);
    const auto leads_there = [&](std::string_view name) {
        return rest == name || (rest.starts_with(name) && rest[name.size()] == '.');
    };
    if (what.empty() || std::any_of(known.begin(), known.end(), leads_there)) return std::nullopt;
    const std::string_view name = word == "params" ? rest.substr(0, rest.find('.')) : rest;
    const auto near = nearest(name, std::span<const std::string>(known));
    return fmt::format("there is no {} '{}'{}", what, escape_controls(name),
                       near ? fmt::format(", did you mean '{}'?", *near) : std::string());
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
