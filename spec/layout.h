#pragma once
// Partition layouts: what is written in the section `layouts`, and the arithmetic that puts one on a disk of
// a given size. Pure: no disk is looked at.
//
// The numbers are those of the tools that would do it (tests/unit/spec/testdata/layouts.json was recorded
// from sgdisk and lvm): partitions begin and end at whole MiB, the table keeps the first MiB and the end, an
// LVM physical volume keeps its first MiB, logical volumes are whole extents of 4 MiB.

#include "spec/written.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

class Node;

/// Bytes, a share of the container (the disk, or the volume group without its physical volume's metadata), or
/// what is left of it.
struct LayoutSize {
    enum class Kind { Bytes, Percent, Rest };
    Kind kind = Kind::Rest;
    std::uint64_t amount = 0; // bytes, or percent
    std::string text;         // as written: "27GB", "10%", "rest"
    Span at;
};

enum class FileSystem { None, Efi, BiosBoot, Ext4, Xfs, Btrfs, Swap };
std::string_view to_string(FileSystem fs) noexcept; // as it is written: "xfs"; "" for None
/// The smallest that its tool makes, or that boots; bytes.
std::uint64_t least_size(FileSystem fs) noexcept;

/// A partition, or a logical volume.
struct LayoutPart {
    std::string name;  // of a partition: its mount, the group it holds, or its file system
    std::string group; // LVM volume group: that a partition holds, or that a volume is in
    std::string mount; // empty: none
    LayoutSize size;
    FileSystem fs = FileSystem::None; // None: the partition holds a group
    bool preserve = false;            // its data outlive a reinstallation
    Span at, mount_at, fs_at, preserve_at;
};

struct LayoutTmpfs {
    std::string mount;
    LayoutSize size;
    Span at;
};

/// Which disk of a machine. Names that the kernel gives (sda, nvme0n1) change from boot to boot: none is
/// taken.
struct DiskSelector {
    std::optional<Written<std::uint64_t>> min_size, max_size; // bytes
    std::optional<Text> type;                                 // "nvme", "ssd", "hdd"
    std::optional<Text> model;                                // glob
    std::optional<Text> serial, wwn, by_id;                   // by_id without "/dev/disk/by-id/"
    Span at;
    /// Whether it names one certain disk.
    bool is_exact() const noexcept { return serial || wwn || by_id; }
};
/// "nvme, at least 200GB"; "the only disk" where nothing is said.
std::string to_string(const DiskSelector& disk);

struct Layout {
    std::string name;
    DiskSelector disk;
    std::vector<LayoutPart> partitions; // in the order of the disk; always GPT
    std::vector<LayoutPart> volumes;    // logical volumes, in the order of creation
    std::vector<LayoutTmpfs> tmpfs;
    LayoutSize slack; // of each volume group: stays free
    Span at;

    const LayoutPart* find_partition(std::string_view name) const;
    const LayoutPart* find_volume(std::string_view group, std::string_view name) const;
};

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kAlignment = kMebibyte;   // where partitions begin and end
constexpr std::uint64_t kExtent = 4 * kMebibyte;  // LVM's default
constexpr std::uint64_t kGroupHeader = kMebibyte; // label and metadata at the start of a physical volume
constexpr std::uint64_t kTableEnd = 5ull * 4096;  // second GPT at the end, for sectors of 512 and 4096 bytes
constexpr std::uint64_t kMostPartitions = 128;    // of a GPT as every tool makes it

/// Units (MiB or extents) that each of `sizes` comes to in a container of `capacity` units of `unit` bytes:
/// bytes are rounded up, percentages down, as lvm does. nullopt where it is too small; `needed` then is what
/// they take.
struct Shares {
    std::vector<std::uint64_t> units;
    std::uint64_t slack = 0;
    std::uint64_t used = 0;   // by all of them, without the slack
    std::uint64_t needed = 0; // the least that would do, slack included; a lower bound
    bool fits = false;
};
Shares share_out(const std::vector<LayoutSize>& sizes, const LayoutSize* slack, std::uint64_t capacity,
                 std::uint64_t unit);

/// Extents of a volume group on a partition of this size.
std::uint64_t group_extents(std::uint64_t partition_bytes) noexcept;
/// Bytes of a disk that partitions can have, from the first MiB on.
std::uint64_t usable_bytes(std::uint64_t disk_bytes) noexcept;

/// A layout on a disk: for each part of the Layout, in its order.
struct PartPlace {
    std::uint64_t start = 0; // bytes from the disk's beginning; 0 for volumes
    std::uint64_t bytes = 0;
};
struct GroupPlace {
    std::string name;
    std::uint64_t extents = 0, slack = 0, free = 0; // extents; `free` includes the slack
};
struct DiskMap {
    std::uint64_t disk = 0; // bytes
    std::vector<PartPlace> partitions, volumes;
    std::vector<GroupPlace> groups;
    std::uint64_t unused = 0; // bytes behind the last partition that one could have
    /// Why it does not fit: "volume group 'labvg' needs 209.3GB, but has 150GB". Empty where it does; else
    /// sizes are not to be used.
    std::vector<std::string> problems;
    bool fits() const noexcept { return problems.empty(); }
};
DiskMap lay_out(const Layout& layout, std::uint64_t disk_bytes);

/// The size of the smallest disk that the layout fits on, in whole MiB; nullopt where it fits on none (its
/// percentages come to too much). With percentages there may be a disk a few MiB smaller.
std::optional<std::uint64_t> smallest_disk(const Layout& layout);

/// The layout as data, as applied states and documents keep it: what read_layout takes.
Value to_value(const Layout& layout);
/// Reads one back; nullopt where it is none (of another version, say).
std::optional<Layout> layout_from(std::string_view name, const Value& value);

/// Decodes an entry of the section `layouts` and checks all that can be said of it without a disk.
Layout read_layout(Text name, const Node& body, Diagnostics& diagnostics);
/// Decodes `disk:` of a layout or a server.
DiskSelector read_disk_selector(const Node& node, Diagnostics& diagnostics);

} // namespace lab::spec
