// Environment, cloud, provider, region and domain of every server, and what its provider says to its
// settings.

#include "spec/detail/decode.h"
#include "spec/detail/fleet_state.h"
#include "spec/detail/sections.h"

#include <algorithm>
#include <deque>
#include <map>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kDefaultEnvironment = "default";

const Environment* find_environment(const Inventory& inventory, std::string_view name) {
    const auto found = inventory.environments.find(std::string(name));
    return found == inventory.environments.end() ? nullptr : &found->second;
}

std::vector<std::string> provider_names(const ProviderRules& providers) {
    std::vector<std::string> names = providers.names();
    names.insert(names.end(), std::begin(kKnownProviders), std::end(kKnownProviders));
    return names;
}

bool provider_exists(const ProviderRules& providers, std::string_view name) {
    return is_known_provider(name) || providers.present(name);
}

void report_provider(const ProviderRules& providers, std::string_view name, const Span& at,
                     Reporter& reporter) {
    std::string help = did_you_mean(name, provider_names(providers));
    if (help.empty()) help = "providers are baremetal, aws, ssh, local, xcpng, proxmox and kubernetes";
    reporter.error("spec/unknown-provider", fmt::format("there is no provider '{}'", name), at,
                   std::move(help));
}

/// A cloud is declared, or a provider's name stands for the implicit cloud of that provider.
void check_cloud(const FleetState& state, const Text& cloud, Reporter& reporter) {
    if (state.inventory->clouds.contains(cloud.value) || provider_exists(*state.providers, cloud.value))
        return;
    const std::vector<std::string> providers = provider_names(*state.providers);
    std::vector<std::string_view> known(providers.begin(), providers.end());
    for (const auto& [name, declared] : state.inventory->clouds)
        known.push_back(name);
    std::string help = reporter.suggest(cloud.value, known);
    if (help.empty()) help = fmt::format("declare it: clouds: {{{}: {{provider: local}}}}", cloud.value);
    reporter.error("spec/unknown-cloud", fmt::format("there is no cloud '{}'", cloud.value), cloud.at,
                   std::move(help));
}

void check_cloud_settings(const FleetState& state, const Cloud& cloud, Reporter& reporter) {
    if (cloud.provider.empty()) return; // said before
    if (!provider_exists(*state.providers, cloud.provider)) {
        report_provider(*state.providers, cloud.provider, cloud.provider_at, reporter);
        return;
    }
    if (!state.providers->present(cloud.provider)) return;
    for (auto& problem : state.providers->validate(cloud.provider, cloud.settings, /*on_server=*/false)) {
        reporter.error("spec/bad-setting", std::move(problem.message), setting_place(cloud, problem.setting),
                       std::move(problem.help));
    }
}

/// The name of a provider stands for the cloud of that provider: another's would be two things by one name.
void check_cloud_name(const FleetState& state, const std::string& name, const Cloud& cloud,
                      Reporter& reporter) {
    if (cloud.provider.empty() || cloud.provider == name || !provider_exists(*state.providers, name)) return;
    reporter.error(
        "spec/bad-value",
        fmt::format("cloud '{}' has the name of a provider and is of another, '{}'", name, cloud.provider),
        cloud.provider_at, fmt::format("give the cloud another name, or write provider: {}", name));
}

void check_levels(const FleetState& state, Reporter& reporter) {
    const Inventory& inventory = *state.inventory;
    if (inventory.settings.defaults.cloud) check_cloud(state, *inventory.settings.defaults.cloud, reporter);
    for (const auto& [name, environment] : inventory.environments)
        if (environment.cloud) check_cloud(state, *environment.cloud, reporter);
    for (const auto& [name, cloud] : inventory.clouds) {
        check_cloud_name(state, name, cloud, reporter);
        check_cloud_settings(state, cloud, reporter);
    }
}

/// Every key of a server that is not the language's own is a setting of its provider.
void check_server_settings(const FleetState& state, ServerIndex index, Reporter& reporter) {
    const Server& server = state.server(index);
    const std::string_view provider = provider_of(state, index);
    if (!state.providers->present(provider)) {
        for (const auto& [setting, value] : server.settings)
            if (std::string help = did_you_mean(setting, server_keys()); !help.empty())
                reporter.error("spec/unknown-key", fmt::format("a server has no key '{}'", setting),
                               setting_place(server, setting), std::move(help));
        return;
    }
    for (auto& problem :
         state.providers->validate(provider, *MergedSettings(state, index), /*on_server=*/true)) {
        const Span& at = setting_place(server, problem.setting);
        const Cloud* cloud = state.servers[index].cloud;
        const bool of_cloud = &at == &server.at && cloud && cloud->settings.contains(problem.setting);
        if (of_cloud) continue; // said once, there
        std::string help = std::move(problem.help);
        if (const std::string near = did_you_mean(problem.setting, server_keys()); !near.empty()) help = near;
        reporter.error("spec/bad-setting", std::move(problem.message), at, std::move(help));
    }
}

/// What a provider says to all its servers together.
void check_collisions(const FleetState& state, Reporter& reporter) {
    std::map<std::string_view, std::vector<ServerIndex>> by_provider;
    for (ServerIndex i = 0; i < state.servers.size(); ++i)
        if (const std::string_view provider = provider_of(state, i); state.providers->present(provider))
            by_provider[provider].push_back(i);
    for (const auto& [provider, indexes] : by_provider) {
        std::vector<ProviderRules::FleetServer> servers;
        std::deque<MergedSettings> merged;
        servers.reserve(indexes.size());
        for (const ServerIndex index : indexes)
            servers.push_back(
                {.name = state.server(index).name, .settings = &*merged.emplace_back(state, index)});
        for (auto& problem : state.providers->validate_fleet(provider, servers)) {
            const Server& server = state.server(indexes[problem.server]);
            const Server& other = state.server(indexes[problem.other]);
            reporter.error("spec/same-machine", std::move(problem.message),
                           setting_place(server, problem.setting), std::move(problem.help),
                           {{.message = fmt::format("server '{}' is here", other.name),
                             .at = setting_place(other, problem.setting)}});
        }
    }
}

void resolve_environment(FleetState& state, ServerIndex index, const std::vector<std::string_view>& known,
                         Reporter& reporter) {
    const Chosen chosen = choose_environment(state.server(index));
    const std::string_view name = chosen.text ? std::string_view(chosen.text->value) : kDefaultEnvironment;
    state.servers[index].environment = find_environment(*state.inventory, name);
    if (state.servers[index].environment || name == kDefaultEnvironment) return;
    std::string help = reporter.suggest(name, known);
    if (help.empty()) help = fmt::format("declare it: environments: {{{}: {{}}}}", name);
    reporter.error("spec/unknown-environment", fmt::format("there is no environment '{}'", name),
                   chosen.text->at, std::move(help));
}

void resolve_cloud(FleetState& state, ServerIndex index, Reporter& reporter) {
    const Server& server = state.server(index);
    const Chosen chosen = choose_cloud(state, server, state.servers[index].environment);
    if (!chosen.text) {
        reporter.error(
            "spec/no-cloud", fmt::format("nothing says where server '{}' runs", server.name), server.at,
            "write cloud: NAME or provider: local on the server, its environment or in lab.defaults");
        return;
    }
    const auto declared = state.inventory->clouds.find(chosen.text->value);
    if (declared != state.inventory->clouds.end() &&
        chosen.text != (server.provider ? &*server.provider : nullptr))
        state.servers[index].cloud = &declared->second;
    if (server.cloud) check_cloud(state, *server.cloud, reporter);
    if (server.provider && !provider_exists(*state.providers, server.provider->value))
        report_provider(*state.providers, server.provider->value, server.provider->at, reporter);
    else if (!provider_of(state, index).empty())
        check_server_settings(state, index, reporter);
}

} // namespace

Chosen choose_environment(const Server& server) {
    if (server.environment) return {&*server.environment, Level::Server};
    return {};
}

Chosen choose_cloud(const FleetState& state, const Server& server, const Environment* environment) {
    const Defaults& defaults = state.inventory->settings.defaults;
    if (server.cloud) return {&*server.cloud, Level::Server};
    if (server.provider) return {&*server.provider, Level::Server};
    if (environment && environment->cloud) return {&*environment->cloud, Level::Environment};
    if (defaults.cloud) return {&*defaults.cloud, Level::LabDefault};
    return {};
}

Chosen choose_region(const FleetState& state, const Server& server, const Environment* environment) {
    const Defaults& defaults = state.inventory->settings.defaults;
    if (server.region) return {&*server.region, Level::Server};
    if (environment && environment->region) return {&*environment->region, Level::Environment};
    if (defaults.region) return {&*defaults.region, Level::LabDefault};
    return {};
}

Chosen choose_domain(const FleetState& state, const Environment* environment) {
    const Defaults& defaults = state.inventory->settings.defaults;
    if (environment && environment->domain) return {&*environment->domain, Level::Environment};
    if (defaults.domain) return {&*defaults.domain, Level::LabDefault};
    return {};
}

std::string_view provider_of(const FleetState& state, ServerIndex index) {
    const auto& [environment, declared] = state.servers[index];
    if (declared) return declared->provider;
    const Chosen cloud = choose_cloud(state, state.server(index), environment);
    return cloud.text ? std::string_view(cloud.text->value) : std::string_view();
}

Scalars scalars_of(const FleetState& state, ServerIndex index) {
    const Server& server = state.server(index);
    const Environment* declared = state.servers[index].environment;
    Scalars scalars;
    const auto choose = [](std::string_view& scalar, const Chosen& chosen) {
        if (chosen.text) scalar = chosen.text->value;
    };
    choose(scalars.environment, choose_environment(server));
    choose(scalars.cloud, choose_cloud(state, server, declared));
    choose(scalars.region, choose_region(state, server, declared));
    choose(scalars.domain, choose_domain(state, declared));
    scalars.provider = provider_of(state, index);
    return scalars;
}

MergedSettings::MergedSettings(const FleetState& state, ServerIndex index)
    : settings_(&state.server(index).settings) {
    const Cloud* cloud = state.servers[index].cloud;
    if (!cloud || cloud->settings.empty()) return;
    merged_ = cloud->settings;
    for (const auto& [name, value] : *settings_)
        merged_.set(name, value);
    settings_ = &merged_;
}

void resolve_scalars(FleetState& state, Reporter& reporter) {
    state.servers.resize(state.inventory->servers.size());
    check_levels(state, reporter);
    std::vector<std::string_view> environments = names_of(state.inventory->environments);
    environments.push_back(kDefaultEnvironment);
    for_servers(state, reporter, [&](ServerIndex begin, ServerIndex end, Reporter& range_reporter) {
        for (ServerIndex i = begin; i < end; ++i) {
            resolve_environment(state, i, environments, range_reporter);
            resolve_cloud(state, i, range_reporter);
        }
    });
    check_collisions(state, reporter);
}

} // namespace lab::spec::detail
