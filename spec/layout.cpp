#include "spec/layout.h"

#include "spec/document.h"
#include "support/json.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace lab::spec {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t plus(std::uint64_t left, std::uint64_t right) noexcept {
    return left > kMost - right ? kMost : left + right;
}

std::uint64_t times(std::uint64_t left, std::uint64_t right) noexcept {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(left, right, &product) ? kMost : product;
}

std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t unit) noexcept {
    return bytes / unit + (bytes % unit != 0 ? 1 : 0);
}

/// Without overflow, for capacities up to 2^64.
std::uint64_t percent_of(std::uint64_t capacity, std::uint64_t percent) noexcept {
    return plus(times(capacity / 100, percent), capacity % 100 * percent / 100);
}

std::uint64_t units_of(const LayoutSize& size, std::uint64_t capacity, std::uint64_t unit) noexcept {
    switch (size.kind) {
    case LayoutSize::Kind::Bytes: return rounded_up(size.amount, unit);
    case LayoutSize::Kind::Percent: return percent_of(capacity, size.amount);
    case LayoutSize::Kind::Rest: return 1; // at least
    }
    return 0;
}

std::string part_text(const LayoutPart& part, bool is_partition) {
    return fmt::format("{} '{}'", is_partition ? "partition" : "volume", part.name);
}

/// What a size that depends on the disk came to, where that is too little.
void check_least(const LayoutPart& part, std::uint64_t bytes, bool is_partition, DiskMap& out) {
    const std::uint64_t least = part.group.empty() || !is_partition ? least_size(part.fs) : 0;
    if (bytes >= least) return;
    out.problems.push_back(fmt::format("{} comes to {}, less than the {} that {} needs",
                                       part_text(part, is_partition), format_size(bytes, Rounding::Down),
                                       format_size(least, Rounding::Up), to_string(part.fs)));
}

/// `slack` is named where the parts alone would fit.
std::string shortage(const std::string& what, const Shares& shares, const LayoutSize* slack,
                     std::uint64_t capacity, std::uint64_t unit) {
    const bool by_slack = slack && shares.used <= capacity;
    return fmt::format("{} needs {}{}, but has {}", what,
                       format_size(times(shares.needed, unit), Rounding::Up),
                       by_slack ? fmt::format(" with its slack of {}", slack->text) : "",
                       format_size(times(capacity, unit), Rounding::Down));
}

std::vector<LayoutSize> sizes_of(const std::vector<LayoutPart>& parts) {
    std::vector<LayoutSize> sizes;
    for (const LayoutPart& part : parts)
        sizes.push_back(part.size);
    return sizes;
}

/// The group that partition `at` holds, filled.
void place_group(const Layout& layout, std::size_t at, DiskMap& out) {
    const std::string& name = layout.partitions[at].group;
    GroupPlace group{.name = name, .extents = group_extents(out.partitions[at].bytes)};
    std::vector<std::size_t> indexes;
    std::vector<LayoutSize> sizes;
    for (std::size_t i = 0; i < layout.volumes.size(); ++i)
        if (layout.volumes[i].group == name) {
            indexes.push_back(i);
            sizes.push_back(layout.volumes[i].size);
        }
    const Shares shares = share_out(sizes, &layout.slack, group.extents, kExtent);
    if (!shares.fits)
        out.problems.push_back(
            shortage(fmt::format("volume group '{}'", name), shares, &layout.slack, group.extents, kExtent));
    group.slack = shares.slack;
    group.free = shares.fits ? group.extents - shares.used : 0;
    for (std::size_t i = 0; shares.fits && i < indexes.size(); ++i) {
        out.volumes[indexes[i]].bytes = shares.units[i] * kExtent;
        check_least(layout.volumes[indexes[i]], out.volumes[indexes[i]].bytes, /*is_partition=*/false, out);
    }
    out.groups.push_back(std::move(group));
}

Value size_value(const LayoutSize& size) {
    switch (size.kind) {
    case LayoutSize::Kind::Bytes:
    case LayoutSize::Kind::Percent: return Value(size.text);
    case LayoutSize::Kind::Rest: return Value("rest");
    }
    return {};
}

Value part_value(const LayoutPart& part, bool is_volume, bool many_groups) {
    ValueMap map;
    if (is_volume) map.append("name", part.name);
    if (!part.mount.empty()) map.append("mount", part.mount);
    if (!part.group.empty() && (!is_volume || many_groups)) map.append("vg", part.group);
    map.append("size", size_value(part.size));
    if (part.fs != FileSystem::None) map.append("fs", to_string(part.fs));
    if (part.preserve) map.append("preserve", true);
    return map;
}

Value disk_value(const DiskSelector& disk) {
    ValueMap map;
    const auto bytes = [](std::uint64_t size) { return Value(fmt::format("{}B", size)); };
    if (disk.min_size) map.append("min_size", bytes(disk.min_size->value));
    if (disk.max_size) map.append("max_size", bytes(disk.max_size->value));
    if (disk.type) map.append("type", disk.type->value);
    if (disk.model) map.append("model", disk.model->value);
    if (disk.serial) map.append("serial", disk.serial->value);
    if (disk.wwn) map.append("wwn", disk.wwn->value);
    if (disk.by_id) map.append("by-id", disk.by_id->value);
    return ValueMap{{"select", std::move(map)}};
}

} // namespace

std::string_view to_string(FileSystem fs) noexcept {
    switch (fs) {
    case FileSystem::None: return "";
    case FileSystem::Efi: return "efi";
    case FileSystem::BiosBoot: return "bios-boot";
    case FileSystem::Ext4: return "ext4";
    case FileSystem::Xfs: return "xfs";
    case FileSystem::Btrfs: return "btrfs";
    case FileSystem::Swap: return "swap";
    }
    return "";
}

std::uint64_t least_size(FileSystem fs) noexcept {
    switch (fs) {
    case FileSystem::None: return 0;
    case FileSystem::Efi: return 100'000'000; // Microsoft's minimum for an ESP; FAT32 needs a third of it
    case FileSystem::BiosBoot: return kMebibyte;
    case FileSystem::Ext4: return 16 * kMebibyte;
    case FileSystem::Xfs: return 300 * kMebibyte;   // mkfs.xfs since xfsprogs 5.19
    case FileSystem::Btrfs: return 114 * kMebibyte; // mkfs.btrfs, data and metadata apart
    case FileSystem::Swap: return kMebibyte;
    }
    return 0;
}

std::string to_string(const DiskSelector& disk) {
    std::string out;
    const auto add = [&](std::string_view what, std::string_view value) {
        out += fmt::format("{}{}{}", out.empty() ? "" : ", ", what, value);
    };
    if (disk.type) add("", disk.type->value);
    if (disk.min_size) add("at least ", format_size(disk.min_size->value));
    if (disk.max_size) add("at most ", format_size(disk.max_size->value));
    if (disk.model) add("model ", disk.model->value);
    if (disk.serial) add("serial ", disk.serial->value);
    if (disk.wwn) add("wwn ", disk.wwn->value);
    if (disk.by_id) add("by-id ", disk.by_id->value);
    return out.empty() ? "the only disk" : out;
}

const LayoutPart* Layout::find_partition(std::string_view wanted) const {
    const auto found = std::find_if(partitions.begin(), partitions.end(),
                                    [&](const LayoutPart& part) { return part.name == wanted; });
    return found == partitions.end() ? nullptr : &*found;
}

const LayoutPart* Layout::find_volume(std::string_view group, std::string_view wanted) const {
    const auto found = std::find_if(volumes.begin(), volumes.end(), [&](const LayoutPart& part) {
        return part.group == group && part.name == wanted;
    });
    return found == volumes.end() ? nullptr : &*found;
}

Shares share_out(const std::vector<LayoutSize>& sizes, const LayoutSize* slack, std::uint64_t capacity,
                 std::uint64_t unit) {
    Shares out;
    std::size_t rest = sizes.size();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i].kind == LayoutSize::Kind::Rest) rest = i;
        out.units.push_back(units_of(sizes[i], capacity, unit));
        out.used = plus(out.used, out.units.back());
    }
    if (slack) out.slack = units_of(*slack, capacity, unit);
    out.needed = plus(out.used, out.slack);
    out.fits = out.needed <= capacity;
    if (out.fits && rest < sizes.size()) {
        const std::uint64_t more = capacity - out.needed;
        out.units[rest] += more;
        out.used += more;
    }
    return out;
}

std::uint64_t group_extents(std::uint64_t partition_bytes) noexcept {
    return partition_bytes < kGroupHeader ? 0 : (partition_bytes - kGroupHeader) / kExtent;
}

std::uint64_t usable_bytes(std::uint64_t disk_bytes) noexcept {
    if (disk_bytes < kTableEnd) return 0;
    const std::uint64_t end = (disk_bytes - kTableEnd) / kAlignment * kAlignment;
    return end <= kAlignment ? 0 : end - kAlignment;
}

DiskMap lay_out(const Layout& layout, std::uint64_t disk_bytes) {
    DiskMap out{.disk = disk_bytes};
    out.partitions.resize(layout.partitions.size());
    out.volumes.resize(layout.volumes.size());
    const std::uint64_t capacity = usable_bytes(disk_bytes) / kAlignment;
    const Shares shares = share_out(sizes_of(layout.partitions), nullptr, capacity, kAlignment);
    if (!shares.fits) {
        out.problems.push_back(shortage(fmt::format("a disk of {}", format_size(disk_bytes)), shares, nullptr,
                                        capacity, kAlignment));
        return out;
    }
    std::uint64_t start = kAlignment;
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        out.partitions[i] = {.start = start, .bytes = shares.units[i] * kAlignment};
        start += out.partitions[i].bytes;
        check_least(layout.partitions[i], out.partitions[i].bytes, /*is_partition=*/true, out);
        if (!layout.partitions[i].group.empty()) place_group(layout, i, out);
    }
    out.unused = (capacity - shares.used) * kAlignment;
    return out;
}

std::optional<std::uint64_t> smallest_disk(const Layout& layout) {
    constexpr std::uint64_t kLargest = std::uint64_t{1} << 60;
    const auto fits = [&](std::uint64_t mebibytes) { return lay_out(layout, mebibytes * kMebibyte).fits(); };
    std::uint64_t low = 0, high = kLargest / kMebibyte;
    if (!fits(high)) return std::nullopt;
    while (low + 1 < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        (fits(middle) ? high : low) = middle;
    }
    return high * kMebibyte;
}

Value to_value(const Layout& layout) {
    const auto groups = std::count_if(layout.partitions.begin(), layout.partitions.end(),
                                      [](const LayoutPart& part) { return !part.group.empty(); });
    ValueList partitions, volumes, tmpfs;
    for (const LayoutPart& part : layout.partitions)
        partitions.push_back(part_value(part, /*is_volume=*/false, groups > 1));
    for (const LayoutPart& part : layout.volumes)
        volumes.push_back(part_value(part, /*is_volume=*/true, groups > 1));
    for (const LayoutTmpfs& each : layout.tmpfs)
        tmpfs.emplace_back(ValueMap{{"mount", each.mount}, {"size", size_value(each.size)}});
    ValueMap map{{"disk", disk_value(layout.disk)},
                 {"table", "gpt"},
                 {"partitions", std::move(partitions)},
                 {"volumes", std::move(volumes)},
                 {"tmpfs", std::move(tmpfs)}};
    if (groups > 0) map.append("slack", size_value(layout.slack));
    return map;
}

std::optional<Layout> layout_from(std::string_view name, const Value& value) {
    Diagnostics diagnostics;
    // JSON is YAML: one reader for what people write and what was kept.
    const auto document = Document::parse("layout", write_json(value), diagnostics);
    if (!document) return std::nullopt;
    Layout layout = read_layout({std::string(name), {}}, document->root(), diagnostics);
    if (diagnostics.has_errors()) return std::nullopt;
    return layout;
}

} // namespace lab::spec
