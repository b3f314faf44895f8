#pragma once
// A plan folded: what is said of many servers alike is said once.

#include "api/plan.h"

namespace lab::planner::detail {

/// One action, or equal ones on many servers.
struct Entry {
    std::vector<const api::Action*> actions;
    bool same_place = true;  // all have the source of the first
    bool same_values = true; // all change the same values; else they differ in the server's name only

    const api::Action& first() const { return *actions.front(); }
    std::vector<std::string> servers() const;
};

enum class Fold {
    Lines,  // what reads the same in one line
    Values, // what changes the same values, but for the server's name in them
};
/// In the order of the plan; actions are folded where there are at least three alike.
std::vector<Entry> entries_of(const std::vector<api::Action>& actions, Fold fold);

/// Actions blocked for one reason. Those that only wait for such an action are counted, not listed.
struct BlockedGroup {
    const api::Blocked* blocked = nullptr;
    struct Kind {
        std::string what; // "destroy", "update module/motd"
        std::vector<std::string> servers;
    };
    std::vector<Kind> kinds;
    std::size_t waiting = 0;
};
std::vector<BlockedGroup> blocked_groups(const api::Plan& plan);

/// One finding on one or many servers.
struct DriftGroup {
    const api::DriftItem* first = nullptr;
    std::vector<std::string> servers;
    bool same_values = true;
};
std::vector<DriftGroup> drift_groups(const api::Plan& plan);

struct ReleaseGroup {
    std::string module, id;
    std::vector<std::string> servers;
};
std::vector<ReleaseGroup> release_groups(const api::Plan& plan);

} // namespace lab::planner::detail
