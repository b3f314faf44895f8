#pragma once
// Removes a tree that stands for a machine.

#include "agent/records.h"

namespace lab::agent {

/// Removes the directory `root` and everything below it where its machine.json says that it is this server of
/// this inventory; a tree that is gone already is success. Denied where it is another's, has no machine.json,
/// holds another machine's tree or is the live system. It is renamed aside first, under a name made of the
/// identity: a kill leaves either the whole tree, or nothing at `root` and a rest that the next call finds by
/// that name and removes.
Result<void> destroy_tree(const std::string& root, const Identity& identity);

} // namespace lab::agent
