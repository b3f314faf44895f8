#pragma once
// What a layout must keep to as a whole, whatever the disk.

#include "spec/layout.h"

namespace lab::spec::detail {

/// Mounts, groups, `rest`, what boots, what may be preserved, and whether it fits any disk.
void check_layout(const Layout& layout, Diagnostics& diagnostics);

} // namespace lab::spec::detail
