#pragma once
// What the language asks of whoever holds other repositories.

#include "spec/module_lock.h"

#include <memory>

namespace lab::spec {

class ModuleTrees {
  public:
    virtual ~ModuleTrees() = default;
    /// The folder of `source` at the commit of `pin`, whose digest it has. Null after an error was added to
    /// `diagnostics` that says why it is not to be had. Called by one thread at a time.
    virtual std::shared_ptr<const FileTree> open(const ModuleSource& source, const ModulePin& pin,
                                                 Diagnostics& diagnostics) const = 0;
};

} // namespace lab::spec
