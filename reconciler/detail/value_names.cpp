#include "reconciler/detail/value_names.h"

#include "api/resource_types.h"
#include "spec/keys.h"
#include "spec/policy.h"
#include "spec/provision.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler::detail {
namespace {

template <typename Name>
std::optional<std::string> none_of(std::string_view what, std::string_view name,
                                   const std::vector<Name>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return std::nullopt;
    const auto near = nearest(name, std::span<const Name>(known));
    return fmt::format("{} '{}'{}", what, escape_controls(name),
                       near ? fmt::format(", did you mean '{}'?", *near) : std::string());
}

std::vector<std::string_view> properties_of(const api::ResourceType& type) {
    std::vector<std::string_view> names{"after", "notify"};
    for (const api::PropertySchema& property : type.properties)
        if (!property.only_in_yaml) names.push_back(property.name);
    return names;
}

void collect_keys(std::span<const spec::KeyRule> rules, std::vector<std::string_view>& keys) {
    for (const spec::KeyRule& rule : rules) {
        keys.push_back(rule.key);
        collect_keys(rule.keys, keys);
    }
}

/// Names are free and may have dots in them, so that only a last key which is nearly one of the language can
/// be told from a part of a name.
std::optional<std::string> unknown_key_of_named(const spec::KeyRule& rule, std::string_view rest) {
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    std::vector<std::string_view> keys;
    collect_keys(rule.keys, keys);
    const std::string_view last = rest.substr(dot + 1);
    if (!nearest(last, std::span<const std::string_view>(keys))) return std::nullopt;
    return none_of(fmt::format("what is in '{}' has no key", rule.key), last, keys);
}

/// What stands below a key of the language. `rest`: "interfaces.eth0.address".
std::optional<std::string> unknown_key(const spec::KeyRule& rule, std::string_view rest) {
    if (rest.empty() || rule.form == spec::Form::Data) return std::nullopt;
    if (rule.form == spec::Form::MapOf) return unknown_key_of_named(rule, rest);
    if (rule.list || rule.form != spec::Form::Map) return fmt::format("'{}' has nothing below it", rule.key);
    const std::string_view word = rest.substr(0, rest.find('.'));
    const spec::KeyRule* below = spec::find_rule(rule.keys, word);
    if (below) return unknown_key(*below, rest.substr(std::min(rest.size(), word.size() + 1)));
    if (rule.open) return std::nullopt;
    std::vector<std::string_view> keys;
    for (const spec::KeyRule& one : rule.keys)
        keys.push_back(one.key);
    return none_of(fmt::format("'{}' has no key", rule.key), word, keys);
}

const spec::KeyRule* rule_of(std::string_view word) {
    for (const auto rules : {spec::machine_keys(), spec::environment_keys(), spec::policy_keys()})
        if (const spec::KeyRule* rule = spec::find_rule(rules, word)) return rule;
    return nullptr;
}

} // namespace

std::optional<std::string> unknown_property(std::string_view type, std::string_view property) {
    const api::ResourceType* found = api::find_resource_type(type);
    if (!found) return std::nullopt;
    return none_of(fmt::format("a {} has no property", type), property, properties_of(*found));
}

bool is_near_property(std::string_view type, std::string_view property) {
    const api::ResourceType* found = api::find_resource_type(type);
    if (!found) return false;
    const std::vector<std::string_view> names = properties_of(*found);
    return nearest(property, std::span<const std::string_view>(names)).has_value();
}

std::vector<std::string> ValueNames::known(std::string_view word) const {
    std::vector<std::string> names;
    const auto look_among = [&](auto definitions) {
        for (const spec::Inventory* inventory : inventories_)
            for (const auto& [name, definition] : inventory->*definitions)
                names.push_back(name);
    };
    if (word == "labels") look_among(&spec::Inventory::labels);
    if (word == "groups") look_among(&spec::Inventory::groups);
    if (word == "modules" || word == "params") look_among(&spec::Inventory::modules);
    if (word == "alerts") look_among(&spec::Inventory::alerts);
    if (word == "secrets") look_among(&spec::Inventory::secrets);
    if (word == "alerts")
        for (const spec::CatalogueEntry& entry : spec::alert_catalogue())
            names.emplace_back(entry.name);
    return names;
}

/// "MODULE", "MODULE.NAME" or what is below a param's value, which is the module's own affair.
std::optional<std::string> ValueNames::unknown_param(std::string_view rest) const {
    std::vector<std::string> params;
    std::string_view module;
    bool whole = false;
    for (const spec::Inventory* inventory : inventories_)
        for (const auto& [name, definition] : inventory->modules) {
            whole = whole || rest == name;
            if (!rest.starts_with(name + ".") || name.size() < module.size()) continue;
            module = rest.substr(0, name.size());
            for (const spec::ParamSchema& param : definition.params)
                params.push_back(param.name);
        }
    if (whole) return std::nullopt;
    if (module.empty()) return none_of("there is no module", rest.substr(0, rest.find('.')), known("params"));
    const std::string_view name = rest.substr(module.size() + 1);
    for (const std::string& param : params)
        if (name.starts_with(param + ".")) return std::nullopt;
    return none_of(fmt::format("module '{}' has no param", module), name, params);
}

std::optional<std::string> ValueNames::unknown(std::string_view path) const {
    const auto dot = path.find('.');
    if (dot == std::string_view::npos || path.substr(0, dot).find('/') != std::string_view::npos)
        return std::nullopt;
    const std::string_view word = path.substr(0, dot), rest = path.substr(dot + 1);
    if (word == "params") return unknown_param(rest);
    if (word == "labels") return none_of("there is no label", rest, known(word));
    if (word == "groups") return none_of("there is no group", rest, known(word));
    if (word == "modules") return none_of("there is no module", rest, known(word));
    if (word == "alerts") return none_of("there is no alert", rest, known(word));
    if (word == "secrets") return none_of("there is no secret", rest, known(word));
    if (word == "settings") {
        const std::string_view name = rest.substr(0, rest.find('.'));
        return settings_ ? none_of("its provider has no setting", name, *settings_) : std::nullopt;
    }
    if (const spec::KeyRule* rule = rule_of(word)) return unknown_key(*rule, rest);
    const auto provides = spec::provides_of(word);
    if (provides && !spec::is_single(*provides)) return std::nullopt; // ports, Puppet classes: free names
    return fmt::format("'{}' has nothing below it", escape_controls(word));
}

} // namespace lab::reconciler::detail
