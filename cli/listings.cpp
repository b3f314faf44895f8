#include "cli/listings.h"

#include "cli/places.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

std::string number(std::size_t count) {
    return std::to_string(count);
}

std::string place_text(const Span& at) {
    return at.text();
}

std::string text_of(const Value* value) {
    return !value || value->is_null() ? std::string() : display(*value);
}

std::string list_of(const Value* value) {
    std::vector<std::string> names;
    if (value && value->if_list())
        for (const Value& item : *value->if_list())
            names.push_back(display(item));
    return joined(names);
}

std::vector<Cell> server_row(const spec::Fleet& fleet, spec::ServerIndex index, const Pillars& pillars,
                             Form form, WallTime now) {
    const spec::Server& server = fleet.server(index);
    std::vector<Cell> row{server.name,
                          fleet.provider(index),
                          joined(fleet.labels(index)),
                          fleet.chosen(index, spec::Provides::Size),
                          pillar_cell(pillars.sync, now),
                          pillar_cell(pillars.config, now),
                          pillar_cell(pillars.health, now),
                          pillar_cell(pillars.identity, now)};
    if (form != Form::Wide) return row; // the wide columns are the last
    row.emplace_back(fleet.environment(index));
    row.emplace_back(fleet.cloud(index));
    row.emplace_back(fleet.region(index));
    row.emplace_back(joined(fleet.groups(index)));
    row.emplace_back(joined(module_names(fleet, index)));
    row.emplace_back(server.protect ? "yes" : "no");
    row.emplace_back(place_text(server.at));
    return row;
}

} // namespace

std::vector<spec::ServerIndex> selected(const std::vector<spec::ServerIndex>& servers,
                                        const Selection& selection) {
    if (!selection.filtered) return servers;
    std::vector<spec::ServerIndex> both;
    std::set_intersection(servers.begin(), servers.end(), selection.servers.begin(), selection.servers.end(),
                          std::back_inserter(both));
    return both;
}

void Listing::add(std::string name, std::vector<Cell> row, ValueMap item) {
    names.push_back(std::move(name));
    table.rows.push_back(std::move(row));
    items.emplace_back(std::move(item));
}

Listing list_servers(const Session& session, const std::vector<spec::ServerIndex>& servers, Form form,
                     WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    Listing listing{.table = {.columns = {{.title = "NAME"},
                                          {.title = "PROVIDER"},
                                          {.title = "LABELS"},
                                          {.title = "SIZE"},
                                          {.title = "SYNC"},
                                          {.title = "CONFIG"},
                                          {.title = "HEALTH"},
                                          {.title = "IDENTITY"},
                                          {.title = "ENVIRONMENT", .wide = true},
                                          {.title = "CLOUD", .wide = true},
                                          {.title = "REGION", .wide = true},
                                          {.title = "GROUPS", .wide = true},
                                          {.title = "MODULES", .wide = true},
                                          {.title = "PROTECT", .wide = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    if (form == Form::Name) {
        listing.names = server_names(fleet, servers);
        return listing;
    }
    const std::vector<Pillars> all = pillars(session, servers);
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const spec::ServerIndex index = servers[i];
        listing.names.push_back(fleet.server(index).name);
        if (form == Form::Table || form == Form::Wide)
            listing.table.rows.push_back(server_row(fleet, index, all[i], form, now));
        else
            listing.items.emplace_back(server_summary(fleet, index, all[i], now));
    }
    return listing;
}

Listing list_labels(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "LABEL"},
                                          {.title = "MODULES"},
                                          {.title = "PUPPET CLASSES"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "CONTAINERS", .right = true},
                                          {.title = "PRIORITY", .wide = true, .right = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    const auto& written = fleet.inventory().labels;
    for (const auto& [label, members] : members_of(Kind::Label, fleet)) {
        const auto servers = selected(members, selection);
        if (selection.filtered && servers.empty()) continue;
        ValueMap summary = label_summary(fleet, label, servers);
        const auto found = written.find(label);
        std::vector<Cell> row{label,
                              list_of(summary.find("modules")),
                              list_of(summary.find("puppet_classes")),
                              number(servers.size()),
                              text_of(summary.find("containers")),
                              text_of(summary.find("priority")),
                              found == written.end() ? std::string() : place_text(found->second.at)};
        listing.add(label, std::move(row), std::move(summary));
    }
    return listing;
}

Listing list_groups(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "GROUP"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "GROUPS"},
                                          {.title = "MATCH"},
                                          {.title = "ADDED", .wide = true},
                                          {.title = "EXCLUDED", .wide = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    for (const auto& [name, group] : fleet.inventory().groups) {
        const auto servers = selected(fleet.members(name), selection);
        if (selection.filtered && servers.empty()) continue;
        listing.add(name,
                    {name, number(servers.size()), joined(texts_of(group.groups)),
                     group.match ? target_text(*group.match) : std::string(), joined(texts_of(group.servers)),
                     group.exclude ? target_text(*group.exclude) : std::string(), place_text(group.at)},
                    group_summary(fleet, name, servers));
    }
    return listing;
}

Listing list_environments(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "ENVIRONMENT"},
                                          {.title = "CLOUD"},
                                          {.title = "REGION"},
                                          {.title = "DOMAIN"},
                                          {.title = "LABELS"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    const auto& written = fleet.inventory().environments;
    for (const auto& [name, members] : members_of(Kind::Environment, fleet)) {
        const auto servers = selected(members, selection);
        if (selection.filtered && servers.empty()) continue;
        ValueMap summary = environment_summary(fleet, name, servers);
        const auto found = written.find(name);
        std::vector<Cell> row{name,
                              text_of(summary.find("cloud")),
                              text_of(summary.find("region")),
                              text_of(summary.find("domain")),
                              list_of(summary.find("labels")),
                              number(servers.size()),
                              found == written.end() ? std::string() : place_text(found->second.at)};
        listing.add(name, std::move(row), std::move(summary));
    }
    return listing;
}

Listing list_clouds(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "CLOUD"},
                                          {.title = "PROVIDER"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    const auto& written = fleet.inventory().clouds;
    for (const auto& [name, members] : members_of(Kind::Cloud, fleet)) {
        const auto servers = selected(members, selection);
        if (selection.filtered && servers.empty()) continue;
        const auto found = written.find(name);
        listing.add(name,
                    {name, provider_of_cloud(fleet, name, servers), number(servers.size()),
                     found == written.end() ? std::string() : place_text(found->second.at)},
                    cloud_summary(fleet, name, servers));
    }
    return listing;
}

Listing list_modules(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "MODULE"},
                                          {.title = "VERSION"},
                                          {.title = "DEPS"},
                                          {.title = "RESOURCES", .right = true},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "SUMMARY", .wide = true},
                                          {.title = "FOLDER", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    const Members members = members_of(Kind::Module, fleet);
    for (const auto& [name, module] : fleet.inventory().modules) {
        const auto servers = selected(members.at(name), selection);
        if (selection.filtered && servers.empty()) continue;
        listing.add(name,
                    {name, module.version, joined(texts_of(module.deps)), number(module.resources.size()),
                     number(servers.size()), module.summary, module.folder},
                    module_summary(fleet, name, servers));
    }
    return listing;
}

Listing list_params(const spec::Fleet& fleet) {
    Listing listing{.table = {.columns = {{.title = "PARAM"},
                                          {.title = "TYPE"},
                                          {.title = "REQUIRED"},
                                          {.title = "DEFAULT"},
                                          {.title = "SUMMARY"},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    for (const auto& [module, written] : fleet.inventory().modules) {
        for (const spec::ParamSchema& param : written.params) {
            const std::string name = fmt::format("{}.{}", module, param.name);
            const bool shown = param.fallback && !param.sensitive;
            ValueMap item = *param_value(param).if_map();
            item.set("name", Value(name));
            listing.add(name,
                        {name, to_string(param.type), param.required ? "yes" : "no",
                         shown ? display(*param.fallback) : std::string(), param.summary,
                         place_text(param.at)},
                        std::move(item));
        }
    }
    return listing;
}

} // namespace lab::cli
