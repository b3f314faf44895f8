// Reads an entry of the section `layouts`.

#include "spec/detail/decode.h"
#include "spec/detail/layout_rules.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;
using detail::add_error;
using detail::is_list;
using detail::is_map;
using detail::read_boolean;
using detail::read_text;
using detail::report_type;
using detail::report_unknown_key;

constexpr std::array kLayoutKeys{"disk"sv, "table"sv, "partitions"sv, "volumes"sv, "tmpfs"sv, "slack"sv};
constexpr std::array kPartitionKeys{"mount"sv, "vg"sv, "size"sv, "fs"sv, "preserve"sv};
constexpr std::array kVolumeKeys{"name"sv, "mount"sv, "vg"sv, "size"sv, "fs"sv, "preserve"sv};
constexpr std::array kTmpfsKeys{"mount"sv, "size"sv};
constexpr std::array kSelectKeys{"min_size"sv, "max_size"sv, "type"sv, "model"sv,
                                 "serial"sv,   "wwn"sv,      "by-id"sv};
constexpr std::array kDiskKeys{"select"sv, "serial"sv, "wwn"sv, "by-id"sv};
constexpr std::array kDiskTypes{"nvme"sv, "ssd"sv, "hdd"sv};
constexpr std::array kKernelKeys{"name"sv, "path"sv, "device"sv, "dev"sv, "by-path"sv};
constexpr std::array kFileSystems{"efi"sv, "bios-boot"sv, "ext4"sv, "xfs"sv, "btrfs"sv, "swap"sv};
constexpr std::array kFileSystemValues{FileSystem::Efi, FileSystem::BiosBoot, FileSystem::Ext4,
                                       FileSystem::Xfs, FileSystem::Btrfs,    FileSystem::Swap};
constexpr std::string_view kById = "/dev/disk/by-id/";
constexpr std::size_t kMostParts = 256; // of one list

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

std::optional<std::uint64_t> parse_percent(std::string_view text) {
    if (text.size() < 2 || text.back() != '%') return std::nullopt;
    text.remove_suffix(1);
    std::uint64_t percent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return percent;
}

/// Bytes with their unit; 0 is refused unless `zero`.
std::optional<Written<std::uint64_t>> read_bytes(const Node& node, std::string_view key, bool zero,
                                                 Diagnostics& diagnostics) {
    if (node.is_scalar() && !node.text().empty() &&
        std::all_of(node.text().begin(), node.text().end(), is_digit)) {
        add_error(diagnostics, "spec/bad-value", fmt::format("'{}' has no unit", key), node.span(),
                  fmt::format("write {}GB, {}MiB or the like", node.text(), node.text()));
        return std::nullopt;
    }
    const auto text = read_text(node, key, diagnostics);
    if (!text) return std::nullopt;
    auto bytes = parse_size(text->value);
    if (!bytes || (*bytes == 0 && !zero)) {
        add_error(diagnostics, "spec/bad-value",
                  bytes ? fmt::format("'{}' is nothing", key) : bytes.error().message, text->at,
                  bytes ? std::string() : bytes.error().hint);
        return std::nullopt;
    }
    return Written<std::uint64_t>{*bytes, text->at};
}

enum class Takes { Anything, NoRest, BytesOnly };

std::optional<LayoutSize> read_layout_size(const Node& node, std::string_view key, Takes takes,
                                           Diagnostics& diagnostics) {
    const std::string_view text = node.is_scalar() ? node.text() : std::string_view();
    LayoutSize size{.text = std::string(text), .at = node.span()};
    if (takes == Takes::Anything && text == "rest") return size;
    const bool is_percent = takes != Takes::BytesOnly && text.ends_with('%');
    if (is_percent) {
        const auto percent = parse_percent(text);
        const std::uint64_t least = takes == Takes::NoRest ? 0 : 1;
        if (percent && *percent >= least && *percent <= 100) {
            size.kind = LayoutSize::Kind::Percent;
            size.amount = *percent;
            return size;
        }
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("'{}' must be a whole percentage from {} to 100, not '{}'", key, least,
                              escape_controls(text)),
                  node.span());
        return std::nullopt;
    }
    const auto bytes = read_bytes(node, key, /*zero=*/takes == Takes::NoRest, diagnostics);
    if (!bytes) return std::nullopt;
    size.kind = LayoutSize::Kind::Bytes;
    size.amount = bytes->value;
    return size;
}

/// An absolute path in its shortest form.
bool is_mount(std::string_view path) noexcept {
    if (path.empty() || path.front() != '/' || path.size() > 1024) return false;
    if (path == "/") return true;
    for (const std::string_view part : split(path.substr(1), '/'))
        if (part.empty() || part == "." || part == "..") return false;
    return std::all_of(path.begin(), path.end(),
                       [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
}

std::optional<Text> read_mount(const Node& node, Diagnostics& diagnostics) {
    auto mount = read_text(node, "mount", diagnostics);
    if (!mount || is_mount(mount->value)) return mount;
    add_error(diagnostics, "spec/bad-value",
              fmt::format("'{}' is no place to mount at", escape_controls(mount->value)), mount->at,
              "write an absolute path without '.', '..', blanks and trailing '/'");
    return std::nullopt;
}

std::optional<FileSystem> read_file_system(const Node& node, Diagnostics& diagnostics) {
    const auto text = read_text(node, "fs", diagnostics);
    if (!text) return std::nullopt;
    const auto found = std::find(kFileSystems.begin(), kFileSystems.end(), text->value);
    if (found != kFileSystems.end())
        return kFileSystemValues[static_cast<std::size_t>(found - kFileSystems.begin())];
    std::string help = detail::did_you_mean(text->value, kFileSystems);
    if (help.empty()) help = fmt::format("the file systems are {}", detail::listed(kFileSystems));
    add_error(diagnostics, "spec/bad-value",
              fmt::format("'{}' is no file system that lab makes", escape_controls(text->value)), text->at,
              std::move(help));
    return std::nullopt;
}

/// A partition or a volume as it is read; nullopt of `has` where a key was wrong and was complained of.
struct Reading {
    LayoutPart part;
    bool has_size = false, has_fs = false, has_mount = false, has_name = false; // the key is there
};

void read_part_key(Reading& reading, const Node& key, const Node& value, bool is_volume,
                   Diagnostics& diagnostics) {
    LayoutPart& part = reading.part;
    const std::string_view name = key.text();
    if (name == "mount") {
        reading.has_mount = true;
        part.mount_at = value.span();
        if (auto mount = read_mount(value, diagnostics)) part.mount = std::move(mount->value);
    } else if (name == "vg") {
        if (auto group = detail::read_name(value, name, "volume group", diagnostics))
            part.group = std::move(group->value);
    } else if (name == "size") {
        reading.has_size = true;
        if (auto size = read_layout_size(value, name, Takes::Anything, diagnostics))
            part.size = std::move(*size);
        else
            part.size = {.kind = LayoutSize::Kind::Percent, .amount = 0, .text = {}, .at = value.span()};
    } else if (name == "fs") {
        reading.has_fs = true;
        part.fs_at = value.span();
        part.fs = read_file_system(value, diagnostics).value_or(FileSystem::None);
    } else if (name == "preserve") {
        part.preserve = read_boolean(value, name, diagnostics).value_or(false);
        part.preserve_at = value.span();
    } else if (name == "name" && is_volume) {
        reading.has_name = true;
        if (auto text = detail::read_name(value, name, "volume", diagnostics))
            part.name = std::move(text->value);
    } else if (is_volume) {
        report_unknown_key(key, {"a volume", kVolumeKeys}, diagnostics);
    } else {
        report_unknown_key(key, {"a partition", kPartitionKeys}, diagnostics);
    }
}

Reading read_part(const Node& node, bool is_volume, Diagnostics& diagnostics) {
    Reading reading;
    reading.part.at = node.span();
    for (std::size_t i = 0; i < node.size(); ++i)
        read_part_key(reading, node.key(i), node.value(i), is_volume, diagnostics);
    const std::string_view what = is_volume ? "volume" : "partition";
    const auto missing = [&](std::string_view key, std::string help) {
        add_error(diagnostics, "spec/missing-key", fmt::format("a {} has no '{}'", what, key),
                  reading.part.at, std::move(help));
    };
    if (!reading.has_size) {
        missing("size", "write a size such as 10GB, a percentage, or rest");
        reading.part.size.kind = LayoutSize::Kind::Percent; // of nothing: it takes no part in what follows
    }
    if (is_volume && !reading.has_name) missing("name", "a volume has a name in its group: name: home");
    const bool holds_group = !is_volume && !reading.part.group.empty();
    if (!reading.has_fs && !holds_group)
        missing("fs", is_volume
                          ? fmt::format("the file systems are {}", detail::listed(kFileSystems))
                          : std::string("give it a file system (fs: ext4) or a volume group (vg: labvg)"));
    return reading;
}

std::string partition_name(const LayoutPart& part) {
    if (!part.group.empty()) return part.group;
    if (!part.mount.empty()) return part.mount;
    return std::string(to_string(part.fs));
}

/// The items of a list of maps, each read with `read`.
template <typename Read>
void read_items(const Node& node, std::string_view key, Diagnostics& diagnostics, Read read) {
    if (!is_list(node, key, diagnostics)) return;
    if (node.size() > kMostParts) {
        add_error(diagnostics, "spec/limit",
                  fmt::format("'{}' has {} entries, more than {}", key, node.size(), kMostParts),
                  node.span());
        return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (node.item(i).is_map())
            read(node.item(i));
        else
            report_type(node.item(i), key, "a map", diagnostics);
    }
}

void read_tmpfs(const Node& node, Layout& layout, Diagnostics& diagnostics) {
    LayoutTmpfs tmpfs;
    tmpfs.at = node.span();
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string_view key = node.key(i).text();
        if (key == "mount") {
            if (auto mount = read_mount(node.value(i), diagnostics)) tmpfs.mount = std::move(mount->value);
        } else if (key == "size") {
            if (auto size = read_layout_size(node.value(i), key, Takes::BytesOnly, diagnostics))
                tmpfs.size = std::move(*size);
        } else {
            report_unknown_key(node.key(i), {"a tmpfs", kTmpfsKeys}, diagnostics);
        }
    }
    for (const std::string_view key : kTmpfsKeys)
        if (!node.find(key))
            add_error(diagnostics, "spec/missing-key", fmt::format("a tmpfs has no '{}'", key), tmpfs.at,
                      "write {mount: /tmp, size: 4GB}");
    if (!tmpfs.mount.empty()) layout.tmpfs.push_back(std::move(tmpfs));
}

std::optional<Text> read_identity(const Node& value, std::string_view key, Diagnostics& diagnostics) {
    auto text = read_text(value, key, diagnostics);
    if (!text) return std::nullopt;
    const bool is_part = key == "by-id" && text->value.find("-part") != std::string::npos;
    if (detail::is_kernel_disk_name(text->value)) {
        detail::refuse_kernel_name(text->value, text->at, diagnostics);
        return std::nullopt;
    }
    if (text->value.starts_with(kById)) text->value.erase(0, kById.size());
    if (!is_part && text->value.find('/') == std::string::npos) return text;
    add_error(diagnostics, "spec/disk-selector",
              fmt::format("'{}' is no {} of a disk", escape_controls(text->value), key), text->at,
              "write the whole disk's, without '-partN'");
    return std::nullopt;
}

bool read_disk_key(DiskSelector& disk, std::string_view key, const Node& value, Diagnostics& diagnostics) {
    if (key == "min_size") {
        disk.min_size = read_bytes(value, key, /*zero=*/false, diagnostics);
    } else if (key == "max_size") {
        disk.max_size = read_bytes(value, key, /*zero=*/false, diagnostics);
    } else if (key == "type") {
        disk.type = read_text(value, key, diagnostics);
        if (disk.type &&
            std::find(kDiskTypes.begin(), kDiskTypes.end(), disk.type->value) == kDiskTypes.end()) {
            add_error(diagnostics, "spec/bad-value",
                      fmt::format("'{}' is no type of disk", escape_controls(disk.type->value)),
                      disk.type->at, fmt::format("the types are {}", detail::listed(kDiskTypes)));
            disk.type.reset();
        }
    } else if (key == "model") {
        disk.model = read_text(value, key, diagnostics);
    } else if (key == "serial") {
        disk.serial = read_identity(value, key, diagnostics);
    } else if (key == "wwn") {
        disk.wwn = read_identity(value, key, diagnostics);
    } else if (key == "by-id") {
        disk.by_id = read_identity(value, key, diagnostics);
    } else {
        return false;
    }
    return true;
}

void read_disk_map(DiskSelector& disk, const Node& node, bool in_select, Diagnostics& diagnostics) {
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string_view key = node.key(i).text();
        const Node value = node.value(i);
        if (key == "select" && !in_select) {
            if (is_map(value, key, diagnostics)) read_disk_map(disk, value, /*in_select=*/true, diagnostics);
        } else if ((in_select || key == "serial" || key == "wwn" || key == "by-id") &&
                   read_disk_key(disk, key, value, diagnostics)) {
            continue;
        } else if (std::find(kKernelKeys.begin(), kKernelKeys.end(), key) != kKernelKeys.end()) {
            detail::refuse_kernel_name(value.is_scalar() ? value.text() : key, node.key(i).span(),
                                       diagnostics);
        } else if (in_select) {
            report_unknown_key(node.key(i), {"'select'", kSelectKeys}, diagnostics);
        } else {
            report_unknown_key(node.key(i), {"'disk'", kDiskKeys}, diagnostics);
        }
    }
}

void read_table(const Node& value, Diagnostics& diagnostics) {
    const auto table = read_text(value, "table", diagnostics);
    if (table && table->value != "gpt")
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("lab makes no partition table '{}'", escape_controls(table->value)), table->at,
                  "write table: gpt; it boots machines with BIOS too, by a partition with fs: bios-boot");
}

/// Volumes say which group they are in only where there are several.
void settle_groups(Layout& layout) {
    const LayoutPart* only = nullptr;
    for (const LayoutPart& part : layout.partitions) {
        if (part.group.empty()) continue;
        if (only) return;
        only = &part;
    }
    for (LayoutPart& volume : layout.volumes)
        if (volume.group.empty() && only) volume.group = only->group;
}

void read_layout_key(Layout& layout, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "disk") {
        layout.disk = read_disk_selector(value, diagnostics);
    } else if (name == "table") {
        read_table(value, diagnostics);
    } else if (name == "partitions") {
        read_items(value, name, diagnostics, [&](const Node& item) {
            LayoutPart part = read_part(item, /*is_volume=*/false, diagnostics).part;
            part.name = partition_name(part);
            layout.partitions.push_back(std::move(part));
        });
    } else if (name == "volumes") {
        read_items(value, name, diagnostics, [&](const Node& item) {
            layout.volumes.push_back(read_part(item, /*is_volume=*/true, diagnostics).part);
        });
    } else if (name == "tmpfs") {
        read_items(value, name, diagnostics,
                   [&](const Node& item) { read_tmpfs(item, layout, diagnostics); });
    } else if (name == "slack") {
        if (auto size = read_layout_size(value, name, Takes::NoRest, diagnostics))
            layout.slack = std::move(*size);
    } else {
        report_unknown_key(key, {"a layout", kLayoutKeys}, diagnostics);
    }
}

} // namespace

bool detail::is_kernel_disk_name(std::string_view text) noexcept {
    if (text.starts_with(kById)) return false;
    if (text.starts_with("/dev/") || text.starts_with("pci-")) return true;
    for (const std::string_view prefix : {"sd"sv, "hd"sv, "vd"sv, "xvd"sv})
        if (text.starts_with(prefix) && text.size() > prefix.size() && text.size() <= prefix.size() + 4 &&
            std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(),
                        [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }))
            return !is_digit(text[prefix.size()]);
    for (const std::string_view prefix : {"nvme"sv, "mmcblk"sv, "dm-"sv, "md"sv, "loop"sv, "sr"sv})
        if (text.starts_with(prefix) && text.size() > prefix.size() && text.size() <= prefix.size() + 8 &&
            std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(),
                        [](char c) { return is_digit(c) || c == 'n' || c == 'p'; }))
            return is_digit(text[prefix.size()]);
    return false;
}

void detail::refuse_kernel_name(std::string_view what, const Span& at, Diagnostics& diagnostics) {
    add_error(diagnostics, "spec/disk-selector",
              fmt::format("'{}' may be another disk after the next boot", escape_controls(what)), at,
              "choose the disk by select: {min_size: 200GB, type: nvme}, or by serial, wwn or by-id");
}

DiskSelector read_disk_selector(const Node& node, Diagnostics& diagnostics) {
    DiskSelector disk;
    disk.at = node.span();
    if (node.is_scalar() && detail::is_kernel_disk_name(node.text())) {
        detail::refuse_kernel_name(node.text(), node.span(), diagnostics);
        return disk;
    }
    if (is_map(node, "disk", diagnostics)) read_disk_map(disk, node, /*in_select=*/false, diagnostics);
    if (disk.min_size && disk.max_size && disk.max_size->value < disk.min_size->value)
        add_error(diagnostics, "spec/disk-selector",
                  "no disk is as large as 'min_size' and as small as 'max_size'", disk.max_size->at);
    return disk;
}

Layout read_layout(Text name, const Node& body, Diagnostics& diagnostics) {
    Layout layout;
    layout.name = std::move(name.value);
    layout.at = name.at;
    layout.slack = {.kind = LayoutSize::Kind::Percent, .amount = 1, .text = "1%", .at = {}};
    Diagnostics own;
    if (is_map(body, layout.name, own))
        for (std::size_t i = 0; i < body.size(); ++i)
            read_layout_key(layout, body.key(i), body.value(i), own);
    settle_groups(layout);
    // What was left out for an error would only lead to more of them.
    if (!own.has_errors()) detail::check_layout(layout, own);
    diagnostics.append(std::move(own));
    return layout;
}

} // namespace lab::spec
