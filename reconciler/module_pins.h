#pragma once
// Pins of modules from git: moving them to what their refs name now, and holding them against the cache and
// the repositories they came from.

#include "reconciler/module_repositories.h"
#include "spec/load.h"

#include <set>

namespace lab::reconciler {

/// What became of one pin.
struct PinMove {
    spec::ModuleSource source;
    std::string before, after; // commits; `before` is empty where there was no pin of this repository
    git::History history;      // from one to the other, newest first
    bool history_known = false;
    bool changed = false; // whether lab.lock changes for it
};

struct PinUpdate {
    spec::ModuleLock lock; // as it is to be written
    std::vector<PinMove> moves;
    std::vector<std::string> dropped; // pins of modules that the inventory does not have from git any more
    std::vector<std::pair<std::string, Error>> failures;
};

/// Asks the repositories of `names` (empty: of all, and then drops pins that nothing uses) and fetches what
/// their refs name. `commits` is how many subjects of a move are told at most.
PinUpdate update_pins(const spec::Loaded& loaded, const std::set<std::string>& names,
                      const ModuleRepositories& repositories, std::size_t commits);

/// What is wrong with one pin. `code`: unpinned, changed, damaged, unfit, not-cached, unreachable, moved,
/// gone, unused, and unverified where this machine is in the way.
struct PinProblem {
    std::string code, message;
};
struct PinVerdict {
    std::string name;
    spec::ModuleSource source;            // without a repository where the pin is unused
    const spec::ModulePin* pin = nullptr; // of the lock that was given
    std::vector<PinProblem> problems;
    std::string behind; // the commit that the branch names now, where that is another one: no problem
};
/// Every module from git and every pin, by name. `offline`: nobody is asked and nothing is fetched.
std::vector<PinVerdict> verify_pins(const spec::Loaded& loaded, const ModuleRepositories& repositories,
                                    bool offline);

} // namespace lab::reconciler
