#pragma once
// One plan: which servers may differ, what is there, what to do about it.

#include "reconciler/desired.h"

namespace lab::reconciler {

enum class Refresh {
    Auto,  // ask every server in scope
    Only,  // ask, record, plan nothing
    Never, // plan from what is known
};

struct PlanRequest {
    std::optional<spec::Target> filter; // the command line's filters; none: everything
    std::vector<std::string> targets;   // --target, "server/N" or "server/N/module/M"
    ValueMap scope;                     // both as written, for the document
    Refresh refresh = Refresh::Auto;
    bool allow_destroy = false;
    /// Applied stands in for Desired: what drifted, and how to put it back.
    bool drift_only = false;
    /// What the state knows of the fleet's servers, where that was read already.
    std::shared_ptr<const std::vector<store::ServerKeys>> known = nullptr;
};

/// A server in scope that nothing can have drifted on, as far as anybody knows.
struct NotLookedAt {
    std::string server, reason; // "it was never applied"
};

struct Prepared {
    api::Plan plan;                         // empty where `diagnostics` has errors
    Diagnostics diagnostics;                // what only showed when a server was rendered
    std::vector<std::string> servers;       // in scope, sorted; of a part of a fleet, those that were read
    std::vector<NotLookedAt> not_looked_at; // where only drift was asked for; sorted
};

/// Observes as asked, records what was seen, and plans. Errors: the state cannot be read or written, or
/// cancelled.
Result<Prepared> prepare_plan(const Engine& engine, const Workspace& workspace, const PlanRequest& request);

struct ServerQuery {
    std::string name;
    std::string known_as;                            // its name in the state
    std::optional<planner::ObservedServer> observed; // in the place of what the state knows
    bool drift_only = false;
};
/// Everything about one server: what the planner takes.
Result<planner::ServerInput> server_input(const Engine& engine, const Workspace& workspace, ServerQuery query,
                                          Diagnostics& diagnostics);

/// Fills in what the provider says of `input`: whether it is there, what it would do, whether it deletes.
void ask_provider(const providers::ProviderTable& providers, planner::ServerInput& input);

/// Stands in for a provider that this build lacks: what is recorded as there is there, other servers are
/// made.
void suppose_provider(planner::ServerInput& input);

/// The plan of one server by itself, as make_plan gives it, without guards over the fleet.
planner::Planned plan_one(const Engine& engine, const Workspace& workspace, planner::ServerInput input,
                          bool drift_only);

/// Points each action of newer intent at the place that decided its first change: a param in a label rather
/// than the line of the module that reads it.
void point_at_decisions(api::Plan& plan, const spec::Fleet& fleet);

/// Equal for two servers that cannot but be one machine: one that is gone from the inventory while a new one
/// has its machine was renamed.
std::string machine_text(std::string_view provider, const ValueMap& settings);

/// Blocks all of a server's actions, by policy.
void block_server(api::Plan& plan, const std::string& server, const std::string& why,
                  const std::string& lifted_by);

/// Blocks the actions of a server whose machine says that it is the applied server `other`.
void block_copy(api::Plan& plan, const std::string& server, const std::string& other);

/// Whether Applied and Observed were equal to the desired document `key` when last seen: nothing to look at.
bool is_settled(const store::ServerKeys& known, const Digest& key) noexcept;

/// The servers a plan is about, desired or only applied, sorted.
struct Scope {
    std::vector<std::string> servers;
    std::size_t outside = 0; // servers of the inventory or the state that the filter leaves out
};
/// `row` gives what is known of one server; asked of those that left the inventory, where there is a filter.
using KnownRow = std::function<Result<std::optional<store::KnownServer>>(const std::string& name)>;
Result<Scope> scope_of(const Workspace& workspace, const std::vector<store::ServerKeys>& known,
                       const std::optional<spec::Target>& filter, const KnownRow& row);

} // namespace lab::reconciler
