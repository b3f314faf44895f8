// The inventory that a module is tested in: one server, and what the module's own words refer to.

#include "spec/cases.h"

#include <algorithm>
#include <set>

namespace lab::spec {
namespace {

constexpr std::string_view kServer = "test-1", kCarrier = "lab-test", kEnvironment = "test",
                           kProvider = "local";

/// The module and what it depends on, as far as that is there, with their files.
void add_modules(const Inventory& base, const Module& module, Inventory& inventory) {
    if (!inventory.modules.emplace(module.name, module).second) return;
    const auto& files = base.module_files;
    for (auto file = files.lower_bound(module.root);
         file != files.end() && file->first.starts_with(module.root); ++file)
        inventory.module_files.insert(*file);
    for (const Text& dependency : module.deps)
        if (const auto found = base.modules.find(dependency.value); found != base.modules.end())
            add_modules(base, found->second, inventory);
}

void declare_label(Inventory& inventory, const std::string& text, const Span& at) {
    Label label;
    label.name = text.substr(0, text.find('='));
    label.at = at;
    const std::string name = label.name;
    inventory.labels.try_emplace(name, std::move(label));
}

void declare_cloud(Inventory& inventory, const std::string& name, const Span& at) {
    Cloud cloud;
    cloud.name = name;
    cloud.provider = kProvider;
    cloud.at = cloud.provider_at = at;
    inventory.clouds.try_emplace(name, std::move(cloud));
}

Environment& declare_environment(Inventory& inventory, const std::string& name, const Span& at) {
    Environment environment;
    environment.name = name;
    environment.at = at;
    return inventory.environments.try_emplace(name, std::move(environment)).first->second;
}

/// What a module's `targets` name is there, whether the server is in it or not.
void declare_names(Inventory& inventory, const Target& target) {
    for (const auto* terms : {&target.labels, &target.all_labels})
        for (const Term& term : *terms)
            declare_label(inventory, term.text, term.at);
    for (const Term& term : target.environments)
        declare_environment(inventory, term.text, term.at);
    for (const Term& term : target.clouds)
        declare_cloud(inventory, term.text, term.at);
    for (const Term& term : target.groups) {
        Group group;
        group.name = term.text;
        group.at = term.at;
        inventory.groups.try_emplace(term.text, std::move(group));
    }
    for (const Target& exclude : target.exclude)
        declare_names(inventory, exclude);
}

void declare_secret(Inventory& inventory, const std::string& path, const Span& at) {
    Secret secret;
    secret.path = path;
    secret.at = at;
    inventory.secrets.try_emplace(path, std::move(secret));
}

/// What the modules and the server may read, or need themselves.
void declare_secrets(Inventory& inventory, const Server& server) {
    for (const auto& [name, module] : inventory.modules)
        for (const Text& secret : module.secrets)
            declare_secret(inventory, secret.value, secret.at);
    for (const Given& given : server.gives)
        if (given.what == Provides::Secrets) declare_secret(inventory, given.name.value, given.name.at);
    if (const Property* bmc = find_property(server.properties, "bmc.secret"))
        declare_secret(inventory, *bmc->value.if_string(), bmc->at);
}

Server server_of(const Case& given, const Module& module) {
    Server server = given.server.value_or(Server());
    if (server.name.empty()) server.name = kServer;
    if (!server.at.known()) server.at = given.at;
    if (!server.environment) server.environment = Text{std::string(kEnvironment), server.at};
    if (!server.cloud && !server.provider) server.provider = Text{std::string(kProvider), server.at};
    server.labels.push_back({std::string(kCarrier), module.at});
    return server;
}

} // namespace

Inventory inventory_of_module(const Inventory& base, const Module& module, const Case& given) {
    Inventory inventory;
    inventory.settings.name = inventory.settings.id = kCarrier;
    inventory.settings.at = given.at;
    add_modules(base, module, inventory);
    Server server = server_of(given, module);
    for (const Text& label : server.labels)
        declare_label(inventory, label.value, label.at);
    inventory.labels.at(std::string(kCarrier)).modules.push_back({module.name, module.at});
    if (server.cloud) declare_cloud(inventory, server.cloud->value, server.cloud->at);
    Environment& environment =
        declare_environment(inventory, server.environment->value, server.environment->at);
    environment.domain = given.domain;
    for (const auto& [name, one] : inventory.modules)
        if (one.targets) declare_names(inventory, *one.targets);
    declare_secrets(inventory, server);
    inventory.servers.push_back(std::move(server));
    return inventory;
}

} // namespace lab::spec
