#pragma once
// What a layout means for a machine, volume by volume: keep, format, create, grow, lose. Pure.
//
// What is big enough is kept, preserved or not; what is too small grows where it lies; only what has another
// file system, or what an installation writes anew, is formatted. What the layout preserves, or the applied
// one did, is never formatted, shrunk or lost: where that would have to be, there are `problems` and nothing
// may be done.

#include "api/plan.h"
#include "planner/detail/storage.h"

namespace lab::planner::detail {

/// What the applied layout preserved, and the wanted one does not.
struct GivenUp {
    std::string what;      // "/home", "volume 'home'"
    bool is_there = false; // in the wanted layout
};

/// A partition that is to take the rest of the disk and stays smaller, because of what lies behind it.
struct ShutIn {
    std::string what;
    std::uint64_t bytes, rest;
};

struct LayoutPlan {
    /// Each part with what becomes of it; paths are "layout.volumes.home", "layout.partitions./boot",
    /// "layout.disk.nvme0n1p3", "layout.disk.labvg/home" (what is none of the layout's), "layout.tmpfs./tmp".
    std::vector<api::PropertyChange> changes;
    bool differs = false; // something is not kept
    bool anew = false;    // everything is created
    api::Risk risk = api::Risk::Safe;
    std::string reason;                // why the disk is partitioned anew; else empty
    std::vector<std::string> problems; // sentences without full stops
    std::vector<GivenUp> given_up;
    std::vector<ShutIn> shut_in;
    bool takes_preserved = false; // something is written over that was preserved when it was applied
};

struct LayoutQuestion {
    const spec::Layout& desired;
    const spec::Layout* applied = nullptr; // null: never applied
    const Storage* storage = nullptr;      // null: nobody looked; then Applied stands in, if there is one
    const PresentDisk* disk = nullptr;     // of those, the layout's; null: the one that its selector fits
    bool reinstall = false;                // what is not preserved is written anew
};
LayoutPlan plan_layout(const LayoutQuestion& question);

/// How messages call what holds data: "/home", "volume 'home'".
std::string preserved_name(const spec::LayoutPart& part);

/// "layout.volumes.home"; with the group's name before it where the layout has several.
std::string volume_path(const spec::Layout& layout, std::string_view group, std::string_view volume);

/// Whether the change leaves things as they are.
bool is_kept(const api::PropertyChange& change) noexcept;

} // namespace lab::planner::detail
