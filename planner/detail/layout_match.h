#pragma once
// What on a machine's disk is which part of a layout: partitions by what they are known to be, else by their
// place in the table, a volume group by the partition it lies on, logical volumes by group and name. Pure.
// What becomes of each is layout_plan.h.

#include "planner/detail/layout_held.h"

namespace lab::planner::detail {

struct PartitionMatch {
    const spec::LayoutPart* want;
    const PresentPart* have;
    std::uint64_t growth = 0;            // bytes that it becomes larger by, at its end
    const PresentGroup* group = nullptr; // that lies on it; null: none, or nobody can tell which
    std::string problem;                 // with the group
};

/// A partition of a table that is kept, which is none of the layout's.
struct ExtraPartition {
    const PresentPart* have;
    const spec::LayoutPart* made;            // by lab, and the layout no longer has it; null: not lab's
    std::vector<const PresentGroup*> groups; // that lie on it
};

struct VolumeMatch {
    const spec::LayoutPart* want;
    const PresentPart* have = nullptr; // null: it is not there
};

struct LayoutMatch {
    const PresentDisk* disk = nullptr;       // null: none fits, or more than one
    std::vector<const PresentGroup*> groups; // with a physical volume on the disk
    bool keeps_table = false;                // the layout's partitions are those of the disk
    std::string anew;                        // why they cannot be; empty where the disk is blank
    std::vector<PartitionMatch> partitions;  // where the table is kept: all of the layout, in its order
    std::vector<ExtraPartition> extras;      // where the table is kept: all others, in the disk's order
    std::vector<VolumeMatch> volumes;        // all of the layout, in its order
    Holdings holdings;                       // what is known of all that is on the disk
    std::vector<std::string> problems;       // what cannot be told apart; sentences without full stops
};

/// `applied`: what was applied last; null: nothing. `storage` null: nobody knows what is there, and nothing
/// matches. `disk`: the one to match; null: the one that the layout asks for. The match points into all of
/// them.
LayoutMatch match_layout(const spec::Layout& layout, const spec::Layout* applied, const Storage* storage,
                         const PresentDisk* disk);

/// All volumes of a group that is there.
std::vector<const PresentPart*> volumes_of(const Storage& storage, const PresentGroup& group);
/// Volumes of a group that is there, which the layout calls `wanted`, that the layout does not have.
std::vector<const PresentPart*> other_volumes(const spec::Layout& layout, const Storage& storage,
                                              const PresentGroup& group, std::string_view wanted);

} // namespace lab::planner::detail
