#pragma once
// What a layout must keep to as a whole, whatever the disk.

#include "spec/layout.h"

namespace lab::spec::detail {

/// Mounts, groups, `rest`, what boots, what may be preserved, and whether it fits any disk.
void check_layout(const Layout& layout, Diagnostics& diagnostics);

/// Names that another boot may give to another disk: "sda", "/dev/nvme0n1p2", "/dev/disk/by-path/...".
bool is_kernel_disk_name(std::string_view text) noexcept;

/// Says that such a name selects no disk.
void refuse_kernel_name(std::string_view what, const Span& at, Diagnostics& diagnostics);

} // namespace lab::spec::detail
