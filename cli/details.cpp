#include "cli/details.h"

#include "cli/layouts.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "cli/records.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMostServers = 50; // lines of a text; documents have them all

std::vector<std::string> param_lines(const std::vector<spec::ParamSetting>& params) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::ParamSetting& param : params)
        rows.push_back(
            {fmt::format("{}.{}", param.module, param.name), display(param.value), param.at.text()});
    return aligned(rows);
}

Value settings_value(const std::vector<spec::ParamSetting>& params) {
    ValueMap value;
    for (const spec::ParamSetting& param : params)
        value.set(fmt::format("{}.{}", param.module, param.name), param.value);
    return Value(std::move(value));
}

std::string servers_text(const Session& session, const Servers& servers, WallTime now) {
    if (servers.empty()) return {};
    return fmt::format("\nServers:\n{}", branches(server_lines(session, servers, now)));
}

/// Whether a param's values are to be kept from the screen.
bool is_sensitive(const spec::Fleet& fleet, const spec::ParamSetting& setting) {
    const auto& modules = fleet.inventory().modules;
    const auto module = modules.find(setting.module);
    const spec::ParamSchema* schema =
        module == modules.end() ? nullptr : module->second.find_param(setting.name);
    return schema && schema->sensitive;
}

std::vector<spec::ParamSetting> without_secrets(const spec::Fleet& fleet,
                                                std::vector<spec::ParamSetting> params) {
    for (spec::ParamSetting& param : params)
        if (is_sensitive(fleet, param)) param.value = Value("(sensitive)");
    return params;
}

/// Servers that the group's own `exclude` keeps out.
std::vector<std::string> excluded_from(const spec::Fleet& fleet, const std::string& group,
                                       const Servers& members) {
    std::vector<std::string> lines;
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i) {
        if (std::binary_search(members.begin(), members.end(), i)) continue;
        if (const std::string why = why_excluded(fleet, group, i); !why.empty())
            lines.push_back(fmt::format("{} ({})", fleet.server(i).name, why));
    }
    return lines;
}

/// "puppet_classes" as a heading: "Puppet Classes".
std::string title_of(const spec::ProvisionWords& words) {
    std::string title(words.key);
    bool first = true;
    for (char& c : title) {
        if (first) c = static_cast<char>(c - 'a' + 'A');
        first = c == '_';
        if (first) c = ' ';
    }
    return title;
}

Servers members(const spec::Fleet& fleet, Kind kind, const std::string& name) {
    const Members all = members_of(kind, fleet);
    const auto found = all.find(name);
    return found == all.end() ? Servers() : found->second;
}

} // namespace

std::vector<std::string> given_lines(const std::vector<spec::Given>& gives) {
    std::vector<std::string> lines;
    for (const spec::ProvisionWords& words : spec::provision_words()) {
        const auto names = given_names(gives, words.what);
        if (!names.empty()) lines.push_back(fmt::format("{}: {}", title_of(words), fmt::join(names, ", ")));
    }
    return lines;
}

std::vector<std::string> property_lines(std::span<const spec::Property> properties) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::Property& property : properties) {
        std::vector<std::string> items;
        for (std::size_t i = 0; property.value.if_list() && i < property.value.if_list()->size(); ++i)
            items.push_back(display((*property.value.if_list())[i]));
        rows.push_back({property.path,
                        items.empty() ? display(property.value) : fmt::format("{}", fmt::join(items, ", ")),
                        property.at.text()});
    }
    return aligned(rows);
}

std::vector<std::string> server_lines(const Session& session, const Servers& servers, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const Servers first(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(
                                                               std::min(servers.size(), kMostServers)));
    const std::vector<Pillars> all = pillars(session, first);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const spec::ServerIndex index = first[i];
        rows.push_back({fmt::format("{} ({}, {})", fleet.server(index).name, fleet.provider(index),
                                    fleet.environment(index)),
                        "sync " + pillar_cell(all[i].sync, now).text,
                        "config " + pillar_cell(all[i].config, now).text,
                        "health " + pillar_cell(all[i].health, now).text,
                        "identity " + pillar_cell(all[i].identity, now).text});
    }
    std::vector<std::string> lines = aligned(rows);
    if (first.size() < servers.size())
        lines.push_back(fmt::format("... ({} more)", servers.size() - first.size()));
    return lines;
}

Detail label_detail(const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const Servers servers = members(fleet, Kind::Label, name);
    Detail detail{.format = "lab.label/1",
                  .document = label_summary(fleet, name, servers),
                  .described = {},
                  .shown = {}};
    const auto& labels = fleet.inventory().labels;
    const auto found = labels.find(name);
    const spec::Label none;
    const spec::Label& label = found == labels.end() ? none : found->second;
    const auto params = without_secrets(fleet, label.params);
    detail.document.append("params", settings_value(params));
    const std::string modules = fmt::format("{}", fmt::join(texts_of(label.modules), ", "));
    detail.described = facts_text({{"Name", name},
                                   {"Priority", std::to_string(label.priority)},
                                   {"Modules", modules},
                                   {"Servers", std::to_string(servers.size())},
                                   {"Written at", label.at.text()}}) +
                       section_text("Gives", given_lines(label.gives)) +
                       section_text("Values", property_lines(label.properties)) +
                       section_text("Params", param_lines(params));
    detail.shown = fmt::format("Label: {}\nApplied to: {}\n", name, counted(servers.size(), "server")) +
                   servers_text(session, servers, now);
    std::vector<std::string> provides;
    if (!modules.empty()) provides.push_back("Modules: " + modules);
    for (std::string& line : given_lines(label.gives))
        provides.push_back(std::move(line));
    for (const spec::Property& property : label.properties)
        provides.push_back(fmt::format("{}: {}", property.path, escape_controls(display(property.value))));
    for (const spec::ParamSetting& param : params)
        provides.push_back(
            fmt::format("Param {}.{}: {}", param.module, param.name, escape_controls(display(param.value))));
    if (!provides.empty()) detail.shown += "\n" + section_text("Provides", provides);
    return detail;
}

namespace {

/// Alerts whose target names a group: "disk_space_low (warning)".
std::vector<std::string> alerts_of_group(const spec::Fleet& fleet, const std::string& group) {
    std::vector<std::string> lines;
    for (const auto& [name, alert] : fleet.inventory().alerts) {
        if (!alert.target) continue;
        const auto& groups = alert.target->groups;
        const bool names = std::any_of(groups.begin(), groups.end(),
                                       [&](const spec::Term& term) { return term.text == group; });
        const auto definition = spec::alert_definition(fleet.inventory(), name);
        if (names) lines.push_back(fmt::format("{} ({})", name, to_string(definition->severity)));
    }
    return lines;
}

} // namespace

Detail group_detail(const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const spec::Group& group = fleet.inventory().groups.at(name);
    const Servers servers = fleet.members(name);
    const auto excluded = excluded_from(fleet, name, servers);
    Detail detail{.format = "lab.group/1",
                  .document = group_summary(fleet, name, servers),
                  .described = {},
                  .shown = {}};
    detail.document.append("excluded", Value(text_list(excluded)));
    detail.described =
        facts_text({{"Name", name},
                    {"Match", group.match ? target_text(*group.match) : ""},
                    {"Adds servers", fmt::format("{}", fmt::join(texts_of(group.servers), ", "))},
                    {"Adds groups", fmt::format("{}", fmt::join(texts_of(group.groups), ", "))},
                    {"Excludes", group.exclude ? target_text(*group.exclude) : ""},
                    {"Servers", std::to_string(servers.size())},
                    {"Written at", group.at.text()}}) +
        section_text("Members", server_lines(session, servers, now));
    std::vector<std::string> contains;
    if (!group.groups.empty()) contains.push_back(counted(group.groups.size(), "subgroup"));
    contains.push_back(counted(servers.size(), "server"));
    detail.shown = fmt::format("Group: {}\nContains: {}", name, fmt::join(contains, ", "));
    detail.shown += excluded.empty() ? "\n" : fmt::format(" ({} excluded)\n", excluded.size());
    std::vector<std::vector<std::string>> subgroups;
    for (const spec::Text& below : group.groups)
        subgroups.push_back(
            {below.value, fmt::format("({})", counted(fleet.members(below.value).size(), "server"))});
    if (!subgroups.empty()) detail.shown += fmt::format("\nSubgroups:\n{}", branches(aligned(subgroups)));
    detail.shown += servers_text(session, servers, now);
    if (!excluded.empty()) detail.shown += fmt::format("\nExcluded:\n{}", branches(excluded));
    const auto alerts = alerts_of_group(fleet, name);
    if (!alerts.empty()) detail.shown += fmt::format("\nAlerts targeting this group:\n{}", branches(alerts));
    return detail;
}

Detail environment_detail(const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const Servers servers = members(fleet, Kind::Environment, name);
    const auto& environments = fleet.inventory().environments;
    const auto found = environments.find(name);
    const spec::Environment none;
    const spec::Environment& environment = found == environments.end() ? none : found->second;
    const auto text = [](const std::optional<spec::Text>& written) {
        return written ? written->value : std::string();
    };
    const auto params = without_secrets(fleet, environment.params);
    Detail detail{.format = "lab.environment/1",
                  .document = environment_summary(fleet, name, servers),
                  .described = {},
                  .shown = {}};
    detail.document.append("params", settings_value(params));
    detail.described = facts_text({{"Name", name},
                                   {"Cloud", text(environment.cloud)},
                                   {"Region", text(environment.region)},
                                   {"Domain", text(environment.domain)},
                                   {"Labels", bracketed(texts_of(environment.labels))},
                                   {"Servers", std::to_string(servers.size())},
                                   {"Written at", environment.at.text()}}) +
                       section_text("Gives", given_lines(environment.gives)) +
                       section_text("Values", property_lines(environment.properties)) +
                       section_text("Params", param_lines(params));
    detail.shown = fmt::format("Environment: {}\nApplied to: {}\n", name, counted(servers.size(), "server")) +
                   servers_text(session, servers, now);
    return detail;
}

Detail cloud_detail(const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const Servers servers = members(fleet, Kind::Cloud, name);
    const auto& clouds = fleet.inventory().clouds;
    const auto found = clouds.find(name);
    Detail detail{.format = "lab.cloud/1",
                  .document = cloud_summary(fleet, name, servers),
                  .described = {},
                  .shown = {}};
    const std::string provider = provider_of_cloud(fleet, name, servers);
    detail.described =
        facts_text({{"Name", name},
                    {"Provider", provider},
                    {"Servers", std::to_string(servers.size())},
                    {"Written at", found == clouds.end() ? std::string() : found->second.at.text()}});
    if (found != clouds.end()) {
        std::vector<std::vector<std::string>> rows;
        for (const auto& [setting, value] : found->second.settings)
            rows.push_back({setting, display(value)});
        detail.described += section_text("Settings", aligned(rows));
    }
    detail.shown =
        fmt::format("Cloud: {} ({})\nHolds: {}\n", name, provider, counted(servers.size(), "server")) +
        servers_text(session, servers, now);
    return detail;
}

Detail module_detail(const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const spec::Module& module = fleet.inventory().modules.at(name);
    const Servers servers = members(fleet, Kind::Module, name);
    Detail detail{.format = "lab.module/1",
                  .document = module_summary(fleet, name, servers),
                  .described = {},
                  .shown = {}};
    ValueList params, resources, health;
    std::vector<std::vector<std::string>> param_rows, resource_rows, health_rows;
    for (const spec::HealthCheck& check : module.health) {
        health.emplace_back(
            ValueMap{{"command", Value(text_list(check.command))}, {"source", place_value(check.at)}});
        health_rows.push_back({fmt::format("{}", fmt::join(check.command, " ")), check.at.text()});
    }
    for (const spec::ParamSchema& param : module.params) {
        params.push_back(param_value(param));
        param_rows.push_back({param.name, param_text(param), param.summary});
    }
    for (const spec::ResourceTemplate& resource : module.resources) {
        const std::string id = api::resource_id(resource.type, resource.name.value);
        resources.emplace_back(ValueMap{{"id", Value(id)}, {"source", place_value(resource.at)}});
        resource_rows.push_back({id, resource.at.text()});
    }
    std::vector<std::string> labels;
    for (const auto& [label, written] : fleet.inventory().labels)
        for (const spec::Text& brought : written.modules)
            if (brought.value == name) labels.push_back(label);
    detail.document.append("labels", Value(text_list(labels)));
    detail.document.append("targets", module.targets ? target_value(*module.targets) : Value());
    detail.document.append("params", Value(std::move(params)));
    detail.document.set("resources", Value(std::move(resources)));
    detail.document.append("health", Value(std::move(health)));
    detail.document.append("secrets", Value(text_list(texts_of(module.secrets))));
    detail.document.append("tests", module.tests ? Value(module.tests->value) : Value());
    const std::string deps = fmt::format("{}", fmt::join(texts_of(module.deps), ", "));
    detail.described =
        facts_text({{"Name", name},
                    {"Version", module.version},
                    {"Summary", module.summary},
                    {"Folder", module.folder},
                    {"Needs", deps},
                    {"May be used", module.targets ? target_text(*module.targets) : "anywhere"},
                    {"May read", fmt::format("{}", fmt::join(texts_of(module.secrets), ", "))},
                    {"Tests", module.tests ? module.tests->value : ""},
                    {"Servers", std::to_string(servers.size())},
                    {"Written at", module.at.text()}}) +
        section_text("Params", aligned(param_rows)) + section_text("Resources", aligned(resource_rows)) +
        section_text("Health", aligned(health_rows));
    detail.shown = fmt::format("Module: {} {}\nBrought by labels: {}\nApplied to: {}\n", name, module.version,
                               bracketed(labels), counted(servers.size(), "server")) +
                   servers_text(session, servers, now);
    return detail;
}

Detail param_detail(const Session& session, const std::string& name) {
    const std::string module = name.substr(0, name.find('.'));
    const spec::ParamSchema* param =
        session.fleet().inventory().modules.at(module).find_param(name.substr(module.size() + 1));
    LAB_CHECK(param, "a param that is listed but not there");
    Detail detail{
        .format = "lab.param/1", .document = *param_value(*param).if_map(), .described = {}, .shown = {}};
    detail.document.set("name", Value(name));
    detail.described = facts_text({{"Name", name},
                                   {"Takes", param_text(*param)},
                                   {"Summary", param->summary},
                                   {"Written at", param->at.text()}});
    detail.shown = detail.described;
    return detail;
}

Result<Detail> detail_of(const Session& session, Kind kind, const std::string& name, const Context& context) {
    const spec::Fleet& fleet = session.fleet();
    const WallTime now = context.clock.wall();
    const auto names = names_of(kind, fleet);
    if (!std::binary_search(names.begin(), names.end(), name)) return no_such(kind, name, names);
    switch (kind) {
    case Kind::Server: return server_detail(session, *fleet.find(name), now);
    case Kind::Label: return label_detail(session, name, now);
    case Kind::Group: return group_detail(session, name, now);
    case Kind::Environment: return environment_detail(session, name, now);
    case Kind::Cloud: return cloud_detail(session, name, now);
    case Kind::Module: return module_detail(session, name, now);
    case Kind::Param: return param_detail(session, name);
    case Kind::Layout: return layout_detail(session, name, std::nullopt, now);
    case Kind::Size:
    case Kind::Image:
    case Kind::PuppetClass:
    case Kind::Container:
    case Kind::Cluster:
    case Kind::App:
    case Kind::Role:
    case Kind::User: return record_detail(kind, session, name, now);
    case Kind::Alert: return alert_detail(session, name);
    case Kind::Secret: return secret_detail(session, name);
    case Kind::Run: break; // runs are in the state; `names` has none
    }
    return no_such(kind, name, names);
}

void print_detail(const Detail& detail, const std::string& text, Context& context) {
    if (context.form == Form::Json || context.form == Form::Yaml)
        return print_document(context, detail.format, detail.document);
    context.out.write(text);
    if (!detail.missing.empty()) context.note(detail.missing);
}

} // namespace lab::cli
