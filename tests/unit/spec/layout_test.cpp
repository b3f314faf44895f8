#include "spec/layout.h"
#include "support/json.h"
#include "support/units.h"
#include "tests/unit/spec/inventory_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace lab::spec::test {
namespace {

constexpr std::string_view kWorker = R"(layouts:
  worker:
    disk: {select: {min_size: 240GB, type: nvme}}
    table: gpt
    partitions:
      - {mount: /boot/efi, size: 600MB, fs: efi}
      - {mount: /boot, size: 3GB, fs: ext4}
      - {vg: labvg, size: rest}
    volumes:
      - {name: swap, size: 27GB, fs: swap}
      - {name: root, mount: /, size: 33GB, fs: xfs}
      - {name: var, mount: /var, size: 100GB, fs: xfs}
      - {name: varlog, mount: /var/log, size: 10GB, fs: xfs}
      - {name: home, mount: /home, size: 10GB, fs: xfs, preserve: true}
      - {name: srv, mount: /srv, size: 20GB, fs: xfs, preserve: true}
      - {name: longhorn, mount: /var/lib/longhorn, size: rest, fs: xfs, preserve: true}
    tmpfs: [{mount: /tmp, size: 4GB}]
)";

struct Read {
    Loaded loaded;
    std::string said;
    const Layout* layout = nullptr;
};

Read read(const std::string& text) {
    Read out{.loaded = load(MapTree({{"lab.yaml", lab_yaml()}, {"layouts.yaml", text}}))};
    for (const Diagnostic& each : out.loaded.diagnostics.sorted())
        out.said += fmt::format("{} {} {}\n", each.at.text(), each.code, each.message);
    const auto& layouts = out.loaded.inventory.layouts;
    if (!layouts.empty()) out.layout = &layouts.begin()->second;
    return out;
}

/// A layout with this in the place of its partitions and volumes.
std::string said_of(const std::string& keys) {
    return read("layouts:\n  it:\n" + keys).said;
}

constexpr std::string_view kBoot = "    partitions:\n"
                                   "      - {mount: /boot/efi, size: 600MB, fs: efi}\n"
                                   "      - {vg: labvg, size: rest}\n";

std::string with_volumes(const std::string& volumes) {
    return std::string(kBoot) + "    volumes:\n      - {name: root, mount: /, size: 33GB, fs: xfs}\n" +
           volumes;
}

TEST(Layout, ReadsWhatTheDesignShows) {
    const Read it = read(std::string(kWorker));
    EXPECT_EQ(it.said, "");
    ASSERT_NE(it.layout, nullptr);
    EXPECT_EQ(it.layout->partitions.size(), 3u);
    EXPECT_EQ(it.layout->partitions[2].name, "labvg");
    EXPECT_EQ(it.layout->volumes[4].group, "labvg");
    EXPECT_TRUE(it.layout->volumes[4].preserve);
    EXPECT_EQ(to_string(it.layout->disk), "nvme, at least 240GB");
}

TEST(Layout, IsArithmetic) {
    const Read it = read(std::string(kWorker));
    const DiskMap placed = lay_out(*it.layout, 1'000'204'886'016); // what is sold as 1 TB
    ASSERT_TRUE(placed.fits());
    EXPECT_EQ(placed.partitions[0].start, kMebibyte);
    EXPECT_EQ(placed.partitions[0].bytes, 573 * kMebibyte); // 600,000,000 bytes are 572.2 MiB
    EXPECT_EQ(placed.partitions[1].start, 574 * kMebibyte);
    EXPECT_EQ(placed.volumes[0].bytes, 27'002'929'152u); // as lvcreate -L 27000000000b rounds it
    const GroupPlace& group = placed.groups.at(0);
    EXPECT_EQ(group.free, group.slack);
    EXPECT_EQ(group.slack, group.extents / 100);
    std::uint64_t extents = group.free;
    for (const PartPlace& volume : placed.volumes)
        extents += volume.bytes / kExtent;
    EXPECT_EQ(extents, group.extents);
    EXPECT_EQ(placed.unused, 0u);
}

TEST(Layout, SaysWhatDoesNotFit) {
    const Read it = read(std::string(kWorker));
    const DiskMap placed = lay_out(*it.layout, 128'000'000'000);
    ASSERT_EQ(placed.problems.size(), 1u);
    EXPECT_EQ(placed.problems[0], "volume group 'labvg' needs 201.26GB, but has 124.39GB");
    EXPECT_FALSE(lay_out(*it.layout, 0).fits());
    EXPECT_FALSE(lay_out(*it.layout, 3'000'000'000).fits());
}

TEST(Layout, TheSmallestDiskIsTheSmallest) {
    const Read it = read(std::string(kWorker));
    const auto least = smallest_disk(*it.layout);
    ASSERT_TRUE(least);
    EXPECT_TRUE(lay_out(*it.layout, *least).fits());
    EXPECT_FALSE(lay_out(*it.layout, *least - kMebibyte).fits());
    EXPECT_EQ(format_size(*least), "205.96GB");
}

TEST(Layout, OutlivesJson) {
    const Read it = read(std::string(kWorker));
    const Value value = to_value(*it.layout);
    const auto again = layout_from("worker", value);
    ASSERT_TRUE(again);
    EXPECT_EQ(write_json(to_value(*again)), write_json(value));
    EXPECT_FALSE(layout_from("x", Value("no layout")));
    EXPECT_FALSE(layout_from("x", parse_json(R"({"partitions": [{"size": "1"}]})").value()));
}

TEST(Layout, TwoRestsInOneContainer) {
    EXPECT_EQ(said_of(with_volumes("      - {name: a, mount: /a, size: rest, fs: xfs}\n"
                                   "      - {name: b, mount: /b, size: rest, fs: xfs}\n")),
              "layouts.yaml:9:36 spec/layout-rest two volumes take the rest of 'labvg'\n");
}

TEST(Layout, OverlappingMounts) {
    EXPECT_EQ(said_of(with_volumes("      - {name: a, mount: /srv, size: 1GB, fs: xfs}\n"
                                   "      - {name: b, mount: /srv, size: 1GB, fs: xfs}\n"
                                   "      - {name: c, mount: /tmp/c, size: 1GB, fs: xfs}\n"
                                   "      - {name: d, mount: /dev/shm, size: 1GB, fs: xfs}\n"
                                   "    tmpfs: [{mount: /tmp, size: 4GB}]\n")),
              "layouts.yaml:9:26 spec/layout-mounts two things are mounted at '/srv'\n"
              "layouts.yaml:10:26 spec/layout-mounts '/tmp/c' lies in the tmpfs '/tmp'\n"
              "layouts.yaml:11:26 spec/layout-mounts '/dev/shm' belongs to the kernel and the boot\n");
}

TEST(Layout, NamesOfTheKernelSelectNoDisk) {
    for (const char* disk : {"sda", "/dev/nvme0n1", "{select: {path: /dev/sda}}", "{serial: vda}",
                             "{by-id: /dev/disk/by-path/pci-0000:01:00.0-nvme-1}", "{name: sdb}"})
        EXPECT_NE(said_of(fmt::format("    disk: {}\n", disk) + with_volumes("")).find("spec/disk-selector"),
                  std::string::npos)
            << disk;
    for (const char* disk : {"{serial: S6Z1NX0W1234}", "{wwn: eui.0025385c2140}", "{by-id: nvme-X_1TB_S6Z}",
                             "{by-id: /dev/disk/by-id/ata-X}", "{select: {serial: sdX1234567}}"})
        EXPECT_EQ(said_of(fmt::format("    disk: {}\n", disk) + with_volumes("")), "") << disk;
}

TEST(Layout, MustBootSomehow) {
    EXPECT_EQ(said_of("    partitions: [{mount: /, size: rest, fs: ext4}]\n"),
              "layouts.yaml:2:3 spec/layout-boot nothing could boot a disk with layout 'it'\n");
    EXPECT_EQ(said_of("    partitions: [{size: 1MiB, fs: bios-boot}, {mount: /, size: rest, fs: ext4}]\n"),
              "");
    EXPECT_EQ(said_of(std::string(kBoot)), "layouts.yaml:2:3 spec/layout-boot layout 'it' has no root\n");
}

TEST(Layout, PercentagesOfMoreThanAllFitNowhere) {
    EXPECT_EQ(said_of(with_volumes("      - {name: a, mount: /a, size: 60%, fs: xfs}\n"
                                   "      - {name: b, mount: /b, size: 50%, fs: xfs}\n")),
              "layouts.yaml:2:3 spec/layout-space layout 'it' fits on no disk, however large\n");
}

TEST(Layout, ADiskThatIsTooSmallIsWarnedOf) {
    const Read it = read("layouts:\n  it:\n    disk: {select: {min_size: 20GB}}\n" + with_volumes(""));
    EXPECT_EQ(
        it.said,
        "layouts.yaml:3:31 spec/layout-space a disk of 20GB may be chosen, but layout 'it' needs 34GB\n");
    EXPECT_FALSE(it.loaded.diagnostics.has_errors());
}

// ---- what the tools make of it

std::string yaml_of(const Value& recorded) {
    // JSON is YAML.
    return "layouts:\n  it: " + write_json(recorded) + "\n";
}

std::string recorded_text() {
    std::ifstream file(std::string(LAB_TESTDATA) + "/layouts.json");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t number(const Value& map, std::string_view key) {
    return static_cast<std::uint64_t>(*map.get(key)->if_int());
}

TEST(LayoutRecorded, NumbersAreThoseOfSgdiskAndLvm) {
    const auto recorded = parse_json(recorded_text());
    ASSERT_TRUE(recorded);
    const ValueList& cases = *recorded->get("cases")->if_list();
    ASSERT_GE(cases.size(), 32u);
    for (const Value& each : cases) {
        SCOPED_TRACE(*each.get("name")->if_string());
        const Read it = read(yaml_of(*each.get("layout")));
        ASSERT_EQ(it.said, "");
        const DiskMap map = lay_out(*it.layout, number(each, "disk"));
        ASSERT_TRUE(map.fits()) << map.problems.front();
        const ValueList& partitions = *each.get("partitions")->if_list();
        ASSERT_EQ(map.partitions.size(), partitions.size());
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            // sgdisk aligns where a partition begins, not where it ends: ours fills the last MiB, or leaves
            // it.
            const std::uint64_t start = number(partitions[i], "start"),
                                bytes = number(partitions[i], "bytes");
            EXPECT_EQ(map.partitions[i].start, start);
            const bool is_rest = it.layout->partitions[i].size.kind == LayoutSize::Kind::Rest;
            EXPECT_EQ(map.partitions[i].bytes,
                      (is_rest ? bytes : bytes + kAlignment - 1) / kAlignment * kAlignment);
        }
        EXPECT_LE(map.partitions.back().start + map.partitions.back().bytes, number(each, "usable_end"));
        const Value& group = *each.get("group");
        EXPECT_EQ(kExtent, number(group, "extent_bytes"));
        EXPECT_EQ(kGroupHeader, number(group, "header_bytes"));
        EXPECT_EQ(map.groups.at(0).extents, number(group, "extents"));
        EXPECT_EQ(map.groups.at(0).free, number(group, "free_extents"));
        for (std::size_t i = 0; i < map.volumes.size(); ++i)
            EXPECT_EQ(map.volumes[i].bytes, number(*group.get("volumes"), it.layout->volumes[i].name))
                << it.layout->volumes[i].name;
    }
}

// ---- properties

/// A layout of random parts, as text; it may well fit nowhere.
std::string random_layout(std::mt19937_64& random) {
    const auto pick = [&](std::uint64_t least, std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(least, most)(random);
    };
    std::string text = std::string(kBoot).substr(0, kBoot.rfind("      - {vg"));
    bool rest = false;
    const auto size = [&] {
        if (!rest && pick(0, 4) == 0) return rest = true, std::string("rest");
        if (pick(0, 2) == 0) return fmt::format("{}%", pick(1, 40));
        return fmt::format("{}{}", pick(1, 900), pick(0, 1) ? "GB" : "GiB");
    };
    if (pick(0, 1)) text += fmt::format("      - {{mount: /boot, size: {}MB, fs: ext4}}\n", pick(100, 5000));
    text += fmt::format("      - {{vg: labvg, size: {}}}\n", pick(0, 3) ? "rest" : size());
    rest = false;
    text += "    volumes:\n      - {name: root, mount: /, size: " + size() + ", fs: xfs}\n";
    for (std::uint64_t i = pick(0, 6); i > 0; --i)
        text += fmt::format("      - {{name: v{}, mount: /v{}, size: {}, fs: xfs}}\n", i, i, size());
    if (pick(0, 1)) text += fmt::format("    slack: {}\n", pick(0, 1) ? "0%" : "7GB");
    return "layouts:\n  it:\n" + text;
}

TEST(LayoutProperties, PartsLieInsideTheDiskAndSumUp) {
    std::mt19937_64 random(7);
    std::size_t fitting = 0;
    for (int round = 0; round < 400; ++round) {
        const std::string text = random_layout(random);
        const Read it = read(text);
        if (it.loaded.diagnostics.has_errors()) {
            EXPECT_NE(it.said.find("spec/layout-space"), std::string::npos) << text << it.said;
            continue;
        }
        const std::uint64_t disk = std::uniform_int_distribution<std::uint64_t>(1, 8'000'000'000'000)(random);
        const DiskMap placed = lay_out(*it.layout, disk);
        EXPECT_EQ(placed.fits(), lay_out(*it.layout, disk).fits());
        if (!placed.fits()) continue;
        ++fitting;
        std::uint64_t end = kAlignment;
        for (std::size_t i = 0; i < placed.partitions.size(); ++i) {
            const PartPlace& part = placed.partitions[i];
            EXPECT_EQ(part.start, end) << text;
            EXPECT_EQ(part.bytes % kAlignment, 0u);
            const LayoutSize& size = it.layout->partitions[i].size;
            if (size.kind == LayoutSize::Kind::Bytes) {
                EXPECT_GE(part.bytes, size.amount);
                EXPECT_LT(part.bytes, size.amount + kAlignment);
            }
            end += part.bytes;
        }
        EXPECT_LE(end + placed.unused, disk - kTableEnd);
        const GroupPlace& group = placed.groups.at(0);
        std::uint64_t used = 0;
        bool has_rest = false;
        for (std::size_t i = 0; i < placed.volumes.size(); ++i) {
            const LayoutSize& size = it.layout->volumes[i].size;
            used += placed.volumes[i].bytes;
            EXPECT_GT(placed.volumes[i].bytes, 0u);
            EXPECT_EQ(placed.volumes[i].bytes % kExtent, 0u);
            has_rest = has_rest || size.kind == LayoutSize::Kind::Rest;
            EXPECT_TRUE(size.kind != LayoutSize::Kind::Bytes || placed.volumes[i].bytes >= size.amount);
        }
        EXPECT_EQ(used / kExtent + group.free, group.extents) << text;
        EXPECT_GE(group.free, group.slack);
        EXPECT_TRUE(!has_rest || group.free == group.slack);
    }
    EXPECT_GT(fitting, 100u);
}

TEST(LayoutProperties, ALargerDiskTakesWhatASmallerOneTook) {
    std::mt19937_64 random(8);
    for (int round = 0; round < 200; ++round) {
        const Read it = read(random_layout(random));
        if (it.loaded.diagnostics.has_errors()) continue;
        const auto least = smallest_disk(*it.layout);
        ASSERT_TRUE(least);
        EXPECT_TRUE(lay_out(*it.layout, *least).fits());
        // Percentages are rounded down one by one, so that a few units more may be needed.
        EXPECT_TRUE(lay_out(*it.layout, *least + (*least >> 4) + 64 * kExtent).fits());
    }
}

} // namespace
} // namespace lab::spec::test
