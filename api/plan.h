#pragma once
// lab.plan/1: what would be done, why, and on which inputs. Its fields are a contract (docs/formats.md).

#include "api/resource_diff.h"

#include <map>
#include <set>

namespace lab::api {

enum class ActionKind { Create, Update, Replace, Destroy, Forget };
enum class Cause { Intent, Drift, Both };
std::string_view to_string(ActionKind kind) noexcept;
std::string_view to_string(Cause cause) noexcept;
Cause operator|(Cause left, Cause right) noexcept;

/// Why an action may not run, and what lets it.
struct Blocked {
    std::string by; // protect, guard, flag, policy, window, unobserved
    std::string detail;
    std::string lifted_by;
};

struct Action {
    std::string id;       // RESOURCE#KIND
    std::string resource; // server/N, server/N/module/M
    ActionKind kind = ActionKind::Update;
    std::string provider;
    Risk risk = Risk::Safe;
    Cause cause = Cause::Intent;
    std::optional<Blocked> blocked;
    std::string reason;
    Span source; // where in the YAML; for drift, what the machine should be
    /// Paths are TYPE/NAME.property for modules, the setting's name for servers. `causes` runs parallel to
    /// it.
    std::vector<PropertyChange> changes;
    std::vector<Cause> causes;
    /// Resources (TYPE/NAME) that run although nothing of theirs differs, because a change notifies them.
    std::vector<std::string> notifies;
    /// Resources (TYPE/NAME; for the server itself "server/N") planned without a look at the machine; apply
    /// looks first.
    std::vector<std::string> unseen;
    std::string observed_at; // RFC 3339: when a server that is out of reach was last seen; else empty
    Digest precondition;     // of desired, applied and observed of this unit when planned
    std::vector<std::string> depends_on; // ids of actions
    std::vector<Digest> desired; // not in the document: digests of the unit's resources, for the executor
};

struct DriftItem {
    std::string resource; // server/N
    std::string path;     // TYPE/NAME.property
    std::string kind;     // changed, missing, unmanaged
    Value expected, actual;
    std::string diff;
};

/// A resource that left a server's document: what it made stays, lab stops looking at it.
struct Release {
    std::string resource; // server/N/module/M
    std::string id;       // TYPE/NAME
};

struct PlanSummary {
    std::size_t create = 0, update = 0, replace = 0, destroy = 0, forget = 0;
    std::size_t unchanged = 0;    // units
    std::size_t servers = 0;      // in scope
    std::size_t drifted = 0;      // servers
    std::size_t not_observed = 0; // servers
};

struct Plan {
    static constexpr std::string_view kFormat = "lab.plan/1";
    struct Inventory {
        std::string source; // where it was read, for people
        std::string id;     // identity of the inventory
        std::string commit; // hex; empty when dirty
        bool dirty = false;
        Digest digest; // of the loaded files
    } inventory;
    std::optional<std::string> baseline; // commit it was planned against; such a plan is never applied
    std::optional<std::string> observed; // digest of the recording it was planned on; neither is such a plan
    bool is_for_review() const noexcept { return baseline || observed; }
    struct State {
        std::int64_t serial = 0;
        std::string observed_at; // oldest observation used; empty where none
    } state;
    /// What was asked for: filters and targets as written, so that a saved plan is rebuilt the same way.
    ValueMap scope;
    PlanSummary summary;
    std::vector<Action> actions; // sorted by resource, then kind: a stable order for people and digests
    std::vector<DriftItem> drift;
    std::vector<Release> released;
    std::vector<std::string> warnings;
    /// How many differing servers or units lie outside the scope; they are not planned.
    std::size_t outside_scope = 0;
};

/// "sha256:..." of the canonical document without id, state and inventory.source.
std::string plan_id(const Plan& plan);
Value to_value(const Plan& plan);
// JSON with the plan's id: for people, and without spaces for the journal. One action at a time is in memory
// twice.
std::string write_plan(const Plan& plan);
std::string write_plan_compact(const Plan& plan);
Result<Plan> read_plan(std::string_view json); // refuses a document whose id does not match its content

} // namespace lab::api
