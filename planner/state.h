#pragma once
// What lab knows besides the inventory: what it last brought about (Applied) and what it last saw (Observed).
// Values the store writes and reads, and the planner compares.

#include "api/server.h"
#include "support/clock.h"

#include <algorithm>
#include <map>

namespace lab::planner {

/// A resource as it was last brought about, private values as fingerprints.
struct AppliedResource {
    api::Resource resource;
    std::string commit; // hex; empty: a dirty tree
};

struct AppliedModule {
    std::string module;
    std::vector<AppliedResource> resources; // run order
};

/// Secrets that a server may read, by path, each with the ways to it: "label mailserver → class postfix".
using Grants = std::map<std::string, std::string>;

struct AppliedServer {
    api::ServerSpec spec; // with server_id and the settings that destroying needs
    std::string environment, cloud, region;
    std::vector<std::string> labels;    // for filters on servers that are gone from the YAML
    bool protect = false;               // as the last applied commit had it; a dirty tree never lifts it
    std::string commit;                 // of the last apply that touched it
    Value layout;                       // layout_record() of the one its disk has; null: none that lab knows
    std::vector<AppliedModule> modules; // sorted by name
    /// None: not known, since the state was rebuilt from its machines, which do not keep it.
    std::optional<Grants> secrets = Grants();
};

struct ObservedResource {
    ValueMap properties;
    bool skipped = false; // not looked at: `reason`
    bool failed = false;  // looking failed: `reason`
    std::string reason;
    /// Of a recording: properties that it says are not as they were left. Counts where what they are to be
    /// waits for a fact that is not recorded; all others are compared.
    std::vector<std::string> moved = {};
};

struct ObservedServer {
    WallTime at;        // of the last answer: when what is below was seen; the epoch: there never was one
    bool fresh = false; // answered in this run
    /// Unreachable: it did not answer now (why: `detail`); `resources` and `facts` keep the last answer, or
    /// are empty where there never was one.
    api::ServerState state;
    std::map<std::string, ObservedResource> resources; // by TYPE/NAME
    Value facts;                                       // null where unknown

    /// Whether some resource could not be looked at: what is said of it is not what is there.
    bool has_failed() const {
        return std::any_of(resources.begin(), resources.end(),
                           [](const auto& one) { return one.second.failed; });
    }
};

} // namespace lab::planner
