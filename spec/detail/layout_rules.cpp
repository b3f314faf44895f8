#include "spec/detail/layout_rules.h"

#include "spec/detail/decode.h"
#include "support/units.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kKernelFolders{"/proc"sv, "/sys"sv, "/dev"sv, "/run"sv};
constexpr std::array kEspMounts{"/boot/efi"sv, "/boot"sv, "/efi"sv};
constexpr std::size_t kMostName =
    60; // of a group or a volume: lvm joins the two into one name of at most 127
/// What lvm keeps for itself: lvm(8), VALID NAMES.
constexpr std::array kLvmWords{"_cdata"sv, "_cmeta"sv,   "_corig"sv,   "_iorig"sv, "_mimage"sv,
                               "_mlog"sv,  "_pmspare"sv, "_rimage"sv,  "_rmeta"sv, "_tdata"sv,
                               "_tmeta"sv, "_vdata"sv,   "_vorigin"sv, "_wcorig"sv};

/// Whether `path` is `folder` or lies in it.
bool is_in(std::string_view path, std::string_view folder) noexcept {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

class Checking {
  public:
    Checking(const Layout& layout, Diagnostics& diagnostics) : layout_(layout), diagnostics_(diagnostics) {}

    void run() {
        for (const LayoutPart& part : layout_.partitions)
            check_part(part, /*is_volume=*/false);
        for (const LayoutPart& part : layout_.volumes)
            check_part(part, /*is_volume=*/true);
        check_groups();
        check_names();
        check_rest();
        check_mounts();
        check_boot();
        if (!diagnostics_.has_errors()) check_space();
    }

  private:
    void error(std::string_view code, std::string message, const Span& at, std::string help = {},
               std::vector<Diagnostic::Note> notes = {}) {
        add_error(diagnostics_, code, std::move(message), at, std::move(help), std::move(notes));
    }

    void check_part(const LayoutPart& part, bool is_volume) {
        const bool holds_group = !is_volume && !part.group.empty();
        if (holds_group && (part.fs != FileSystem::None || !part.mount.empty()))
            error("spec/bad-value",
                  fmt::format("the partition of volume group '{}' has no file system of its own", part.group),
                  part.fs_at.known() ? part.fs_at : part.mount_at, "the volumes in it have: move it there");
        if (holds_group) {
            if (part.preserve)
                error("spec/layout-preserve", "what is preserved is a volume, not its group",
                      part.preserve_at, "write preserve: true at the volumes whose data must stay");
            return;
        }
        const bool no_mount = part.fs == FileSystem::Swap || part.fs == FileSystem::BiosBoot;
        if (no_mount && !part.mount.empty())
            error("spec/bad-value", fmt::format("{} is mounted nowhere", to_string(part.fs)), part.mount_at,
                  "remove 'mount'");
        else if (!no_mount && part.mount.empty())
            error("spec/missing-key",
                  fmt::format("{} '{}' has no 'mount'", is_volume ? "volume" : "partition", part.name),
                  part.at, "say where it is mounted: mount: /srv");
        const bool is_boot = part.fs == FileSystem::Efi || part.fs == FileSystem::BiosBoot;
        if (is_volume && is_boot)
            error("spec/layout-boot",
                  fmt::format("firmware reads no volumes: {} must be a partition", to_string(part.fs)),
                  part.fs_at, "move it to 'partitions'");
        check_preserve(part, no_mount);
        if (part.size.kind == LayoutSize::Kind::Bytes && part.size.amount < least_size(part.fs))
            error("spec/layout-space",
                  fmt::format("{} needs at least {}", to_string(part.fs), format_size(least_size(part.fs))),
                  part.size.at);
    }

    void check_preserve(const LayoutPart& part, bool no_mount) {
        if (!part.preserve) return;
        if (no_mount)
            error("spec/layout-preserve", fmt::format("{} holds no data to preserve", to_string(part.fs)),
                  part.preserve_at, "remove 'preserve'");
        else if (part.mount == "/")
            error("spec/layout-preserve", "the root is what an installation writes: it cannot be preserved",
                  part.preserve_at, "give what must stay a volume of its own");
    }

    void check_groups() {
        std::map<std::string_view, const LayoutPart*> groups;
        for (const LayoutPart& part : layout_.partitions) {
            if (part.group.empty()) continue;
            check_lvm_name(part.group, "volume group", part.at);
            const auto [first, added] = groups.emplace(part.group, &part);
            if (!added)
                error("spec/duplicate-name",
                      fmt::format("volume group '{}' is on two partitions", part.group), part.at,
                      "join the partitions", {{"first here", first->second->at}});
        }
        for (const LayoutPart& volume : layout_.volumes) {
            check_lvm_name(volume.name, "volume", volume.at);
            if (groups.empty())
                error("spec/missing-key",
                      fmt::format("there is no volume group for volume '{}'", volume.name), volume.at,
                      "add the partition it is on: {vg: labvg, size: rest}");
            else if (volume.group.empty())
                error("spec/missing-key", fmt::format("volume '{}' does not say its group", volume.name),
                      volume.at, "there are several: write vg: NAME");
            else if (!groups.contains(volume.group))
                error("spec/bad-value", fmt::format("there is no volume group '{}'", volume.group), volume.at,
                      "groups are what partitions name under 'vg'");
        }
        if (groups.empty() && layout_.slack.at.known())
            error("spec/bad-value", "'slack' is what volume groups keep free, and there is none",
                  layout_.slack.at, "remove it");
    }

    void check_lvm_name(std::string_view name, std::string_view what, const Span& at) {
        const bool kept = name.starts_with("snapshot") || name.starts_with("pvmove") ||
                          std::any_of(kLvmWords.begin(), kLvmWords.end(), [&](std::string_view word) {
                              return name.find(word) != std::string_view::npos;
                          });
        if (!kept && name.size() <= kMostName) return;
        error("spec/bad-name",
              kept ? fmt::format("lvm keeps the name '{}' for itself", name)
                   : fmt::format("the name of a {} has at most {} characters", what, kMostName),
              at);
    }

    void check_names() {
        std::map<std::pair<std::string_view, std::string_view>, const LayoutPart*> seen;
        for (const LayoutPart& volume : layout_.volumes) {
            const auto [first, added] = seen.emplace(
                std::pair(std::string_view(volume.group), std::string_view(volume.name)), &volume);
            if (!added)
                error("spec/duplicate-name", fmt::format("volume '{}' is there twice", volume.name),
                      volume.at, "give one of them another name", {{"first here", first->second->at}});
        }
        const LayoutPart* swap = nullptr;
        for (const LayoutPart& part : layout_.partitions) {
            if (part.fs != FileSystem::Swap) continue;
            if (swap)
                error("spec/duplicate-name", "there are two partitions for swap", part.at, "join the two",
                      {{"first here", swap->at}});
            swap = &part;
        }
        if (layout_.partitions.size() > kMostPartitions)
            error("spec/layout-space", fmt::format("a partition table holds {} partitions", kMostPartitions),
                  layout_.at, "make volumes of them");
    }

    void check_rest() {
        std::map<std::string_view, const LayoutPart*> rests; // by container; the disk is ""
        const auto check = [&](const LayoutPart& part, std::string_view container) {
            if (part.size.kind != LayoutSize::Kind::Rest) return;
            const auto [first, added] = rests.emplace(container, &part);
            if (!added)
                error("spec/layout-rest",
                      container.empty() ? std::string("two partitions take the rest of the disk")
                                        : fmt::format("two volumes take the rest of '{}'", container),
                      part.size.at, "give one of them a size or a percentage",
                      {{"the other takes it here", first->second->size.at}});
        };
        for (const LayoutPart& part : layout_.partitions)
            check(part, {});
        for (const LayoutPart& volume : layout_.volumes)
            check(volume, volume.group);
    }

    void check_mounts() {
        std::map<std::string_view, Span> mounts;
        const auto add = [&](std::string_view mount, const Span& at) {
            if (mount.empty()) return;
            for (const std::string_view folder : kKernelFolders)
                if (is_in(mount, folder))
                    error("spec/layout-mounts", fmt::format("'{}' belongs to the kernel and the boot", mount),
                          at, "mount it somewhere else");
            const auto [first, added] = mounts.emplace(mount, at);
            if (!added)
                error("spec/layout-mounts", fmt::format("two things are mounted at '{}'", mount), at,
                      "one would hide the other: mount it somewhere else",
                      {{"the other is here", first->second}});
        };
        for (const LayoutPart& part : layout_.partitions)
            add(part.mount, part.mount_at);
        for (const LayoutPart& part : layout_.volumes)
            add(part.mount, part.mount_at);
        for (const LayoutTmpfs& tmpfs : layout_.tmpfs)
            add(tmpfs.mount, tmpfs.at);
        for (const LayoutTmpfs& tmpfs : layout_.tmpfs) {
            if (tmpfs.mount == "/")
                error("spec/layout-mounts", "the root cannot be in memory", tmpfs.at, "make it a volume");
            else
                for (const auto& [mount, at] : mounts)
                    if (mount != tmpfs.mount && is_in(mount, tmpfs.mount))
                        error("spec/layout-mounts",
                              fmt::format("'{}' lies in the tmpfs '{}'", mount, tmpfs.mount), at,
                              "its folder would be gone after each boot: mount it outside",
                              {{"the tmpfs is here", tmpfs.at}});
        }
        if (!mounts.contains("/"))
            error("spec/layout-boot", fmt::format("layout '{}' has no root", layout_.name), layout_.at,
                  "add what is mounted at /: {name: root, mount: /, size: 33GB, fs: xfs}");
    }

    void check_boot() {
        const LayoutPart *efi = nullptr, *bios = nullptr;
        const auto once = [&](const LayoutPart*& first, const LayoutPart& part) {
            if (first)
                error("spec/layout-boot", fmt::format("there are two partitions with {}", to_string(part.fs)),
                      part.fs_at, "firmware boots from one: remove the other",
                      {{"first here", first->fs_at}});
            first = &part;
        };
        for (const LayoutPart& part : layout_.partitions) {
            if (part.fs == FileSystem::Efi) once(efi, part);
            if (part.fs == FileSystem::BiosBoot) once(bios, part);
            if (part.mount == "/boot/efi" && part.fs != FileSystem::Efi)
                error("spec/layout-boot", fmt::format("UEFI firmware reads no {}", to_string(part.fs)),
                      part.fs_at, "/boot/efi is the EFI system partition: write fs: efi");
        }
        if (efi && !efi->mount.empty() &&
            std::find(kEspMounts.begin(), kEspMounts.end(), efi->mount) == kEspMounts.end())
            error("spec/layout-boot",
                  fmt::format("boot loaders do not look for the EFI system partition at '{}'", efi->mount),
                  efi->mount_at, fmt::format("mount it at one of {}", listed(kEspMounts)));
        if (!efi && !bios)
            error("spec/layout-boot", fmt::format("nothing could boot a disk with layout '{}'", layout_.name),
                  layout_.at,
                  "add {mount: /boot/efi, size: 600MB, fs: efi} for UEFI, or {size: 1MiB, fs: bios-boot} for "
                  "BIOS");
    }

    void check_space() {
        const auto least = smallest_disk(layout_);
        if (!least) {
            error("spec/layout-space",
                  fmt::format("layout '{}' fits on no disk, however large", layout_.name), layout_.at,
                  fmt::format("{}: ask for less",
                              fmt::join(lay_out(layout_, std::uint64_t{1} << 50).problems, "; ")));
            return;
        }
        const auto& smallest = layout_.disk.min_size;
        if (layout_.disk.max_size && layout_.disk.max_size->value < *least)
            error("spec/layout-space",
                  fmt::format("layout '{}' needs a disk of {}GB", layout_.name, gigabytes_up(*least)),
                  layout_.disk.max_size->at, "raise 'max_size', or ask for less");
        else if (smallest && smallest->value < *least)
            diagnostics_.add(
                {.severity = Severity::Warning,
                 .code = "spec/layout-space",
                 .message = fmt::format("a disk of {} may be chosen, but layout '{}' needs {}GB",
                                        format_size(smallest->value), layout_.name, gigabytes_up(*least)),
                 .at = smallest->at,
                 .help = fmt::format("write min_size: {}GB", gigabytes_up(*least))});
    }

    /// Whole GB, so that nobody has to count.
    static std::uint64_t gigabytes_up(std::uint64_t bytes) {
        constexpr std::uint64_t kGigabyte = 1'000'000'000;
        return (bytes + kGigabyte - 1) / kGigabyte;
    }

    const Layout& layout_;
    Diagnostics& diagnostics_;
};

} // namespace

void check_layout(const Layout& layout, Diagnostics& diagnostics) {
    Checking(layout, diagnostics).run();
}

} // namespace lab::spec::detail
