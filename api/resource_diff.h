#pragma once
// The one comparison of how a resource should be with how it is. The agent's check, its apply and the planner
// all call it, so that what a plan shows is what the machine then does.

#include "api/resource.h"
#include "api/resource_types.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace lab::api {

/// One property that is not as it should be. `path` is the property's name, or empty for the resource as a
/// whole (a command that must run). Values of private resources are fingerprints.
struct PropertyChange {
    std::string path;
    Value before;       // null: not there
    Value after;        // null: goes away
    std::string effect; // "create", "update", "remove", "run", "restart"
    std::string
        diff; // unified diff of content where both sides are text (what is not there is empty); else empty
    std::optional<std::uint64_t> used; // bytes in use of a volume, where that is known

    friend bool operator==(const PropertyChange&, const PropertyChange&) = default;
};
Value to_value(const PropertyChange& change);
Result<PropertyChange> change_from_value(const Value& value);

/// Changes that turn `observed` (properties as the agent reports them) into `desired`; empty: nothing to do.
/// `desired` holds no deferred values (see with_facts). A fingerprint equals a text whose fingerprint it is.
/// `observed` has by type: `ensure` ("present", "absent", or the other kind found: "file", "directory",
/// "link", "other"), the properties of the schema, for files also `uid` and `gid`, which numeric owners are
/// compared with, and for commands only {"done": true|false}. `owed: true` says that a notification was not
/// acted on yet.
std::vector<PropertyChange> diff_resource(const Resource& desired, const ValueMap& observed,
                                          const FingerprintKey& key);

/// `observed` as it may leave the machine: private values as fingerprints, large content as its summary.
ValueMap shown_properties(const Resource& desired, ValueMap observed, const FingerprintKey& key);

/// The change that a notification means for a resource of a type that acts on it: "run" or "restart".
PropertyChange notified_change(const Resource& desired, const FingerprintKey& key);

/// What making `changes` can cost: Destructive where data may be lost (a non-empty directory removed, a file
/// replaced by another kind), Disruptive where something restarts.
Risk risk_of(const Resource& desired, const std::vector<PropertyChange>& changes);

/// The resource with its deferred values worked out from `facts`; Unavailable where a fact it reads is not
/// known, with the fact's name. `when` that is false gives nullopt.
Result<std::optional<Resource>> with_facts(Resource resource, const Value& facts);

} // namespace lab::api
