#pragma once
// Which disk of a machine a layout asks for. Pure.

#include "planner/detail/storage.h"

namespace lab::planner::detail {

/// Disks that the selector fits. Disks on USB only where one is named exactly.
std::vector<const PresentDisk*> fitting_disks(const Storage& storage, const spec::DiskSelector& selector);

/// Why the layout has no disk, of those that its selector fits: of none, or of more than one.
std::string why_no_disk(const spec::Layout& layout, const Storage& storage,
                        const std::vector<const PresentDisk*>& found);

/// The disk that a layout lies on that was applied. Where its selector fits several by now: the one that is
/// divided as it says, of several such the one it is mounted from. Null: none, or nobody can tell.
const PresentDisk* disk_of_applied(const spec::Layout& applied, const Storage& storage);

} // namespace lab::planner::detail
