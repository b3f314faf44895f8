#pragma once
// What a machine is: lab.facts/1. Every fact with its type and source is listed in docs/facts.md. What cannot
// be read is left out; nothing is guessed.

#include "agent/tree.h"
#include "support/value.h"

#include <stop_token>

namespace lab::agent {

/// The map of facts. Of a tree: the operating system, host name and package manager are the tree's;
/// processor, memory, disks and the other hardware are the machine's that holds it. What changes by itself
/// lies under "volatile".
Value collect_facts(const Tree& tree, const std::stop_token& stop = {});

/// The facts of a tree, where those of the machine that holds it are known already: the same as collect_facts
/// gives, without reading the hardware again.
Value tree_facts(const Tree& tree, const Value& machine);

} // namespace lab::agent
