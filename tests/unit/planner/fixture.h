#pragma once
// Servers in any state, made by hand.

#include "api/content.h"
#include "planner/planner.h"
#include "support/json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lab::planner::test {

inline const api::FingerprintKey kKey{std::string(32, 'k')};
inline const WallTime kNow{std::chrono::milliseconds{1'773'584'523'000}}; // 2026-03-15T14:22:03Z

inline Span place(std::string file, std::uint32_t line) {
    return {.file = FileName(std::move(file)), .line = line, .column = 3};
}

/// Of JSON without "name" where the id says it: resource("file/etc/motd", R"({"content": "hi\n"})").
inline api::Resource resource(const std::string& id, std::string_view properties,
                              std::string_view rest = "{}") {
    const std::size_t cut = id.find('/');
    const bool path = id.starts_with("file/") || id.starts_with("directory/") ||
                      id.starts_with("template/") || id.starts_with("link/");
    ValueMap document{{"type", Value(id.substr(0, cut))}, {"name", Value(id.substr(path ? cut : cut + 1))}};
    document.append("properties", parse_json(properties).value());
    const Value more = parse_json(rest).value();
    for (const auto& [key, value] : *more.if_map())
        document.append(key, value);
    auto read = api::resource_from_value(document);
    EXPECT_TRUE(read) << read.error().text();
    return api::redacted(*std::move(read), kKey);
}

inline api::Resource file(const std::string& path, std::string_view content, std::string_view rest = "{}") {
    return resource("file" + path, write_json(ValueMap{{"content", Value(content)}, {"mode", "0644"}}), rest);
}

/// The resource as a machine reports it when it is as it should be.
inline ObservedResource seen(const api::Resource& resource) {
    ObservedResource out{.properties = resource.properties};
    if (resource.type == "command") out.properties = {{"done", Value(true)}};
    return out;
}

inline ObservedResource absent() {
    return {.properties = {{"ensure", Value("absent")}}};
}

inline spec::ModuleUnit unit(std::string module, std::vector<api::Resource> resources) {
    for (api::Resource& each : resources)
        each.module = module;
    spec::ModuleUnit out;
    out.at = place("labels.yaml", 3);
    out.module = std::move(module);
    out.resources = std::move(resources);
    return out;
}

inline api::ServerSpec spec_of(const std::string& name) {
    return {.name = name,
            .server_id = "id-" + name,
            .inventory = "home",
            .provider = "local",
            .settings = {{"root", Value("/srv/" + name)}}};
}

/// A server that is wanted, never applied and never observed.
inline ServerInput wanted(const std::string& name, std::vector<spec::ModuleUnit> units) {
    DesiredServer desired{.spec = spec_of(name), .environment = "prod", .cloud = "here"};
    desired.spec.server_id.clear();
    desired.labels = {"base"};
    desired.at = place("servers/" + name + ".yaml", 2);
    desired.units = std::move(units);
    ServerInput out{.name = name, .desired = std::move(desired), .provider_deletes = true};
    out.provider_diff = {
        .kind = api::ActionKind::Create, .reason = "no tree at /srv/" + name, .risk = api::Risk::Safe};
    return out;
}

inline AppliedServer applied_of(const DesiredServer& desired) {
    AppliedServer out{.spec = desired.spec,
                      .environment = desired.environment,
                      .cloud = desired.cloud,
                      .region = desired.region,
                      .labels = desired.labels,
                      .protect = desired.protect,
                      .commit = "1a2b3c4d5e6f"};
    out.spec.server_id = "id-" + desired.spec.name;
    for (const spec::ModuleUnit& each : desired.units) {
        AppliedModule module{.module = each.module};
        for (const api::Resource& resource : each.resources)
            module.resources.push_back({.resource = resource, .commit = out.commit});
        out.modules.push_back(std::move(module));
    }
    return out;
}

inline ObservedServer observed_of(const DesiredServer& desired) {
    ObservedServer out{.at = kNow, .fresh = true};
    out.state.presence = api::Presence::Present;
    out.facts = ValueMap{{"os", ValueMap{{"name", Value("debian")}}}};
    for (const spec::ModuleUnit& each : desired.units)
        for (const api::Resource& resource : each.resources)
            out.resources[resource.id()] = seen(resource);
    return out;
}

/// A server that is as it was applied and as it should be.
inline ServerInput settled(const std::string& name, std::vector<spec::ModuleUnit> units) {
    ServerInput out = wanted(name, std::move(units));
    out.provider_diff = {};
    out.desired->spec.server_id = "id-" + name;
    out.applied = applied_of(*out.desired);
    out.observed = observed_of(*out.desired);
    return out;
}

inline PlanInput input(std::vector<ServerInput> servers) {
    PlanInput out;
    out.inventory = {.source = "/srv/inventory", .id = "home", .commit = "abc1234def5678"};
    out.state = {.serial = 7, .observed_at = format_time(kNow)};
    for (const ServerInput& server : servers)
        out.applied_servers += server.applied ? 1u : 0u;
    out.servers = std::move(servers);
    out.max_destructive_percent = 100;
    out.guard_source = "built-in";
    out.key = kKey;
    return out;
}

inline Planned plan(std::vector<ServerInput> servers) {
    return make_plan(input(std::move(servers)));
}

/// "server/web-1/module/motd#update intent safe: file/etc/motd.content", one line an action.
inline std::string text(const api::Plan& plan) {
    std::string out;
    for (const api::Action& action : plan.actions) {
        out += action.id + " " + std::string(to_string(action.cause)) + " " +
               std::string(to_string(action.risk)) + ":";
        for (const api::PropertyChange& change : action.changes)
            out += " " + change.path;
        for (const std::string& id : action.notifies)
            out += " >" + id;
        if (action.blocked) out += " [" + action.blocked->by + "]";
        out += "\n";
    }
    return out;
}

} // namespace lab::planner::test
