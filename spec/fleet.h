#pragma once
// What the inventory means for each server: effective values with their provenance, groups, modules, and the
// desired document. Everything is computed from the Inventory, which it keeps a reference to; nothing is
// stored.
//
// Cost: labels and groups are bitsets over servers; a module's effect is compiled once for each distinct set
// of levels that give it params (a unit) and shared by all servers with that set. A server whose modules read
// no `server.*` costs a few look-ups; documents are rendered only when asked for.

#include "api/desired.h"
#include "spec/inventory.h"
#include "spec/provider_rules.h"

#include <cstdint>
#include <memory>
#include <span>

namespace lab::spec {

namespace detail {
struct FleetState;
}

/// The levels of the merge, lowest first. Between labels the higher `priority` wins.
enum class Level { ModuleDefault, LabDefault, Environment, Label, Server, Implicit };
std::string_view to_string(Level level) noexcept;

/// Where an effective value came from: "label web at labels.yaml:3:5".
struct Origin {
    Level level = Level::Implicit;
    std::string through; // name of the label, environment or module
    Span at;
};

/// One effective value with what gave it, and what it won over (nearest first).
struct Effective {
    Value value;
    Origin origin;
    std::vector<std::pair<Value, Origin>> overrode;
};

/// One effective field of a server: "environment", "cloud", "provider", "region", "domain", "protect",
/// "size", "layout", "image", "labels.k3s" (its value, or true), "ports.25" and "secrets.mail/tls-cert"
/// (true), "settings.root", "params.motd.banner". Sensitive params are fingerprints.
struct Field {
    std::string path;
    Effective effective;
};

using ServerIndex = std::uint32_t;

/// Something a server has by name. A single one has the origin that counts, others one for each label that
/// lists them.
struct Provided {
    std::string name;
    std::vector<Origin> origins;
};

/// The resources one module gives one server, rendered.
struct ModuleUnit {
    std::string module, version;
    std::vector<std::string> labels;      // it came through; empty for a dependency
    std::vector<std::string> required_by; // modules that brought it in
    Span at;                              // where the label (or module) lists it
    std::vector<api::Resource> resources; // run order; values in the clear; deferred ones stay
};

class Fleet {
  public:
    /// Resolves everything and checks it: names, conflicts, cycles, provider settings, params, templates,
    /// every server's resource graph. Problems go to `diagnostics`. `key` goes into every key(), so that none
    /// can be guessed from. `inventory` must outlive the fleet. Where there were errors the fleet can still
    /// be looked at, not planned from.
    static Fleet resolve(const Inventory& inventory, const ProviderRules& providers,
                         const api::FingerprintKey& key, Diagnostics& diagnostics);
    ~Fleet();
    Fleet(Fleet&&) noexcept;

    const Inventory& inventory() const noexcept;
    std::size_t size() const noexcept; // servers, sorted by name: index = position in inventory().servers
    const Server& server(ServerIndex index) const;
    std::optional<ServerIndex> find(std::string_view name) const;

    // Effective scalars; never empty but for region and domain.
    std::string_view environment(ServerIndex index) const;
    std::string_view cloud(ServerIndex index) const;
    std::string_view provider(ServerIndex index) const;
    std::string_view region(ServerIndex index) const;
    std::string_view domain(ServerIndex index) const;
    std::vector<std::string> labels(ServerIndex index) const; // effective, sorted
    std::vector<std::string> groups(ServerIndex index) const; // sorted
    /// The server's size, layout or image (is_single(what)); empty where nothing gives one.
    std::string_view chosen(ServerIndex index, Provides what) const;
    /// What it has by name: of a single one none or one entry, else sorted (ports by number).
    std::vector<Provided> provided(ServerIndex index, Provides what) const;
    /// Cloud's settings overlaid by the server's: what the provider gets.
    ValueMap settings(ServerIndex index) const;

    /// Every effective value with its origin, for explain and show.
    std::vector<Field> fields(ServerIndex index) const;

    /// Servers selected, in order. The target's names must be known (check() it first).
    std::vector<ServerIndex> select(const Target& target) const;
    /// Unknown names of a target, each with a suggestion.
    void check(const Target& target, Diagnostics& diagnostics) const;
    std::vector<ServerIndex> members(std::string_view group) const;
    std::vector<ServerIndex> with_label(std::string_view label) const;
    /// Why a server is in a group or not: lines such as "by label web", "excluded by server glob db-*".
    std::vector<std::string> explain_membership(std::string_view group, ServerIndex index) const;

    /// Servers that have something in common: a label (its name alone for any value), a group, ...
    struct Set {
        SetKind kind = SetKind::Label;
        std::string_view name;
        std::span<const std::uint64_t> words; // one bit a server, the first the lowest
    };
    std::vector<Set> sets() const;

    /// Equal keys mean that all that is recorded of the server is equal: its desired document, provider
    /// settings and attributes. What a plan compares first.
    const Digest& key(ServerIndex index) const;
    /// Modules of the server in run order, with how each came in; resources not rendered.
    std::vector<ModuleUnit> modules(ServerIndex index) const;
    /// The same with resources rendered, dependencies resolved across modules (`after` and `notify` are
    /// complete; they may point forward: api::run_order sorts). What only shows when this very server is
    /// rendered, because a template reads `server.*` or a param of its own, goes to `diagnostics`: with
    /// errors there is no plan.
    std::vector<ModuleUnit> units(ServerIndex index, Diagnostics& diagnostics) const;
    /// Renders every server, for its problems: what `lab validate` does beyond resolve().
    void check_documents(Diagnostics& diagnostics) const;
    /// What decided a property of a resource (empty: whether it is there): the params and server fields its
    /// template reads, where some level wrote them; params first, of the highest level first.
    std::vector<Origin> decided_by(ServerIndex index, std::string_view module, std::string_view resource,
                                   std::string_view property) const;

    /// For the parts of this room.
    const detail::FleetState& state() const noexcept { return *state_; }

  private:
    explicit Fleet(std::unique_ptr<detail::FleetState> state);
    std::unique_ptr<detail::FleetState> state_;
};

} // namespace lab::spec
