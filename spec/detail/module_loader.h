#pragma once
// The modules of an inventory: their module.yaml and the files their resources refer to.

#include "spec/detail/selection.h"
#include "spec/inventory.h"
#include "spec/load.h"

namespace lab::spec::detail {

/// Fills `modules` and `module_files` of the inventory, whose sections are complete.
void load_modules(const FileTree& tree, const Selection& selection, const LoadLimits& limits,
                  Inventory& inventory, Diagnostics& diagnostics);

} // namespace lab::spec::detail
