#pragma once
// What labels bring of Puppet classes and secrets, worked out once a label; part of FleetState.

#include "spec/detail/bitset.h"
#include "spec/inventory.h"

#include <cstdint>
#include <map>

namespace lab::spec::detail {

/// A Puppet class that a label gives, or that one of its classes brings along.
struct ClassUse {
    std::string_view name;
    Span at;
    std::int64_t brought_by = -1; // index in the label's list; -1: the label names it
};

/// A secret that something refers to.
struct SecretUse {
    std::string_view path;
    Span at;
    std::int64_t by_class = -1; // index of the class that calls for it; -1: the label names it
};

struct PolicyTable {
    std::vector<std::vector<ClassUse>> classes;  // by declared label
    std::vector<std::vector<SecretUse>> secrets; // likewise, those that are not defined too
    std::vector<std::string> grants;             // likewise: what of them goes into a server's key
    std::vector<std::string> grants_of_modules;  // by index of ModuleTable
    std::map<std::string_view, Bitset> targets;  // of secrets with a target
};

} // namespace lab::spec::detail
