#pragma once
// What is known of one server before its parts are looked at, and what that forbids.

#include "planner/planner.h"

namespace lab::planner::detail {

struct Knowledge {
    const ObservedServer* observed = nullptr; // the last answer; null: there never was one
    bool out_of_reach = false;                // it did not answer, or was never asked since it was applied
    bool never = false;                       // never observed and never applied
    bool missing = false;                     // it was asked for, and there is none
    std::optional<api::Blocked> foreign;      // another machine answers under its name
    std::optional<api::Blocked> protect;
};

/// What stands for a server's machine among its properties, in changes and drift.
inline constexpr std::string_view kMachinePath = "machine";
/// The id by which a machine that answered knows itself, with its inventory where that is another.
Value machine_that_answers(const ServerInput& input);

/// Refers to `input`.
Knowledge knowledge_of(const ServerInput& input);

/// Why the action must not run, by everything that concerns this server alone. `unknown`: looking at a
/// resource it is about failed.
std::optional<api::Blocked> blocked(const api::Action& action, const Knowledge& known, bool applied,
                                    bool unknown, bool allow_destroy);

} // namespace lab::planner::detail
