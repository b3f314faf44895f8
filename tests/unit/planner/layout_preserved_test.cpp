#include "planner/detail/layout_plan.h"
#include "tests/unit/planner/layout_fixture.h"

#include <random>

namespace lab::planner::test {
namespace {

spec::Layout of_partitions(std::string_view second, std::string_view third) {
    return layout(fmt::format("partitions:\n  - {{mount: /boot/efi, size: 600MB, fs: efi}}\n  - {}\n  - {}\n",
                              second, third));
}

constexpr std::string_view kRoot = "{mount: /, size: 50GB, fs: xfs}";

spec::Layout base() {
    return of_partitions(kRoot, "{mount: /home, size: rest, fs: xfs, preserve: true}");
}

/// What a change from `before` means to a machine that has it: unmounted and, the same, without a look.
std::string changed(const spec::Layout& before, const spec::Layout& after, bool reinstall = false) {
    const std::string seen = said(after, facts_of(before), &before, reinstall);
    const LayoutPlan blind = planned(after, Value(), &before, reinstall);
    const LayoutPlan looked = planned(after, facts_of(before), &before, reinstall);
    EXPECT_EQ(blind.takes_preserved, looked.takes_preserved) << said(blind);
    return seen;
}

constexpr std::string_view kHomeWas =
    "! /home was preserved when it was applied: apply a commit that has it without `preserve` first\n";

TEST(LayoutPreserved, APartitionIsNotFormattedUnderAnotherName) {
    const std::string text = changed(base(), of_partitions(kRoot, "{mount: /data, size: rest, fs: ext4}"));
    EXPECT_NE(text.find("format layout.partitions./data 949.6GB xfs -> 949.6GB ext4\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find(kHomeWas), std::string::npos) << text;
    const std::string kept =
        changed(base(), of_partitions(kRoot, "{mount: /data, size: rest, fs: ext4, preserve: true}"));
    EXPECT_NE(kept.find(kHomeWas), std::string::npos) << kept; // the new name preserves nothing yet
}

TEST(LayoutPreserved, GivingItUpAndFormattingAreTwoCommits) {
    const spec::Layout before = base(), other = of_partitions(kRoot, "{mount: /home, size: rest, fs: ext4}");
    EXPECT_NE(changed(base(), other).find(kHomeWas), std::string::npos);
    const spec::Layout given_up = of_partitions(kRoot, "{mount: /home, size: rest, fs: xfs}");
    EXPECT_EQ(said(given_up, facts_of(base()), &before), "");
    EXPECT_EQ(said(other, facts_of(base()), &given_up),
              "format layout.partitions./home 949.6GB xfs -> 949.6GB ext4\n");
    EXPECT_NE(changed(base(), given_up, /*reinstall=*/true).find(kHomeWas), std::string::npos);
}

TEST(LayoutPreserved, AGroupIsNotMadeOverAPartition) {
    const spec::Layout after = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: 50GB, fs: xfs}, {vg: v, size: rest}]
volumes: [{name: home, mount: /home, size: 10GB, fs: xfs}]
)");
    EXPECT_NE(changed(base(), after).find(kHomeWas), std::string::npos);
}

constexpr std::string_view kGroup = R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: labvg, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}, {name: home, mount: /home, size: 500GB, fs: xfs, preserve: true}]
)";
constexpr std::string_view kPlain = R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: rest, fs: xfs}]
)";

TEST(LayoutPreserved, AWholeGroupIsNotLost) {
    const spec::Layout before = layout(kGroup);
    const std::string text = changed(before, layout(kPlain));
    EXPECT_NE(text.find("lose layout.disk.labvg/home 500GB xfs -> null used 1.5GB\n"), std::string::npos);
    EXPECT_NE(text.find("! volume 'home' was preserved when it was applied"), std::string::npos) << text;
    EXPECT_EQ(planned(layout(kPlain), facts_of(before), &before).problems.size(), 1u);
}

TEST(LayoutPreserved, AGroupWhoseVolumesNobodySawMayHaveThem) {
    const spec::Layout before = layout(kGroup);
    Value facts = facts_of(before);
    facts.if_map()->erase("lvm");
    const std::string text = said(layout(kPlain), facts, &before);
    EXPECT_NE(text.find("! volume 'home' was preserved when it was applied"), std::string::npos) << text;
}

TEST(LayoutPreserved, AGroupThatIsRenamedInTheLayoutHasTheVolumesItHas) {
    const spec::Layout before = layout(kGroup), after = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {vg: other, size: rest}]
volumes: [{name: root, mount: /, size: 33GB, fs: xfs}]
)");
    const std::string text = said(after, facts_of(before), &before);
    EXPECT_NE(text.find("lose layout.volumes.home"), std::string::npos) << text;
    EXPECT_NE(text.find("! volume 'home' was preserved when it was applied"), std::string::npos) << text;
}

TEST(LayoutPreserved, PartsThatChangedPlacesAreNotTakenForEachOther) {
    const spec::Layout before = base();
    const spec::Layout after = of_partitions("{mount: /home, size: 50GB, fs: xfs, preserve: true}",
                                             "{mount: /, size: rest, fs: xfs}");
    const LayoutPlan plan = planned(after, unmounted(facts_of(before)), &before, /*reinstall=*/true);
    EXPECT_EQ(plan.reason,
              "nvme0n1 is partitioned anew: nvme0n1p2 is /, which the layout has in another place");
    EXPECT_NE(said(plan).find("! /home is preserved, but lies on nvme0n1p3"), std::string::npos)
        << said(plan);
    // Somebody did it by hand.
    EXPECT_EQ(said(after, facts_of(after), &before), "");
}

TEST(LayoutPreserved, WhereOneWasRemovedByHandAnyMayBeWhatIsPreserved) {
    const spec::Layout before = base();
    Value facts = unmounted(facts_of(before));
    Value* disks = facts.if_map()->find("disks");
    ValueList& partitions = *disks->if_list()->front().if_map()->find("partitions")->if_list();
    partitions.erase(partitions.begin() + 1); // the root, so that /home stands where it stood
    EXPECT_NE(said(before, facts, &before).find("! /home is preserved, but lies on nvme0n1p3"),
              std::string::npos)
        << said(before, facts, &before);
    const std::string text =
        said(of_partitions(kRoot, "{mount: /data, size: rest, fs: ext4}"), facts, &before);
    EXPECT_NE(text.find(kHomeWas), std::string::npos) << text;
}

TEST(LayoutPreserved, WhatIsTakenOutOfTheMiddleIsLost) {
    const spec::Layout before =
        of_partitions("{mount: /boot, size: 3GB, fs: xfs}", "{mount: /, size: rest, fs: xfs}");
    const spec::Layout after = layout(kPlain);
    EXPECT_EQ(said(after, unmounted(facts_of(before)), &before),
              "lose layout.partitions./boot 3GB xfs -> null\n");
}

TEST(LayoutPreserved, WhatAnotherDiskHasIsNotThisOnes) {
    // The server moves to a new disk that was divided alike: the data of the old one is not touched.
    spec::Layout before = base();
    before.disk.serial = spec::Text{"OLD", {}};
    const Value facts = facts_of(base());
    const spec::Layout after = of_partitions(kRoot, "{mount: /home, size: rest, fs: ext4}");
    Value two = facts;
    Value old = two.get("disks")->if_list()->front();
    old.if_map()->set("name", Value("nvme1n1"));
    old.if_map()->set("serial", Value("OLD"));
    spec::Layout moved = after;
    moved.disk.serial = spec::Text{"S6Z1", {}};
    two.if_map()->set("disks", ValueList{two.get("disks")->if_list()->front(), old});
    EXPECT_EQ(said(moved, two, &before), "format layout.partitions./home 949.6GB xfs -> 949.6GB ext4\n");
}

// ---- what is said of preserve that is given up

std::vector<std::string> warnings(const spec::Layout& before, const std::optional<spec::Layout>& after) {
    ServerInput input = live(before, facts_of(before), &before);
    input.desired->layout = after;
    const api::Plan plan = plan_of(input).plan;
    EXPECT_EQ(gives_up_preserved(input), !plan.warnings.empty());
    return plan.warnings;
}

TEST(LayoutGivenUp, IsSaid) {
    const auto only = [](std::string_view text) { return std::vector<std::string>{std::string(text)}; };
    EXPECT_EQ(warnings(base(), base()), std::vector<std::string>{});
    EXPECT_EQ(warnings(base(), of_partitions(kRoot, "{mount: /home, size: rest, fs: xfs}")),
              only("/home on ser9-1 is preserved no longer once this is applied: its data stay until a "
                   "reinstallation"));
    EXPECT_EQ(warnings(base(), layout(kPlain)),
              only("/home on ser9-1 was preserved, and is no longer in the layout"));
    EXPECT_EQ(warnings(layout(kGroup), std::nullopt),
              only("volume 'home' on ser9-1 was preserved, and the server has no layout any longer: its data "
                   "stay until a reinstallation"));
}

TEST(LayoutGivenUp, AnotherNameMayGoOnPreserving) {
    const auto data = [](std::string_view preserve) {
        return of_partitions(kRoot, fmt::format("{{mount: /data, size: rest, fs: xfs{}}}", preserve));
    };
    ServerInput input = live(data(", preserve: true"), unmounted(facts_of(base())));
    const spec::Layout before = base();
    input.applied = live(before, Value(), &before).applied;
    EXPECT_TRUE(plan_of(input).plan.warnings.empty());
    input.desired->layout = data("");
    EXPECT_EQ(plan_of(input).plan.warnings,
              std::vector<std::string>{"/home on ser9-1 was preserved, and is no longer in the layout"});
}

// ---- a layout without the group that is there

TEST(LayoutGroupGone, EveryVolumeOfAPartitionThatGoesIsSaid) {
    const spec::Layout before = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: 50GB, fs: xfs}, {vg: labvg, size: rest}]
volumes: [{name: var, mount: /var, size: 33GB, fs: xfs}, {name: home, mount: /home, size: 500GB, fs: xfs}]
)");
    EXPECT_EQ(said(layout(kPlain), facts_of(before), &before),
              "grow layout.partitions./ 50GB xfs -> 999.6GB xfs\n"
              "lose layout.partitions.labvg 949.6GB lvm -> null\n"
              "lose layout.disk.labvg/var 33GB xfs -> null used 1.5GB\n"
              "lose layout.disk.labvg/home 500GB xfs -> null used 1.5GB\n");
}

TEST(LayoutGroupGone, WhatIsNotLabsStaysAndTheRestIsSaidToBeSmall) {
    const spec::Layout there = layout(R"(
partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: 50GB, fs: xfs}, {vg: labvg, size: rest}]
volumes: [{name: home, mount: /home, size: 500GB, fs: xfs}]
)");
    const LayoutPlan plan = planned(layout(kPlain), facts_of(there));
    EXPECT_EQ(said(plan), "");
    ASSERT_EQ(plan.changes.size(), 4u);
    EXPECT_EQ(plan.changes.back().path, "layout.disk.labvg/home");
    EXPECT_EQ(plan_of(live(layout(kPlain), facts_of(there))).plan.warnings,
              std::vector<std::string>{
                  "/ on ser9-1 takes the rest, which is 999.6GB, but has 50GB: what lies behind it "
                  "stays"});
}

// ---- the disk that the applied layout lies on

/// `facts` with a second disk; alike, where the first one is not to be told from it.
Value with_second(Value facts, bool alike) {
    ValueList& disks = *facts.if_map()->find("disks")->if_list();
    Value second = disks.front();
    second.if_map()->set("name", Value("sdb"));
    second.if_map()->set("serial", Value("S2"));
    second.if_map()->set("transport", Value("sata"));
    for (Value& part : *second.if_map()->find("partitions")->if_list()) {
        const std::string name = "sdb" + part.get("name")->if_string()->substr(8);
        part.if_map()->set("name", Value(name));
        part.if_map()->set("path", Value("/dev/" + name));
    }
    if (!alike) second.if_map()->set("partitions", ValueList{});
    disks.push_back(std::move(second));
    return facts;
}

api::Plan drift_of(const spec::Layout& applied, const spec::Layout& desired, Value facts, bool drift_only) {
    PlanInput all;
    all.applied_servers = 1;
    all.key = kKey;
    all.drift_only = drift_only;
    all.servers.push_back(live(desired, std::move(facts), &applied));
    return make_plan(all).plan;
}

TEST(LayoutDisk, ASecondOneIsNoDrift) {
    const spec::Layout before = base();
    spec::Layout after = base();
    after.disk.type = spec::Text{"nvme", {}};
    const Value facts = with_second(unmounted(facts_of(before)), /*alike=*/false);
    const api::Plan plan = drift_of(before, after, facts, /*drift_only=*/false);
    EXPECT_TRUE(plan.drift.empty());
    EXPECT_TRUE(plan.actions.empty());
    EXPECT_TRUE(drift_of(before, before, facts, /*drift_only=*/true).drift.empty());
    // Nothing is planned where the layout fits both, and it says why once.
    const api::Plan unchanged = drift_of(before, before, facts, /*drift_only=*/false);
    EXPECT_TRUE(unchanged.drift.empty());
    ASSERT_EQ(unchanged.actions.size(), 1u);
    EXPECT_TRUE(unchanged.actions[0].changes.empty());
    EXPECT_EQ(unchanged.actions[0].blocked.value().detail,
              "more than one disk fits layout 'worker' (the only disk): nvme0n1 (serial S6Z1, 1TB), sdb "
              "(serial S2, "
              "1TB); name one by its serial");
}

TEST(LayoutDisk, WhereNobodyCanTellItThatIsSaid) {
    const spec::Layout before = base();
    const Value facts = with_second(unmounted(facts_of(before)), /*alike=*/true);
    const api::Plan drift = drift_of(before, before, facts, /*drift_only=*/true);
    EXPECT_TRUE(drift.drift.empty());
    EXPECT_EQ(drift.warnings,
              std::vector<std::string>{
                  "layout 'worker' on ser9-1 cannot be compared: more than one disk fits layout "
                  "'worker' (the only disk): nvme0n1 (serial S6Z1, 1TB), sdb (serial S2, 1TB); "
                  "name one by its serial"});
    // It is mounted from the first one.
    const Value mounted = with_second(facts_of(before), /*alike=*/true);
    EXPECT_TRUE(drift_of(before, before, mounted, /*drift_only=*/true).warnings.empty());
}

TEST(LayoutDisk, OneThatIsGoneIsMissing) {
    spec::Layout before = base();
    before.disk.serial = spec::Text{"OLD", {}};
    const api::Plan plan = drift_of(before, base(), facts_of(base()), /*drift_only=*/false);
    ASSERT_EQ(plan.drift.size(), 1u);
    EXPECT_EQ(plan.drift[0].path, "layout.disk");
    EXPECT_EQ(plan.drift[0].kind, "missing");
}

// ---- properties

TEST(LayoutProperties, WhatWasPreservedIsNeverTakenUnsaid) {
    std::mt19937 random(7);
    const auto pick = [&](int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(random);
    };
    const auto keeps = [&] { return pick(0, 1) ? ", preserve: true" : ""; };
    const auto fs = [&] { return pick(0, 3) ? "xfs" : "ext4"; };
    const auto some = [&] {
        std::vector<std::string> parts{"{mount: /, size: 50GB, fs: xfs}"};
        for (const auto& [mount, size] :
             {std::pair{"/home", 60}, std::pair{"/srv", 61}}) // told apart by them
            if (pick(0, 2))
                parts.push_back(
                    fmt::format("{{mount: {}, size: {}GB, fs: {}{}}}", mount, size, fs(), keeps()));
        const bool grouped = pick(0, 1);
        if (grouped) parts.push_back("{vg: labvg, size: 100GB}");
        std::shuffle(parts.begin(), parts.end(), random);
        std::string text = "partitions:\n  - {mount: /boot/efi, size: 600MB, fs: efi}\n";
        for (const std::string& part : parts)
            text += "  - " + part + "\n";
        if (!grouped) return layout(text);
        text += "volumes:\n  - {name: var, mount: /var, size: 10GB, fs: xfs}\n";
        for (const auto& [name, size] : {std::pair{"data", 20}, std::pair{"mail", 21}})
            if (pick(0, 2))
                text += fmt::format("  - {{name: {}, mount: /{}, size: {}GB, fs: {}{}}}\n", name, name, size,
                                    fs(), keeps());
        return layout(text);
    };
    for (int round = 0; round < 500; ++round) {
        const spec::Layout before = some(), after = some();
        const Value facts = pick(0, 1) ? facts_of(before) : unmounted(facts_of(before));
        const LayoutPlan plan = planned(after, facts, &before, /*reinstall=*/pick(0, 1) == 0);
        if (!plan.problems.empty()) continue;
        for (const auto* parts : {&before.partitions, &before.volumes})
            for (const spec::LayoutPart& part : *parts) {
                if (!part.preserve) continue;
                const std::string size = part.size.text + " ";
                const auto keep =
                    std::find_if(plan.changes.begin(), plan.changes.end(), [&](const auto& each) {
                        const std::string* had = each.before.if_string();
                        return had && had->starts_with(size) &&
                               (each.effect == "keep" || each.effect == "grow");
                    });
                EXPECT_NE(keep, plan.changes.end()) << part.name << "\n" << said(plan);
            }
    }
}

} // namespace
} // namespace lab::planner::test
