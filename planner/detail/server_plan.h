#pragma once
// One server's part of a plan, before anything that looks at the whole fleet (guard, targets, totals).

#include "planner/planner.h"

namespace lab::planner::detail {

struct Rules {
    const api::FingerprintKey* key = nullptr;
    bool allow_destroy = false;
    bool drift_only = false;
};

/// A resource that something has to be said about.
struct Remark {
    std::string id; // TYPE/NAME
    std::string text;
};

struct Finding {
    std::string module; // as it was applied; empty: the server
    api::DriftItem item;
};

struct ServerPlan {
    std::string name;
    bool applied = false;
    std::vector<api::Action> actions; // the server's, then its modules' by name
    std::vector<Finding> drift;
    std::vector<api::Release> released;
    std::vector<Settled> settled;
    std::vector<std::string> units; // "server/N", "server/N/module/M": all that could differ
    bool not_observed = false;

    // What warnings are made of.
    std::string absent_provider;             // the build has no such provider
    std::optional<std::string> out_of_reach; // why
    bool unknown_grants = false;             // it may read secrets, and whether it could before nobody knows
    std::vector<std::string> needs_live;     // resources skipped in a tree
    std::vector<Remark> skipped;             // the machine did not look
    std::vector<Remark> failed;              // looking failed, or a fact is missing
    std::vector<Remark> refused;             // the machine will not do it, or may not
    std::vector<Remark> disk;                // parts of it that are otherwise than the layout lets expect
};

ServerPlan plan_server(const ServerInput& input, const Rules& rules);

} // namespace lab::planner::detail
