// Names that definitions use: whether there is such a thing. And what no two servers can share.

#include "spec/detail/fleet_state.h"
#include "spec/keys.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

bool is_glob(std::string_view text) {
    return text.find_first_of("*?") != std::string_view::npos;
}

/// One spelling of an address: without the length of its network. Empty for what is no machine's own, or is
/// so on each link anew.
std::string address_key(std::string text) {
    if (text == "dhcp") return {};
    if (const auto slash = text.find('/'); slash != std::string::npos) text.resize(slash);
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) == 1) {
        if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six)) return {};
        std::array<char, INET6_ADDRSTRLEN> written{};
        return inet_ntop(AF_INET6, &six, written.data(), written.size());
    }
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) return text.starts_with("127.") ? std::string() : text;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text == "localhost" ? std::string() : text;
}

class ReferenceChecker {
  public:
    ReferenceChecker(const FleetState& state, Reporter& reporter)
        : state_(state), inventory_(*state.inventory), reporter_(reporter) {}

    void run() {
        check_given();
        check_sizes();
        check_clusters();
        for (const auto& [name, app] : inventory_.apps)
            if (const Property* cluster = app.find("cluster"))
                require(inventory_.clusters, "spec/unknown-cluster", "cluster", *cluster->value.if_string(),
                        cluster->at);
        check_people();
        check_names();
        check_machines();
        check_puppet();
    }

  private:
    template <typename Map>
    void require(const Map& known, std::string_view slug, std::string_view what, const std::string& name,
                 const Span& at) {
        if (known.contains(name)) return;
        std::string help = reporter_.suggest(name, names_of(known));
        if (help.empty()) help = fmt::format("declare it: {}s: {{{}: ...}}", what, name);
        reporter_.error(slug, fmt::format("there is no {} '{}'", what, name), at, std::move(help));
    }

    // ---- what levels give by name

    void check_given() {
        check_given(inventory_.settings.defaults.gives);
        for (const auto& [name, environment] : inventory_.environments)
            check_given(environment.gives);
        for (const auto& [name, label] : inventory_.labels)
            check_given(label.gives);
        for (const Server& server : inventory_.servers) {
            check_given(server.gives);
            check_secret(server.properties, "bmc.secret");
        }
    }

    void check_given(const std::vector<Given>& gives) {
        for (const Given& given : gives)
            switch (given.what) {
            case Provides::Size:
                require(inventory_.sizes, "spec/unknown-size", "size", given.name.value, given.name.at);
                break;
            case Provides::Image:
                require(inventory_.images, "spec/unknown-image", "image", given.name.value, given.name.at);
                break;
            case Provides::Layout:
                require(inventory_.layouts, "spec/unknown-layout", "layout", given.name.value, given.name.at);
                break;
            case Provides::Alerts: // they and secrets are the policy table's
            case Provides::Secrets:
            case Provides::PuppetClasses: // what they are is Puppet's business
            case Provides::Ports: break;
            }
    }

    void check_sizes() {
        for (const auto& [name, size] : inventory_.sizes)
            for (const Property& property : size.properties) {
                std::string_view provider = property.path;
                if (!provider.starts_with("providers.")) continue;
                provider.remove_prefix(std::string_view("providers.").size());
                provider = provider.substr(0, provider.find('.'));
                if (!is_provider(provider)) report_provider(provider, property.at);
            }
    }

    bool is_provider(std::string_view name) const {
        const auto& present = state_.provider_names;
        return is_known_provider(name) || std::find(present.begin(), present.end(), name) != present.end();
    }
    void report_provider(std::string_view name, const Span& at) {
        const std::vector<std::string_view> known(std::begin(kKnownProviders), std::end(kKnownProviders));
        reporter_.error("spec/unknown-provider", fmt::format("there is no provider '{}'", name), at,
                        reporter_.suggest(name, known));
    }

    // ---- clusters

    void check_clusters() {
        for (const auto& [name, cluster] : inventory_.clusters) {
            if (cluster.target) check_target(state_, *cluster.target, reporter_.diagnostics());
            check_secret(cluster.properties, "kubeconfig");
            if (const Property* cloud = cluster.find("cloud"))
                check_cloud(*cloud->value.if_string(), cloud->at);
            if (const Property* environment = cluster.find("environment"))
                check_environment(*environment->value.if_string(), environment->at);
        }
    }

    void check_cloud(const std::string& name, const Span& at) {
        if (is_provider(name)) return;
        require(inventory_.clouds, "spec/unknown-cloud", "cloud", name, at);
    }
    void check_environment(const std::string& name, const Span& at) {
        if (name != "default")
            require(inventory_.environments, "spec/unknown-environment", "environment", name, at);
    }

    // ---- users, owners, roles

    void check_people() {
        for (const auto& [name, user] : inventory_.users)
            each(user.properties, "roles", [&](const std::string& role, const Span& at) {
                require(inventory_.roles, "spec/unknown-role", "role", role, at);
            });
        for (const auto& [name, environment] : inventory_.environments)
            each(environment.properties, "owners", [&](const std::string& owner, const Span& at) {
                require(inventory_.users, "spec/unknown-user", "user", owner, at);
            });
        for (const auto& [name, role] : inventory_.roles) {
            if (role.target) check_target(state_, *role.target, reporter_.diagnostics());
            for (const auto* rules : {&role.allow, &role.deny})
                for (const AccessRule& rule : *rules)
                    check_rule(rule);
        }
    }

    template <typename Use>
    static void each(const std::vector<Property>& properties, std::string_view path, Use use) {
        const Property* list = find_property(properties, path);
        if (!list) return;
        const ValueList& names = *list->value.if_list();
        for (std::size_t i = 0; i < names.size(); ++i)
            use(*names[i].if_string(), list->items[i]);
    }

    void check_rule(const AccessRule& rule) {
        const Span& at = rule.written.at;
        if (rule.cloud != "*") check_cloud(rule.cloud, at);
        if (rule.environment != "*") check_environment(rule.environment, at);
        if (is_glob(rule.name)) return;
        const auto known = [&](const auto& map, std::string_view slug) {
            require(map, slug, rule.kind, rule.name, at);
        };
        if (rule.kind == "server") check_server(rule.name, at);
        if (rule.kind == "environment") check_environment(rule.name, at);
        if (rule.kind == "cloud") check_cloud(rule.name, at);
        if (rule.kind == "label") known(inventory_.labels, "spec/unknown-label");
        if (rule.kind == "group") known(inventory_.groups, "spec/unknown-group");
        if (rule.kind == "module") known(inventory_.modules, "spec/unknown-module");
        if (rule.kind == "size") known(inventory_.sizes, "spec/unknown-size");
        if (rule.kind == "layout") known(inventory_.layouts, "spec/unknown-layout");
        if (rule.kind == "secret") known(inventory_.secrets, "spec/unknown-secret");
        if (rule.kind == "image") known(inventory_.images, "spec/unknown-image");
        if (rule.kind == "cluster") known(inventory_.clusters, "spec/unknown-cluster");
        if (rule.kind == "app") known(inventory_.apps, "spec/unknown-app");
        if (rule.kind == "role") known(inventory_.roles, "spec/unknown-role");
        if (rule.kind == "user") known(inventory_.users, "spec/unknown-user");
    }

    void check_server(const std::string& name, const Span& at) {
        if (inventory_.find_server(name)) return;
        if (inventory_.elsewhere && inventory_.elsewhere->has_server(name)) return;
        std::vector<std::string_view> known;
        for (const Server& server : inventory_.servers)
            known.push_back(server.name);
        reporter_.error("spec/unknown-server", fmt::format("there is no server '{}'", name), at,
                        reporter_.suggest(name, known));
    }

    // ---- servers

    /// Secrets that a bmc or a cluster names.
    void check_secret(const std::vector<Property>& properties, std::string_view path) {
        if (const Property* secret = find_property(properties, path))
            require(inventory_.secrets, "spec/unknown-secret", "secret", *secret->value.if_string(),
                    secret->at);
    }

    /// Host names do not tell capital letters from small ones (RFC 4343).
    void check_names() {
        const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
        const auto has_capitals = [&](const Server& server) {
            return std::any_of(server.name.begin(), server.name.end(), is_capital);
        };
        const auto& servers = inventory_.servers;
        if (std::none_of(servers.begin(), servers.end(), has_capitals)) return; // most, by far
        std::unordered_map<std::string, const Server*> owners;
        for (const Server& server : servers) {
            std::string small = server.name;
            for (char& c : small)
                if (is_capital(c)) c = static_cast<char>(c - 'A' + 'a');
            const auto [found, added] = owners.try_emplace(std::move(small), &server);
            if (!added)
                reporter_.error(
                    "spec/duplicate-name",
                    fmt::format("servers '{}' and '{}' have one name: capital letters make no other",
                                found->second->name, server.name),
                    server.at, "give one of them another name",
                    {{fmt::format("server '{}' is defined here", found->second->name), found->second->at}});
        }
    }

    // ---- what is in one machine

    struct Owner {
        const Server* server = nullptr;
        const Property* property = nullptr;
    };

    /// A network card or a disk is in one machine, and there once. Not `by-id`: virtual machines have it
    /// alike.
    void check_machines() {
        std::unordered_map<std::string_view, Owner> macs, serials, wwns;
        std::unordered_map<std::string, Owner> addresses;
        for (ServerIndex i = 0; i < inventory_.servers.size(); ++i)
            for (const Property& property : inventory_.servers[i].properties) {
                const Owner owner{&inventory_.servers[i], &property};
                const std::string_view path = property.path;
                if (path == "mac" || path.ends_with(".mac"))
                    claim(macs, *property.value.if_string(), owner,
                          {"MAC address", "a network card is in one machine"});
                else if (path == "disk.serial")
                    claim(serials, *property.value.if_string(), owner,
                          {"disk, by its serial number", "a disk is in one machine"});
                else if (path == "disk.wwn")
                    claim(wwns, *property.value.if_string(), owner,
                          {"disk, by its WWN", "a disk is in one machine"});
                else if (path == "address" || path.ends_with(".address"))
                    claim_address(addresses, i, owner);
            }
    }

    /// Clouds are networks of their own, which may use the same private addresses.
    void claim_address(std::unordered_map<std::string, Owner>& addresses, ServerIndex index,
                       const Owner& owner) {
        std::string key = address_key(*owner.property->value.if_string());
        if (key.empty()) return;
        const Chosen cloud = choose_cloud(state_, *owner.server, state_.servers[index].environment);
        if (cloud.text) key.append("@").append(cloud.text->value);
        claim(addresses, std::move(key), owner, {"address", "within a cloud an address is one machine's"});
    }

    struct Words {
        std::string_view what, help;
    };
    template <typename Owners>
    void claim(Owners& owners, typename Owners::key_type key, const Owner& owner, const Words& words) {
        const auto [found, added] = owners.try_emplace(std::move(key), owner);
        const Owner& first = found->second;
        if (added || first.server == owner.server) return; // `mac` may be one of its interfaces
        reporter_.error("spec/same-machine",
                        fmt::format("servers '{}' and '{}' have the same {}", first.server->name,
                                    owner.server->name, words.what),
                        owner.property->at, std::string(words.help),
                        {{fmt::format("server '{}' has it here", first.server->name), first.property->at}});
    }

    /// Classes that nothing would apply.
    void check_puppet() {
        for (ServerIndex i = 0; i < state_.servers.size(); ++i) {
            const Environment* environment = state_.servers[i].environment;
            const Property* mode = environment ? find_property(environment->properties, "puppet") : nullptr;
            if (!mode || *mode->value.if_string() != "off") continue;
            const auto classes = givers(state_, i, Provides::PuppetClasses);
            if (classes.empty()) continue;
            const GivenBy& first = classes.front();
            reporter_.error(
                "spec/puppet-off",
                fmt::format("label '{}' gives Puppet classes, and environment '{}' has Puppet off",
                            first.through, environment->name),
                first.given->name.at, "let the environment have puppet: server or apply",
                {{"it is switched off here", mode->at}}, &state_.server(i));
        }
    }

    const FleetState& state_;
    const Inventory& inventory_;
    Reporter& reporter_;
};

} // namespace

void check_references(const FleetState& state, Reporter& reporter) {
    ReferenceChecker(state, reporter).run();
}

} // namespace lab::spec::detail
