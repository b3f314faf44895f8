#pragma once
// The modules of an inventory that lie in other repositories: lab.lock says at which commit.

#include "spec/detail/selection.h"
#include "spec/load.h"

namespace lab::spec::detail {

/// Reads the tree's lab.lock into `loaded.lock`; its text, "" where there is none.
std::string read_lock(const FileTree& tree, const Selection& selection, Loaded& loaded,
                      Diagnostics& diagnostics);

/// Fills `loaded.module_trees` for the sources that name a repository.
void open_modules(const ModuleTrees& modules, Loaded& loaded, Diagnostics& diagnostics);

} // namespace lab::spec::detail
