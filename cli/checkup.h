#pragma once
// What `lab doctor` looks at on this machine, one finding each.

#include "cli/arguments.h"
#include "cli/context.h"

#include <string>
#include <vector>

namespace lab::cli {

enum class Health {
    Good,
    Warning, // lab works, but not everything of it
    Broken,  // what lab cannot do without
};

struct Finding {
    std::string name; // "git"
    Health health = Health::Good;
    std::string detail; // what was found
    std::string fix;    // the command that mends it; empty where nothing is to mend
};

Finding check_git(const Context& context);
Finding check_agent(const Context& context);
Finding check_home(const Context& context);
Finding check_settings(const Context& context);
/// The state opens; what it said on the way is the finding. `inventory` is the id of the one found, if there
/// is one.
Finding check_state(const Context& context, const std::string& inventory);
/// How much is kept that could be made or fetched anew.
Finding check_cache(const Context& context);
Finding check_clock(const Context& context);
/// Programs that resources of a live system are managed with.
std::vector<Finding> check_live_tools(const Context& context);

/// Where a program of this name is in PATH; empty where it is nowhere.
std::filesystem::path find_program(const Context& context, std::string_view name);

} // namespace lab::cli
