#pragma once
// Partition layouts: their list, and one put on a disk.

#include "cli/details.h"

namespace lab::cli {

Listing list_layouts(const spec::Fleet& fleet, const Selection& selection);

/// A layout on a disk of this many bytes; without one, on the smallest that it fits on. Invalid where it does
/// not fit, with what is missing.
Result<Detail> layout_detail(const Session& session, const std::string& layout,
                             std::optional<std::uint64_t> disk, WallTime now);

} // namespace lab::cli
