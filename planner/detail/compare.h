#pragma once
// One resource: how it should be, how it was last brought about, how it is. Everything a plan says about it.

#include "api/plan.h"
#include "planner/state.h"

namespace lab::planner::detail {

enum class Standing {
    Same,      // nothing to do
    Differs,   // `changes` says how
    NotWanted, // its `when` is false there
    NeedsLive, // skipped, because the server is a tree
    Skipped,   // the machine did not look at it: `problem`
};

struct Comparison {
    Standing standing = Standing::Same;
    std::vector<api::PropertyChange> changes; // paths are names of properties
    std::vector<api::Cause> causes;           // runs parallel to `changes`
    api::Risk risk = api::Risk::Safe;
    /// Planned without a look at the machine: from what was applied, or as if nothing were there.
    bool unseen = false;
    /// Looking failed and it was never applied: nothing is known, so nothing may be done.
    bool unknown = false;
    std::string problem; // why looking failed, or which fact is missing
    std::string refused; // when the machine will not do it: "'/srv' is not empty"; empty where it will
};

/// What is known of the machine beside the resource.
struct Machine {
    const ObservedServer* observed = nullptr; // null: nothing
    bool blank = false;                       // it is made new: nothing is on it
    bool live = true;
    const api::FingerprintKey* key = nullptr;
    const std::vector<std::string>* unseen =
        nullptr; // resources to compare as if they had not been looked at
};

/// `id` is the desired resource's. `applied` is null where it was never brought about. Private values come
/// out as fingerprints.
Comparison compare(const api::Resource& desired, const std::string& id, const api::Resource* applied,
                   const Machine& machine);

/// Where the machine is not as it was left; empty where that is not known.
std::vector<api::DriftItem> drift_of(const std::string& server, const api::Resource& applied,
                                     const Machine& machine);

/// Whether both do the same on a machine; their module and source place may differ.
bool same(const api::Resource& left, const api::Resource& right);

/// Stands for a value that only the machine can tell: {"$unknown": WHEN}.
Value unknown_value(std::string_view when);

} // namespace lab::planner::detail
