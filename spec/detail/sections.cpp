#include "spec/detail/sections.h"

#include "spec/detail/access_file.h"
#include "spec/detail/data_rules.h"
#include "spec/detail/decode.h"
#include "spec/detail/given.h"
#include "spec/detail/module_source.h"
#include "spec/detail/policy_file.h"
#include "spec/detail/properties.h"
#include "spec/keys.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kSections{
    "lab"sv,    "environments"sv, "clouds"sv, "labels"sv,  "groups"sv,   "servers"sv, "sizes"sv, "layouts"sv,
    "images"sv, "modules"sv,      "alerts"sv, "secrets"sv, "clusters"sv, "apps"sv,    "roles"sv, "users"sv};
constexpr std::array kLabKeys{"format"sv,   "name"sv,  "id"sv,     "domain"sv,    "ignore"sv,
                              "defaults"sv, "guard"sv, "puppet"sv, "reconcile"sv, "rollout"sv};
constexpr std::array kDefaultsKeys{"cloud"sv, "region"sv, "size"sv,  "layout"sv,
                                   "image"sv, "labels"sv, "params"sv};
constexpr std::array kPuppetKeys{"path"sv};
constexpr std::array kGuardKeys{"max_destroy"sv, "max_destructive_percent"sv};
constexpr std::array kEnvironmentKeys{"cloud"sv,   "region"sv,    "domain"sv, "size"sv,
                                      "layout"sv,  "image"sv,     "labels"sv, "params"sv,
                                      "network"sv, "reconcile"sv, "owners"sv, "puppet"sv};
constexpr std::array kLabelKeys{"priority"sv, "modules"sv, "puppet_classes"sv, "ports"sv,
                                "size"sv,     "layout"sv,  "image"sv,          "alerts"sv,
                                "secrets"sv,  "params"sv,  "container"sv,      "suggest"sv};
constexpr std::array kGroupKeys{"match"sv, "servers"sv, "groups"sv, "exclude"sv};
constexpr std::array kServerKeys{"environment"sv, "cloud"sv,  "provider"sv, "region"sv,  "labels"sv,
                                 "size"sv,        "layout"sv, "image"sv,    "address"sv, "mac"sv,
                                 "network"sv,     "bmc"sv,    "disk"sv,     "params"sv,  "protect"sv};

constexpr std::int64_t kMaxPriority = 1'000'000;

void append(std::vector<Given>& gives, std::vector<Given> more) {
    std::move(more.begin(), more.end(), std::back_inserter(gives));
}

void append(std::vector<Property>& properties, std::vector<Property> more) {
    std::move(more.begin(), more.end(), std::back_inserter(properties));
}

/// Of a key that names what a server has one of: `size`, `layout`, `image`.
std::optional<Provides> single_of(std::string_view key) {
    const auto what = provides_of(key);
    return what && is_single(*what) ? what : std::nullopt;
}

void read_environment_key(Environment& environment, const Node& key, const Node& value,
                          Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "cloud")
        environment.cloud = read_name(value, name, "cloud", diagnostics);
    else if (name == "region")
        environment.region = read_name(value, name, "region", diagnostics);
    else if (name == "domain")
        environment.domain = read_name(value, name, "domain", diagnostics);
    else if (name == "labels")
        environment.labels = read_names(value, name, "label", diagnostics);
    else if (name == "params")
        environment.params = read_params(value, diagnostics);
    else if (const auto what = single_of(name))
        append(environment.gives, read_given(*what, value, diagnostics));
    else if (const KeyRule* rule = find_rule(environment_keys(), name))
        append(environment.properties, read_property(*rule, value, diagnostics));
    else
        report_unknown_key(key, {"an environment", kEnvironmentKeys}, diagnostics);
}

Environment read_environment(Text name, const Node& body, Diagnostics& diagnostics) {
    Environment environment;
    environment.name = std::move(name.value);
    environment.at = name.at;
    if (!is_map(body, environment.name, diagnostics)) return environment;
    for (std::size_t i = 0; i < body.size(); ++i)
        read_environment_key(environment, body.key(i), body.value(i), diagnostics);
    return environment;
}

void report_no_provider(const Cloud& cloud, Diagnostics& diagnostics) {
    constexpr std::array kProvider{"provider"sv};
    for (const auto& [setting, value] : cloud.settings) {
        std::string help = did_you_mean(setting, kProvider);
        if (help.empty()) continue;
        add_error(diagnostics, "spec/unknown-key", fmt::format("a cloud has no key '{}'", setting),
                  setting_place(cloud, setting), std::move(help));
        return;
    }
    add_error(diagnostics, "spec/missing-key", fmt::format("cloud '{}' has no 'provider'", cloud.name),
              cloud.at, "say what makes its machines: provider: local");
}

Cloud read_cloud(Text name, const Node& body, Diagnostics& diagnostics) {
    Cloud cloud;
    cloud.name = std::move(name.value);
    cloud.at = name.at;
    if (is_map(body, cloud.name, diagnostics)) {
        for (std::size_t i = 0; i < body.size(); ++i) {
            if (body.key(i).text() != "provider") {
                cloud.settings.append(std::string(body.key(i).text()), body.value(i).as_value());
                cloud.setting_places.push_back(body.key(i).span());
            } else if (auto provider = read_name(body.value(i), "provider", "provider", diagnostics)) {
                cloud.provider = std::move(provider->value);
                cloud.provider_at = provider->at;
            }
        }
    }
    if (cloud.provider.empty() && !(body.is_map() && body.find("provider")))
        report_no_provider(cloud, diagnostics);
    return cloud;
}

Label read_label(const Text& text, const Node& body, Diagnostics& diagnostics) {
    Label label;
    const auto equals = text.value.find('=');
    label.name = text.value.substr(0, equals);
    if (equals != std::string::npos) label.value = text.value.substr(equals + 1);
    label.at = text.at;
    if (!is_map(body, text.value, diagnostics)) return label;
    for (std::size_t i = 0; i < body.size(); ++i) {
        const std::string_view key = body.key(i).text();
        const Node value = body.value(i);
        if (key == "priority") {
            label.priority = read_integer(value, key, -kMaxPriority, kMaxPriority, diagnostics).value_or(0);
            label.priority_at = value.span();
        } else if (key == "modules") {
            label.modules = read_names(value, key, "module", diagnostics);
        } else if (key == "params") {
            label.params = read_params(value, diagnostics);
        } else if (const auto what = provides_of(key)) {
            append(label.gives, read_given(*what, value, diagnostics));
        } else if (const KeyRule* rule = find_rule(workload_keys(), key)) {
            append(label.properties, read_property(*rule, value, diagnostics));
        } else {
            report_unknown_key(body.key(i), {"a label", kLabelKeys}, diagnostics);
        }
    }
    check_container(label.properties, diagnostics);
    return label;
}

Group read_group(Text name, const Node& body, Diagnostics& diagnostics) {
    Group group;
    group.name = std::move(name.value);
    group.at = name.at;
    if (is_map(body, group.name, diagnostics)) {
        for (std::size_t i = 0; i < body.size(); ++i) {
            const std::string_view key = body.key(i).text();
            const Node value = body.value(i);
            if (key == "match")
                group.match = parse_target(value, diagnostics);
            else if (key == "servers")
                group.servers = read_texts(value, key, diagnostics);
            else if (key == "groups")
                group.groups = read_names(value, key, "group", diagnostics);
            else if (key == "exclude")
                group.exclude = parse_target(value, diagnostics, /*is_exclude=*/true);
            else
                report_unknown_key(body.key(i), {"a group", kGroupKeys}, diagnostics);
        }
    }
    if (body.size() == 0)
        add_error(diagnostics, "spec/bad-target",
                  fmt::format("group '{}' says nothing about its members", group.name), group.at,
                  fmt::format("give it at least one of {}", listed(std::span(kGroupKeys).first(3))));
    return group;
}

} // namespace

void read_server_key(Server& server, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "environment")
        server.environment = read_name(value, name, "environment", diagnostics);
    else if (name == "labels")
        server.labels = read_names(value, name, "label", diagnostics);
    else if (name == "region")
        server.region = read_name(value, name, "region", diagnostics);
    else if (name == "cloud")
        server.cloud = read_name(value, name, "cloud", diagnostics);
    else if (name == "provider")
        server.provider = read_name(value, name, "provider", diagnostics);
    else if (name == "params")
        server.params = read_params(value, diagnostics);
    else if (name == "protect") {
        server.protect = read_boolean(value, name, diagnostics).value_or(false);
        server.protect_at = value.span();
    } else if (name == "role" || name == "roles") {
        add_error(diagnostics, "spec/unknown-key", fmt::format("a server has no key '{}'", name), key.span(),
                  "what a machine is, is a label; a role is an access right: write it under 'labels'");
    } else if (const auto what = provides_of(name)) {
        if (is_single(*what))
            append(server.gives, read_given(*what, value, diagnostics));
        else
            add_error(diagnostics, "spec/unknown-key", fmt::format("a server has no key '{}'", name),
                      key.span(), "only labels give them: write it in a label, and the label on the server");
    } else if (const KeyRule* rule = find_rule(machine_keys(), name)) {
        append(server.properties, read_property(*rule, value, diagnostics));
    } else {
        server.settings.append(std::string(name), value.as_value());
        server.setting_places.push_back(key.span());
    }
}

namespace {

constexpr std::uint64_t kHashStart = 0xcbf29ce484222325u; // FNV-1a

void mix(std::uint64_t& hash, std::string_view text) {
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ text.size()) * 0x100000001b3u;
}

void mix(std::uint64_t& hash, const Node& node) {
    mix(hash, node.is_scalar() && !node.plain() ? "string" : node.type_name());
    if (node.is_scalar()) mix(hash, node.text());
    for (std::size_t i = 0; node.is_list() && i < node.size(); ++i)
        mix(hash, node.item(i));
    for (std::size_t i = 0; node.is_map() && i < node.size(); ++i) {
        mix(hash, node.key(i).text());
        mix(hash, node.value(i));
    }
}

std::uint64_t identity_of(const Node& body) {
    std::uint64_t hash = kHashStart;
    for (std::size_t i = 0; i < body.size(); ++i) {
        const std::string_view key = body.key(i).text();
        if (key == "labels" || key == "params") continue;
        mix(hash, key);
        mix(hash, body.value(i));
    }
    return hash;
}

Server read_server(Text name, const Node& body, Diagnostics& diagnostics) {
    Server server;
    server.name = std::move(name.value);
    server.at = name.at;
    if (!is_map(body, server.name, diagnostics)) return server;
    for (std::size_t i = 0; i < body.size(); ++i)
        read_server_key(server, body.key(i), body.value(i), diagnostics);
    server.identity = identity_of(body);
    if (server.cloud && server.provider)
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("server '{}' names both a cloud and a provider", server.name),
                  server.provider->at, "the cloud has its provider: remove one of the two",
                  {{"the cloud is named here", server.cloud->at}});
    return server;
}

/// A definition that is data.
Record read_definition(Text name, std::string_view what, std::span<const KeyRule> keys, const Node& body,
                       Diagnostics& diagnostics) {
    return {.name = std::move(name.value),
            .properties = read_properties(what, keys, body, diagnostics),
            .at = name.at};
}
Record read_size(Text name, const Node& body, Diagnostics& diagnostics) {
    return read_definition(std::move(name), "a size", size_keys(), body, diagnostics);
}
Record read_image(Text name, const Node& body, Diagnostics& diagnostics) {
    Record image = read_definition(std::move(name), "an image", image_keys(), body, diagnostics);
    check_image(image, diagnostics);
    return image;
}
Record read_app(Text name, const Node& body, Diagnostics& diagnostics) {
    return read_definition(std::move(name), "an app", app_keys(), body, diagnostics);
}
Record read_user(Text name, const Node& body, Diagnostics& diagnostics) {
    return read_definition(std::move(name), "a user", user_keys(), body, diagnostics);
}
Cluster read_cluster(Text name, const Node& body, Diagnostics& diagnostics) {
    Cluster cluster;
    cluster.name = std::move(name.value);
    cluster.properties = read_properties("a cluster", cluster_keys(), body, diagnostics, cluster_needs());
    cluster.at = name.at;
    if (body.is_map() && body.find("target")) cluster.target = parse_target(body.find("target"), diagnostics);
    return cluster;
}

void read_defaults(const Node& node, Defaults& defaults, Diagnostics& diagnostics) {
    if (!is_map(node, "defaults", diagnostics)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string_view key = node.key(i).text();
        if (key == "cloud")
            defaults.cloud = read_name(node.value(i), key, "cloud", diagnostics);
        else if (key == "region")
            defaults.region = read_name(node.value(i), key, "region", diagnostics);
        else if (key == "labels")
            defaults.labels = read_names(node.value(i), key, "label", diagnostics);
        else if (key == "params")
            defaults.params = read_params(node.value(i), diagnostics);
        else if (const auto what = single_of(key))
            append(defaults.gives, read_given(*what, node.value(i), diagnostics));
        else
            report_unknown_key(node.key(i), {"'defaults'", kDefaultsKeys}, diagnostics);
    }
}

void read_guard(const Node& node, Guard& guard, Diagnostics& diagnostics) {
    if (!is_map(node, "guard", diagnostics)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string_view key = node.key(i).text();
        const Node value = node.value(i);
        if (key == "max_destroy")
            guard.max_destroy =
                read_integer(value, key, 0, 1'000'000'000, diagnostics).value_or(guard.max_destroy);
        else if (key == "max_destructive_percent")
            guard.max_destructive_percent =
                read_integer(value, key, 0, 100, diagnostics).value_or(guard.max_destructive_percent);
        else
            report_unknown_key(node.key(i), {"'guard'", kGuardKeys}, diagnostics);
    }
}

/// `path`: a folder, or a list of folders.
void read_puppet(const Node& node, std::vector<Text>& folders, Diagnostics& diagnostics) {
    if (!is_map(node, "puppet", diagnostics)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (node.key(i).text() != "path") {
            report_unknown_key(node.key(i), {"'puppet' of 'lab'", kPuppetKeys}, diagnostics);
            continue;
        }
        const Node value = node.value(i);
        std::vector<Text> written;
        if (value.is_list())
            written = read_texts(value, "path", diagnostics);
        else if (auto text = read_text(value, "path", diagnostics))
            written.push_back(*std::move(text));
        for (Text& folder : written) {
            if (auto clean = clean_path(folder.value))
                folders.push_back({*std::move(clean), folder.at});
            else
                add_error(diagnostics, "spec/bad-value",
                          fmt::format("'{}' is no folder of the inventory", escape_controls(folder.value)),
                          folder.at, "a path relative to the inventory's root, without '..'");
        }
    }
}

void read_format(const Node& value, Diagnostics& diagnostics) {
    const auto format = read_integer(value, "format", 0, 1'000'000, diagnostics);
    if (format && *format != 1)
        add_error(diagnostics, "spec/unsupported-format",
                  fmt::format("this version of lab reads inventories of format 1, not {}", *format),
                  value.span(), "write format: 1, or use the version of lab that the inventory was made for");
}

void read_settings_key(Settings& settings, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "format") {
        read_format(value, diagnostics);
    } else if (name == "name") {
        if (auto text = read_name(value, name, "lab", diagnostics)) settings.name = std::move(text->value);
    } else if (name == "id") {
        if (auto text = read_name(value, name, "lab", diagnostics)) settings.id = std::move(text->value);
    } else if (name == "domain") {
        settings.defaults.domain = read_name(value, name, "domain", diagnostics);
    } else if (name == "ignore") {
        for (Text& glob : read_texts(value, name, diagnostics))
            settings.ignore.push_back(std::move(glob.value));
    } else if (name == "defaults") {
        read_defaults(value, settings.defaults, diagnostics);
    } else if (name == "guard") {
        read_guard(value, settings.guard, diagnostics);
    } else if (name == "puppet") {
        read_puppet(value, settings.puppet_path, diagnostics);
    } else if (const KeyRule* rule = find_rule(policy_keys(), name)) {
        append(settings.defaults.properties, read_property(*rule, value, diagnostics));
    } else {
        report_unknown_key(key, {"'lab'", kLabKeys}, diagnostics);
    }
}

Settings read_settings(const Node& section_key, const Node& body, Diagnostics& diagnostics) {
    Settings settings;
    settings.at = section_key.span();
    if (is_map(body, "lab", diagnostics))
        for (std::size_t i = 0; i < body.size(); ++i)
            read_settings_key(settings, body.key(i), body.value(i), diagnostics);
    for (const std::string_view required : {"format"sv, "name"sv})
        if (!body.is_map() || !body.find(required))
            add_error(
                diagnostics, "spec/missing-key", fmt::format("'lab' has no '{}'", required), settings.at,
                required == "format" ? "write format: 1" : "write the name of the inventory, name: my-lab");
    if (settings.id.empty()) settings.id = settings.name;
    return settings;
}

/// Reads each entry of a section with `read(name, body, diagnostics)` where its name is one.
template <typename T, typename Read>
void read_section(const Node& section_key, const Node& body, std::string_view what, std::vector<T>& out,
                  Read read, Diagnostics& diagnostics) {
    if (!is_map(body, section_key.text(), diagnostics)) return;
    out.reserve(out.size() + body.size());
    for (std::size_t i = 0; i < body.size(); ++i) {
        Text name{std::string(body.key(i).text()), body.key(i).span()};
        const bool good =
            what == "label" ? check_label(name, diagnostics) : check_name(name, what, diagnostics);
        if (good) out.push_back(read(std::move(name), body.value(i), diagnostics));
    }
}

} // namespace

void decode_section(const Document& document, const Node& key, const Node& body, bool is_root_file,
                    Parts& parts, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "servers") {
        read_section(key, body, "server", parts.servers, read_server, diagnostics);
    } else if (name == "environments") {
        read_section(key, body, "environment", parts.environments, read_environment, diagnostics);
    } else if (name == "clouds") {
        read_section(key, body, "cloud", parts.clouds, read_cloud, diagnostics);
    } else if (name == "labels") {
        read_section(key, body, "label", parts.labels, read_label, diagnostics);
    } else if (name == "groups") {
        read_section(key, body, "group", parts.groups, read_group, diagnostics);
    } else if (name == "sizes") {
        read_section(key, body, "size", parts.sizes, read_size, diagnostics);
    } else if (name == "images") {
        read_section(key, body, "image", parts.images, read_image, diagnostics);
    } else if (name == "clusters") {
        read_section(key, body, "cluster", parts.clusters, read_cluster, diagnostics);
    } else if (name == "apps") {
        read_section(key, body, "app", parts.apps, read_app, diagnostics);
    } else if (name == "roles") {
        read_section(key, body, "role", parts.roles, read_role, diagnostics);
    } else if (name == "users") {
        read_section(key, body, "user", parts.users, read_user, diagnostics);
    } else if (name == "modules") {
        read_section(key, body, "module", parts.module_sources, read_module_source, diagnostics);
    } else if (name == "alerts") {
        parts.alerts = read_alerts(document, body, diagnostics);
    } else if (name == "secrets") {
        parts.secrets = read_secrets(body, diagnostics);
    } else if (name == "layouts") {
        read_section(key, body, "layout", parts.layouts, read_layout, diagnostics);
    } else if (name == "lab" && is_root_file) {
        parts.settings = read_settings(key, body, diagnostics);
    } else if (name == "lab") {
        add_error(diagnostics, "spec/misplaced-settings",
                  "the section 'lab' belongs into the lab.yaml at the root", key.span(), "move it there");
    } else {
        std::string help = did_you_mean(name, kSections);
        if (help.empty()) help = fmt::format("the sections are {}", listed(kSections));
        add_error(diagnostics, "spec/unknown-section", fmt::format("there is no section '{}'", name),
                  key.span(), std::move(help));
    }
}

std::span<const std::string_view> server_keys() noexcept {
    return kServerKeys;
}

std::vector<ParamSetting> read_params(const Node& node, Diagnostics& diagnostics) {
    std::vector<ParamSetting> params;
    if (!is_map(node, "params", diagnostics)) return params;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Text module{std::string(node.key(i).text()), node.key(i).span()};
        const Node values = node.value(i);
        if (!check_name(module, "module", diagnostics)) continue;
        if (!values.is_map() && !values.is_null()) {
            add_error(diagnostics, "spec/wrong-type",
                      fmt::format("the params of module '{}' must be a map, not {}", module.value,
                                  with_article(values.type_name())),
                      values.span(), "params are written by module: params: {MODULE: {NAME: value}}");
            continue;
        }
        for (std::size_t j = 0; j < values.size(); ++j)
            params.push_back({.module = module.value,
                              .name = std::string(values.key(j).text()),
                              .value = values.value(j).as_value(),
                              .at = values.value(j).span(),
                              .name_at = values.key(j).span(),
                              .module_at = module.at});
    }
    return params;
}

Parts decode_file(const Document& document, bool is_root_file, Diagnostics& diagnostics) {
    Parts parts;
    const Node root = document.root();
    if (root.is_null()) return parts;
    if (!root.is_map()) {
        add_error(diagnostics, "spec/wrong-type",
                  fmt::format("an inventory file must be a map of sections, not {}",
                              with_article(root.type_name())),
                  root.span(), fmt::format("the sections are {}", listed(kSections)));
        return parts;
    }
    for (std::size_t i = 0; i < root.size(); ++i)
        decode_section(document, root.key(i), root.value(i), is_root_file, parts, diagnostics);
    return parts;
}

} // namespace lab::spec::detail
