#pragma once
// Putting what files define together into one inventory.

#include "spec/detail/sections.h"

namespace lab::spec::detail {

/// Adds the definitions, servers to `servers`; the first of two with one name stays. Servers are in order
/// only after sort_servers.
void merge_parts(Parts&& parts, Inventory& inventory, std::vector<Server>& servers, Diagnostics& diagnostics);
void sort_servers(std::vector<Server>& servers, Diagnostics& diagnostics);

} // namespace lab::spec::detail
