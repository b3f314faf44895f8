// Which server may read which secret, and why; and what is wrong with it.

#include "spec/detail/fleet_state.h"
#include "spec/policy.h"

#include "support/text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::spec {

using namespace detail;

namespace {

const Secret* find_secret(const Inventory& inventory, std::string_view path) {
    const auto found = inventory.secrets.find(std::string(path));
    return found == inventory.secrets.end() ? nullptr : &found->second;
}

Chain chain_of(const FleetState& state, std::uint32_t label, const SecretUse& use) {
    if (use.by_class < 0) return {{Step::Kind::Label, std::string(state.labels.texts[label]), use.at}};
    Chain chain = class_chain(state, label, static_cast<std::size_t>(use.by_class));
    chain.push_back({Step::Kind::Call, {}, use.at});
    return chain;
}

/// Label by label where it lists the module, else the module alone: another one brought it.
std::vector<Chain> module_chains(const FleetState& state, std::uint32_t module, const Text& secret,
                                 const std::vector<std::uint32_t>& labels) {
    const std::string& name = state.modules.entries[module].module->name;
    const Step step{Step::Kind::Module, name, secret.at};
    std::vector<Chain> chains;
    for (const std::uint32_t label : labels)
        for (const Text& listed : state.labels.declared[label]->modules)
            if (listed.value == name)
                chains.push_back(
                    {{Step::Kind::Label, std::string(state.labels.texts[label]), listed.at}, step});
    if (chains.empty()) chains.push_back({step});
    return chains;
}

std::vector<ServerIndex> servers_with_module(const FleetState& state, std::uint32_t module) {
    std::vector<ServerIndex> servers;
    for (ServerIndex i = 0; i < state.servers.size(); ++i) {
        const auto placed = state.placed(i);
        if (std::any_of(placed.begin(), placed.end(),
                        [&](const Placement& one) { return state.units[one.unit].module == module; }))
            servers.push_back(i);
    }
    return servers;
}

bool is_code(const Chain& chain) {
    return chain.back().kind == Step::Kind::Call || chain.back().kind == Step::Kind::Module;
}

/// All paths that something refers to or that are defined.
std::set<std::string> all_paths(const FleetState& state) {
    std::set<std::string> paths;
    for (const auto& [path, secret] : state.inventory->secrets)
        paths.insert(path);
    for (const auto& uses : state.policy.secrets)
        for (const SecretUse& use : uses)
            paths.emplace(use.path);
    return paths;
}

class Auditor {
  public:
    explicit Auditor(const Fleet& fleet)
        : fleet_(fleet), inventory_(fleet.inventory()), own_(own_uses(inventory_)) {}

    std::vector<Finding> run() {
        for (const std::string& path : all_paths(fleet_.state())) {
            const std::vector<Access> ways = ways_to_secret(fleet_, path);
            const Secret* secret = find_secret(inventory_, path);
            if (!secret)
                undefined(path, ways);
            else if (const auto readers = readers_of(fleet_, path); readers.empty())
                orphaned(*secret, ways);
            else
                wide(*secret, ways, readers);
        }
        return std::move(findings_);
    }

  private:
    void add(Finding::Kind kind, const std::string& path, std::string message, std::string help,
             std::vector<ServerIndex> servers, Span at) {
        findings_.push_back({.kind = kind,
                             .path = path,
                             .message = std::move(message),
                             .help = std::move(help),
                             .servers = std::move(servers),
                             .at = at});
    }

    void undefined(const std::string& path, const std::vector<Access>& ways) {
        for (const Access& way : ways)
            if (!way.servers.empty())
                return add(Finding::Kind::Undefined, path,
                           fmt::format("is called for by {}, but not defined", chain_text(way.chain, path)),
                           fmt::format("define it: secrets: {{{}: {{type: static}}}}", path), way.servers,
                           way.chain.back().at);
    }

    void orphaned(const Secret& secret, const std::vector<Access>& ways) {
        if (own_.contains(secret.path)) return;
        std::vector<std::string> idle;
        for (const Access& way : ways)
            idle.push_back(chain_text(way.chain, secret.path));
        for (const auto& [name, one] : inventory_.puppet_classes)
            for (const Text& call : one.secrets)
                if (call.value == secret.path && idle.empty()) idle.push_back("class " + name);
        add(Finding::Kind::Orphaned, secret.path,
            idle.empty()
                ? std::string("is defined, but nothing refers to it")
                : fmt::format("is defined, but no server has what refers to it: {}", fmt::join(idle, ", ")),
            "remove it, or give it to a label", {}, secret.at);
    }

    void wide(const Secret& secret, const std::vector<Access>& ways,
              const std::vector<ServerIndex>& readers) {
        beyond_code(secret, ways, readers);
        if (secret.per_machine || readers.size() < 2 || is_meant(secret, readers)) return;
        const std::string help = "narrow what refers to it, or write it as its 'target' where it is meant";
        if (readers.size() == fleet_.size())
            return add(Finding::Kind::Everywhere, secret.path,
                       fmt::format("is one value that every server may read, all {}", readers.size()), help,
                       readers, secret.at);
        std::set<std::string_view> environments;
        for (const ServerIndex index : readers)
            environments.insert(fleet_.environment(index));
        if (environments.size() > 1)
            add(Finding::Kind::Environments, secret.path,
                fmt::format("is one value for servers of {} environments: {}", environments.size(),
                            fmt::join(environments, ", ")),
                help, readers, secret.at);
    }

    /// A target that names them all says that so many are meant.
    bool is_meant(const Secret& secret, const std::vector<ServerIndex>& readers) const {
        if (!secret.target) return false;
        const auto meant = fleet_.select(*secret.target);
        return std::includes(meant.begin(), meant.end(), readers.begin(), readers.end());
    }

    void beyond_code(const Secret& secret, const std::vector<Access>& ways,
                     const std::vector<ServerIndex>& readers) {
        std::set<ServerIndex> code;
        for (const Access& way : ways)
            if (is_code(way.chain)) code.insert(way.servers.begin(), way.servers.end());
        if (code.empty() || code.size() == readers.size()) return;
        std::vector<ServerIndex> beyond;
        std::set_difference(readers.begin(), readers.end(), code.begin(), code.end(),
                            std::back_inserter(beyond));
        if (is_meant(secret, beyond)) return;
        add(Finding::Kind::BeyondCode, secret.path,
            fmt::format("is readable on {} that {} no code for it, while code on {} calls for it",
                        counted(beyond.size(), "server"), beyond.size() == 1 ? "has" : "have",
                        counted(code.size(), "server")),
            "take it from the label that names it, or write it as its 'target' where it is meant", beyond,
            secret.at);
    }

    const Fleet& fleet_;
    const Inventory& inventory_;
    const std::map<std::string, std::vector<OwnUse>, std::less<>> own_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<ServerSecret> secrets_of(const Fleet& fleet, ServerIndex index) {
    const FleetState& state = fleet.state();
    const std::vector<std::uint32_t> labels = declared_labels(state, index);
    std::map<std::string, std::vector<Chain>> found;
    const auto add = [&](std::string_view path, Chain chain) {
        if (find_secret(*state.inventory, path)) found[std::string(path)].push_back(std::move(chain));
    };
    for (const std::uint32_t label : labels)
        for (const SecretUse& use : state.policy.secrets[label])
            add(use.path, chain_of(state, label, use));
    for (const Placement& placement : state.placed(index)) {
        const std::uint32_t module = state.units[placement.unit].module;
        for (const Text& secret : state.modules.entries[module].module->secrets)
            for (Chain& chain : module_chains(state, module, secret, labels))
                add(secret.value, std::move(chain));
    }
    for (const auto& [path, servers] : state.policy.targets) {
        if (!servers.test(index)) continue;
        const Target& target = *find_secret(*state.inventory, path)->target;
        add(path,
            {{Step::Kind::Target,
              fmt::format("{}", fmt::join(explain_target(state, target, index).met, " and ")), target.at}});
    }
    std::vector<ServerSecret> out;
    for (auto& [path, chains] : found)
        out.push_back({path, std::move(chains)});
    return out;
}

std::vector<Access> ways_to_secret(const Fleet& fleet, std::string_view path) {
    const FleetState& state = fleet.state();
    std::vector<Access> ways;
    for (std::uint32_t label = 0; label < state.labels.declared.size(); ++label)
        for (const SecretUse& use : state.policy.secrets[label])
            if (use.path == path)
                ways.push_back(
                    {chain_of(state, label, use),
                     state.labels.terms[state.labels.ids.at(state.labels.texts[label])].servers.members()});
    for (std::uint32_t module = 0; module < state.modules.entries.size(); ++module)
        for (const Text& secret : state.modules.entries[module].module->secrets)
            if (secret.value == path)
                ways.push_back({{{Step::Kind::Module, state.modules.entries[module].module->name, secret.at}},
                                servers_with_module(state, module)});
    if (const auto target = state.policy.targets.find(path); target != state.policy.targets.end())
        ways.push_back({{{Step::Kind::Target, {}, find_secret(*state.inventory, path)->target->at}},
                        target->second.members()});
    return ways;
}

std::vector<ServerIndex> readers_of(const Fleet& fleet, std::string_view path) {
    if (!find_secret(fleet.inventory(), path)) return {};
    std::set<ServerIndex> readers;
    for (const Access& way : ways_to_secret(fleet, path))
        readers.insert(way.servers.begin(), way.servers.end());
    return {readers.begin(), readers.end()};
}

std::string_view to_string(OwnUse::Kind kind) noexcept {
    switch (kind) {
    case OwnUse::Kind::Bmc: return "bmc";
    case OwnUse::Kind::Kubeconfig: return "kubeconfig";
    }
    return "bmc";
}

std::map<std::string, std::vector<OwnUse>, std::less<>> own_uses(const Inventory& inventory) {
    std::map<std::string, std::vector<OwnUse>, std::less<>> uses;
    const auto add = [&](OwnUse::Kind kind, const std::string& of, const Property* property) {
        if (const std::string* path = property ? property->value.if_string() : nullptr)
            uses[*path].push_back({kind, of, property->at});
    };
    for (const Server& server : inventory.servers)
        add(OwnUse::Kind::Bmc, server.name, find_property(server.properties, "bmc.secret"));
    for (const auto& [name, cluster] : inventory.clusters)
        add(OwnUse::Kind::Kubeconfig, name, cluster.find("kubeconfig"));
    return uses;
}

std::string_view to_string(Finding::Kind kind) noexcept {
    switch (kind) {
    case Finding::Kind::Orphaned: return "orphaned";
    case Finding::Kind::Undefined: return "undefined";
    case Finding::Kind::Everywhere: return "every-server";
    case Finding::Kind::Environments: return "environments";
    case Finding::Kind::BeyondCode: return "beyond-code";
    }
    return "orphaned";
}

std::vector<Finding> audit_secrets(const Fleet& fleet) {
    return Auditor(fleet).run();
}

} // namespace lab::spec
