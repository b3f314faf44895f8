#pragma once
// The inventory as it was written: every section decoded and checked by itself, each value with its place.
// What it means for each server is spec/fleet.h.

#include "spec/access.h"
#include "spec/alert.h"
#include "spec/elsewhere.h"
#include "spec/layout.h"
#include "spec/module_source.h"
#include "spec/property.h"
#include "spec/provision.h"
#include "spec/puppet.h"
#include "spec/rare.h"
#include "spec/secret.h"
#include "spec/target.h"
#include "support/digest.h"

#include <map>
#include <optional>

namespace lab::spec {

/// params: {MODULE: {NAME: value}}, as one level of the merge gives them.
struct ParamSetting {
    std::string module, name;
    Value value;
    Span at; // of the value
    Span name_at, module_at;
};

/// Built-in where nothing is written; see docs for what each limit means.
struct Guard {
    std::int64_t max_destroy = 1;
    std::int64_t max_destructive_percent = 10;
};

/// `lab.defaults` and each environment: defaults for servers. `domain` of the lab is written as `lab.domain`.
struct Defaults {
    std::optional<Text> cloud, region, domain;
    std::vector<Text> labels;
    std::vector<ParamSetting> params;
    std::vector<Given> gives;         // size, layout, image
    std::vector<Property> properties; // of an environment environment_keys(), of the lab policy_keys()
};

struct Settings { // section `lab`
    std::string name;
    std::string id;                  // what the state knows this inventory by; `name` where it is not written
    std::vector<std::string> ignore; // globs over paths: what is left out of the inventory
    std::vector<Text> puppet_path;   // folders with Puppet modules whose manifests are read
    Guard guard;
    Defaults defaults;
    Span at;
};

struct Environment : Defaults {
    std::string name;
    Span at;
};

struct Cloud {
    std::string name, provider;
    ValueMap settings;
    std::vector<Span> setting_places; // of the keys of `settings`, in their order
    Span at, provider_at;
};

/// `name` or `name=value`; what it provides.
struct Label {
    std::string name, value; // value empty: any value of the name
    std::int64_t priority = 0;
    std::vector<Text> modules;
    std::vector<ParamSetting> params;
    std::vector<Given> gives;         // in written order
    std::vector<Property> properties; // workload_keys(): container, suggest
    Span at, priority_at;
    std::string text() const { return value.empty() ? name : name + "=" + value; }
};

struct Group {
    std::string name;
    std::optional<Target> match;
    std::vector<Text> servers, groups; // members added
    std::optional<Target> exclude;     // any key names what is out
    Span at;
};

struct Server {
    std::string name;
    Rare<Text> environment, cloud, provider, region;
    std::vector<Text> labels; // as written: "k3s" or "k3s=server"
    std::vector<ParamSetting> params;
    std::vector<Given> gives;         // size, layout, image
    std::vector<Property> properties; // machine_keys(): address, mac, network, bmc, disk
    ValueMap settings;                // the provider's: every key that is not the language's own
    std::vector<Span> setting_places; // of the keys of `settings`, in their order
    bool protect = false;
    Span at, protect_at;
    /// Of all it says that rules about several servers may look at, which is all but its labels and params.
    std::uint64_t identity = 0;
};

/// Where a server's or a cloud's setting is written; where it is itself, if it has no such setting.
template <typename Owner>
const Span& setting_place(const Owner& owner, std::string_view setting) {
    auto place = owner.setting_places.begin();
    for (const auto& [name, value] : owner.settings) {
        if (name == setting) return *place;
        ++place;
    }
    return owner.at;
}

/// A Kubernetes cluster: cluster_keys().
struct Cluster : Record {
    std::optional<Target> target; // servers that are its nodes
};

struct ParamSchema {
    enum class Type { String, Integer, Number, Boolean, List, Map };
    std::string name;
    Type type = Type::String;
    bool required = false;
    std::optional<Value> fallback;  // `default:`
    std::optional<double> min, max; // of a number, or of the length of a string or list
    std::vector<Value> choices;     // `enum:`
    std::string summary;
    bool sensitive = false;
    Span at, default_at;
};

/// What `type:` of a param says, in the order of ParamSchema::Type.
inline constexpr std::string_view kParamTypes[] = {"string", "integer", "number", "boolean", "list", "map"};
constexpr std::string_view to_string(ParamSchema::Type type) noexcept {
    return kParamTypes[static_cast<std::size_t>(type)];
}

/// One resource as written in module.yaml, values still templates.
struct ResourceTemplate {
    std::string type;
    Text name;
    struct Property {
        std::string name;
        Value value;               // strings in it are templates
        Span at;                   // of the value
        std::vector<Span> strings; // places of the strings in it, depth first
    };
    std::vector<Property> properties;
    std::vector<Text> after, notify;
    std::optional<Text> when;
    bool sensitive = false;
    Span at;
};

/// A command that tells whether what the module brought about works.
struct HealthCheck {
    std::vector<std::string> command;
    Span at;
};

struct Module {
    std::string name, version;
    std::string folder; // relative to the inventory's root; of a module from git, to the repository's
    std::string commit; // of a module from git
    /// What its files' names begin with in `module_files` and in places: "modules/motd/", or
    /// "module motd at 1a2b3c4: ".
    std::string root;
    std::string summary;
    std::optional<Target> targets; // where it may be used; none: anywhere
    std::vector<Text> deps;
    std::vector<ParamSchema> params;
    std::vector<ResourceTemplate> resources;
    std::vector<HealthCheck> health;
    std::vector<Text> secrets; // paths of those its machines may read
    std::optional<Text> tests; // folder with its cases, relative to `folder`
    Digest content;            // of module.yaml and every file it refers to
    Span at;
    const ParamSchema* find_param(std::string_view name) const;
};

/// Everything that was loaded. Maps are ordered by name: order never depends on files.
struct Inventory {
    Settings settings;
    std::map<std::string, Environment> environments;
    std::map<std::string, Cloud> clouds;
    std::map<std::string, Label> labels; // by text(): "k3s", "k3s=server"
    std::map<std::string, Group> groups;
    std::map<std::string, Layout> layouts;
    std::map<std::string, Record> sizes, images, apps, users; // as the tables of spec/keys.h say
    std::map<std::string, Cluster> clusters;
    std::map<std::string, Role> roles; // the built-in ones too
    std::vector<Server> servers;       // sorted by name
    std::map<std::string, ModuleSource> module_sources;
    std::map<std::string, Alert> alerts;               // written ones
    std::map<std::string, Secret> secrets;             // by path
    std::map<std::string, PuppetClass> puppet_classes; // that the inventory's own manifests define
    std::map<std::string, Module> modules; // that some label or dependency uses, and all of modules/
    /// By Module::root and name: each module.yaml and what resources refer to.
    std::map<std::string, std::string> module_files;
    Digest digest; // of all loaded files: path and bytes
    /// Some file could not be read whole: what seems to be missing may be in it, and is not complained of.
    bool incomplete = false;
    /// Servers of the same inventory that are not in `servers`; null: there are none. Not owned.
    const Elsewhere* elsewhere = nullptr;

    const Server* find_server(std::string_view name) const; // binary search
};

} // namespace lab::spec
