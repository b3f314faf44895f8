#pragma once
// Desired, Applied and Observed to a Plan, by the rules of docs/planning.md. Pure: no clock, no files, no
// globals; equal inputs give equal bytes.

#include "planner/state.h"
#include "spec/fleet.h"

namespace lab::planner {

/// A secret the server may read: how, and where the inventory says so.
struct DesiredGrant {
    std::string via;
    Span at;
};

/// A server as the inventory wants it now.
struct DesiredServer {
    api::ServerSpec spec;
    std::string environment, cloud, region;
    std::vector<std::string> labels;
    bool protect = false;
    Span at, protect_at;
    std::vector<spec::ModuleUnit> units;         // resources redacted; run order
    std::optional<spec::Layout> layout;          // of its disk
    std::map<std::string, DesiredGrant> secrets; // by path
};

/// Everything about one server that may differ.
struct ServerInput {
    std::string name;
    std::optional<DesiredServer> desired; // none: gone from the YAML
    std::optional<AppliedServer> applied; // none: never applied
    std::optional<ObservedServer> observed;
    std::string claims;            // the applied server that the machine says it is, where that is another
    api::ServerDiff provider_diff; // what the provider would do to the server itself
    bool provider_present = true;  // false: no such provider in this build
    /// This build lacks its provider, and it is planned all the same, as if it were what the base made it.
    bool supposed = false;
    bool provider_deletes = false; // a vanished server is destroyed, else forgotten
    bool live = true;              // false: a tree; resources that need a live system are skipped there
};

/// What was applied, in the place of what is desired; where it is written nobody knows.
DesiredServer desired_of(const AppliedServer& applied);

struct PlanInput {
    api::Plan::Inventory inventory;
    std::optional<std::string> baseline, observed; // as in the plan
    api::Plan::State state;
    ValueMap scope;                   // recorded in the plan
    std::vector<ServerInput> servers; // all that may differ, in scope, in any order
    /// Of --target: "server/N" or "server/N/module/M"; empty: everything. Dependencies are brought along.
    std::vector<std::string> targets;
    // Servers whose keys are all equal are unchanged without a look; they are counted here only.
    std::size_t settled_servers = 0, settled_units = 0, settled_not_observed = 0;
    std::size_t settled_skipped = 0; // their resources that need a live system
    std::size_t applied_servers = 0; // of the whole inventory, for percentages
    std::size_t outside_scope = 0;
    std::int64_t max_destroy = 1, max_destructive_percent = 10;
    std::string guard_source; // "commit 1a2b3c" or "built-in": where the two limits come from
    bool allow_destroy = false;
    bool drift_only = false; // lab sync and lab drift: Applied stands in for Desired
    api::FingerprintKey key;
    std::vector<std::string> warnings; // of loading and observing, passed on
};

Grants grants_of(const DesiredServer& server);
/// As many wanted grants as were given, without places; none where they are not known.
std::map<std::string, DesiredGrant> wanted_grants(const std::optional<Grants>& grants);

/// Resources of a module that are as desired although Applied says otherwise: an apply records them without
/// acting. `module` empty: the server's own record (settings, labels, protect) is to be written, though
/// nothing is done to it.
struct Settled {
    std::string server, module;
    std::vector<std::string> resources; // TYPE/NAME
};

struct Planned {
    api::Plan plan;
    std::vector<Settled> settled; // sorted by server, then module
};

Planned make_plan(const PlanInput& input);

/// A layout as AppliedServer keeps it, and back; nullopt where there is none that this version reads.
Value layout_record(const spec::Layout& layout);
std::optional<spec::Layout> recorded_layout(const Value& record);
/// What is to be recorded of the layout of a server that is wanted: the wanted one where its disk was seen to
/// be so, else what was recorded before.
Value layout_to_record(const ServerInput& input);
/// Whether the wanted layout no longer preserves what the recorded one does, or has it no longer.
bool gives_up_preserved(const ServerInput& input);

/// Whether an apply of the plan would do, forget or release anything.
bool has_changes(const api::Plan& plan) noexcept;

/// The digest an action's precondition is made of, computed again from fresh input right before it runs;
/// `module` empty: the server itself. `unseen` is the action's own list: what was planned without a look
/// holds whatever is found.
Digest precondition(const ServerInput& server, std::string_view module,
                    const std::vector<std::string>& unseen, const api::FingerprintKey& key);

} // namespace lab::planner
