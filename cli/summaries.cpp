// Things of the inventory as values: what lists and details have in common.
#include "cli/listings.h"
#include "cli/places.h"
#include "cli/records.h"
#include "spec/policy.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

template <typename Map>
void add_keys(Members& members, const Map& map) {
    for (const auto& entry : map)
        members[entry.first];
}

Members members_of_labels(const spec::Fleet& fleet) {
    Members members;
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
        for (const std::string& label : fleet.labels(i))
            members[label].push_back(i);
    for (const auto& entry : fleet.inventory().labels)
        members[entry.first] = fleet.with_label(entry.first); // of any value
    return members;
}

Value defaults_value(const std::optional<spec::Text>& text) {
    return text ? Value(text->value) : Value();
}

ValueList servers_value(const spec::Fleet& fleet, const std::vector<spec::ServerIndex>& servers) {
    return text_list(server_names(fleet, servers));
}

Value given_value(const spec::Defaults& defaults, spec::Provides what) {
    const auto names = given_names(defaults.gives, what);
    return names.empty() ? Value() : Value(names.front());
}

/// What a label gives by name, and the workload it stands for.
void add_given(ValueMap& value, const spec::Label& label) {
    for (const spec::ProvisionWords& words : spec::provision_words()) {
        const auto names = given_names(label.gives, words.what);
        value.append(std::string(words.key), !is_single(words.what) ? Value(text_list(names))
                                             : names.empty()        ? Value()
                                                                    : Value(names.front()));
    }
    const Value container = spec::nested(label.properties, "container");
    const Value* replicas = container.get("replicas");
    value.append("containers", container.is_null() ? Value(0) : replicas ? *replicas : Value(1));
    value.append("container", container);
    value.append("suggest", spec::nested(label.properties, "suggest"));
}

} // namespace

std::vector<std::string> given_names(const std::vector<spec::Given>& gives, spec::Provides what) {
    std::vector<std::string> names;
    for (const spec::Given& given : gives)
        if (given.what == what) names.push_back(given.name.value);
    return names;
}

std::vector<std::string> server_names(const spec::Fleet& fleet,
                                      const std::vector<spec::ServerIndex>& servers) {
    std::vector<std::string> names;
    for (const spec::ServerIndex index : servers)
        names.push_back(fleet.server(index).name);
    return names;
}

std::vector<std::string> module_names(const spec::Fleet& fleet, spec::ServerIndex index) {
    std::vector<std::string> names;
    for (const spec::ModuleUnit& unit : fleet.modules(index))
        names.push_back(unit.module);
    return names;
}

std::string provider_of_cloud(const spec::Fleet& fleet, const std::string& cloud, const Servers& servers) {
    const auto& clouds = fleet.inventory().clouds;
    if (const auto written = clouds.find(cloud); written != clouds.end()) return written->second.provider;
    return servers.empty() ? std::string() : std::string(fleet.provider(servers.front()));
}

Members members_of(Kind kind, const spec::Fleet& fleet) {
    const spec::Inventory& inventory = fleet.inventory();
    Members members;
    switch (kind) {
    case Kind::Server:
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            members[fleet.server(i).name] = {i};
        break;
    case Kind::Label: return members_of_labels(fleet);
    case Kind::Group:
        for (const auto& entry : inventory.groups)
            members[entry.first] = fleet.members(entry.first);
        break;
    case Kind::Environment:
        add_keys(members, inventory.environments);
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            members[std::string(fleet.environment(i))].push_back(i);
        break;
    case Kind::Cloud:
        add_keys(members, inventory.clouds);
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            members[std::string(fleet.cloud(i))].push_back(i);
        break;
    case Kind::Module:
        add_keys(members, inventory.modules);
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            for (const std::string& module : module_names(fleet, i))
                members[module].push_back(i);
        break;
    case Kind::Param:
        for (const auto& [name, module] : inventory.modules)
            for (const spec::ParamSchema& param : module.params)
                members[fmt::format("{}.{}", name, param.name)];
        break;
    case Kind::Layout:
        add_keys(members, inventory.layouts);
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            if (const auto name = fleet.chosen(i, spec::Provides::Layout); !name.empty())
                members[std::string(name)].push_back(i);
        break;
    case Kind::Size:
    case Kind::Image:
    case Kind::PuppetClass:
    case Kind::Container:
    case Kind::Cluster:
    case Kind::App:
    case Kind::Role:
    case Kind::User: return record_members(kind, fleet);
    case Kind::Alert:
        for (std::string& name : spec::alert_names(fleet)) {
            auto servers = spec::servers_with_alert(fleet, name);
            members.emplace(std::move(name), std::move(servers));
        }
        // Those of the catalogue that fire nowhere can be asked for by name too.
        for (const spec::CatalogueEntry& entry : spec::alert_catalogue())
            members[std::string(entry.name)];
        break;
    case Kind::Secret:
        for (const auto& entry : inventory.secrets)
            members[entry.first] = spec::readers_of(fleet, entry.first);
        break;
    case Kind::Run: break;
    }
    return members;
}

std::vector<std::string> names_of(Kind kind, const spec::Fleet& fleet) {
    std::vector<std::string> names;
    for (const auto& entry : members_of(kind, fleet))
        names.push_back(entry.first);
    return names;
}

ValueMap server_summary(const spec::Fleet& fleet, spec::ServerIndex index, const Pillars& pillars,
                        WallTime now) {
    const spec::Server& server = fleet.server(index);
    return {{"name", Value(server.name)},
            {"environment", Value(fleet.environment(index))},
            {"cloud", Value(fleet.cloud(index))},
            {"provider", Value(fleet.provider(index))},
            {"region", text_or_null(fleet.region(index))},
            {"domain", text_or_null(fleet.domain(index))},
            {"labels", Value(text_list(fleet.labels(index)))},
            {"groups", Value(text_list(fleet.groups(index)))},
            {"size", text_or_null(fleet.chosen(index, spec::Provides::Size))},
            {"layout", text_or_null(fleet.chosen(index, spec::Provides::Layout))},
            {"image", text_or_null(fleet.chosen(index, spec::Provides::Image))},
            {"modules", Value(text_list(module_names(fleet, index)))},
            {"protect", Value(server.protect)},
            {"pillars", pillars_value(pillars, now)},
            {"source", place_value(server.at)}};
}

ValueMap label_summary(const spec::Fleet& fleet, const std::string& label, const Servers& servers) {
    const auto& labels = fleet.inventory().labels;
    const auto written = labels.find(label);
    ValueMap value{{"name", Value(label)}, {"priority", Value(0)}, {"modules", Value(ValueList{})}};
    if (written != labels.end()) {
        value.set("priority", Value(written->second.priority));
        value.set("modules", Value(text_list(texts_of(written->second.modules))));
    }
    const spec::Label none;
    add_given(value, written == labels.end() ? none : written->second);
    value.append("servers", Value(servers_value(fleet, servers)));
    value.append("source", written == labels.end() ? Value() : place_value(written->second.at));
    return value;
}

ValueMap group_summary(const spec::Fleet& fleet, const std::string& name, const Servers& servers) {
    const spec::Group& group = fleet.inventory().groups.at(name);
    return {{"name", Value(name)},
            {"match", group.match ? target_value(*group.match) : Value()},
            {"adds_servers", Value(text_list(texts_of(group.servers)))},
            {"groups", Value(text_list(texts_of(group.groups)))},
            {"exclude", group.exclude ? target_value(*group.exclude) : Value()},
            {"servers", Value(servers_value(fleet, servers))},
            {"source", place_value(group.at)}};
}

ValueMap environment_summary(const spec::Fleet& fleet, const std::string& name, const Servers& servers) {
    const auto& environments = fleet.inventory().environments;
    const auto written = environments.find(name);
    const spec::Environment none;
    const spec::Environment& environment = written == environments.end() ? none : written->second;
    return {{"name", Value(name)},
            {"cloud", defaults_value(environment.cloud)},
            {"region", defaults_value(environment.region)},
            {"domain", defaults_value(environment.domain)},
            {"labels", Value(text_list(texts_of(environment.labels)))},
            {"size", given_value(environment, spec::Provides::Size)},
            {"layout", given_value(environment, spec::Provides::Layout)},
            {"image", given_value(environment, spec::Provides::Image)},
            {"network", spec::nested(environment.properties, "network")},
            {"reconcile", spec::nested(environment.properties, "reconcile")},
            {"owners", spec::nested(environment.properties, "owners")},
            {"puppet", spec::nested(environment.properties, "puppet")},
            {"servers", Value(servers_value(fleet, servers))},
            {"source", place_value(environment.at)}};
}

ValueMap cloud_summary(const spec::Fleet& fleet, const std::string& name, const Servers& servers) {
    const auto& clouds = fleet.inventory().clouds;
    const auto written = clouds.find(name);
    const bool known = written != clouds.end();
    return {{"name", Value(name)},
            {"provider", text_or_null(provider_of_cloud(fleet, name, servers))},
            {"settings", Value(known ? written->second.settings : ValueMap())},
            {"servers", Value(servers_value(fleet, servers))},
            {"source", known ? place_value(written->second.at) : Value()}};
}

ValueMap module_summary(const spec::Fleet& fleet, const std::string& name, const Servers& servers) {
    const spec::Module& module = fleet.inventory().modules.at(name);
    return {{"name", Value(name)},
            {"version", text_or_null(module.version)},
            {"summary", text_or_null(module.summary)},
            {"folder", Value(module.folder)},
            {"deps", Value(text_list(texts_of(module.deps)))},
            {"resources", Value(std::uint64_t{module.resources.size()})},
            {"servers", Value(servers_value(fleet, servers))},
            {"source", place_value(module.at)}};
}

std::string param_text(const spec::ParamSchema& param) {
    std::string text(to_string(param.type));
    if (param.min) text += fmt::format(" from {}", *param.min);
    if (param.max) text += fmt::format(" to {}", *param.max);
    if (!param.choices.empty()) text += fmt::format(", one of {}", display(Value(ValueList(param.choices))));
    if (param.required) text += ", required";
    if (param.sensitive) return text + ", sensitive";
    return param.fallback ? text + fmt::format(", default {}", display(*param.fallback)) : text;
}

Value param_value(const spec::ParamSchema& param) {
    ValueMap value{{"name", Value(param.name)},
                   {"type", Value(to_string(param.type))},
                   {"required", Value(param.required)},
                   {"default", param.fallback && !param.sensitive ? *param.fallback : Value()},
                   {"sensitive", Value(param.sensitive)},
                   {"summary", text_or_null(param.summary)},
                   {"source", place_value(param.at)}};
    if (param.min) value.append("min", Value(*param.min));
    if (param.max) value.append("max", Value(*param.max));
    if (!param.choices.empty()) value.append("enum", Value(ValueList(param.choices)));
    return Value(std::move(value));
}

} // namespace lab::cli
