#pragma once
// Where the templates of a module read its params.

#include "spec/inventory.h"

#include <functional>
#include <string_view>

namespace lab::spec {

/// Calls `visit` for each place in module.yaml and in template files where one of the module's params is
/// named in a template or a `when`, in the order of the resources. Where a place cannot be told within a
/// scalar (one that is folded, say), it is the scalar's.
void for_each_param_use(const Inventory& inventory, const Module& module,
                        const std::function<void(std::string_view param, const Span& at)>& visit);

} // namespace lab::spec
