#include "editor/names.h"

#include <algorithm>
#include <set>

namespace lab::editor {
namespace {

using spec::Names;

Names names_of(spec::Provides what) {
    switch (what) {
    case spec::Provides::Size: return Names::Size;
    case spec::Provides::Layout: return Names::Layout;
    case spec::Provides::Image: return Names::Image;
    case spec::Provides::PuppetClasses: return Names::PuppetClass;
    case spec::Provides::Ports: return Names::Port;
    case spec::Provides::Alerts: return Names::Alert;
    case spec::Provides::Secrets: return Names::Secret;
    }
    return Names::Nothing;
}

class Walk {
  public:
    explicit Walk(const std::function<void(const Reference&)>& visit) : visit_(visit) {}

    void inventory(const spec::Inventory& inventory);

  private:
    template <typename Maybe> // optional or Rare
    void one(Names names, const Maybe& text) {
        if (text) visit_({names, text->value, text->at});
    }
    void all(Names names, const std::vector<spec::Text>& texts) {
        for (const spec::Text& text : texts)
            visit_({names, text.value, text.at});
    }
    void terms(Names names, const std::vector<spec::Term>& terms) {
        for (const spec::Term& term : terms)
            visit_({names, term.text, term.at});
    }
    void gives(const std::vector<spec::Given>& gives) {
        for (const spec::Given& given : gives)
            visit_({names_of(given.what), given.name.value, given.name.at});
    }
    void params(const std::vector<spec::ParamSetting>& params) {
        for (const spec::ParamSetting& param : params) {
            visit_({Names::Module, param.module, param.module_at});
            visit_({Names::Param, param.name, param.name_at, param.module});
        }
    }
    /// A name, or a list of names.
    void property(Names names, const spec::Property* property);
    void target(const spec::Target& target);
    void defaults(const spec::Defaults& defaults);

    const std::function<void(const Reference&)>& visit_;
};

void Walk::target(const spec::Target& target) {
    terms(Names::Label, target.labels);
    terms(Names::Label, target.all_labels);
    terms(Names::Environment, target.environments);
    terms(Names::Region, target.regions);
    terms(Names::Cloud, target.clouds);
    terms(Names::Provider, target.providers);
    terms(Names::Size, target.sizes);
    terms(Names::Server, target.servers);
    terms(Names::Group, target.groups);
    for (const spec::Target& exclude : target.exclude)
        this->target(exclude);
}

void Walk::property(Names names, const spec::Property* property) {
    if (!property) return;
    if (const std::string* text = property->value.if_string()) visit_({names, *text, property->at});
    const ValueList* list = property->value.if_list();
    for (std::size_t i = 0; list && i < std::min(list->size(), property->items.size()); ++i)
        if (const std::string* text = (*list)[i].if_string()) visit_({names, *text, property->items[i]});
}

void Walk::defaults(const spec::Defaults& defaults) {
    one(Names::Cloud, defaults.cloud);
    one(Names::Region, defaults.region);
    all(Names::Label, defaults.labels);
    gives(defaults.gives);
    params(defaults.params);
}

void Walk::inventory(const spec::Inventory& inventory) {
    defaults(inventory.settings.defaults);
    for (const auto& [name, environment] : inventory.environments)
        defaults(environment);
    for (const auto& [name, label] : inventory.labels) {
        all(Names::Module, label.modules);
        gives(label.gives);
        params(label.params);
    }
    for (const auto& [name, group] : inventory.groups) {
        all(Names::Server, group.servers);
        all(Names::Group, group.groups);
        if (group.match) target(*group.match);
        if (group.exclude) target(*group.exclude);
    }
    for (const spec::Server& server : inventory.servers) {
        one(Names::Environment, server.environment);
        one(Names::Cloud, server.cloud);
        one(Names::Provider, server.provider);
        one(Names::Region, server.region);
        all(Names::Label, server.labels);
        gives(server.gives);
        params(server.params);
        property(Names::Secret, spec::find_property(server.properties, "bmc.secret"));
    }
    for (const auto& [name, cluster] : inventory.clusters) {
        if (cluster.target) target(*cluster.target);
        property(Names::Environment, cluster.find("environment"));
        property(Names::Cloud, cluster.find("cloud"));
        property(Names::Secret, cluster.find("kubeconfig"));
    }
    for (const auto& [name, role] : inventory.roles)
        if (role.target) target(*role.target);
    for (const auto& [name, app] : inventory.apps)
        property(Names::Cluster, app.find("cluster"));
    for (const auto& [name, user] : inventory.users)
        property(Names::Role, user.find("roles"));
    for (const auto& [name, environment] : inventory.environments)
        property(Names::User, spec::find_property(environment.properties, "owners"));
    for (const auto& [name, alert] : inventory.alerts)
        if (alert.target) target(*alert.target);
    for (const auto& [path, secret] : inventory.secrets) {
        one(Names::User, secret.set_by);
        if (secret.target) target(*secret.target);
    }
    for (const auto& [name, puppet_class] : inventory.puppet_classes) {
        all(Names::Secret, puppet_class.secrets);
        all(Names::PuppetClass, puppet_class.brings);
    }
    for (const auto& [name, module] : inventory.modules) {
        all(Names::Module, module.deps);
        all(Names::Secret, module.secrets);
        if (module.targets) target(*module.targets);
    }
}

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : map)
        keys.push_back(key);
    return keys;
}

template <typename Map>
Span place_in(const Map& map, std::string_view key) {
    const auto found = map.find(std::string(key));
    return found == map.end() ? Span{} : found->second.at;
}

std::vector<std::string> used_names(const spec::Inventory& inventory, Names names) {
    std::set<std::string> found;
    for_each_reference(inventory, [&](const Reference& reference) {
        if (reference.names == names) found.emplace(reference.text);
    });
    return {found.begin(), found.end()};
}

} // namespace

void for_each_reference(const spec::Inventory& inventory,
                        const std::function<void(const Reference&)>& visit) {
    Walk(visit).inventory(inventory);
}

std::vector<std::string> names_of(const spec::Inventory& inventory, Names names, std::string_view module) {
    switch (names) {
    case Names::Server:
    case Names::ServerGlob: {
        std::vector<std::string> servers;
        for (const spec::Server& server : inventory.servers)
            servers.push_back(server.name);
        return servers;
    }
    case Names::Label: return keys_of(inventory.labels);
    case Names::Group: return keys_of(inventory.groups);
    case Names::Environment: return keys_of(inventory.environments);
    case Names::Cloud: return keys_of(inventory.clouds);
    case Names::Module: return keys_of(inventory.modules);
    case Names::Alert: {
        std::set<std::string> alerts;
        for (const spec::CatalogueEntry& entry : spec::alert_catalogue())
            alerts.emplace(entry.name);
        for (const auto& [name, alert] : inventory.alerts)
            alerts.insert(name);
        return {alerts.begin(), alerts.end()};
    }
    case Names::Secret: return keys_of(inventory.secrets);
    case Names::Layout: return keys_of(inventory.layouts);
    case Names::Size: return keys_of(inventory.sizes);
    case Names::Image: return keys_of(inventory.images);
    case Names::Cluster: return keys_of(inventory.clusters);
    case Names::App: return keys_of(inventory.apps);
    case Names::Role: return keys_of(inventory.roles);
    case Names::User: return keys_of(inventory.users);
    case Names::PuppetClass: {
        std::vector<std::string> classes = used_names(inventory, names);
        for (const auto& [name, puppet_class] : inventory.puppet_classes)
            classes.push_back(name);
        std::sort(classes.begin(), classes.end());
        classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
        return classes;
    }
    case Names::Param: {
        std::vector<std::string> params;
        if (const auto found = inventory.modules.find(std::string(module)); found != inventory.modules.end())
            for (const spec::ParamSchema& param : found->second.params)
                params.push_back(param.name);
        return params;
    }
    case Names::Nothing:
    case Names::Provider:
    case Names::Region:
    case Names::Port: return used_names(inventory, names);
    }
    return {};
}

Span definition_of(const spec::Inventory& inventory, Names names, std::string_view text,
                   std::string_view module) {
    switch (names) {
    case Names::Server:
    case Names::ServerGlob: {
        const spec::Server* server = inventory.find_server(text);
        return server ? server->at : Span{};
    }
    case Names::Label: {
        const Span exact = place_in(inventory.labels, text);
        return exact.known() ? exact : place_in(inventory.labels, text.substr(0, text.find('=')));
    }
    case Names::Group: return place_in(inventory.groups, text);
    case Names::Environment: return place_in(inventory.environments, text);
    case Names::Cloud: return place_in(inventory.clouds, text);
    case Names::Alert: return place_in(inventory.alerts, text);
    case Names::Layout: return place_in(inventory.layouts, text);
    case Names::Size: return place_in(inventory.sizes, text);
    case Names::Image: return place_in(inventory.images, text);
    case Names::Cluster: return place_in(inventory.clusters, text);
    case Names::App: return place_in(inventory.apps, text);
    case Names::Role: return place_in(inventory.roles, text);
    case Names::User: return place_in(inventory.users, text);
    case Names::Secret: return place_in(inventory.secrets, text);
    case Names::PuppetClass: return place_in(inventory.puppet_classes, text);
    case Names::Module: {
        const auto found = inventory.modules.find(std::string(text));
        if (found == inventory.modules.end()) return {};
        // What came from git has no file here but the one that says so.
        return found->second.commit.empty() ? found->second.at : place_in(inventory.module_sources, text);
    }
    case Names::Param: {
        const auto found = inventory.modules.find(std::string(module));
        const spec::ParamSchema* param =
            found == inventory.modules.end() ? nullptr : found->second.find_param(text);
        return param && found->second.commit.empty() ? param->at : Span{};
    }
    case Names::Nothing:
    case Names::Provider:
    case Names::Region:
    case Names::Port: return {};
    }
    return {};
}

} // namespace lab::editor
