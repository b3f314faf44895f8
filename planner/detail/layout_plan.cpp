#include "planner/detail/layout_plan.h"

#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

using api::PropertyChange;
using spec::FileSystem;
using spec::Layout;
using spec::LayoutPart;
using spec::LayoutSize;

/// What holds data that lab cannot tell from its outside: it is never written over.
constexpr std::array<std::string_view, 8> kOpaque{
    "crypto_LUKS", "linux_raid_member",  "zfs_member", "bcache", "ceph_bluestore",
    "drbd",        "VMFS_volume_member", "LVM1_member"};
/// A tmpfs counts as of the wanted size within a page or so per GB.
constexpr std::uint64_t kMemorySlip = spec::kMebibyte;

std::string_view fact_name(FileSystem fs) noexcept {
    switch (fs) {
    case FileSystem::None: return "LVM2_member";
    case FileSystem::Efi: return "vfat";
    case FileSystem::BiosBoot: return "";
    case FileSystem::Ext4:
    case FileSystem::Xfs:
    case FileSystem::Btrfs:
    case FileSystem::Swap: return to_string(fs);
    }
    return "";
}

/// The words for a file system, of the layout's or the facts' language.
std::string fs_text(FileSystem fs) {
    return fs == FileSystem::None ? "lvm" : std::string(to_string(fs));
}
std::string fs_text(std::string_view fact) {
    return fact == "LVM2_member" ? "lvm" : std::string(fact);
}
/// What is on a partition, as part of a sentence: facts without a file system do not tell that there is none.
std::string found_on(const PresentPart& part) {
    return part.fs.empty() ? fmt::format("nobody saw what is on {}", part.name)
                           : fmt::format("{} has {}", part.name, fs_text(part.fs));
}

bool is_same_fs(FileSystem wanted, std::string_view fact) {
    return wanted == FileSystem::BiosBoot || fact_name(wanted) == fact;
}

/// What becomes larger together with what it is on; the other two firmware reads, and nobody grows them.
bool can_grow(FileSystem fs) {
    return fs != FileSystem::Efi && fs != FileSystem::BiosBoot;
}

using Groups = std::vector<const PresentGroup*>;

/// Units that a part takes at least.
std::uint64_t least_units(const LayoutSize& size, std::uint64_t capacity, std::uint64_t unit) {
    if (size.kind == LayoutSize::Kind::Rest) return 1;
    return spec::share_out({size}, nullptr, capacity, unit).units.front();
}

/// A volume of the layout, with what is there of it.
struct Slot {
    const LayoutPart* want = nullptr;
    const PresentPart* have = nullptr;
    std::uint64_t units = 0; // extents it comes to
    bool kept = false;
};

class Planning {
  public:
    explicit Planning(const LayoutQuestion& question)
        : desired_(question.desired), applied_(question.applied), reinstall_(question.reinstall) {
        if (question.storage)
            storage_ = *question.storage;
        else if (applied_)
            suppose();
        else
            blank_ = true;
    }

    LayoutPlan run() {
        if (blank_)
            everything_new({});
        else
            on_the_disk();
        memory();
        finish();
        return std::move(out_);
    }

  private:
    // ---- where

    /// The applied layout, as if it lay on a disk that both layouts fit on. Sizes that depend on the disk are
    /// then told as they are written, and whether all fits is not said.
    void suppose() {
        supposed_ = true;
        const std::uint64_t least =
            std::max(spec::smallest_disk(*applied_).value_or(0), spec::smallest_disk(desired_).value_or(0));
        const std::uint64_t size =
            std::max(least, applied_->disk.min_size ? applied_->disk.min_size->value : 0);
        const spec::DiskMap map = spec::lay_out(*applied_, size);
        PresentDisk disk{.name = "the disk", .bytes = size, .table = "gpt"};
        for (std::size_t i = 0; i < applied_->partitions.size(); ++i) {
            const LayoutPart& part = applied_->partitions[i];
            disk.partitions.push_back({.name = part.name,
                                       .group = {},
                                       .bytes = map.partitions[i].bytes,
                                       .fs = std::string(fact_name(part.fs)),
                                       .mount = part.mount,
                                       .text = text_of(part, 0)});
            if (!part.group.empty())
                storage_.groups.push_back(
                    {.name = part.group,
                     .bytes = spec::group_extents(map.partitions[i].bytes) * spec::kExtent,
                     .partitions = {part.name}});
        }
        for (std::size_t i = 0; i < applied_->volumes.size(); ++i) {
            const LayoutPart& part = applied_->volumes[i];
            storage_.volumes.push_back({.name = part.name,
                                        .group = part.group,
                                        .bytes = map.volumes[i].bytes,
                                        .fs = std::string(fact_name(part.fs)),
                                        .mount = part.mount,
                                        .text = text_of(part, 0)});
        }
        for (const spec::LayoutTmpfs& tmpfs : applied_->tmpfs)
            storage_.memory[tmpfs.mount] = tmpfs.size.amount;
        storage_.disks.push_back(std::move(disk));
    }

    const PresentDisk* choose_disk() {
        if (supposed_) return &storage_.disks.front();
        const auto found = matching(storage_, desired_.disk);
        if (found.size() == 1) return found.front();
        std::string there;
        const auto add_disk = [&](const PresentDisk& disk) {
            there += (there.empty() ? "" : ", ") + to_string(disk);
        };
        for (const PresentDisk* disk : found)
            add_disk(*disk);
        for (const PresentDisk& disk : storage_.disks)
            if (found.empty()) add_disk(disk);
        const std::string wanted =
            fmt::format("layout '{}' ({})", desired_.name, spec::to_string(desired_.disk));
        const bool passed_over =
            !desired_.disk.is_exact() && std::any_of(storage_.disks.begin(), storage_.disks.end(), is_on_usb);
        problem(found.empty()
                    ? fmt::format("no disk fits {}: there is {}{}", wanted, there.empty() ? "none" : there,
                                  passed_over ? "; a disk on USB is chosen only by serial, wwn or by-id" : "")
                    : fmt::format("more than one disk fits {}: {}; name one by its serial", wanted, there));
        return nullptr;
    }

    void on_the_disk() {
        const PresentDisk* disk = choose_disk();
        if (!disk) {
            everything_new({});
            return;
        }
        check_boot_mode();
        map_ = spec::lay_out(desired_, disk->bytes);
        disk_ = disk;
        const Groups groups = groups_on(*disk);
        const bool is_blank = disk->partitions.empty() && disk->fs.empty() && groups.empty();
        const std::string why = is_blank ? std::string() : why_anew(*disk, groups);
        if (is_blank || !why.empty()) {
            out_.reason =
                is_blank ? std::string() : fmt::format("{} is partitioned anew: {}", disk->name, why);
            partition_anew(*disk, groups);
            return;
        }
        keep_table(*disk, groups);
    }

    void check_boot_mode() {
        const auto has = [&](FileSystem fs) {
            return std::any_of(desired_.partitions.begin(), desired_.partitions.end(),
                               [fs](const LayoutPart& part) { return part.fs == fs; });
        };
        if (storage_.boot_mode == "bios" && !has(FileSystem::BiosBoot))
            problem(fmt::format("the machine boots by BIOS, but layout '{}' has no partition for it: add "
                                "{{size: 1MiB, fs: bios-boot}}",
                                desired_.name));
        if (storage_.boot_mode == "uefi" && !has(FileSystem::Efi))
            problem(fmt::format("the machine boots by UEFI, but layout '{}' has no EFI system partition: add "
                                "{{mount: /boot/efi, size: 600MB, fs: efi}}",
                                desired_.name));
    }

    // ---- the partition table

    /// Why the partitions of the disk, which is not blank, cannot stay; empty where they can.
    std::string why_anew(const PresentDisk& disk, const Groups& groups) const {
        if (disk.table != "gpt" && !disk.table.empty()) return fmt::format("its table is {}", disk.table);
        if (disk.table.empty() && !disk.fs.empty()) return fmt::format("it holds {}", fs_text(disk.fs));
        if (disk.table.empty())
            return disk.partitions.empty() ? fmt::format("it holds volume group '{}'", groups.front()->name)
                                           : std::string("nobody saw what its partition table is");
        const auto& wanted = desired_.partitions;
        if (disk.partitions.size() < wanted.size())
            return fmt::format("it has {}, the layout {}", counted(disk.partitions.size(), "partition"),
                               wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const PresentPart& have = disk.partitions[i];
            const bool is_group = wanted[i].fs == FileSystem::None;
            if (is_group != (have.fs == "LVM2_member"))
                return fmt::format("{}, the layout wants {}", found_on(have), fs_text(wanted[i].fs));
            const std::uint64_t least = wanted[i].size.kind == LayoutSize::Kind::Bytes
                                            ? wanted[i].size.amount
                                            : spec::least_size(wanted[i].fs);
            if (have.bytes < least)
                return fmt::format("{} has {}, the layout wants {}", have.name,
                                   format_size(have.bytes, Rounding::Down), format_size(least, Rounding::Up));
        }
        return {};
    }

    /// Groups with a physical volume on the disk, as far as the facts tell.
    Groups groups_on(const PresentDisk& disk) {
        Groups out;
        const bool here = has_lvm(disk);
        const auto disks = std::count_if(storage_.disks.begin(), storage_.disks.end(), has_lvm);
        for (const PresentGroup& group : storage_.groups) {
            if (lies_on(group, disk) || (group.partitions.empty() && here && disks == 1))
                out.push_back(&group);
            if (group.partitions.empty() && here && disks > 1)
                problem(
                    fmt::format("nobody can tell whether volume group '{}' lies on {}: the facts do not say "
                                "which disks groups are on",
                                group.name, disk.name));
        }
        return out;
    }

    /// LVM tells groups apart by name: what `disk` calls `name` must be the only one, or whoever acts on it
    /// may meet the other.
    void refuse_namesakes(std::string_view name, const PresentDisk& disk, const Groups& groups,
                          std::string_view remedy) {
        for (const PresentGroup& group : storage_.groups) {
            if (group.name != name || std::find(groups.begin(), groups.end(), &group) != groups.end())
                continue;
            if (const PresentDisk* other = other_disk(storage_, group, disk))
                problem(fmt::format("another disk, {}, has a volume group '{}' already, and LVM cannot have "
                                    "two of one name: {}",
                                    to_string(*other), name, remedy));
        }
    }

    void partition_anew(const PresentDisk& disk, const Groups& groups) {
        for (const LayoutPart& part : desired_.partitions)
            if (!part.group.empty())
                refuse_namesakes(part.group, disk, groups,
                                 "name the layout's otherwise, or rename or remove that one");
        const auto replaced = everything_new(groups);
        for (const PresentPart& part : disk.partitions)
            lose("layout.disk." + part.name, part);
        if (disk.partitions.empty() && !disk.fs.empty())
            lose("layout.disk." + disk.name, {.name = disk.name, .bytes = disk.bytes, .fs = disk.fs});
        for (const PresentGroup* group : groups) {
            if (const PresentDisk* other = other_disk(storage_, *group, disk))
                problem(fmt::format("volume group '{}' lies on {} as well", group->name, to_string(*other)));
            for (const PresentPart& volume : storage_.volumes) {
                if (volume.group != group->name) continue;
                if (std::find(replaced.begin(), replaced.end(), &volume) == replaced.end())
                    lose(fmt::format("layout.disk.{}/{}", volume.group, volume.name), volume);
            }
        }
        if (!map_.fits() && !supposed_)
            for (const std::string& each : map_.problems)
                problem(fmt::format("layout '{}' does not fit {}: {}", desired_.name, to_string(disk), each));
    }

    /// Every part is created; what is there under its name, in one of the groups on a disk that is
    /// partitioned anew, is written over. Gives what is.
    std::vector<const PresentPart*> everything_new(const Groups& groups) {
        std::vector<const PresentPart*> replaced;
        out_.anew = true;
        for (std::size_t i = 0; i < desired_.partitions.size(); ++i) {
            const LayoutPart& part = desired_.partitions[i];
            add({.path = "layout.partitions." + part.name,
                 .before = {},
                 .after = wanted_text(part, disk_ ? map_.partitions[i].bytes : 0),
                 .effect = "create"});
        }
        for (std::size_t i = 0; i < desired_.volumes.size(); ++i) {
            const LayoutPart& part = desired_.volumes[i];
            const bool here = std::any_of(groups.begin(), groups.end(),
                                          [&](const auto* group) { return group->name == part.group; });
            const PresentPart* there = here ? find_volume(part.group, part.name) : nullptr;
            PropertyChange change{.path = volume_path(part),
                                  .before = {},
                                  .after = wanted_text(part, disk_ ? map_.volumes[i].bytes : 0),
                                  .effect = "create"};
            if (there) {
                out_.anew = false;
                replaced.push_back(there);
                change.before = Value(present_text(*there));
                change.effect = "format";
                change.used = there->used;
                if (part.preserve)
                    problem(fmt::format("volume '{}' is preserved, but {}", part.name, out_.reason));
            }
            add(std::move(change));
        }
        return replaced;
    }

    /// Bytes that partition `at` of the layout may have on top of those it has.
    std::uint64_t room_for(std::size_t at, const PresentDisk& disk) const {
        const LayoutPart& want = desired_.partitions[at];
        const bool is_last = at + 1 == disk.partitions.size();
        return is_last && want.size.kind == LayoutSize::Kind::Rest && can_grow(want.fs) ? room_behind(disk)
                                                                                        : 0;
    }

    void keep_table(const PresentDisk& disk, const Groups& groups) {
        for (const PresentGroup* group : groups)
            refuse_namesakes(group->name, disk, groups, "rename or remove one of them");
        for (std::size_t i = 0; i < desired_.partitions.size(); ++i) {
            const LayoutPart& want = desired_.partitions[i];
            const PresentPart& have = disk.partitions[i];
            const std::string path = "layout.partitions." + want.name;
            const std::string there = present_text(have, &want);
            const std::uint64_t room = room_for(i, disk);
            const auto grown = room > 0 ? std::optional(text_of(want, have.bytes + room)) : std::nullopt;
            if (want.fs == FileSystem::None) {
                add_staying(path, there, grown, std::nullopt);
                fill_group(want, have, groups, room);
                continue;
            }
            const bool same = is_same_fs(want.fs, have.fs);
            if (!same && want.preserve)
                problem(fmt::format("{} is preserved, but {} where the layout wants {}", want.name,
                                    found_on(have), fs_text(want.fs)));
            if (same && (want.preserve || !reinstall_))
                add_staying(path, there, grown, have.used);
            else
                add({.path = path,
                     .before = Value(there),
                     .after = Value(same && !grown ? there : text_of(want, have.bytes + room)),
                     .effect = "format",
                     .used = have.used});
            moved(path, want, have);
        }
        for (std::size_t i = desired_.partitions.size(); i < disk.partitions.size(); ++i)
            add_staying("layout.disk." + disk.partitions[i].name, present_text(disk.partitions[i]),
                        std::nullopt, disk.partitions[i].used);
    }

    // ---- a volume group that is there

    const PresentGroup* group_of(const LayoutPart& want, const PresentPart& partition, const Groups& groups) {
        const PresentGroup* found = nullptr;
        for (const PresentGroup* group : groups) {
            const bool lies_here = std::find(group->partitions.begin(), group->partitions.end(),
                                             partition.name) != group->partitions.end();
            if (!lies_here &&
                !(group->partitions.empty() && (group->name == want.group || groups.size() == 1)))
                continue;
            if (found) {
                problem(fmt::format("two volume groups '{}' may lie on {}", want.group, partition.name));
                return nullptr;
            }
            found = group;
        }
        if (!found)
            problem(
                fmt::format("{} belongs to LVM, but no volume group is known to lie on it", partition.name));
        else if (found->partitions.size() > 1)
            problem(fmt::format("volume group '{}' lies on more than {}", found->name, partition.name));
        return found;
    }

    /// `room`: bytes that the partition gets in addition.
    void fill_group(const LayoutPart& want, const PresentPart& partition, const Groups& groups,
                    std::uint64_t room) {
        const PresentGroup* group = group_of(want, partition, groups);
        if (!group) return;
        const std::uint64_t capacity = (group->bytes + room) / group->extent;
        std::vector<Slot> slots;
        for (const LayoutPart& volume : desired_.volumes)
            if (volume.group == want.group)
                slots.push_back({.want = &volume, .have = find_volume(group->name, volume.name)});
        const std::uint64_t others = other_volumes(want, *group);
        std::uint64_t needed = size_up(slots, *group, capacity, others, /*shrink=*/false);
        if (needed > capacity) needed = size_up(slots, *group, capacity, others, /*shrink=*/true);
        if (needed > capacity && !supposed_)
            problem(
                fmt::format("volume group '{}' needs {}, but has {}, and what is preserved or not lab's is "
                            "never shrunk",
                            group->name, format_size(needed * group->extent, Rounding::Up),
                            format_size(capacity * group->extent, Rounding::Down)));
        for (const Slot& slot : slots)
            add_slot(slot, *group);
    }

    /// Volumes of the group that the layout does not have: lost where lab made them, else left alone. Gives
    /// the extents that those left alone take.
    std::uint64_t other_volumes(const LayoutPart& want, const PresentGroup& group) {
        std::uint64_t extents = 0;
        for (const PresentPart& volume : storage_.volumes) {
            if (volume.group != group.name || desired_.find_volume(want.group, volume.name)) continue;
            const std::string path = detail::volume_path(desired_, want.group, volume.name);
            const LayoutPart* made = applied_ ? applied_->find_volume(want.group, volume.name) : nullptr;
            if (!made) {
                add_staying(path, present_text(volume), std::nullopt, volume.used);
                extents += volume.bytes / group.extent;
                continue;
            }
            if (made->preserve)
                problem(fmt::format(
                    "volume '{}' was preserved when it was applied: apply a commit that has it without "
                    "`preserve` before one that leaves it out",
                    volume.name));
            lose(path, volume);
        }
        return extents;
    }

    /// Gives every volume its extents; returns how many all take. With `shrink`, what is not preserved is
    /// made no larger than it has to be.
    std::uint64_t size_up(std::vector<Slot>& slots, const PresentGroup& group, std::uint64_t capacity,
                          std::uint64_t others, bool shrink) const {
        std::uint64_t used = others;
        Slot* rest = nullptr;
        for (Slot& slot : slots) {
            slot.units = least_units(slot.want->size, capacity, group.extent);
            if (slot.want->size.kind == LayoutSize::Kind::Rest) rest = &slot;
            const std::uint64_t there = slot.have ? slot.have->bytes / group.extent : 0;
            const bool same =
                slot.have && (slot.have->fs.empty() || is_same_fs(slot.want->fs, slot.have->fs));
            slot.kept = same && (slot.want->preserve || (!reinstall_ && (!shrink || there <= slot.units)));
            if (slot.kept || (slot.have && slot.want->preserve)) slot.units = std::max(slot.units, there);
            used += slot.units;
        }
        // What was left free when the group was made may be taken by what grows, but not by the rest.
        const std::uint64_t slack = least_units(desired_.slack, capacity, group.extent);
        if (rest && used + slack < capacity) {
            rest->units += capacity - used - slack;
            used = capacity - slack;
        }
        return used;
    }

    void add_slot(const Slot& slot, const PresentGroup& group) {
        const LayoutPart& want = *slot.want;
        const std::string path = volume_path(want);
        const std::string after = text_of(want, slot.units * group.extent);
        if (!slot.have) {
            add({.path = path, .before = {}, .after = Value(after), .effect = "create"});
            return;
        }
        const PresentPart& have = *slot.have;
        const std::uint64_t there = have.bytes / group.extent;
        const std::string before = present_text(have, &want);
        if (slot.kept) {
            add_staying(path, before, slot.units > there ? std::optional(after) : std::nullopt, have.used);
        } else {
            if (want.preserve)
                problem(fmt::format("volume '{}' is preserved, but has {} where the layout wants {}",
                                    want.name, fs_text(have.fs), fs_text(want.fs)));
            add({.path = path,
                 .before = Value(before),
                 .after = Value(after),
                 .effect = "format",
                 .used = have.used});
        }
        moved(path, want, have);
    }

    // ---- memory

    void memory() {
        for (const spec::LayoutTmpfs& tmpfs : desired_.tmpfs) {
            const std::string path = "layout.tmpfs." + tmpfs.mount;
            const auto there = storage_.memory.find(tmpfs.mount);
            const Value after(format_size(tmpfs.size.amount));
            if (there == storage_.memory.end()) {
                add({.path = path, .before = {}, .after = after, .effect = "create"});
                continue;
            }
            const std::uint64_t bytes = there->second;
            const bool same =
                std::max(bytes, tmpfs.size.amount) - std::min(bytes, tmpfs.size.amount) < kMemorySlip;
            if (!same)
                add({.path = path, .before = Value(format_size(bytes)), .after = after, .effect = "update"});
        }
        if (!applied_) return;
        for (const spec::LayoutTmpfs& was : applied_->tmpfs) {
            const bool wanted = std::any_of(desired_.tmpfs.begin(), desired_.tmpfs.end(),
                                            [&](const auto& tmpfs) { return tmpfs.mount == was.mount; });
            if (!wanted && storage_.memory.contains(was.mount))
                add({.path = "layout.tmpfs." + was.mount,
                     .before = Value(format_size(was.size.amount)),
                     .after = {},
                     .effect = "remove"});
        }
    }

    // ---- words

    const PresentPart* find_volume(std::string_view group, std::string_view name) const {
        for (const PresentPart& volume : storage_.volumes)
            if (volume.group == group && volume.name == name) return &volume;
        return nullptr;
    }

    std::string volume_path(const LayoutPart& part) const {
        return detail::volume_path(desired_, part.group, part.name);
    }

    /// "10GB xfs": as it is written where it is a number of bytes or the disk is not known, else what it
    /// comes to.
    std::string text_of(const LayoutPart& part, std::uint64_t bytes) const {
        const bool written = part.size.kind == LayoutSize::Kind::Bytes;
        const std::string size = written                   ? format_size(part.size.amount)
                                 : supposed_ || bytes == 0 ? part.size.text
                                                           : format_size(bytes);
        return fmt::format("{} {}", size, fs_text(part.fs));
    }
    Value wanted_text(const LayoutPart& part, std::uint64_t bytes) const {
        return Value(text_of(part, bytes));
    }

    std::string present_text(const PresentPart& part, const LayoutPart* want = nullptr) const {
        if (!part.text.empty()) return part.text;
        const std::string size = format_size(part.bytes);
        if (want && fact_name(want->fs) == part.fs) return fmt::format("{} {}", size, fs_text(want->fs));
        return part.fs.empty() ? size + ", file system not seen"
                               : fmt::format("{} {}", size, fs_text(part.fs));
    }

    void moved(const std::string& path, const LayoutPart& want, const PresentPart& have) {
        if (have.mount.empty() || want.mount.empty() || have.mount == want.mount) return;
        add({.path = path + ".mount",
             .before = Value(have.mount),
             .after = Value(want.mount),
             .effect = "update"});
    }

    void add(PropertyChange change) { out_.changes.push_back(std::move(change)); }
    /// What keeps its content; `grown` is how it then reads, where it becomes larger.
    void add_staying(std::string path, const std::string& before, const std::optional<std::string>& grown,
                     std::optional<std::uint64_t> used) {
        add({.path = std::move(path),
             .before = Value(before),
             .after = Value(grown.value_or(before)),
             .effect = grown ? "grow" : "keep",
             .used = used});
    }

    void lose(std::string path, const PresentPart& part) {
        out_.anew = false;
        if (std::find(kOpaque.begin(), kOpaque.end(), part.fs) != kOpaque.end())
            problem(fmt::format("{} holds {}, whose content lab cannot see", part.name, part.fs));
        if (const LayoutPart* kept = preserved_at(part.mount); kept && !out_.reason.empty())
            problem(
                fmt::format("{} is preserved, but lies on {}, and {}", part.mount, part.name, out_.reason));
        add({.path = std::move(path),
             .before = Value(present_text(part)),
             .after = {},
             .effect = "lose",
             .used = part.used});
    }

    const LayoutPart* preserved_at(std::string_view mount) const {
        for (const auto* parts : {&desired_.partitions, &desired_.volumes})
            for (const LayoutPart& part : *parts)
                if (part.preserve && !mount.empty() && part.mount == mount) return &part;
        return nullptr;
    }

    void problem(std::string text) {
        if (std::find(out_.problems.begin(), out_.problems.end(), text) == out_.problems.end())
            out_.problems.push_back(std::move(text));
    }

    void finish() {
        for (const PropertyChange& change : out_.changes) {
            out_.differs = out_.differs || !is_kept(change);
            if (change.effect == "lose" || change.effect == "format") out_.risk = api::Risk::Destructive;
            const bool hides = change.path.starts_with("layout.tmpfs.") && change.effect != "update";
            if (hides) out_.risk = std::max(out_.risk, api::Risk::Disruptive);
        }
        // Nobody knows what is on the disk.
        if (blank_) out_.risk = api::Risk::Destructive;
        if (!out_.problems.empty()) out_.differs = true;
    }

    const Layout& desired_;
    const Layout* applied_;
    Storage storage_;
    const PresentDisk* disk_ = nullptr;
    spec::DiskMap map_;
    bool reinstall_ = false;
    bool supposed_ = false; // the storage is what was applied
    bool blank_ = false;    // nothing is known
    LayoutPlan out_;
};

} // namespace

std::string volume_path(const Layout& layout, std::string_view group, std::string_view volume) {
    const auto groups = std::count_if(layout.partitions.begin(), layout.partitions.end(),
                                      [](const LayoutPart& part) { return !part.group.empty(); });
    return groups > 1 ? fmt::format("layout.volumes.{}/{}", group, volume)
                      : fmt::format("layout.volumes.{}", volume);
}

bool is_kept(const PropertyChange& change) noexcept {
    return change.effect == "keep";
}

LayoutPlan plan_layout(const LayoutQuestion& question) {
    return Planning(question).run();
}

} // namespace lab::planner::detail
