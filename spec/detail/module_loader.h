#pragma once
// The modules of an inventory: their module.yaml and the files their resources refer to.

#include "spec/detail/selection.h"
#include "spec/load.h"

namespace lab::spec::detail {

/// Fills `modules` and `module_files` of the inventory, whose sections are complete and whose modules from
/// git are open. Adds what it read of `tree` to `files`.
void load_modules(const FileTree& tree, const Selection& selection, const LoadLimits& limits, Loaded& loaded,
                  std::vector<LoadedFile>& files, Diagnostics& diagnostics);

} // namespace lab::spec::detail
