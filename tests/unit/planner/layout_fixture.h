#pragma once
// Layouts, machines that have them, and what a plan says of them.

#include "planner/detail/layout_plan.h"
#include "spec/document.h"
#include "support/units.h"
#include "tests/unit/planner/fixture.h"

#include <fmt/format.h>

namespace lab::planner::test {

using detail::LayoutPlan;

inline spec::Layout layout(std::string_view text) {
    Diagnostics diagnostics;
    const auto document = spec::Document::parse("layouts.yaml", std::string(text), diagnostics);
    spec::Layout read =
        spec::read_layout({"worker", place("layouts.yaml", 2)}, document->root(), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << write_json(to_value(diagnostics));
    return read;
}

constexpr std::uint64_t kDisk = 1'000'204'886'016;

/// Facts of a machine whose disk is as `made` was laid out on it.
inline Value facts_of(const spec::Layout& made, std::uint64_t disk = kDisk,
                      std::uint64_t used = 1'500'000'000) {
    const spec::DiskMap map = spec::lay_out(made, disk);
    EXPECT_TRUE(map.fits());
    const auto fs = [](spec::FileSystem each) -> std::string {
        return each == spec::FileSystem::Efi    ? "vfat"
               : each == spec::FileSystem::None ? "LVM2_member"
                                                : std::string(to_string(each));
    };
    ValueList partitions, vgs, lvs, mounts;
    ValueMap in_use;
    for (std::size_t i = 0; i < made.partitions.size(); ++i) {
        const std::string path = fmt::format("/dev/nvme0n1p{}", i + 1);
        partitions.emplace_back(ValueMap{{"name", Value(path.substr(5))},
                                         {"path", Value(path)},
                                         {"size", Value(map.partitions[i].bytes)},
                                         {"fs", Value(fs(made.partitions[i].fs))}});
        if (!made.partitions[i].mount.empty())
            mounts.emplace_back(
                ValueMap{{"target", Value(made.partitions[i].mount)}, {"source", Value(path)}});
    }
    for (const spec::GroupPlace& group : map.groups)
        vgs.emplace_back(
            ValueMap{{"name", Value(group.name)}, {"size", Value(group.extents * spec::kExtent)}});
    for (std::size_t i = 0; i < made.volumes.size(); ++i) {
        const spec::LayoutPart& part = made.volumes[i];
        lvs.emplace_back(ValueMap{
            {"name", Value(part.name)}, {"vg", Value(part.group)}, {"size", Value(map.volumes[i].bytes)}});
        if (part.mount.empty()) continue;
        mounts.emplace_back(
            ValueMap{{"target", Value(part.mount)},
                     {"source", Value(fmt::format("/dev/mapper/{}-{}", part.group, part.name))},
                     {"fs", Value(fs(part.fs))}});
        in_use.set(part.mount, Value(used));
    }
    for (const spec::LayoutTmpfs& tmpfs : made.tmpfs)
        mounts.emplace_back(ValueMap{{"target", Value(tmpfs.mount)},
                                     {"source", Value("tmpfs")},
                                     {"fs", Value("tmpfs")},
                                     {"size", Value(tmpfs.size.amount)}});
    return ValueMap{{"boot", ValueMap{{"mode", Value("uefi")}}},
                    {"disks", ValueList{ValueMap{{"name", Value("nvme0n1")},
                                                 {"size", Value(disk)},
                                                 {"serial", Value("S6Z1")},
                                                 {"transport", Value("nvme")},
                                                 {"rotational", Value(false)},
                                                 {"table", Value("gpt")},
                                                 {"partitions", Value(std::move(partitions))}}}},
                    {"lvm", ValueMap{{"vgs", Value(std::move(vgs))}, {"lvs", Value(std::move(lvs))}}},
                    {"mounts", Value(std::move(mounts))},
                    {"volatile", ValueMap{{"used", Value(std::move(in_use))}}}};
}

/// The same of a machine that mounts none of it.
inline Value unmounted(Value facts) {
    facts.if_map()->set("mounts", ValueList{});
    for (Value& volume : *facts.if_map()->find("lvm")->if_map()->find("lvs")->if_list())
        volume.if_map()->set("fs", Value(""));
    return facts;
}

/// Everything that is not kept, a line each, then the problems.
inline std::string said(const LayoutPlan& plan) {
    std::string out;
    for (const api::PropertyChange& change : plan.changes) {
        if (detail::is_kept(change)) continue;
        out += fmt::format("{} {} {} -> {}{}\n", change.effect, change.path, display(change.before),
                           display(change.after), change.used ? " used " + format_size(*change.used) : "");
    }
    for (const std::string& problem : plan.problems)
        out += "! " + problem + "\n";
    return out;
}

inline LayoutPlan planned(const spec::Layout& desired, const Value& facts,
                          const spec::Layout* applied = nullptr, bool reinstall = false) {
    const auto storage = detail::storage_of(facts);
    return detail::plan_layout({.desired = desired,
                                .applied = applied,
                                .storage = storage ? &*storage : nullptr,
                                .reinstall = reinstall});
}

inline std::string said(const spec::Layout& desired, const Value& facts,
                        const spec::Layout* applied = nullptr, bool reinstall = false) {
    return said(planned(desired, facts, applied, reinstall));
}

/// Facts of a machine with UEFI whose 1 TB disk has an EFI partition and `second`.
inline Value facts_of_plain(std::string_view second, std::string_view more = "") {
    return parse_json(fmt::format(R"({{"disks": [{{"name": "sda", "size": 1000204886016, "table": "gpt",
      "partitions": [{{"name": "sda1", "size": 600834048, "fs": "vfat"}}, {}]}}]{}}})",
                                  second, more))
        .value();
}

inline ServerInput live(const spec::Layout& desired, Value facts, const spec::Layout* applied = nullptr) {
    ServerInput input{.name = "ser9-1"};
    input.desired.emplace();
    input.desired->spec = {.name = "ser9-1", .provider = "local"};
    input.desired->at = place("servers.yaml", 3);
    input.desired->layout = desired;
    input.observed.emplace();
    input.observed->fresh = true;
    input.observed->state.presence = api::Presence::Present;
    input.observed->facts = std::move(facts);
    if (applied) {
        input.applied.emplace();
        input.applied->spec = input.desired->spec;
        input.applied->layout = layout_record(*applied);
    }
    return input;
}

inline Planned plan_of(ServerInput input) {
    PlanInput all;
    all.applied_servers = 1;
    all.key = kKey;
    all.servers.push_back(std::move(input));
    return make_plan(all);
}

} // namespace lab::planner::test
