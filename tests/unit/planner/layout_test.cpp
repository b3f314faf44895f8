#include "planner/views.h"
#include "support/text.h"
#include "tests/unit/planner/layout_fixture.h"

#include <random>

namespace lab::planner::test {
namespace {

constexpr std::string_view kWorker = R"(
disk: {select: {min_size: 200GB, type: nvme}}
partitions:
  - {mount: /boot/efi, size: 600MB, fs: efi}
  - {mount: /boot, size: 3GB, fs: ext4}
  - {vg: labvg, size: rest}
volumes:
  - {name: swap, size: 27GB, fs: swap}
  - {name: root, mount: /, size: 33GB, fs: xfs}
  - {name: var, mount: /var, size: 100GB, fs: xfs}
  - {name: home, mount: /home, size: 10GB, fs: xfs, preserve: true}
  - {name: srv, mount: /srv, size: 20GB, fs: xfs, preserve: true}
  - {name: longhorn, mount: /var/lib/longhorn, size: rest, fs: xfs, preserve: true}
tmpfs: [{mount: /tmp, size: 4GB}]
)";

/// The worker layout with lines replaced or added: {"name: home", "..."} replaces the line that has the
/// words.
spec::Layout worker(const std::vector<std::pair<std::string, std::string>>& edits = {}) {
    std::string text;
    for (const std::string_view line : split(kWorker, '\n')) {
        const auto edit = std::find_if(edits.begin(), edits.end(), [&](const auto& each) {
            return line.find(each.first) != std::string_view::npos;
        });
        if (edit == edits.end())
            text += std::string(line) + "\n";
        else if (!edit->second.empty())
            text += edit->second + "\n";
    }
    return layout(text);
}

TEST(LayoutPlan, WhatIsAsItShouldBeIsKept) {
    const spec::Layout it = worker();
    const LayoutPlan plan = planned(it, facts_of(it));
    EXPECT_EQ(said(plan), "");
    EXPECT_FALSE(plan.differs);
    EXPECT_EQ(plan.changes.size(), 9u); // partitions and volumes, each kept
}

TEST(LayoutPlan, APreservedVolumeGrowsOutOfTheSlack) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: home", "  - {name: home, mount: /home, size: 15GB, fs: xfs, preserve: true}"}});
    EXPECT_EQ(said(after, facts_of(before), &before),
              "grow layout.volumes.home 10GB xfs -> 15GB xfs used 1.5GB\n");
    EXPECT_EQ(planned(after, facts_of(before), &before).risk, api::Risk::Safe);
}

TEST(LayoutPlan, LargerThanWantedIsKept) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: var,", "  - {name: var, mount: /var, size: 50GB, fs: xfs}"},
                {"name: srv", "  - {name: srv, mount: /srv, size: 5GB, fs: xfs, preserve: true}"}});
    EXPECT_EQ(said(after, facts_of(before), &before), "");
}

TEST(LayoutPlan, WhatIsNotPreservedMakesRoom) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: var,", "  - {name: var, mount: /var, size: 50GB, fs: xfs}"},
                {"name: srv", "  - {name: srv, mount: /srv, size: 60GB, fs: xfs, preserve: true}"}});
    EXPECT_EQ(said(after, facts_of(before), &before),
              "format layout.volumes.var 100GB xfs -> 50GB xfs used 1.5GB\n"
              "grow layout.volumes.srv 20GB xfs -> 60GB xfs used 1.5GB\n"
              "grow layout.volumes.longhorn 796.62GB xfs -> 806.62GB xfs used 1.5GB\n");
}

TEST(LayoutPlan, PreservedVolumesAreNeverShrunk) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: srv", "  - {name: srv, mount: /srv, size: 200GB, fs: xfs, preserve: true}"}});
    const LayoutPlan plan = planned(after, facts_of(before), &before);
    ASSERT_EQ(plan.problems.size(), 1u);
    EXPECT_EQ(plan.problems[0],
              "volume group 'labvg' needs 1.17TB, but has 996.6GB, and what is preserved or "
              "not lab's is never shrunk");
}

TEST(LayoutPlan, ANewVolumeIsCreatedAndOneThatIsGoneIsLost) {
    const spec::Layout before = worker({{"name: srv", "  - {name: srv, mount: /srv, size: 20GB, fs: xfs}"}});
    const spec::Layout after =
        worker({{"name: srv", "  - {name: data, mount: /data, size: 25GB, fs: ext4}"}});
    EXPECT_EQ(said(after, facts_of(before), &before), "lose layout.volumes.srv 20GB xfs -> null used 1.5GB\n"
                                                      "create layout.volumes.data null -> 25GB ext4\n");
    EXPECT_EQ(planned(after, facts_of(before), &before).risk, api::Risk::Destructive);
}

TEST(LayoutPlan, WhatWasPreservedIsNotLostInOneStep) {
    const spec::Layout before = worker();
    const spec::Layout after = worker({{"name: longhorn", ""}});
    const LayoutPlan plan = planned(after, facts_of(before), &before);
    ASSERT_EQ(plan.problems.size(), 1u);
    EXPECT_NE(plan.problems[0].find("'longhorn' was preserved"), std::string::npos);
    EXPECT_NE(said(plan).find("lose layout.volumes.longhorn"), std::string::npos);
}

TEST(LayoutPlan, WhatLabNeverMadeIsLeftAlone) {
    const spec::Layout there = worker();
    const spec::Layout wanted = worker({{"name: longhorn", ""}});
    EXPECT_EQ(said(wanted, facts_of(there)), ""); // no layout was applied: longhorn is somebody's
}

TEST(LayoutPlan, AnotherFileSystemIsFormattedUnlessPreserved) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: root", "  - {name: root, mount: /, size: 33GB, fs: ext4}"},
                {"name: home", "  - {name: home, mount: /home, size: 10GB, fs: ext4, preserve: true}"}});
    EXPECT_EQ(said(after, facts_of(before), &before),
              "format layout.volumes.root 33GB xfs -> 33GB ext4 used 1.5GB\n"
              "format layout.volumes.home 10GB xfs -> 10GB ext4 used 1.5GB\n"
              "! volume 'home' is preserved, but has xfs where the layout wants ext4\n");
}

TEST(LayoutPlan, AnInstallationWritesAnewWhatIsNotPreserved) {
    const spec::Layout it = worker();
    const LayoutPlan plan = planned(it, facts_of(it), &it, /*reinstall=*/true);
    std::string formatted;
    for (const api::PropertyChange& change : plan.changes)
        if (change.effect == "format") formatted += change.path + "\n";
    EXPECT_EQ(formatted, "layout.partitions./boot/efi\nlayout.partitions./boot\nlayout.volumes.swap\n"
                         "layout.volumes.root\nlayout.volumes.var\n");
    EXPECT_TRUE(plan.problems.empty());
    EXPECT_EQ(plan.risk, api::Risk::Destructive);
}

TEST(LayoutPlan, AForeignDiskIsPartitionedAnew) {
    const Value facts =
        parse_json(R"({"disks": [{"name": "nvme0n1", "size": 1000204886016, "transport": "nvme",
        "table": "gpt", "partitions": [{"name": "nvme0n1p1", "size": 104857600, "fs": "vfat"},
        {"name": "nvme0n1p2", "size": 999000000000, "fs": "ntfs"}]}]})")
            .value();
    const LayoutPlan plan = planned(worker(), facts);
    EXPECT_EQ(plan.reason, "nvme0n1 is partitioned anew: it has 2 partitions, the layout 3");
    EXPECT_NE(said(plan).find("lose layout.disk.nvme0n1p2 999GB ntfs -> null\n"), std::string::npos);
    EXPECT_NE(said(plan).find("create layout.volumes.longhorn null -> 796.62GB xfs\n"), std::string::npos);
    EXPECT_TRUE(plan.problems.empty());
    EXPECT_EQ(plan.risk, api::Risk::Destructive);
}

TEST(LayoutPlan, ABlankDiskLosesNothing) {
    const Value facts =
        parse_json(R"({"disks": [{"name": "nvme0n1", "size": 1000204886016, "transport": "nvme",
        "partitions": []}]})")
            .value();
    const LayoutPlan plan = planned(worker(), facts);
    EXPECT_TRUE(plan.anew);
    EXPECT_EQ(plan.risk, api::Risk::Disruptive); // of the tmpfs, which hides what is in /tmp
}

TEST(LayoutPlan, PreservedDataIsNotPartitionedOver) {
    const spec::Layout before = worker();
    const spec::Layout after = worker({{"/boot, size", "  - {mount: /boot, size: 5GB, fs: ext4}"}});
    const LayoutPlan plan = planned(after, facts_of(before), &before);
    ASSERT_GE(plan.problems.size(), 3u);
    EXPECT_EQ(plan.problems[0],
              "volume 'home' is preserved, but nvme0n1 is partitioned anew: nvme0n1p2 has 3GB, "
              "the layout wants 5GB");
}

TEST(LayoutPlan, ADiskThatIsTooSmallIsRefused) {
    const Value facts =
        parse_json(R"({"disks": [{"name": "nvme0n1", "size": 190000000000, "transport": "nvme",
        "partitions": []}]})")
            .value();
    EXPECT_NE(said(worker({{"disk:", ""}}), facts)
                  .find("! layout 'worker' does not fit nvme0n1 (190GB): volume group 'labvg' needs"),
              std::string::npos);
}

TEST(LayoutPlan, NoneOrSeveralDisksAreNotGuessedFrom) {
    const auto disks = [](std::string_view list) {
        return parse_json(fmt::format(R"({{"disks": [{}]}})", list)).value();
    };
    constexpr std::string_view one =
        R"({"name": "a", "size": 900000000000, "transport": "nvme", "serial": "X"})";
    constexpr std::string_view two =
        R"({"name": "b", "size": 900000000000, "transport": "nvme", "serial": "Y"})";
    constexpr std::string_view usb =
        R"({"name": "c", "size": 900000000000, "transport": "usb", "serial": "Z"})";
    EXPECT_NE(said(worker(), disks(""))
                  .find("! no disk fits layout 'worker' (nvme, at least 200GB): there is none"),
              std::string::npos);
    EXPECT_NE(said(worker(), disks(fmt::format("{},{}", one, two))).find("! more than one disk fits"),
              std::string::npos);
    const spec::Layout any = worker({{"disk:", ""}});
    EXPECT_EQ(said(any, disks(fmt::format("{},{}", one, usb))).find("!"), std::string::npos);
    EXPECT_NE(said(any, disks(usb))
                  .find("! no disk fits layout 'worker' (the only disk): there is c (serial Z, "
                        "900GB, on USB); a disk on USB is chosen only by serial, wwn or by-id\n"),
              std::string::npos);
    const spec::Layout exact = worker({{"disk:", "disk: {serial: Y}"}});
    EXPECT_EQ(said(exact, disks(fmt::format("{},{}", one, two))).find("!"), std::string::npos);
}

TEST(LayoutPlan, FirmwareMustFindWhatItBoots) {
    const spec::Layout it = worker();
    Value facts = facts_of(it);
    facts.if_map()->set("boot", ValueMap{{"mode", Value("bios")}});
    const LayoutPlan plan = planned(it, facts);
    ASSERT_EQ(plan.problems.size(), 1u);
    EXPECT_EQ(plan.problems[0], "the machine boots by BIOS, but layout 'worker' has no partition for it: add "
                                "{size: 1MiB, fs: bios-boot}");
}

TEST(LayoutPlan, WhatCannotBeLookedIntoIsNotLost) {
    const Value facts =
        parse_json(R"({"disks": [{"name": "nvme0n1", "size": 1000204886016, "transport": "nvme",
        "table": "gpt", "partitions": [{"name": "nvme0n1p1", "size": 900000000000, "fs": "crypto_LUKS"}]}]})")
            .value();
    EXPECT_NE(said(worker(), facts).find("! nvme0n1p1 holds crypto_LUKS, whose content lab cannot see"),
              std::string::npos);
}

TEST(LayoutPlan, WithoutALookTheAppliedLayoutStandsIn) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: home", "  - {name: home, mount: /home, size: 20GB, fs: xfs, preserve: true}"},
                {"name: srv", "  - {name: data, mount: /data, size: 5GB, fs: xfs}"},
                {"tmpfs", "tmpfs: [{mount: /tmp, size: 8GB}]"}});
    EXPECT_EQ(said(planned(before, Value(), &before)), "");
    const std::string text = said(after, Value(), &before);
    EXPECT_NE(text.find("grow layout.volumes.home 10GB xfs -> 20GB xfs\n"), std::string::npos) << text;
    EXPECT_NE(text.find("create layout.volumes.data null -> 5GB xfs\n"), std::string::npos) << text;
    EXPECT_NE(text.find("lose layout.volumes.srv 20GB xfs -> null\n"), std::string::npos) << text;
    EXPECT_NE(text.find("update layout.tmpfs./tmp 4GB -> 8GB\n"), std::string::npos) << text;
}

TEST(LayoutPlan, NothingKnownIsAllCreatedAndDestructive) {
    const LayoutPlan plan = planned(worker(), Value());
    EXPECT_TRUE(plan.anew);
    EXPECT_EQ(plan.risk, api::Risk::Destructive);
    EXPECT_NE(said(plan).find("create layout.volumes.longhorn null -> rest xfs\n"), std::string::npos);
}

TEST(LayoutPlan, ThePartitionThatTakesTheRestGrows) {
    const spec::Layout it =
        layout("partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: rest, fs: ext4}]\n");
    constexpr std::string_view small = R"({"name": "sda2", "size": 107374182400, "fs": "ext4"})";
    EXPECT_EQ(said(it, facts_of_plain(small)), "grow layout.partitions./ 107.37GB ext4 -> 999.6GB ext4\n");
    EXPECT_EQ(said(it, facts_of_plain(small), nullptr, /*reinstall=*/true),
              "format layout.partitions./boot/efi 600.83MB efi -> 600.83MB efi\n"
              "format layout.partitions./ 107.37GB ext4 -> 999.6GB ext4\n");
    // Another one lies behind it, or only what tools leave for alignment.
    EXPECT_EQ(said(it, facts_of_plain(fmt::format(R"({}, {{"name": "sda3", "size": 1048576}})", small))), "");
    EXPECT_EQ(said(it, facts_of_plain(R"({"name": "sda2", "size": 999602257920, "fs": "ext4"})")), "");
    EXPECT_EQ(said(it, facts_of_plain(R"({"name": "sda2", "size": 999586529280, "fs": "ext4"})")), "");
    // The room lies before it; it lies before the other one.
    EXPECT_EQ(said(it, facts_of_plain(
                           R"({"name": "sda2", "size": 107374182400, "start": 892830679040, "fs": "ext4"})")),
              "");
    const std::string swapped =
        said(it, parse_json(R"({"disks": [{"name": "sda", "size": 1000204886016, "table": "gpt",
      "partitions": [{"name": "sda1", "size": 600834048, "start": 107375230976, "fs": "vfat"},
                     {"name": "sda2", "size": 107374182400, "start": 1048576, "fs": "ext4"}]}]})")
                     .value());
    EXPECT_EQ(swapped, "");
}

TEST(LayoutPlan, TheLastPartitionGrowsToItsSize) {
    const auto sized = [](std::string_view size) {
        return layout(fmt::format(
            "partitions: [{{mount: /boot/efi, size: 600MB, fs: efi}}, {{mount: /, size: {}, fs: ext4}}]\n",
            size));
    };
    constexpr std::string_view small = R"({"name": "sda2", "size": 107374182400, "fs": "ext4"})";
    EXPECT_EQ(said(sized("200GB"), facts_of_plain(small)),
              "grow layout.partitions./ 107.37GB ext4 -> 200GB ext4\n");
    EXPECT_EQ(said(sized("107380000000B"), facts_of_plain(small)),
              "grow layout.partitions./ 107.37GB ext4 -> 107.38GB ext4\n");
    EXPECT_EQ(said(sized("50%"), facts_of_plain(small)),
              "grow layout.partitions./ 107.37GB ext4 -> 500.1GB ext4\n");
    EXPECT_EQ(said(sized("10%"), facts_of_plain(small)), "");
    // Where it has no room, a size in bytes needs another table; a percentage is what there is of it.
    const std::string shut_in = fmt::format(R"({}, {{"name": "sda3", "size": 1048576}})", small);
    EXPECT_EQ(planned(sized("200GB"), facts_of_plain(shut_in)).reason,
              "sda is partitioned anew: sda2 has 107.37GB, the layout wants 200GB");
    EXPECT_EQ(said(sized("50%"), facts_of_plain(shut_in)), "");
    const spec::Layout before = sized("100GB");
    EXPECT_EQ(said(sized("120GB"), Value(), &before), "grow layout.partitions./ 100GB ext4 -> 120GB ext4\n");
}

TEST(LayoutPlan, AGroupGrowsIntoWhatItsPartitionHasBehindThePhysicalVolume) {
    const spec::Layout it = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}, {name: srv, mount: /srv, size: rest, fs: xfs, preserve: true}]
slack: 0%
)");
    const auto said_of = [&](std::uint64_t group, std::string_view places) {
        return said(it, facts_of_plain(R"({"name": "sda2", "size": 999602257920, "fs": "LVM2_member"})",
                                       fmt::format(R"(, "lvm": {{"vgs": [{{"name": "labvg", "size": {}{}}}],
      "lvs": [{{"name": "root", "vg": "labvg", "size": 33000783872, "fs": "xfs"}},
              {{"name": "srv", "vg": "labvg", "size": {}, "fs": "xfs"}}]}})",
                                                   group, places, group - 33000783872)));
    };
    constexpr std::string_view here = R"(, "pvs": ["/dev/sda2"])";
    EXPECT_EQ(said_of(107369988096, here), "grow layout.volumes.srv 74.37GB xfs -> 966.6GB xfs\n");
    EXPECT_EQ(said_of(107369988096, ""), ""); // it may have more elsewhere
    EXPECT_EQ(said_of(999599112192, here), "");
    EXPECT_EQ(said_of(999590723584, here), ""); // metadata may take more than it does by default
}

TEST(LayoutPlan, AGroupGrowsWithItsPartitionAndTheVolumesWithIt) {
    const spec::Layout it = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: rest, fs: xfs}]
slack: 0%
)");
    const Value facts = facts_of_plain(R"({"name": "sda2", "size": 107374182400, "fs": "LVM2_member"})",
                                       R"(, "lvm": {"vgs": [{"name": "labvg", "size": 107369988096}],
      "lvs": [{"name": "root", "vg": "labvg", "size": 107369988096, "fs": "xfs"}]})");
    EXPECT_EQ(said(it, facts), "grow layout.partitions.labvg 107.37GB lvm -> 999.6GB lvm\n"
                               "grow layout.volumes.root 107.37GB xfs -> 999.59GB xfs\n");
}

TEST(LayoutPlan, AVolumeThatIsNotMountedIsToldByItsFileSystem) {
    const spec::Layout it = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}, {name: home, mount: /home, size: 10GB, fs: xfs, preserve: true}]
)");
    const auto said_of = [&](std::string_view root, std::string_view home) {
        return said(it,
                    facts_of_plain(
                        R"({"name": "sda2", "size": 999602257920, "fs": "LVM2_member"})",
                        fmt::format(R"(, "lvm": {{"vgs": [{{"name": "labvg", "size": 999599112192}}], "lvs": [
      {{"name": "root", "vg": "labvg", "size": 33000783872, "fs": "{}"}},
      {{"name": "home", "vg": "labvg", "size": 10003415040, "fs": "{}"}}]}})",
                                    root, home)));
    };
    EXPECT_EQ(said_of("xfs", "xfs"), "");
    EXPECT_EQ(said_of("xfs", "ext4"),
              "format layout.volumes.home 10GB ext4 -> 10GB xfs\n"
              "! volume 'home' is preserved, but has ext4 where the layout wants xfs\n");
    // Encrypted, it is mounted by another name than its own.
    EXPECT_EQ(said_of("crypto_LUKS", "xfs"), "format layout.volumes.root 33GB crypto_LUKS -> 33GB xfs\n"
                                             "! root holds crypto_LUKS, whose content lab cannot see\n");
}

TEST(LayoutPlan, WhatNobodySawIsNotClaimed) {
    const auto change = [](const LayoutPlan& plan, std::string_view path) {
        for (const api::PropertyChange& each : plan.changes)
            if (each.path == path)
                return fmt::format("{} {} -> {}", each.effect, display(each.before), display(each.after));
        return std::string();
    };
    const spec::Layout it = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}, {name: home, mount: /home, size: 10GB, fs: xfs, preserve: true}]
)");
    const LayoutPlan plan =
        planned(it, facts_of_plain(R"({"name": "sda2", "size": 999602257920, "fs": "LVM2_member"})",
                                   R"(, "lvm": {"vgs": [{"name": "labvg", "size": 999599112192}], "lvs": [
      {"name": "root", "vg": "labvg", "size": 33000783872}, {"name": "home", "vg": "labvg", "size": 5003804672},
      {"name": "other", "vg": "labvg", "size": 4294967296}]})"));
    EXPECT_EQ(change(plan, "layout.volumes.root"),
              "keep 33GB, file system not seen -> 33GB, file system not seen");
    EXPECT_EQ(change(plan, "layout.volumes.home"), "grow 5GB, file system not seen -> 10GB xfs");
    EXPECT_EQ(change(plan, "layout.volumes.other"),
              "keep 4.29GB, file system not seen -> 4.29GB, file system not seen");

    constexpr std::string_view unseen = R"({"name": "sda2", "size": 999602257920})";
    EXPECT_EQ(planned(it, facts_of_plain(unseen)).reason,
              "sda is partitioned anew: nobody saw what is on sda2, the layout wants lvm");
    const spec::Layout kept =
        layout("partitions: [{size: 1MiB, fs: bios-boot}, {mount: /, size: 33GB, fs: ext4},"
               " {mount: /srv, size: rest, fs: xfs, preserve: true}]\n");
    const Value facts =
        parse_json(R"({"disks": [{"name": "sda", "size": 1000204886016, "table": "gpt", "partitions": [
      {"name": "sda1", "size": 1048576}, {"name": "sda2", "size": 33000783872, "fs": "ext4"},
      {"name": "sda3", "size": 967200000000}]}]})")
            .value();
    const LayoutPlan blocked = planned(kept, facts);
    EXPECT_EQ(blocked.problems,
              std::vector<std::string>{
                  "/srv is preserved, but nobody saw what is on sda3 where the layout wants xfs"});
    EXPECT_EQ(change(blocked, "layout.partitions.bios-boot"), "keep 1.05MB bios-boot -> 1.05MB bios-boot");
}

TEST(LayoutPlan, GroupsKeepTheNameTheyHave) {
    const spec::Layout there = worker({{"vg: labvg", "  - {vg: ubuntu-vg, size: rest}"}});
    EXPECT_EQ(said(worker(), facts_of(there)), "");
}

/// Facts of a machine with two disks: on `old` the group labvg with root and home, `fresh` as told.
Value facts_of_two(std::string_view fresh, std::string_view more_groups = "") {
    return parse_json(fmt::format(R"({{"disks": [
        {{"name": "sda", "size": 500000000000, "serial": "OLD", "table": "gpt",
          "partitions": [{{"name": "sda1", "size": 400000000000, "fs": "LVM2_member"}}]}}, {}],
      "lvm": {{"vgs": [{{"name": "labvg", "size": 399998189568, "pvs": ["/dev/sda1"]}}{}],
               "lvs": [{{"name": "root", "vg": "labvg", "size": 33000783872}},
                       {{"name": "home", "vg": "labvg", "size": 10003415040}}]}}}})",
                                  fresh, more_groups))
        .value();
}

TEST(LayoutPlan, VolumesOfAnotherDiskAreNotTouched) {
    const spec::Layout it = worker({{"disk:", "disk: {serial: NEW}"}});
    const std::string blank =
        said(it, facts_of_two(R"({"name": "sdb", "size": 500000000000, "serial": "NEW"})"));
    EXPECT_EQ(blank.find("format"), std::string::npos) << blank;
    EXPECT_EQ(blank.find("lose"), std::string::npos) << blank;
    EXPECT_NE(
        blank.find("! another disk, sda (serial OLD, 500GB), has a volume group 'labvg' already, and LVM "
                   "cannot have two of one name: name the layout's otherwise, or rename or remove that "
                   "one\n"),
        std::string::npos)
        << blank;
    const spec::Layout renamed =
        worker({{"disk:", "disk: {serial: NEW}"}, {"vg: labvg", "  - {vg: own, size: rest}"}});
    EXPECT_EQ(
        said(renamed, facts_of_two(R"({"name": "sdb", "size": 500000000000, "serial": "NEW"})")).find("!"),
        std::string::npos);
}

TEST(LayoutPlan, TwoGroupsOfOneNameAreNotToldApart) {
    const spec::Layout it = layout(R"(
disk: {serial: NEW}
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}]
)");
    const std::string text =
        said(it, facts_of_two(R"({"name": "sdb", "size": 500000000000, "serial": "NEW",
        "table": "gpt", "partitions": [{"name": "sdb1", "size": 600834048, "fs": "vfat"},
                                       {"name": "sdb2", "size": 499397951488, "fs": "LVM2_member"}]})",
                              R"(, {"name": "labvg", "size": 499390611456, "pvs": ["/dev/sdb2"]})"));
    EXPECT_NE(
        text.find("! another disk, sda (serial OLD, 500GB), has a volume group 'labvg' already, and LVM "
                  "cannot have two of one name: rename or remove one of them\n"),
        std::string::npos)
        << text;
}

TEST(LayoutPlan, APreservedVolumeSaysWhyItWouldBeWrittenOver) {
    const spec::Layout it = worker({{"disk:", "disk: {serial: NEW}"}});
    const Value facts = parse_json(R"({"disks": [{"name": "sdb", "size": 500000000000, "serial": "NEW"}],
      "lvm": {"vgs": [{"name": "labvg", "size": 499998785536, "pvs": ["/dev/sdb"]}],
              "lvs": [{"name": "home", "vg": "labvg", "size": 10003415040}]}})")
                            .value();
    const std::string text = said(it, facts);
    EXPECT_NE(text.find("! volume 'home' is preserved, but sdb is partitioned anew: it holds volume group "
                        "'labvg'\n"),
              std::string::npos)
        << text;
}

TEST(LayoutPlan, AGroupThatLiesOnAnotherDiskAsWellIsNotTornApart) {
    const spec::Layout it = worker({{"disk:", "disk: {serial: NEW}"}});
    const Value facts = parse_json(R"({"disks": [
        {"name": "sda", "size": 500000000000, "fs": "LVM2_member"},
        {"name": "sdb", "size": 500000000000, "serial": "NEW", "fs": "LVM2_member"}],
      "lvm": {"vgs": [{"name": "both", "size": 999997571072, "pvs": ["/dev/sda", "/dev/sdb"]}]}})")
                            .value();
    const std::string text = said(it, facts);
    EXPECT_NE(text.find("! volume group 'both' lies on sda (500GB) as well\n"), std::string::npos) << text;
}

// ---- the unit of a plan

TEST(LayoutUnit, IsShownAndBlocked) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: home", "  - {name: home, mount: /home, size: 15GB, fs: xfs, preserve: true}"}});
    const api::Plan plan = plan_of(live(after, facts_of(before), &before)).plan;
    ASSERT_EQ(plan.actions.size(), 1u);
    const api::Action& action = plan.actions.front();
    EXPECT_EQ(action.id, "server/ser9-1/layout#update");
    EXPECT_EQ(action.cause, api::Cause::Intent);
    ASSERT_TRUE(action.blocked);
    EXPECT_EQ(action.blocked->by, "policy");
    EXPECT_EQ(plan.summary.update, 1u);
    const auto again = api::read_plan(api::write_plan(plan));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->actions.front().changes, action.changes);
}

TEST(LayoutUnit, AsItShouldBeIsRecorded) {
    const spec::Layout it = worker();
    const ServerInput input = live(it, facts_of(it));
    const Planned planned = plan_of(input);
    EXPECT_TRUE(planned.plan.actions.empty());
    EXPECT_EQ(layout_to_record(input), layout_record(it));
    ServerInput other = live(it, Value(), nullptr);
    EXPECT_TRUE(layout_to_record(other).is_null());
}

TEST(LayoutUnit, ATreeHasNoDisks) {
    ServerInput input = live(worker(), facts_of(worker({{"name: srv", ""}})));
    input.live = false;
    const api::Plan plan = plan_of(input).plan;
    EXPECT_TRUE(plan.actions.empty());
    ASSERT_EQ(plan.warnings.size(), 1u);
    EXPECT_EQ(plan.warnings[0], "1 resource needs a live system and is skipped in trees: layout/worker");
}

TEST(LayoutUnit, WhatTheMachineChangedIsDrift) {
    const spec::Layout it = worker();
    const spec::Layout smaller =
        worker({{"name: home", "  - {name: home, mount: /home, size: 5GB, fs: xfs}"}});
    const api::Plan plan = plan_of(live(it, facts_of(smaller), &it)).plan;
    ASSERT_EQ(plan.drift.size(), 1u);
    EXPECT_EQ(plan.drift[0].path, "layout.volumes.home");
    EXPECT_EQ(plan.drift[0].kind, "changed");
    ASSERT_EQ(plan.actions.size(), 1u);
    EXPECT_EQ(plan.actions[0].cause, api::Cause::Drift);
}

TEST(LayoutUnit, WhatOthersLeaveToAVolumeIsIntent) {
    const spec::Layout it = worker();
    const spec::Layout without = worker({{"name: swap", ""}});
    for (const Value& facts : {Value(), facts_of(it)}) {
        const api::Plan plan = plan_of(live(without, facts, &it)).plan;
        ASSERT_EQ(plan.actions.size(), 1u);
        EXPECT_GT(plan.actions[0].changes.size(), 1u);
        EXPECT_EQ(plan.actions[0].cause, api::Cause::Intent);
    }
}

TEST(LayoutUnit, ReadsInThePlan) {
    const spec::Layout before = worker();
    const spec::Layout after =
        worker({{"name: home", "  - {name: home, mount: /home, size: 15GB, fs: xfs, preserve: true}"},
                {"name: root", "  - {name: root, mount: /, size: 33GB, fs: ext4}"}});
    const std::string text =
        render_text(plan_of(live(after, facts_of(before), &before)).plan, {.width = 160});
    EXPECT_NE(
        text.find(
            "~   server/ser9-1/layout  format root, grow home, keep 7  [destructive, blocked by policy]"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("      format volumes.root 33GB xfs → 33GB ext4, 1.5GB in use\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("      keep volumes.srv 20GB xfs, 1.5GB in use\n"), std::string::npos) << text;
}

// ---- properties

TEST(LayoutProperties, PreservedVolumesNeverGetSmallerNorLost) {
    std::mt19937 random(11);
    const auto pick = [&](int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(random);
    };
    const auto some = [&] {
        std::string text = "partitions:\n  - {mount: /boot/efi, size: 600MB, fs: efi}\n";
        text += fmt::format(
            "  - {{mount: /boot, size: {}GB, fs: ext4}}\n  - {{vg: labvg, size: rest}}\nvolumes:\n",
            pick(1, 2));
        text += fmt::format("  - {{name: root, mount: /, size: {}GB, fs: {}}}\n", pick(10, 60),
                            pick(0, 3) ? "xfs" : "ext4");
        for (const char* name : {"home", "srv", "data", "var"}) {
            if (pick(0, 3) == 0) continue;
            text += fmt::format("  - {{name: {}, mount: /{}, size: {}, fs: {}, preserve: {}}}\n", name, name,
                                name == std::string_view("data") ? "rest" : fmt::format("{}GB", pick(1, 80)),
                                pick(0, 5) ? "xfs" : "ext4", pick(0, 1) ? "true" : "false");
        }
        return layout(text);
    };
    for (int round = 0; round < 500; ++round) {
        const spec::Layout before = some(), after = some();
        const Value facts = facts_of(before, 400'000'000'000);
        const bool reinstall = pick(0, 3) == 0;
        const LayoutPlan plan = planned(after, facts, pick(0, 1) ? &before : nullptr, reinstall);
        const LayoutPlan same = planned(before, facts, &before, false);
        EXPECT_FALSE(same.differs) << said(same);
        if (!plan.problems.empty()) continue;
        std::uint64_t sum = 0;
        for (const api::PropertyChange& change : plan.changes) {
            if (!change.path.starts_with("layout.volumes.") || change.path.ends_with(".mount")) continue;
            const std::string name = change.path.substr(15);
            const spec::LayoutPart* want = after.find_volume("labvg", name);
            const spec::LayoutPart* have = before.find_volume("labvg", name);
            const bool keeps = change.effect == "keep" || change.effect == "grow";
            EXPECT_TRUE(!want || !want->preserve || !have || keeps) << change.path << " " << change.effect;
            EXPECT_TRUE(have || change.effect == "create");
            if (change.after.if_string()) {
                const std::string& text = *change.after.if_string();
                sum += parse_size(text.substr(0, text.find(' '))).value();
            }
        }
        EXPECT_LE(sum, 401'000'000'000u) << said(plan); // rounded as they are shown
    }
}

} // namespace
} // namespace lab::planner::test
