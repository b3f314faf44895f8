#pragma once
// What Fleet::resolve works out, in the order in which its parts are filled: scalars, labels, provisions,
// selectors, modules, units, graphs, keys. Names are views into the inventory, which outlives it.

#include "spec/detail/bitset.h"
#include "spec/detail/compiled_module.h"
#include "spec/detail/policy_table.h"
#include "spec/detail/reporter.h"
#include "spec/fleet.h"
#include "spec/policy.h"

#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lab::spec::detail {

/// One effective scalar: the text as written, and the level that wrote it. No text: nothing gave it.
struct Chosen {
    const Text* text = nullptr;
    Level level = Level::Implicit;
};

/// What a server says it belongs to, where that is declared.
struct Belongs {
    const Environment* environment = nullptr;
    const Cloud* cloud = nullptr;
};

/// The effective scalars of one server; views into the inventory.
struct Scalars {
    std::string_view environment = "default", cloud, provider, region, domain;
};

/// A label as servers carry it: "k3s" or "k3s=server".
struct LabelTerm {
    std::string_view text, name, value;
    std::uint32_t bare = 0;              // term of the name alone
    std::vector<std::uint32_t> provides; // declared labels it brings, indexes of LabelTable::declared
    Bitset servers;                      // that carry it; for a bare name, with any value
};

struct LabelTable {
    std::vector<const Label*> declared;  // sorted by text
    std::vector<std::string_view> texts; // of `declared`
    std::vector<LabelTerm> terms;
    std::unordered_map<std::string_view, std::uint32_t> ids; // of terms, by text
    std::vector<std::uint32_t> of_servers;                   // terms, server after server
    std::vector<std::uint32_t> starts;                       // where each server's begin; one more at the end

    std::span<const std::uint32_t> of(ServerIndex server) const {
        return std::span(of_servers).subspan(starts[server], starts[server + 1] - starts[server]);
    }
};

/// Something given by name, and the level that gives it.
struct GivenBy {
    const Given* given = nullptr; // null: nothing does
    Level level = Level::Implicit;
    std::string_view through;
    std::string_view name() const { return given ? std::string_view(given->name.value) : std::string_view(); }
};

/// What one set of levels below the servers chooses of what a server has one of. Shared by all with that set.
struct Choice {
    std::array<GivenBy, kSingles> below;
    /// Of the labels that count, one that disagrees with `below`.
    std::array<GivenBy, kSingles> against;
};

struct ProvisionTable {
    std::vector<Choice> choices;
    std::vector<std::uint32_t> of_servers; // by server, index of its choice
};

struct Selectors {
    std::map<std::string_view, Bitset> environments, regions, clouds, providers, sizes, groups;
};

/// One value a level gives a param of a module; no value: none does.
struct ParamValue {
    const Value* value = nullptr;
    Level level = Level::Implicit;
    std::string_view through;
    const Span* at = nullptr;
};

/// Two labels that cannot agree on a param.
struct ParamConflict {
    std::uint32_t param = 0;
    std::uint32_t first = 0, second = 0; // declared labels
    const Span* first_at = nullptr;
    const Span* second_at = nullptr;
};

/// A module with the params that one set of levels below the servers gives it. Shared by all servers with
/// that set.
struct Unit {
    std::uint32_t module = 0;
    const Environment* environment = nullptr; // where it gives params of the module
    std::vector<std::uint32_t> labels;        // likewise; declared labels
    std::vector<ParamValue> params;           // by index of the module's params
    std::vector<ParamConflict> conflicts;
    bool incomplete = false; // a required param is given by none of the levels
    ServerIndex first_server = 0;
    Value scope; // params as templates see them
    Digest digest;
    const Shape* shape = nullptr; // null: differs between servers
    Shape own_shape;              // where it is not the module's
    /// By index of the module's resources: rendered, or nothing where it differs between servers or is not
    /// there.
    std::vector<std::optional<api::Resource>> resources;
};

/// A module on a server: its unit, and whether the server gives params of its own.
struct Placement {
    std::uint32_t unit : 31 = 0; // small: a fleet has many of these
    bool own_params : 1 = false;
};

struct ModuleEntry {
    const Module* module = nullptr;
    std::uint32_t rank = 0;             // place in the order that puts dependencies first
    std::vector<std::uint32_t> closure; // it and all it depends on
    std::optional<Bitset> allowed;      // where `targets` restrict it
    CompiledModule compiled;
    Shape shape; // where it is the same for all
};

struct ModuleTable {
    std::vector<ModuleEntry> entries; // sorted by name
    std::unordered_map<std::string_view, std::uint32_t> ids;
    /// By declared label: modules it lists, and those it gives params (with the settings' indexes).
    std::vector<std::vector<std::uint32_t>> of_label;
    std::vector<std::vector<std::uint32_t>> params_of_label;
};

struct FleetState {
    const Inventory* inventory = nullptr;
    const ProviderRules* providers = nullptr; // while it is resolved
    std::vector<std::string> provider_names;  // of this build
    api::FingerprintKey key;

    std::vector<Belongs> servers;
    LabelTable labels;
    ProvisionTable provisions;
    Selectors selectors;
    ModuleTable modules;
    std::vector<Unit> units;
    std::vector<Placement> placements; // server after server, in run order of modules
    std::vector<std::uint32_t> placement_starts;
    PolicyTable policy;
    IdTable ids;
    std::vector<Digest> keys;

    const Server& server(ServerIndex index) const { return inventory->servers[index]; }
    std::span<const Placement> placed(ServerIndex index) const {
        return std::span(placements)
            .subspan(placement_starts[index], placement_starts[index + 1] - placement_starts[index]);
    }
    const ModuleEntry& module_of(const Unit& unit) const { return modules.entries[unit.module]; }
};

// The steps of Fleet::resolve, in order.
void resolve_scalars(FleetState& state, Reporter& reporter);
void resolve_labels(FleetState& state, Reporter& reporter);
void resolve_provisions(FleetState& state, Reporter& reporter);
void resolve_selectors(FleetState& state, Reporter& reporter);
void resolve_modules(FleetState& state, Reporter& reporter);
/// Names that definitions use, and what servers must not share: nothing is filled in.
void check_references(const FleetState& state, Reporter& reporter);
/// Whether layouts fit the disks that servers and sizes describe.
void check_layouts(const FleetState& state, Reporter& reporter);
void resolve_units(FleetState& state, Reporter& reporter);
void resolve_policy(FleetState& state, Reporter& reporter);
void resolve_documents(FleetState& state, Reporter& reporter);
void resolve_keys(FleetState& state);

/// Calls `pass` for all servers, in ranges side by side. Where one of them reports something, it is called
/// again for all in order, so that what is said does not depend on the threads: what it fills in must come
/// out the same.
inline constexpr std::size_t kServersAtOnce = 512; // by a thread
using ServerPass = std::function<void(ServerIndex begin, ServerIndex end, Reporter& reporter)>;
void for_servers(const FleetState& state, Reporter& reporter, const ServerPass& pass);

// Which level gives what.
Chosen choose_environment(const Server& server);
Chosen choose_cloud(const FleetState& state, const Server& server, const Environment* environment);
Chosen choose_region(const FleetState& state, const Server& server, const Environment* environment);
Chosen choose_domain(const FleetState& state, const Environment* environment);
Scalars scalars_of(const FleetState& state, ServerIndex index);
std::string_view provider_of(const FleetState& state, ServerIndex index);
/// What counts of a size, layout or image.
GivenBy choose_single(const FleetState& state, ServerIndex index, Provides what);
/// Everything that gives a server something of this kind: of a single one what counts first, else in the
/// order of its labels.
std::vector<GivenBy> givers(const FleetState& state, ServerIndex index, Provides what);
/// Cloud's settings overlaid by the server's: a copy only where the cloud has any.
class MergedSettings {
  public:
    MergedSettings(const FleetState& state, ServerIndex index);
    MergedSettings(const MergedSettings&) = delete;
    MergedSettings& operator=(const MergedSettings&) = delete;
    const ValueMap& operator*() const noexcept { return *settings_; }
    const ValueMap* operator->() const noexcept { return settings_; }

  private:
    ValueMap merged_;
    const ValueMap* settings_;
};

Bitset evaluate(const FleetState& state, const Target& target);
void check_target(const FleetState& state, const Target& target, Diagnostics& diagnostics);

/// Which keys of a target a server meets ("group production"), and which not.
struct TargetAnswer {
    std::vector<std::string> met, unmet;
};
TargetAnswer explain_target(const FleetState& state, const Target& target, ServerIndex index);

/// Labels of a server that are declared, in the order of its own.
std::vector<std::uint32_t> declared_labels(const FleetState& state, ServerIndex index);
/// From a label to a Puppet class, an index in its list.
Chain class_chain(const FleetState& state, std::uint32_t label, std::size_t use);
/// What a server may read, as text for its key.
void add_grants(const FleetState& state, ServerIndex index, std::string& text);

/// Where a label, or else a module that depends on it, lists the module for a server.
Span placed_at(const FleetState& state, std::uint32_t module, ServerIndex index);

/// What templates see of a server; only the fields asked for.
Value server_scope(const FleetState& state, ServerIndex index, std::uint32_t fields);

/// The params of a placement, its server's own among them.
std::vector<ParamValue> params_of(const FleetState& state, ServerIndex index, const Placement& placement);
/// As a scope for templates: what nothing gives is null.
Value params_scope(const Module& module, const std::vector<ParamValue>& params);

} // namespace lab::spec::detail
