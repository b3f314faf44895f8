#include "planner/detail/layout_match.h"

#include "planner/detail/layout_disk.h"
#include "planner/detail/part_text.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

using spec::FileSystem;
using spec::Layout;
using spec::LayoutPart;
using spec::LayoutSize;

/// What becomes larger together with what it is on; the other two firmware reads, and nobody grows them.
bool can_grow(FileSystem fs) {
    return fs != FileSystem::Efi && fs != FileSystem::BiosBoot;
}

/// Bytes by which the last partition of a disk becomes larger to be as wanted.
std::uint64_t growth_of_last(const LayoutPart& want, const PresentDisk& disk) {
    if (!can_grow(want.fs)) return 0;
    const std::uint64_t have = disk.partitions.back().bytes, room = room_behind(disk);
    const auto missing = [&] {
        const std::uint64_t capacity = spec::usable_bytes(disk.bytes) / spec::kAlignment;
        const std::uint64_t wanted =
            spec::share_out({want.size}, nullptr, capacity, spec::kAlignment).units.front() *
            spec::kAlignment;
        return wanted > have ? wanted - have : 0;
    };
    const auto unless_alignment = [](std::uint64_t bytes) { return bytes >= kLeastRoom ? bytes : 0; };
    switch (want.size.kind) {
    case LayoutSize::Kind::Rest: return unless_alignment(room);
    case LayoutSize::Kind::Percent: return unless_alignment(std::min(missing(), room));
    case LayoutSize::Kind::Bytes: return have < want.size.amount && missing() <= room ? missing() : 0;
    }
    return 0;
}

/// Why a partition that is there cannot be the layout's; empty where it can.
std::string why_not(const PartitionMatch& match) {
    const LayoutPart& want = *match.want;
    const PresentPart& have = *match.have;
    const bool is_group = want.fs == FileSystem::None;
    if (is_group != (have.fs == fact_name(FileSystem::None)))
        return fmt::format("{}, the layout wants {}", found_on(have), fs_text(want.fs));
    const std::uint64_t least =
        want.size.kind == LayoutSize::Kind::Bytes ? want.size.amount : spec::least_size(want.fs);
    if (have.bytes + match.growth >= least) return {};
    return fmt::format("{} has {}, the layout wants {}", have.name, format_size(have.bytes, Rounding::Down),
                       format_size(least, Rounding::Up));
}

class Matching {
  public:
    Matching(const Layout& layout, const Layout* applied, const Storage& storage, LayoutMatch nothing)
        : layout_(layout), applied_(applied), storage_(storage), out_(std::move(nothing)) {}

    LayoutMatch run(const PresentDisk* disk) {
        if (disk)
            out_.disk = disk;
        else
            choose_disk();
        if (!out_.disk) return std::move(out_);
        find_groups(*out_.disk);
        const PresentDisk* place = applied_ ? disk_of_applied(*applied_, storage_) : nullptr;
        const bool elsewhere = place && place != out_.disk;
        out_.holdings = Holdings(storage_, *out_.disk, out_.groups, layout_, elsewhere ? nullptr : applied_);
        const bool is_blank = out_.disk->partitions.empty() && out_.disk->fs.empty() && out_.groups.empty();
        if (!is_blank) out_.anew = why_anew(*out_.disk);
        out_.keeps_table = !is_blank && out_.anew.empty();
        if (out_.keeps_table) {
            match_table(*out_.disk);
        } else {
            out_.partitions.clear();
            out_.extras.clear();
            match_names(*out_.disk);
        }
        return std::move(out_);
    }

  private:
    void choose_disk() {
        const auto found = fitting_disks(storage_, layout_.disk);
        if (storage_.supposed)
            out_.disk = &storage_.disks.front();
        else if (found.size() == 1)
            out_.disk = found.front();
        else
            out_.problems.push_back(why_no_disk(layout_, storage_, found));
    }

    /// Groups with a physical volume on the disk, as far as the facts tell.
    void find_groups(const PresentDisk& disk) {
        const bool here = has_lvm(disk);
        const auto disks = std::count_if(storage_.disks.begin(), storage_.disks.end(), has_lvm);
        for (const PresentGroup& group : storage_.groups) {
            if (lies_on(group, disk) || (group.partitions.empty() && here && disks == 1))
                out_.groups.push_back(&group);
            if (group.partitions.empty() && here && disks > 1)
                out_.problems.push_back(
                    fmt::format("nobody can tell whether volume group '{}' lies on {}: the facts do not say "
                                "which disks groups are on",
                                group.name, disk.name));
        }
    }

    /// Why the partitions of the disk, which is not blank, cannot stay; empty where they can.
    std::string why_anew(const PresentDisk& disk) {
        if (disk.table != "gpt" && !disk.table.empty()) return fmt::format("its table is {}", disk.table);
        if (disk.table.empty() && !disk.fs.empty()) return fmt::format("it holds {}", fs_text(disk.fs));
        if (disk.table.empty())
            return disk.partitions.empty()
                       ? fmt::format("it holds volume group '{}'", out_.groups.front()->name)
                       : std::string("nobody saw what its partition table is");
        return why_not_placed(disk);
    }

    /// Finds the partitions that are the layout's, in its order. Gives why they cannot be; empty where they
    /// are all there.
    std::string why_not_placed(const PresentDisk& disk) {
        const auto& there = disk.partitions;
        const auto too_few = [&] {
            return fmt::format("it has {}, the layout {}", counted(there.size(), "partition"),
                               layout_.partitions.size());
        };
        if (there.size() < layout_.partitions.size()) return too_few();
        std::size_t next = 0;
        for (const LayoutPart& want : layout_.partitions) {
            const std::string id = identity(want);
            std::size_t at = next;
            if (const Holding* held = out_.holdings.holder(id)) {
                const auto found = std::find_if(there.begin(), there.end(),
                                                [&](const PresentPart& part) { return &part == held->have; });
                if (found == there.end())
                    return fmt::format("{} lies on {}/{}, the layout wants a partition", id,
                                       held->have->group, held->have->name);
                at = static_cast<std::size_t>(found - there.begin());
                if (at < next) return out_of_place(*held);
            }
            if (at >= there.size()) return too_few();
            // What is passed over, or taken for what nobody knows where it is, must be none of the others.
            for (; next <= at; ++next)
                if (const Holding* passed = out_.holdings.of(there[next]);
                    passed && passed->id != id && is_wanted(passed->id))
                    return out_of_place(*passed);
            out_.partitions.push_back({.want = &want, .have = &there[at]});
        }
        list_extras(disk);
        return why_unfit(disk);
    }

    static std::string out_of_place(const Holding& held) {
        if (held.have->name == held.id) return fmt::format("the layout has {} in another place", held.id);
        return fmt::format("{} is {}, which the layout has in another place", held.have->name, held.id);
    }

    /// Whether the layout has such a part.
    bool is_wanted(std::string_view id) const {
        const auto is_it = [id](const LayoutPart& part) { return !id.empty() && identity(part) == id; };
        return std::any_of(layout_.partitions.begin(), layout_.partitions.end(), is_it) ||
               std::any_of(layout_.volumes.begin(), layout_.volumes.end(), is_it);
    }

    bool is_matched(const PresentPart& part) const {
        return std::any_of(out_.partitions.begin(), out_.partitions.end(),
                           [&](const PartitionMatch& match) { return match.have == &part; });
    }

    void list_extras(const PresentDisk& disk) {
        for (const PresentPart& part : disk.partitions)
            if (const Holding* held = out_.holdings.of(part); held && !is_matched(part)) {
                const bool gone = held->was && !is_wanted(identity(*held->was));
                out_.extras.push_back({.have = &part, .made = gone ? held->was : nullptr, .groups = {}});
            }
    }

    /// Grows the last of the partitions, and says which of them cannot be the layout's.
    std::string why_unfit(const PresentDisk& disk) {
        PartitionMatch& last = out_.partitions.back();
        const auto behind = [&](const ExtraPartition& extra) { return extra.have > last.have; };
        const bool stays_shut_in =
            std::any_of(out_.extras.begin(), out_.extras.end(),
                        [&](const ExtraPartition& extra) { return behind(extra) && !extra.made; });
        if (!stays_shut_in) {
            PresentDisk cleared = disk; // of what lab made behind it and the layout no longer has
            cleared.partitions.resize(static_cast<std::size_t>(last.have - disk.partitions.data()) + 1);
            last.growth = growth_of_last(*last.want, cleared);
        }
        for (const PartitionMatch& match : out_.partitions)
            if (std::string why = why_not(match); !why.empty()) return why;
        return {};
    }

    void match_table(const PresentDisk& disk) {
        for (const PresentGroup* group : out_.groups)
            refuse_namesakes(group->name, disk, "rename or remove one of them");
        for (PartitionMatch& match : out_.partitions) {
            if (match.want->fs == FileSystem::None) find_group(match);
            if (match.group) match_volumes(match.want->group, match.group->name);
        }
        for (const PresentGroup* group : out_.groups)
            add_to_extra(*group);
    }

    /// A group that is none of the layout's belongs to the partition it lies on.
    void add_to_extra(const PresentGroup& group) {
        const auto is_layouts = [&](const PartitionMatch& match) { return match.group == &group; };
        if (std::any_of(out_.partitions.begin(), out_.partitions.end(), is_layouts)) return;
        const auto& places = group.partitions;
        for (ExtraPartition& extra : out_.extras) {
            const bool may_lie_here =
                places.empty() ? extra.have->fs == fact_name(FileSystem::None)
                               : std::find(places.begin(), places.end(), extra.have->name) != places.end();
            if (!may_lie_here) continue;
            extra.groups.push_back(&group);
            return;
        }
    }

    /// Of a disk that is divided anew: what is there under the names that the layout will have on it.
    void match_names(const PresentDisk& disk) {
        for (const LayoutPart& part : layout_.partitions)
            if (!part.group.empty())
                refuse_namesakes(part.group, disk,
                                 "name the layout's otherwise, or rename or remove that one");
        for (const PresentGroup* group : out_.groups)
            match_volumes(group->name, group->name);
    }

    /// LVM tells groups apart by name: what `disk` calls `name` must be the only one, or whoever acts on it
    /// may meet the other.
    void refuse_namesakes(std::string_view name, const PresentDisk& disk, std::string_view remedy) {
        for (const PresentGroup& group : storage_.groups) {
            const bool here = std::find(out_.groups.begin(), out_.groups.end(), &group) != out_.groups.end();
            if (group.name != name || here) continue;
            if (const PresentDisk* other = other_disk(storage_, group, disk))
                out_.problems.push_back(
                    fmt::format("another disk, {}, has a volume group '{}' already, and LVM cannot have "
                                "two of one name: {}",
                                to_string(*other), name, remedy));
        }
    }

    /// The group that lies on a partition.
    void find_group(PartitionMatch& match) const {
        const std::string& partition = match.have->name;
        for (const PresentGroup* group : out_.groups) {
            const auto& places = group->partitions;
            const bool may_lie_here =
                places.empty() ? group->name == match.want->group || out_.groups.size() == 1
                               : std::find(places.begin(), places.end(), partition) != places.end();
            if (!may_lie_here) continue;
            if (match.group) {
                match.problem =
                    fmt::format("two volume groups '{}' may lie on {}", match.want->group, partition);
                match.group = nullptr;
                return;
            }
            match.group = group;
        }
        if (!match.group)
            match.problem =
                fmt::format("{} belongs to LVM, but no volume group is known to lie on it", partition);
        else if (match.group->partitions.size() > 1)
            match.problem =
                fmt::format("volume group '{}' lies on more than {}", match.group->name, partition);
    }

    /// Volumes of the group that the layout calls `wanted`, and that is `present` on the machine.
    void match_volumes(std::string_view wanted, std::string_view present) {
        for (VolumeMatch& volume : out_.volumes)
            if (volume.want->group == wanted) volume.have = find_volume(storage_, present, volume.want->name);
    }

    const Layout& layout_;
    const Layout* applied_;
    const Storage& storage_;
    LayoutMatch out_;
};

} // namespace

LayoutMatch match_layout(const Layout& layout, const Layout* applied, const Storage* storage,
                         const PresentDisk* disk) {
    LayoutMatch nothing;
    for (const LayoutPart& volume : layout.volumes)
        nothing.volumes.push_back({.want = &volume});
    return storage ? Matching(layout, applied, *storage, std::move(nothing)).run(disk) : nothing;
}

std::vector<const PresentPart*> volumes_of(const Storage& storage, const PresentGroup& group) {
    std::vector<const PresentPart*> out;
    for (const PresentPart& volume : storage.volumes)
        if (volume.group == group.name) out.push_back(&volume);
    return out;
}

std::vector<const PresentPart*> other_volumes(const Layout& layout, const Storage& storage,
                                              const PresentGroup& group, std::string_view wanted) {
    auto out = volumes_of(storage, group);
    std::erase_if(out, [&](const PresentPart* volume) { return layout.find_volume(wanted, volume->name); });
    return out;
}

} // namespace lab::planner::detail
