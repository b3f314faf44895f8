#pragma once
// What lies where on a layout's disk, by what it is and not by its place alone: what a partition or a volume
// is mounted as, the group on it, and of what is not mounted the layout that was last applied. Pure.

#include "planner/detail/storage.h"

namespace lab::planner::detail {

/// What a part is in any layout, as it reads in a sentence: "/home", "volume group 'labvg'", "swap".
std::string identity(const spec::LayoutPart& part);
/// The part of the layout with that identity; null: there is none.
const spec::LayoutPart* find_identity(const spec::Layout& layout, std::string_view id);

/// A partition or a volume that is there.
struct Holding {
    const PresentPart* have;
    const spec::LayoutPart* was; // the part of the applied layout that it is; null: none of it
    std::string id;              // identity() of it; empty where neither layout knows it
};

class Holdings {
  public:
    Holdings() = default;
    /// `groups` lie on the disk; `applied` null: never applied, or not on this disk. Points into all of them.
    Holdings(const Storage& storage, const PresentDisk& disk, const std::vector<const PresentGroup*>& groups,
             const spec::Layout& desired, const spec::Layout* applied);

    /// Null for what is not on the disk.
    const Holding* of(const PresentPart& part) const;
    /// What is known to be that part; null where nothing is.
    const Holding* holder(std::string_view id) const;

  private:
    std::vector<Holding> all_; // partitions in the order of the disk, then volumes
};

} // namespace lab::planner::detail
