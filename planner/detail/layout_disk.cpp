#include "planner/detail/layout_disk.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

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

/// Whether the disk has the partitions of the layout in its order.
bool is_divided_as(const PresentDisk& disk, const spec::Layout& layout) {
    const auto& wanted = layout.partitions;
    if (disk.partitions.size() < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (!has_fs(disk.partitions[i], wanted[i].fs)) return false;
    return true;
}

/// Whether a part of the layout is mounted from the disk.
bool is_mounted_from(const PresentDisk& disk, const spec::Layout& layout, const Storage& storage) {
    const auto is_of = [](const std::vector<spec::LayoutPart>& parts, const std::string& mount) {
        return !mount.empty() &&
               std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return part.mount == mount; });
    };
    for (const PresentPart& part : disk.partitions)
        if (is_of(layout.partitions, part.mount)) return true;
    for (const PresentGroup& group : storage.groups)
        for (const PresentPart& volume : storage.volumes)
            if (lies_on(group, disk) && volume.group == group.name && is_of(layout.volumes, volume.mount))
                return true;
    return false;
}

} // namespace

std::vector<const PresentDisk*> fitting_disks(const Storage& storage, const spec::DiskSelector& selector) {
    std::vector<const PresentDisk*> out;
    for (const PresentDisk& disk : storage.disks)
        if (fits(disk, selector)) out.push_back(&disk);
    return out;
}

std::string why_no_disk(const spec::Layout& layout, const Storage& storage,
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

const PresentDisk* disk_of_applied(const spec::Layout& applied, const Storage& storage) {
    if (storage.supposed) return &storage.disks.front();
    auto found = fitting_disks(storage, applied.disk);
    if (found.size() > 1)
        std::erase_if(found, [&](const PresentDisk* disk) { return !is_divided_as(*disk, applied); });
    if (found.size() > 1)
        std::erase_if(found,
                      [&](const PresentDisk* disk) { return !is_mounted_from(*disk, applied, storage); });
    return found.size() == 1 ? found.front() : nullptr;
}

} // namespace lab::planner::detail
