#pragma once
// The disks of a machine as its facts tell them (docs/facts.md), put together: which volume is mounted where,
// what is used of it. Where nobody looked, as the layout that was applied would have them.

#include "spec/layout.h"

#include <map>

namespace lab::planner::detail {

/// A partition or a logical volume that is there.
struct PresentPart {
    std::string name;  // "nvme0n1p3"; of a volume its own
    std::string group; // of a volume
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> start; // bytes from the disk's beginning
    std::string fs;                     // "xfs", "vfat", "LVM2_member", "ntfs"; empty: none, or not known
    std::string mount;                  // where it is mounted now
    std::optional<std::uint64_t> used;  // bytes in use, where it is mounted
    std::string text;                   // how it reads, where its size is only supposed
};

struct PresentDisk {
    std::string name; // "nvme0n1"
    std::uint64_t bytes = 0;
    std::string serial, wwn, model, transport, table, fs;
    std::optional<bool> rotational;
    std::vector<PresentPart> partitions; // in the order of the disk
};

struct PresentGroup {
    std::string name, uuid;
    std::uint64_t bytes = 0, extent = spec::kExtent;
    std::vector<std::string> partitions; // names of those it lies on; empty: not known
};

struct Storage {
    std::vector<PresentDisk> disks;
    std::vector<PresentGroup> groups;
    std::vector<PresentPart> volumes;
    std::string boot_mode;                       // "uefi", "bios"; empty: not known
    std::map<std::string, std::uint64_t> memory; // tmpfs: bytes by mount
    bool supposed = false;                       // of a layout, on a disk that is as large as it takes
};

/// nullopt where the facts say nothing of disks.
std::optional<Storage> storage_of(const Value& facts);
/// One disk with `layout` on it, large enough for `next` as well.
Storage supposed_storage(const spec::Layout& layout, const spec::Layout& next);

/// What facts call a file system: "vfat", "LVM2_member"; empty where it has no mark of its own.
std::string_view fact_name(spec::FileSystem fs) noexcept;
bool has_fs(const PresentPart& part, spec::FileSystem wanted);

bool is_on_usb(const PresentDisk& disk);

/// Whether the disk, or a partition of it, is a physical volume.
bool has_lvm(const PresentDisk& disk);
/// Whether the facts name the disk, or a partition of it, among what the group lies on.
bool lies_on(const PresentGroup& group, const PresentDisk& disk);
/// A disk other than `disk` that the group lies on; null where the facts tell of none.
const PresentDisk* other_disk(const Storage& storage, const PresentGroup& group, const PresentDisk& disk);

/// Null where there is none of that name.
const PresentPart* find_volume(const Storage& storage, std::string_view group, std::string_view volume);

/// Tools leave a few MiB between partitions, at the end of a disk and of a physical volume, for alignment:
/// what is less than this is no room for what takes all there is.
constexpr std::uint64_t kLeastRoom = 16 * spec::kMebibyte;
/// Bytes behind the last partition of the list that it could have as well. Where the facts do not tell where
/// partitions begin, they are taken to follow each other.
std::uint64_t room_behind(const PresentDisk& disk);

/// "nvme0n1 (serial S6Z, 1TB)", "sda (500GB, on USB)".
std::string to_string(const PresentDisk& disk);

} // namespace lab::planner::detail
