#pragma once
// One plan: which servers may differ, what is there, what to do about it.

#include "reconciler/engine.h"

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

} // namespace lab::reconciler
