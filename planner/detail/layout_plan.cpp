#include "planner/detail/layout_plan.h"

#include "planner/detail/layout_match.h"
#include "planner/detail/part_text.h"
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

/// Units that a part takes at least.
std::uint64_t least_units(const LayoutSize& size, std::uint64_t capacity, std::uint64_t unit) {
    if (size.kind == LayoutSize::Kind::Rest) return 1;
    return spec::share_out({size}, nullptr, capacity, unit).units.front();
}

/// A volume of the layout, and the extents it comes to.
struct Slot {
    VolumeMatch volume;
    std::uint64_t extents = 0;
    bool kept = false;
};

/// A volume group that stays, and what is to be in it.
struct Filling {
    const PresentGroup& group;
    std::uint64_t capacity;   // extents
    std::uint64_t others = 0; // extents of volumes that are none of lab's
    std::vector<Slot> slots;
};

/// Bytes of the group once its physical volume takes the whole partition, and that has grown.
std::uint64_t bytes_of(const PresentGroup& group, const PartitionMatch& partition) {
    const std::uint64_t grown = group.bytes + partition.growth;
    const std::uint64_t most = partition.have->bytes + partition.growth;
    const bool is_alone = group.partitions.size() == 1; // else nobody knows what it has elsewhere
    return is_alone && most >= grown + spec::kGroupHeader + kLeastRoom ? most - spec::kGroupHeader : grown;
}

class Planning {
  public:
    Planning(const LayoutQuestion& question, const Storage* storage)
        : desired_(question.desired), applied_(question.applied), storage_(storage),
          reinstall_(question.reinstall),
          match_(match_layout(desired_, question.applied, storage, question.disk)) {}

    LayoutPlan run() {
        if (match_.disk) check_boot_mode();
        for (const std::string& text : match_.problems)
            problem(text);
        if (storage_ && !match_.disk) // nobody can tell what would become of what
            out_.anew = !applied_;
        else
            plan_parts();
        note_given_up();
        finish();
        return std::move(out_);
    }

  private:
    void plan_parts() {
        if (match_.keeps_table) {
            keep_table();
        } else {
            create_all();
            lose_all();
        }
        plan_memory();
    }

    void check_boot_mode() {
        const auto has = [&](FileSystem fs) {
            return std::any_of(desired_.partitions.begin(), desired_.partitions.end(),
                               [fs](const LayoutPart& part) { return part.fs == fs; });
        };
        if (storage_->boot_mode == "bios" && !has(FileSystem::BiosBoot))
            problem(fmt::format("the machine boots by BIOS, but layout '{}' has no partition for it: add "
                                "{{size: 1MiB, fs: bios-boot}}",
                                desired_.name));
        if (storage_->boot_mode == "uefi" && !has(FileSystem::Efi))
            problem(fmt::format("the machine boots by UEFI, but layout '{}' has no EFI system partition: add "
                                "{{mount: /boot/efi, size: 600MB, fs: efi}}",
                                desired_.name));
    }

    // ---- a disk that is divided anew

    /// Every part is created; what is there under its name is written over.
    void create_all() {
        out_.anew = true;
        if (!match_.anew.empty())
            out_.reason = fmt::format("{} is partitioned anew: {}", match_.disk->name, match_.anew);
        const spec::DiskMap map = match_.disk ? spec::lay_out(desired_, match_.disk->bytes) : spec::DiskMap();
        const auto bytes_of = [](const std::vector<spec::PartPlace>& places, std::size_t part) {
            return part < places.size() ? places[part].bytes : 0;
        };
        for (std::size_t i = 0; i < desired_.partitions.size(); ++i) {
            const LayoutPart& part = desired_.partitions[i];
            create(partition_path(part), part, bytes_of(map.partitions, i));
        }
        for (std::size_t i = 0; i < desired_.volumes.size(); ++i) {
            const LayoutPart& part = desired_.volumes[i];
            const PresentPart* have = match_.volumes[i].have;
            if (!have) {
                create(volume_path(part), part, bytes_of(map.volumes, i));
                continue;
            }
            if (part.preserve)
                problem(fmt::format("volume '{}' is preserved, but {}", part.name, out_.reason));
            else
                take_preserved(*have);
            format(volume_path(part), present_text(*have), text_of(part, bytes_of(map.volumes, i)), *have);
        }
    }

    void lose_all() {
        if (!match_.disk) return;
        const PresentDisk& disk = *match_.disk;
        for (const PresentPart& part : disk.partitions)
            lose("layout.disk." + part.name, part);
        if (disk.partitions.empty() && !disk.fs.empty())
            lose("layout.disk." + disk.name, {.name = disk.name, .bytes = disk.bytes, .fs = disk.fs});
        for (const PresentGroup* group : match_.groups)
            lose_volumes(*group, other_volumes(desired_, *storage_, *group, group->name));
        if (storage_->supposed) return;
        for (const std::string& each : spec::lay_out(desired_, disk.bytes).problems)
            problem(fmt::format("layout '{}' does not fit {}: {}", desired_.name, to_string(disk), each));
    }

    void lose_volumes(const PresentGroup& group, const std::vector<const PresentPart*>& volumes) {
        if (const PresentDisk* other = other_disk(*storage_, group, *match_.disk))
            problem(fmt::format("volume group '{}' lies on {} as well", group.name, to_string(*other)));
        for (const PresentPart* volume : volumes)
            lose(disk_path(*volume), *volume);
    }

    // ---- a disk whose partitions stay

    void keep_table() {
        for (const PartitionMatch& partition : match_.partitions)
            keep_partition(partition);
        for (const ExtraPartition& extra : match_.extras)
            plan_extra(extra);
        note_shut_in();
    }

    /// What takes the rest is as large as the layout comes to on the disk, or it is said. Behind the last one
    /// that stays there is nothing but what others need more than the layout gives them.
    void note_shut_in() {
        if (storage_->supposed) return;
        const spec::DiskMap map = spec::lay_out(desired_, match_.disk->bytes);
        if (!map.fits()) return;
        for (std::size_t i = 0; i < match_.partitions.size(); ++i) {
            const PartitionMatch& match = match_.partitions[i];
            const bool is_last = match.have == &match_.disk->partitions.back() || match.growth > 0;
            const std::uint64_t bytes = match.have->bytes + match.growth, rest = map.partitions[i].bytes;
            if (match.want->size.kind == LayoutSize::Kind::Rest && !is_last && bytes + kLeastRoom <= rest)
                out_.shut_in.push_back({.what = match.want->name, .bytes = bytes, .rest = rest});
        }
    }

    /// A partition that is none of the layout's, with the volumes on it: lost where lab made it, else left
    /// alone.
    void plan_extra(const ExtraPartition& extra) {
        const bool is_partition =
            extra.made && (extra.made->group.empty() || extra.made->fs == FileSystem::None);
        const std::string path = is_partition ? partition_path(*extra.made) : disk_path(*extra.have);
        if (extra.made)
            lose(path, *extra.have);
        else
            stay(path, present_text(*extra.have), std::nullopt, extra.have->used);
        for (const PresentGroup* group : extra.groups) {
            if (extra.made) {
                lose_volumes(*group, volumes_of(*storage_, *group));
                continue;
            }
            for (const PresentPart* volume : volumes_of(*storage_, *group))
                stay(disk_path(*volume), present_text(*volume), std::nullopt, volume->used);
        }
    }

    void keep_partition(const PartitionMatch& partition) {
        const LayoutPart& want = *partition.want;
        const PresentPart& have = *partition.have;
        const std::string path = partition_path(want);
        const std::string before = present_text(have, &want);
        const std::string wanted = text_of(want, have.bytes + partition.growth);
        const auto grown = partition.growth > 0 ? std::optional(wanted) : std::nullopt;
        if (want.fs == FileSystem::None) {
            stay(path, before, grown, std::nullopt);
            fill_group(partition);
            return;
        }
        const bool same = has_fs(have, want.fs);
        if (same && (want.preserve || !reinstall_)) {
            stay(path, before, grown, have.used);
        } else {
            if (want.preserve)
                problem(fmt::format("{} is preserved, but {} where the layout wants {}", want.name,
                                    found_on(have), fs_text(want.fs)));
            if (const Holding* held = match_.holdings.of(have);
                !want.preserve || (held && held->id != identity(want)))
                take_preserved(have);
            format(path, before, same && !grown ? before : wanted, have);
        }
        remount(path, want, have);
    }

    // ---- a volume group that stays

    void fill_group(const PartitionMatch& partition) {
        if (!partition.problem.empty()) problem(partition.problem);
        if (!partition.group) return;
        const PresentGroup& group = *partition.group;
        Filling filling{.group = group, .capacity = bytes_of(group, partition) / group.extent};
        for (const VolumeMatch& volume : match_.volumes)
            if (volume.want->group == partition.want->group) filling.slots.push_back({.volume = volume});
        filling.others = plan_others(group, partition.want->group);
        std::uint64_t needed = size_up(filling, /*shrink=*/false);
        if (needed > filling.capacity) needed = size_up(filling, /*shrink=*/true);
        if (needed > filling.capacity && !storage_->supposed)
            problem(
                fmt::format("volume group '{}' needs {}, but has {}, and what is preserved or not lab's is "
                            "never shrunk",
                            group.name, format_size(needed * group.extent, Rounding::Up),
                            format_size(filling.capacity * group.extent, Rounding::Down)));
        for (const Slot& slot : filling.slots)
            plan_volume(slot, group);
    }

    /// Volumes of the group that the layout, which calls it `wanted`, does not have: lost where lab made
    /// them, else left alone. Gives the extents that those left alone take.
    std::uint64_t plan_others(const PresentGroup& group, std::string_view wanted) {
        std::uint64_t extents = 0;
        for (const PresentPart* volume : other_volumes(desired_, *storage_, group, wanted)) {
            const std::string path = detail::volume_path(desired_, wanted, volume->name);
            const Holding* held = match_.holdings.of(*volume);
            if (!held || !held->was) {
                stay(path, present_text(*volume), std::nullopt, volume->used);
                extents += volume->bytes / group.extent;
                continue;
            }
            lose(path, *volume);
        }
        return extents;
    }

    /// Gives every volume its extents; returns how many all take. With `shrink`, what is not preserved is
    /// made no larger than it has to be.
    std::uint64_t size_up(Filling& filling, bool shrink) const {
        const std::uint64_t extent = filling.group.extent;
        std::uint64_t used = filling.others;
        Slot* rest = nullptr;
        for (Slot& slot : filling.slots) {
            const LayoutPart& want = *slot.volume.want;
            const PresentPart* have = slot.volume.have;
            slot.extents = least_units(want.size, filling.capacity, extent);
            if (want.size.kind == LayoutSize::Kind::Rest) rest = &slot;
            const std::uint64_t there = have ? have->bytes / extent : 0;
            const bool same = have && (have->fs.empty() || has_fs(*have, want.fs));
            slot.kept = same && (want.preserve || (!reinstall_ && (!shrink || there <= slot.extents)));
            if (slot.kept || (have && want.preserve)) slot.extents = std::max(slot.extents, there);
            used += slot.extents;
        }
        // What was left free when the group was made may be taken by what grows, but not by the rest.
        const std::uint64_t slack = least_units(desired_.slack, filling.capacity, extent);
        if (rest && used + slack < filling.capacity) {
            rest->extents += filling.capacity - used - slack;
            used = filling.capacity - slack;
        }
        return used;
    }

    void plan_volume(const Slot& slot, const PresentGroup& group) {
        const LayoutPart& want = *slot.volume.want;
        const std::string path = volume_path(want);
        const std::uint64_t bytes = slot.extents * group.extent;
        if (!slot.volume.have) {
            create(path, want, bytes);
            return;
        }
        const PresentPart& have = *slot.volume.have;
        const std::string before = present_text(have, &want), after = text_of(want, bytes);
        if (slot.kept) {
            const bool grows = slot.extents > have.bytes / group.extent;
            stay(path, before, grows ? std::optional(after) : std::nullopt, have.used);
        } else {
            if (want.preserve)
                problem(fmt::format("volume '{}' is preserved, but has {} where the layout wants {}",
                                    want.name, fs_text(have.fs), fs_text(want.fs)));
            else
                take_preserved(have);
            format(path, before, after, have);
        }
        remount(path, want, have);
    }

    // ---- memory

    void plan_memory() {
        static const std::map<std::string, std::uint64_t> nothing;
        const auto& there = storage_ ? storage_->memory : nothing;
        for (const spec::LayoutTmpfs& tmpfs : desired_.tmpfs) {
            const std::string path = "layout.tmpfs." + tmpfs.mount;
            const Value after(format_size(tmpfs.size.amount));
            const auto found = there.find(tmpfs.mount);
            if (found == there.end()) {
                add({.path = path, .before = {}, .after = after, .effect = "create"});
                continue;
            }
            const std::uint64_t bytes = found->second;
            if (std::max(bytes, tmpfs.size.amount) - std::min(bytes, tmpfs.size.amount) >= kMemorySlip)
                add({.path = path, .before = Value(format_size(bytes)), .after = after, .effect = "update"});
        }
        if (!applied_) return;
        for (const spec::LayoutTmpfs& was : applied_->tmpfs) {
            const bool wanted = std::any_of(desired_.tmpfs.begin(), desired_.tmpfs.end(),
                                            [&](const auto& tmpfs) { return tmpfs.mount == was.mount; });
            if (!wanted && there.contains(was.mount))
                add({.path = "layout.tmpfs." + was.mount,
                     .before = Value(format_size(was.size.amount)),
                     .after = {},
                     .effect = "remove"});
        }
    }

    // ---- what becomes of a part

    void add(PropertyChange change) { out_.changes.push_back(std::move(change)); }

    void create(std::string path, const LayoutPart& want, std::uint64_t bytes) {
        add({.path = std::move(path),
             .before = {},
             .after = Value(text_of(want, bytes)),
             .effect = "create"});
    }

    /// What keeps its content; `grown` is how it then reads, where it becomes larger.
    void stay(std::string path, const std::string& before, const std::optional<std::string>& grown,
              std::optional<std::uint64_t> used) {
        add({.path = std::move(path),
             .before = Value(before),
             .after = Value(grown.value_or(before)),
             .effect = grown ? "grow" : "keep",
             .used = used});
    }

    void format(std::string path, std::string before, std::string after, const PresentPart& have) {
        write_over(have);
        add({.path = std::move(path),
             .before = Value(std::move(before)),
             .after = Value(std::move(after)),
             .effect = "format",
             .used = have.used});
    }

    void write_over(const PresentPart& part) {
        out_.anew = false;
        if (std::find(kOpaque.begin(), kOpaque.end(), part.fs) != kOpaque.end())
            problem(fmt::format("{} holds {}, whose content lab cannot see", part.name, part.fs));
    }

    void lose(std::string path, const PresentPart& part) {
        write_over(part);
        const Holding* held = match_.holdings.of(part);
        const std::string& mount = held && !held->id.empty() ? held->id : part.mount;
        if (is_preserved(mount) && !out_.reason.empty())
            problem(part.name == mount ? fmt::format("{} is preserved, but {}", mount, out_.reason)
                                       : fmt::format("{} is preserved, but lies on {}, and {}", mount,
                                                     part.name, out_.reason));
        else
            take_preserved(part);
        add({.path = std::move(path),
             .before = Value(present_text(part)),
             .after = {},
             .effect = "lose",
             .used = part.used});
    }

    /// What was preserved when it was applied is not written over because the layout says so no longer: a
    /// commit that only gives it up has to be applied before.
    void take_preserved(const PresentPart& part) {
        const Holding* held = match_.holdings.of(part);
        if (!held || !held->was) return;
        if (held->was->preserve) was_preserved(*held->was);
        if (held->was->fs != FileSystem::None) return;
        // Whose volumes nobody saw: they may all be there.
        const auto is_on_it = [&](const PresentGroup* group) {
            const auto& places = group->partitions;
            return places.empty() || std::find(places.begin(), places.end(), part.name) != places.end();
        };
        if (std::any_of(match_.groups.begin(), match_.groups.end(), is_on_it)) return;
        for (const LayoutPart& volume : applied_->volumes)
            if (volume.preserve && volume.group == held->was->group) was_preserved(volume);
    }

    void was_preserved(const LayoutPart& part) {
        std::string text = fmt::format(
            "{} was preserved when it was applied: apply a commit that has it without `preserve` first",
            preserved_name(part));
        const auto end = out_.problems.begin() + static_cast<std::ptrdiff_t>(given_up_);
        if (std::find(out_.problems.begin(), end, text) != end) return;
        out_.problems.insert(end, std::move(text));
        ++given_up_;
        out_.takes_preserved = true;
    }

    void note_given_up() {
        if (!applied_) return;
        for (const auto* parts : {&applied_->partitions, &applied_->volumes})
            for (const LayoutPart& part : *parts) {
                if (!part.preserve) continue;
                const LayoutPart* now = desired_.find_volume(part.group, part.name);
                if (!now) now = find_identity(desired_, identity(part));
                if (now ? !now->preserve : !is_preserved_elsewhere(part))
                    out_.given_up.push_back({.what = preserved_name(part), .is_there = now != nullptr});
            }
    }

    /// Whether its data are another part's by now, which preserves them.
    bool is_preserved_elsewhere(const LayoutPart& part) const {
        const auto takes_over = [&](const auto& match) {
            const Holding* held = match.have ? match_.holdings.of(*match.have) : nullptr;
            return held && held->was == &part && match.want->preserve;
        };
        return std::any_of(match_.partitions.begin(), match_.partitions.end(), takes_over) ||
               std::any_of(match_.volumes.begin(), match_.volumes.end(), takes_over);
    }

    void remount(const std::string& path, const LayoutPart& want, const PresentPart& have) {
        if (have.mount.empty() || want.mount.empty() || have.mount == want.mount) return;
        add({.path = path + ".mount",
             .before = Value(have.mount),
             .after = Value(want.mount),
             .effect = "update"});
    }

    /// Whether the layout preserves what is mounted there.
    bool is_preserved(std::string_view mount) const {
        const auto keeps = [mount](const LayoutPart& part) {
            return part.preserve && !mount.empty() && part.mount == mount;
        };
        return std::any_of(desired_.partitions.begin(), desired_.partitions.end(), keeps) ||
               std::any_of(desired_.volumes.begin(), desired_.volumes.end(), keeps);
    }

    void problem(std::string text) {
        if (std::find(out_.problems.begin(), out_.problems.end(), text) == out_.problems.end())
            out_.problems.push_back(std::move(text));
    }

    static std::string disk_path(const PresentPart& part) {
        return part.group.empty() ? "layout.disk." + part.name
                                  : fmt::format("layout.disk.{}/{}", part.group, part.name);
    }
    static std::string partition_path(const LayoutPart& part) { return "layout.partitions." + part.name; }
    std::string volume_path(const LayoutPart& part) const {
        return detail::volume_path(desired_, part.group, part.name);
    }

    std::string text_of(const LayoutPart& part, std::uint64_t bytes) const {
        return wanted_text(part, storage_ && storage_->supposed ? 0 : bytes);
    }

    void finish() {
        for (const PropertyChange& change : out_.changes) {
            out_.differs = out_.differs || !is_kept(change);
            if (change.effect == "lose" || change.effect == "format") out_.risk = api::Risk::Destructive;
            const bool hides = change.path.starts_with("layout.tmpfs.") && change.effect != "update";
            if (hides) out_.risk = std::max(out_.risk, api::Risk::Disruptive);
        }
        // Nobody knows what is on the disk.
        if (!storage_) out_.risk = api::Risk::Destructive;
        if (!out_.problems.empty()) out_.differs = true;
    }

    const Layout& desired_;
    const Layout* applied_;
    const Storage* storage_; // null: nobody knows what is there
    bool reinstall_;
    LayoutMatch match_;
    LayoutPlan out_;
    std::size_t given_up_ = 0; // of the problems: those of was_preserved(), which come first
};

} // namespace

std::string preserved_name(const LayoutPart& part) {
    return part.group.empty() ? part.name : fmt::format("volume '{}'", part.name);
}

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
    if (question.storage || !question.applied) return Planning(question, question.storage).run();
    const Storage supposed = supposed_storage(*question.applied, question.desired);
    return Planning(question, &supposed).run();
}

} // namespace lab::planner::detail
