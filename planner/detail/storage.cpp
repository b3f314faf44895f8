#include "planner/detail/storage.h"

#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

/// Tools leave a few MiB between partitions and at the end of a disk, for alignment: that is no room.
constexpr std::uint64_t kLeastRoom = 16 * spec::kMebibyte;

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

bool is_on_usb(const PresentDisk& disk) {
    return disk.transport == "usb";
}

std::vector<const PresentDisk*> matching(const Storage& storage, const spec::DiskSelector& selector) {
    std::vector<const PresentDisk*> out;
    for (const PresentDisk& disk : storage.disks)
        if (fits(disk, selector)) out.push_back(&disk);
    return out;
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

std::uint64_t room_behind(const PresentDisk& disk) {
    std::uint64_t taken = spec::kAlignment, last = 0; // where all of them end, and the last of the list
    for (const PresentPart& part : disk.partitions) {
        last = std::min(part.start.value_or(taken), disk.bytes) + std::min(part.bytes, disk.bytes);
        taken = std::max(taken, last);
    }
    if (last < taken) return 0; // another one lies behind it
    const std::uint64_t end = spec::kAlignment + spec::usable_bytes(disk.bytes);
    return end > taken && end - taken >= kLeastRoom ? end - taken : 0;
}

std::string to_string(const PresentDisk& disk) {
    return fmt::format("{} ({}{}{})", disk.name,
                       disk.serial.empty() ? "" : fmt::format("serial {}, ", disk.serial),
                       format_size(disk.bytes), is_on_usb(disk) ? ", on USB" : "");
}

} // namespace lab::planner::detail
