#include "planner/detail/layout_match.h"

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

/// "Samsung SSD 990 PRO" as udev writes it into links.
std::string linked(std::string_view text) {
    std::string out;
    for (const char c : trim(text))
        out += c == ' ' ? '_' : c;
    return out;
}

/// Whether udev makes this link below /dev/disk/by-id for the disk: by its bus, model and serial, or its WWN.
bool has_link(const PresentDisk& disk, std::string_view link) {
    if (!disk.wwn.empty() && (link == "wwn-" + disk.wwn || link == "nvme-" + disk.wwn)) return true;
    if (disk.serial.empty()) return false;
    const std::string tail = linked(disk.model) + "_" + linked(disk.serial);
    for (const std::string_view bus : {"nvme-", "ata-", "scsi-", "usb-", "virtio-", "mmc-"}) {
        if (!link.starts_with(bus)) continue;
        const std::string_view rest = link.substr(bus.size());
        return rest == tail || rest == linked(disk.serial);
    }
    return false;
}

bool has_type(const PresentDisk& disk, std::string_view type) {
    if (type == "nvme") return disk.transport == "nvme";
    return disk.rotational && *disk.rotational == (type == "hdd");
}

bool fits(const PresentDisk& disk, const spec::DiskSelector& wanted) {
    if (is_on_usb(disk) && !wanted.is_exact()) return false;
    if (wanted.min_size && disk.bytes < wanted.min_size->value) return false;
    if (wanted.max_size && disk.bytes > wanted.max_size->value) return false;
    if (wanted.type && !has_type(disk, wanted.type->value)) return false;
    if (wanted.model && !glob_match(wanted.model->value, disk.model)) return false;
    if (wanted.serial && disk.serial != wanted.serial->value) return false;
    if (wanted.wwn && disk.wwn != wanted.wwn->value) return false;
    return !wanted.by_id || has_link(disk, wanted.by_id->value);
}

/// Disks that the selector fits. Disks on USB only where one is named exactly.
std::vector<const PresentDisk*> matching(const Storage& storage, const spec::DiskSelector& selector) {
    std::vector<const PresentDisk*> out;
    for (const PresentDisk& disk : storage.disks)
        if (fits(disk, selector)) out.push_back(&disk);
    return out;
}

/// Why the layout has no disk, of those that its selector fits.
std::string no_disk(const Layout& layout, const Storage& storage,
                    const std::vector<const PresentDisk*>& found) {
    std::vector<std::string> there;
    for (const PresentDisk& disk : storage.disks)
        if (found.empty() || std::find(found.begin(), found.end(), &disk) != found.end())
            there.push_back(to_string(disk));
    const std::string listed = there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", "));
    const std::string wanted = fmt::format("layout '{}' ({})", layout.name, spec::to_string(layout.disk));
    if (!found.empty())
        return fmt::format("more than one disk fits {}: {}; name one by its serial", wanted, listed);
    const bool passed_over =
        !layout.disk.is_exact() && std::any_of(storage.disks.begin(), storage.disks.end(), is_on_usb);
    return fmt::format("no disk fits {}: there is {}{}", wanted, listed,
                       passed_over ? "; a disk on USB is chosen only by serial, wwn or by-id" : "");
}

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
    Matching(const Layout& layout, const Storage& storage, LayoutMatch nothing)
        : layout_(layout), storage_(storage), out_(std::move(nothing)) {}

    LayoutMatch run() {
        choose_disk();
        if (!out_.disk) return std::move(out_);
        find_groups(*out_.disk);
        const bool is_blank = out_.disk->partitions.empty() && out_.disk->fs.empty() && out_.groups.empty();
        if (!is_blank) out_.anew = why_anew(*out_.disk);
        out_.keeps_table = !is_blank && out_.anew.empty();
        if (out_.keeps_table)
            match_table(*out_.disk);
        else
            match_names(*out_.disk);
        return std::move(out_);
    }

  private:
    void choose_disk() {
        const auto found = matching(storage_, layout_.disk);
        if (storage_.supposed)
            out_.disk = &storage_.disks.front();
        else if (found.size() == 1)
            out_.disk = found.front();
        else
            out_.problems.push_back(no_disk(layout_, storage_, found));
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
    std::string why_anew(const PresentDisk& disk) const {
        if (disk.table != "gpt" && !disk.table.empty()) return fmt::format("its table is {}", disk.table);
        if (disk.table.empty() && !disk.fs.empty()) return fmt::format("it holds {}", fs_text(disk.fs));
        if (disk.table.empty())
            return disk.partitions.empty()
                       ? fmt::format("it holds volume group '{}'", out_.groups.front()->name)
                       : std::string("nobody saw what its partition table is");
        const auto& wanted = layout_.partitions;
        if (disk.partitions.size() < wanted.size())
            return fmt::format("it has {}, the layout {}", counted(disk.partitions.size(), "partition"),
                               wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            if (std::string why = why_not(partition_at(i, disk)); !why.empty()) return why;
        return {};
    }

    PartitionMatch partition_at(std::size_t at, const PresentDisk& disk) const {
        PartitionMatch match{.want = &layout_.partitions[at], .have = &disk.partitions[at]};
        if (at + 1 == disk.partitions.size()) match.growth = growth_of_last(*match.want, disk);
        return match;
    }

    void match_table(const PresentDisk& disk) {
        for (const PresentGroup* group : out_.groups)
            refuse_namesakes(group->name, disk, "rename or remove one of them");
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            PartitionMatch match = partition_at(i, disk);
            if (match.want->fs == FileSystem::None) find_group(match);
            if (match.group) match_volumes(match.want->group, match.group->name);
            out_.partitions.push_back(std::move(match));
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
    const Storage& storage_;
    LayoutMatch out_;
};

} // namespace

LayoutMatch match_layout(const Layout& layout, const Storage* storage) {
    LayoutMatch nothing;
    for (const LayoutPart& volume : layout.volumes)
        nothing.volumes.push_back({.want = &volume});
    return storage ? Matching(layout, *storage, std::move(nothing)).run() : nothing;
}

std::vector<const PresentPart*> other_volumes(const Layout& layout, const Storage& storage,
                                              const PresentGroup& group, std::string_view wanted) {
    std::vector<const PresentPart*> out;
    for (const PresentPart& volume : storage.volumes)
        if (volume.group == group.name && !layout.find_volume(wanted, volume.name)) out.push_back(&volume);
    return out;
}

} // namespace lab::planner::detail
