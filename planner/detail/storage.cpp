#include "planner/detail/storage.h"

#include "planner/detail/part_text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

std::string text_at(const Value& map, std::string_view key) {
    const Value* value = map.get(key);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? *text : std::string();
}

std::uint64_t bytes_at(const Value& map, std::string_view key, std::uint64_t otherwise = 0) {
    const Value* value = map.get(key);
    const std::int64_t* number = value ? value->if_int() : nullptr;
    return number && *number >= 0 ? static_cast<std::uint64_t>(*number) : otherwise;
}

/// Items of the list at `key`; none where there is no list.
const ValueList& list_at(const Value& map, std::string_view key) {
    static const ValueList none;
    const Value* value = map.get(key);
    return value && value->if_list() ? *value->if_list() : none;
}

struct Mount {
    std::string target, fs;
};

/// What is mounted, by its device: "/dev/nvme0n1p2", "/dev/mapper/labvg-home".
using MountsBySource = std::multimap<std::string, Mount, std::less<>>;

MountsBySource mounts_of(const Value& facts) {
    MountsBySource out;
    for (const Value& mount : list_at(facts, "mounts"))
        out.emplace(text_at(mount, "source"),
                    Mount{.target = text_at(mount, "target"), .fs = text_at(mount, "fs")});
    return out;
}

/// The name below /dev/mapper, where device-mapper doubles dashes.
std::string mapper_path(std::string_view group, std::string_view volume) {
    std::string out = "/dev/mapper/";
    const auto add = [&](std::string_view name) {
        for (const char c : name)
            out += c == '-' ? std::string("--") : std::string(1, c);
    };
    add(group);
    out += '-';
    add(volume);
    return out;
}

void add_mount(PresentPart& part, std::string_view device, const MountsBySource& mounts, const Value& facts) {
    const auto [first, last] = mounts.equal_range(device);
    for (auto mount = first; mount != last; ++mount) {
        // Bound in several places: the shortest is where it belongs.
        if (!part.mount.empty() && part.mount.size() <= mount->second.target.size()) continue;
        part.mount = mount->second.target;
        if (part.fs.empty()) part.fs = mount->second.fs;
    }
    const Value* changing = facts.get("volatile");
    const Value* used = changing ? changing->get("used") : nullptr;
    const Value* own = used && !part.mount.empty() ? used->get(part.mount) : nullptr;
    if (own && own->if_int() && *own->if_int() >= 0) part.used = static_cast<std::uint64_t>(*own->if_int());
}

PresentDisk disk_of(const Value& row, const MountsBySource& mounts, const Value& facts) {
    PresentDisk disk{.name = text_at(row, "name"),
                     .bytes = bytes_at(row, "size"),
                     .serial = text_at(row, "serial"),
                     .wwn = text_at(row, "wwn"),
                     .model = text_at(row, "model"),
                     .transport = text_at(row, "transport"),
                     .table = text_at(row, "table"),
                     .fs = text_at(row, "fs")};
    if (const Value* turns = row.get("rotational"); turns && turns->if_bool())
        disk.rotational = *turns->if_bool();
    for (const Value& each : list_at(row, "partitions")) {
        PresentPart part{
            .name = text_at(each, "name"), .bytes = bytes_at(each, "size"), .fs = text_at(each, "fs")};
        if (each.get("start")) part.start = bytes_at(each, "start");
        const std::string path = text_at(each, "path");
        add_mount(part, path.empty() ? "/dev/" + part.name : path, mounts, facts);
        disk.partitions.push_back(std::move(part));
    }
    return disk;
}

PresentGroup group_of(const Value& row) {
    PresentGroup group{.name = text_at(row, "name"),
                       .uuid = text_at(row, "uuid"),
                       .bytes = bytes_at(row, "size"),
                       .extent = std::max<std::uint64_t>(bytes_at(row, "extent", spec::kExtent), 1)};
    for (const Value& path : list_at(row, "pvs"))
        if (const std::string* text = path.if_string())
            group.partitions.push_back(text->substr(text->rfind('/') + 1));
    return group;
}

PresentPart volume_of(const Value& row, const MountsBySource& mounts, const Value& facts) {
    PresentPart part{.name = text_at(row, "name"),
                     .group = text_at(row, "vg"),
                     .bytes = bytes_at(row, "size"),
                     .fs = text_at(row, "fs")};
    add_mount(part, mapper_path(part.group, part.name), mounts, facts);
    if (part.mount.empty()) add_mount(part, fmt::format("/dev/{}/{}", part.group, part.name), mounts, facts);
    return part;
}

PresentPart supposed_part(const spec::LayoutPart& part, std::uint64_t bytes) {
    return {.name = part.name,
            .bytes = bytes,
            .fs = std::string(fact_name(part.fs)),
            .mount = part.mount,
            .text = wanted_text(part)};
}

} // namespace

std::optional<Storage> storage_of(const Value& facts) {
    const Value* disks = facts.get("disks");
    if (!disks || !disks->if_list()) return std::nullopt;
    Storage out;
    const MountsBySource mounts = mounts_of(facts);
    for (const Value& row : *disks->if_list())
        out.disks.push_back(disk_of(row, mounts, facts));
    if (const Value* lvm = facts.get("lvm")) {
        for (const Value& row : list_at(*lvm, "vgs"))
            out.groups.push_back(group_of(row));
        for (const Value& row : list_at(*lvm, "lvs"))
            out.volumes.push_back(volume_of(row, mounts, facts));
    }
    for (const Value& mount : list_at(facts, "mounts"))
        if (text_at(mount, "fs") == "tmpfs") out.memory[text_at(mount, "target")] = bytes_at(mount, "size");
    if (const Value* boot = facts.get("boot")) out.boot_mode = text_at(*boot, "mode");
    return out;
}

Storage supposed_storage(const spec::Layout& layout, const spec::Layout& next) {
    const std::uint64_t least =
        std::max(spec::smallest_disk(layout).value_or(0), spec::smallest_disk(next).value_or(0));
    const std::uint64_t size = std::max(least, layout.disk.min_size ? layout.disk.min_size->value : 0);
    const spec::DiskMap map = spec::lay_out(layout, size);
    Storage out{.supposed = true};
    PresentDisk disk{.name = "the disk", .bytes = size, .table = "gpt"};
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const spec::LayoutPart& part = layout.partitions[i];
        const std::uint64_t bytes = map.partitions[i].bytes;
        disk.partitions.push_back(supposed_part(part, bytes));
        if (!part.group.empty())
            out.groups.push_back({.name = part.group,
                                  .bytes = spec::group_extents(bytes) * spec::kExtent,
                                  .partitions = {part.name}});
    }
    for (std::size_t i = 0; i < layout.volumes.size(); ++i) {
        out.volumes.push_back(supposed_part(layout.volumes[i], map.volumes[i].bytes));
        out.volumes.back().group = layout.volumes[i].group;
    }
    for (const spec::LayoutTmpfs& tmpfs : layout.tmpfs)
        out.memory[tmpfs.mount] = tmpfs.size.amount;
    out.disks.push_back(std::move(disk));
    return out;
}

std::string_view fact_name(spec::FileSystem fs) noexcept {
    switch (fs) {
    case spec::FileSystem::None: return "LVM2_member";
    case spec::FileSystem::Efi: return "vfat";
    case spec::FileSystem::BiosBoot: return "";
    case spec::FileSystem::Ext4:
    case spec::FileSystem::Xfs:
    case spec::FileSystem::Btrfs:
    case spec::FileSystem::Swap: return to_string(fs);
    }
    return "";
}

bool has_fs(const PresentPart& part, spec::FileSystem wanted) {
    return wanted == spec::FileSystem::BiosBoot || fact_name(wanted) == part.fs;
}

bool is_on_usb(const PresentDisk& disk) {
    return disk.transport == "usb";
}

bool has_lvm(const PresentDisk& disk) {
    return disk.fs == "LVM2_member" ||
           std::any_of(disk.partitions.begin(), disk.partitions.end(),
                       [](const PresentPart& part) { return part.fs == "LVM2_member"; });
}

bool lies_on(const PresentGroup& group, const PresentDisk& disk) {
    return std::any_of(group.partitions.begin(), group.partitions.end(), [&](const std::string& name) {
        return name == disk.name || std::any_of(disk.partitions.begin(), disk.partitions.end(),
                                                [&](const PresentPart& part) { return part.name == name; });
    });
}

const PresentDisk* other_disk(const Storage& storage, const PresentGroup& group, const PresentDisk& disk) {
    const auto holds = [&](const PresentDisk& other) {
        // Of a group without known places: where there is LVM, but not on `disk`.
        const bool left_over = group.partitions.empty() && !has_lvm(disk) && has_lvm(other);
        return other.name != disk.name && (lies_on(group, other) || left_over);
    };
    const auto found = std::find_if(storage.disks.begin(), storage.disks.end(), holds);
    return found == storage.disks.end() ? nullptr : &*found;
}

const PresentPart* find_volume(const Storage& storage, std::string_view group, std::string_view volume) {
    for (const PresentPart& part : storage.volumes)
        if (part.group == group && part.name == volume) return &part;
    return nullptr;
}

std::uint64_t room_behind(const PresentDisk& disk) {
    std::uint64_t taken = spec::kAlignment, last = 0; // where all of them end, and the last of the list
    for (const PresentPart& part : disk.partitions) {
        last = std::min(part.start.value_or(taken), disk.bytes) + std::min(part.bytes, disk.bytes);
        taken = std::max(taken, last);
    }
    if (last < taken) return 0; // another one lies behind it
    const std::uint64_t end = spec::kAlignment + spec::usable_bytes(disk.bytes);
    return end > taken ? end - taken : 0;
}

std::string to_string(const PresentDisk& disk) {
    return fmt::format("{} ({}{}{})", disk.name,
                       disk.serial.empty() ? "" : fmt::format("serial {}, ", disk.serial),
                       format_size(disk.bytes), is_on_usb(disk) ? ", on USB" : "");
}

} // namespace lab::planner::detail
