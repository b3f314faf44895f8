// Facts about disks, LVM and mounted file systems.

#include "agent/detail/fact_readers.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace lab::agent {
namespace {

constexpr std::string_view kColumns =
    "NAME,PATH,TYPE,SIZE,SERIAL,WWN,MODEL,ROTA,TRAN,PTTYPE,FSTYPE,LABEL,UUID,"
    "PARTUUID,PARTLABEL";
/// Block devices of memory or of files: they are no disks.
constexpr std::array<std::string_view, 3> kMemoryDisks{"zram", "ram", "loop"};
constexpr std::array<std::string_view, 8> kNetworkFs{"nfs",  "nfs4", "cifs",      "smb3",
                                                     "ceph", "9p",   "glusterfs", "virtiofs"};
/// File systems that come and go with what runs.
constexpr std::array<std::string_view, 8> kPassingFolders{
    "/run/", "/dev/", "/sys/", "/proc/", "/var/lib/docker/", "/var/lib/containers/", "/var/lib/kubelet/",
    "/snap/"};

const std::string* text_at(const Value& map, std::string_view key) {
    const Value* value = map.get(key);
    const std::string* text = value ? value->if_string() : nullptr;
    return text && !text->empty() ? text : nullptr;
}

void copy_text(ValueMap& to, const Value& from, std::string_view column, std::string_view name) {
    if (const std::string* text = text_at(from, column)) to.set(std::string(name), std::string(trim(*text)));
}

/// lsblk and lvm of some versions write numbers as text.
std::optional<std::int64_t> integer_at(const Value& map, std::string_view key) {
    const Value* value = map.get(key);
    if (!value) return std::nullopt;
    if (const std::int64_t* number = value->if_int()) return *number;
    const std::string* text = value->if_string();
    std::int64_t number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc())
        return std::nullopt;
    return number;
}

std::optional<bool> flag_at(const Value& map, std::string_view key) {
    const Value* value = map.get(key);
    if (value && value->if_bool()) return *value->if_bool();
    const std::string* text = value ? value->if_string() : nullptr;
    if (!text || (*text != "0" && *text != "1")) return std::nullopt;
    return *text == "1";
}

Value partition_of(const Value& row) {
    ValueMap partition{{"name", *text_at(row, "name")}};
    copy_text(partition, row, "path", "path");
    if (const auto size = integer_at(row, "size")) partition.set("size", *size);
    copy_text(partition, row, "fstype", "fs");
    copy_text(partition, row, "label", "label");
    copy_text(partition, row, "uuid", "uuid");
    copy_text(partition, row, "partuuid", "partuuid");
    copy_text(partition, row, "partlabel", "partlabel");
    return partition;
}

bool is_memory_disk(std::string_view name) {
    return std::any_of(kMemoryDisks.begin(), kMemoryDisks.end(),
                       [name](std::string_view prefix) { return name.starts_with(prefix); });
}

Value disk_of(const Value& row) {
    ValueMap disk{{"name", *text_at(row, "name")}};
    copy_text(disk, row, "path", "path");
    if (const auto size = integer_at(row, "size")) disk.set("size", *size);
    copy_text(disk, row, "serial", "serial");
    copy_text(disk, row, "wwn", "wwn");
    copy_text(disk, row, "model", "model");
    if (const auto rotational = flag_at(row, "rota")) disk.set("rotational", *rotational);
    copy_text(disk, row, "tran", "transport");
    copy_text(disk, row, "pttype", "table");
    copy_text(disk, row, "fstype", "fs");
    ValueList partitions;
    const Value* children = row.get("children");
    if (children && children->if_list()) {
        for (const Value& child : *children->if_list()) {
            const std::string* type = text_at(child, "type");
            if (type && *type == "part" && text_at(child, "name")) partitions.push_back(partition_of(child));
        }
    }
    disk.set("partitions", std::move(partitions));
    return disk;
}

/// Logical volumes among a device and what lies on it: on partitions, RAIDs, encrypted devices, each other.
void add_volume_fs(BlockDevices& devices, const Value& row) {
    const std::string* type = text_at(row, "type");
    const std::string* path = text_at(row, "path");
    const std::string* fs = text_at(row, "fstype");
    if (type && *type == "lvm" && path && fs) devices.volume_fs.emplace(*path, trim(*fs));
    const Value* children = row.get("children");
    if (!children || !children->if_list()) return;
    for (const Value& child : *children->if_list())
        add_volume_fs(devices, child);
}

/// "\040" and the like of /proc/self/mounts.
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto is_octal = [&](std::size_t at) {
            return at < text.size() && text[at] >= '0' && text[at] <= '7';
        };
        if (text[i] == '\\' && is_octal(i + 1) && is_octal(i + 2) && is_octal(i + 3)) {
            plain.push_back(
                static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
            i += 3;
        } else {
            plain.push_back(text[i]);
        }
    }
    return plain;
}

bool is_network(std::string_view fs) {
    return std::find(kNetworkFs.begin(), kNetworkFs.end(), fs) != kNetworkFs.end() || fs.starts_with("fuse.");
}

/// Whether a mount is part of what the machine is: disks, network shares, tmpfs, and whatever is its root.
bool is_kept(std::string_view target, std::string_view fs,
             const std::set<std::string, std::less<>>& virtual_fs) {
    if (target == "/") return true;
    for (std::string_view folder : kPassingFolders)
        if (target.starts_with(folder) || target == folder.substr(0, folder.size() - 1)) return false;
    return fs == "tmpfs" || fs == "zfs" || is_network(fs) || !virtual_fs.contains(fs);
}

std::set<std::string, std::less<>> virtual_file_systems(const FactSources& sources) {
    std::set<std::string, std::less<>> names;
    const std::string text = source_text(sources, "/proc/filesystems").value_or("");
    for (std::string_view line : split(text, '\n'))
        if (line.starts_with("nodev")) names.emplace(trim(line.substr(5)));
    return names;
}

std::optional<ValueList> lvm_rows(const FactSources& sources, const char* report, std::string_view section,
                                  const char* columns) {
    const auto text = sources.output(
        {"lvm", report, "--reportformat", "json", "--units", "b", "--nosuffix", "--readonly", "-o", columns});
    if (!text) return std::nullopt;
    auto rows = parse_lvm_report(*text, section);
    return rows ? std::optional(std::move(*rows)) : std::nullopt;
}

/// Where the partition begins, from the kernel, in its sectors of 512 bytes: older lsblk have no column for
/// it, and refuse one that they do not know.
void add_start(Value& partition, const FactSources& sources) {
    const auto text =
        source_text(sources, fmt::format("/sys/class/block/{}/start", *text_at(partition, "name")));
    const auto sectors = integer_at(ValueMap{{"start", Value(text.value_or(""))}}, "start");
    std::int64_t bytes = 0;
    if (sectors && !__builtin_mul_overflow(*sectors, std::int64_t{512}, &bytes))
        partition.if_map()->set("start", bytes);
}

void add_group(ValueList& vgs, const Value& row) {
    // A group on several disks has a row for each.
    const std::string* disk = text_at(row, "pv_name");
    if (ValueMap* same = vgs.empty() ? nullptr : vgs.back().if_map();
        same && disk && text_at(row, "vg_uuid") && same->find("uuid") &&
        *same->find("uuid") == Value(*text_at(row, "vg_uuid"))) {
        if (Value* pvs = same->find("pvs")) pvs->if_list()->emplace_back(*disk);
        return;
    }
    ValueMap vg;
    copy_text(vg, row, "vg_name", "name");
    copy_text(vg, row, "vg_uuid", "uuid");
    if (const auto size = integer_at(row, "vg_size")) vg.set("size", *size);
    if (const auto free = integer_at(row, "vg_free")) vg.set("free", *free);
    if (const auto extent = integer_at(row, "vg_extent_size")) vg.set("extent", *extent);
    if (disk) vg.set("pvs", ValueList{Value(*disk)});
    vgs.emplace_back(std::move(vg));
}

Value volume_of(const Value& row, const BlockDevices& devices) {
    ValueMap lv;
    copy_text(lv, row, "lv_name", "name");
    copy_text(lv, row, "vg_name", "vg");
    copy_text(lv, row, "lv_uuid", "uuid");
    copy_text(lv, row, "lv_path", "path");
    if (const auto size = integer_at(row, "lv_size")) lv.set("size", *size);
    const std::string* path = text_at(row, "lv_dm_path");
    const auto fs = path ? devices.volume_fs.find(*path) : devices.volume_fs.end();
    if (fs != devices.volume_fs.end()) lv.set("fs", fs->second);
    return lv;
}

} // namespace

Result<BlockDevices> parse_lsblk(std::string_view json) {
    auto document = parse_json(json);
    if (!document) return std::move(document).error().during("while reading the output of lsblk");
    const Value* rows = document->get("blockdevices");
    if (!rows || !rows->if_list())
        return Error{ErrorCode::Invalid, "the output of lsblk has no list 'blockdevices'", {}, {}};
    BlockDevices out;
    for (const Value& row : *rows->if_list()) {
        add_volume_fs(out, row);
        const std::string* name = text_at(row, "name");
        const std::string* type = text_at(row, "type");
        if (!name || !type || *type != "disk" || is_memory_disk(*name)) continue;
        if (integer_at(row, "size").value_or(1) == 0) continue; // a card reader without a card
        out.disks.push_back(disk_of(row));
    }
    return out;
}

Result<ValueList> parse_lvm_report(std::string_view json, std::string_view section) {
    auto document = parse_json(json);
    if (!document) return std::move(document).error().during("while reading a report of lvm");
    const Value* reports = document->get("report");
    if (!reports || !reports->if_list())
        return Error{ErrorCode::Invalid, "the output of lvm has no list 'report'", {}, {}};
    ValueList rows;
    for (const Value& report : *reports->if_list()) {
        const Value* found = report.get(section);
        if (found && found->if_list())
            rows.insert(rows.end(), found->if_list()->begin(), found->if_list()->end());
    }
    return rows;
}

BlockDevices read_block_devices(const FactSources& sources) {
    const auto text = sources.output({"lsblk", "--json", "--bytes", "--output", std::string(kColumns)});
    if (!text) return {};
    auto devices = parse_lsblk(*text);
    if (!devices) return {};
    for (Value& disk : devices->disks)
        for (Value& partition : *disk.if_map()->find("partitions")->if_list())
            add_start(partition, sources);
    return std::move(*devices);
}

Value read_lvm(const FactSources& sources, const BlockDevices& devices) {
    const auto groups =
        lvm_rows(sources, "vgs", "vg", "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size,pv_name");
    const auto volumes = lvm_rows(sources, "lvs", "lv", "lv_name,vg_name,lv_uuid,lv_path,lv_dm_path,lv_size");
    if (!groups || !volumes) return {};
    ValueList vgs, lvs;
    for (const Value& row : *groups)
        add_group(vgs, row);
    for (const Value& row : *volumes)
        lvs.push_back(volume_of(row, devices));
    return ValueMap{{"vgs", std::move(vgs)}, {"lvs", std::move(lvs)}};
}

Mounts read_mounts(const FactSources& sources) {
    Mounts result;
    const std::string text = source_text(sources, "/proc/self/mounts").value_or("");
    const auto virtual_fs = virtual_file_systems(sources);
    for (std::string_view line : split(text, '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() < 3) continue;
        const std::string target = unescape(fields[1]);
        const std::string_view fs = fields[2];
        if (!is_kept(target, fs, virtual_fs)) continue;
        // Mounted over: the last one is what is seen.
        std::erase_if(result.mounts,
                      [&target](const Value& mount) { return *mount.get("target") == Value(target); });
        ValueMap mount{{"target", target}, {"source", unescape(fields[0])}, {"fs", fs}};
        // A share whose server is away would hold us up for minutes.
        if (const auto space = is_network(fs) ? std::nullopt : sources.space(target)) {
            mount.set("size", space->size);
            result.used.set(target, space->used);
        }
        result.mounts.emplace_back(std::move(mount));
    }
    return result;
}

} // namespace lab::agent
