#include "cli/layouts.h"

#include "cli/places.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

Servers servers_of(const spec::Fleet& fleet, const std::string& layout) {
    Servers servers;
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
        if (fleet.chosen(i, spec::Provides::Layout) == layout) servers.push_back(i);
    return servers;
}

/// Rounded up to what is printed of it: whoever gives that as a disk has one that is large enough.
std::uint64_t least_disk(const spec::Layout& layout) {
    const auto least = spec::smallest_disk(layout);
    LAB_CHECK(least, "a layout that fits on no disk is an error when it is read");
    const auto printed = parse_size(format_size(*least, Rounding::Up));
    LAB_CHECK(printed, "a size that was printed is one");
    return *printed;
}

/// "label worker at labels.yaml:3:5": who says that servers have it.
std::vector<std::string> givers(const spec::Inventory& inventory, const std::string& layout) {
    std::vector<std::string> out;
    const auto look = [&](const std::vector<spec::Given>& gives, const std::string& who) {
        for (const spec::Given& given : gives)
            if (given.what == spec::Provides::Layout && given.name.value == layout)
                out.push_back(fmt::format("{} at {}", who, given.name.at.text()));
    };
    look(inventory.settings.defaults.gives, "lab.defaults");
    for (const auto& [name, environment] : inventory.environments)
        look(environment.gives, "environment " + name);
    for (const auto& [name, label] : inventory.labels)
        look(label.gives, "label " + name);
    for (const spec::Server& server : inventory.servers)
        look(server.gives, "server " + server.name);
    return out;
}

std::vector<std::string> preserved(const spec::Layout& layout) {
    std::vector<std::string> names;
    for (const auto* parts : {&layout.partitions, &layout.volumes})
        for (const spec::LayoutPart& part : *parts)
            if (part.preserve) names.push_back(part.name);
    return names;
}

ValueMap part_value(const spec::LayoutPart& part, const spec::PartPlace& place) {
    return {{"name", Value(part.name)},          {"vg", text_or_null(part.group)},
            {"mount", text_or_null(part.mount)}, {"fs", text_or_null(spec::to_string(part.fs))},
            {"size", Value(part.size.text)},     {"preserve", Value(part.preserve)},
            {"bytes", Value(place.bytes)},       {"source", place_value(part.at)}};
}

/// Of the written layout, without numbers that depend on a disk.
ValueMap summary_of(const spec::Fleet& fleet, const spec::Layout& layout, const Servers& servers) {
    const Value written = spec::to_value(layout);
    return {{"name", Value(layout.name)},
            {"disk", *written.get("disk")->get("select")},
            {"table", *written.get("table")},
            {"smallest_disk", Value(least_disk(layout))},
            {"partitions", *written.get("partitions")},
            {"volumes", *written.get("volumes")},
            {"tmpfs", *written.get("tmpfs")},
            {"slack", written.get("slack") ? *written.get("slack") : Value()},
            {"servers", Value(text_list(server_names(fleet, servers)))},
            {"source", place_value(layout.at)}};
}

ValueMap document_of(const spec::Fleet& fleet, const spec::Layout& layout, const spec::DiskMap& map,
                     const Servers& servers) {
    ValueMap document = summary_of(fleet, layout, servers);
    ValueList partitions, volumes, groups;
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        ValueMap part = part_value(layout.partitions[i], map.partitions[i]);
        part.append("number", Value(std::uint64_t{i + 1}));
        part.append("start", Value(map.partitions[i].start));
        partitions.emplace_back(std::move(part));
    }
    for (std::size_t i = 0; i < layout.volumes.size(); ++i) {
        ValueMap part = part_value(layout.volumes[i], map.volumes[i]);
        part.append("extents", Value(map.volumes[i].bytes / spec::kExtent));
        volumes.emplace_back(std::move(part));
    }
    for (const spec::GroupPlace& group : map.groups)
        groups.emplace_back(ValueMap{{"name", Value(group.name)},
                                     {"extent_bytes", Value(spec::kExtent)},
                                     {"extents", Value(group.extents)},
                                     {"slack_extents", Value(group.slack)},
                                     {"free_extents", Value(group.free)}});
    document.set("partitions", Value(std::move(partitions)));
    document.set("volumes", Value(std::move(volumes)));
    document.append("groups", Value(std::move(groups)));
    document.append("on_disk", Value(map.disk));
    document.append("unused", Value(map.unused));
    document.append("given_by", Value(text_list(givers(fleet.inventory(), layout.name))));
    return document;
}

std::string start_text(std::uint64_t bytes) {
    return fmt::format("{}MiB", bytes / spec::kMebibyte);
}

Table table_of(const spec::Layout& layout, const spec::DiskMap& map) {
    Table table{.columns = {{.title = "PART"},
                            {.title = "MOUNT"},
                            {.title = "FS"},
                            {.title = "WRITTEN", .right = true},
                            {.title = "SIZE", .right = true},
                            {.title = "BYTES", .right = true},
                            {.title = "START", .right = true},
                            {.title = "DATA"}},
                .rows = {}};
    const auto add = [&](std::string name, const spec::LayoutPart& part, const spec::PartPlace& place,
                         std::string start) {
        const bool holds_group = part.fs == spec::FileSystem::None;
        table.rows.push_back({std::move(name), part.mount,
                              holds_group ? std::string("lvm") : std::string(to_string(part.fs)),
                              part.size.text, format_size(place.bytes), std::to_string(place.bytes),
                              std::move(start), part.preserve ? "preserved" : ""});
    };
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const spec::LayoutPart& part = layout.partitions[i];
        const std::string group = part.group.empty() ? "" : " " + part.group;
        add(fmt::format("{}{}", i + 1, group), part, map.partitions[i], start_text(map.partitions[i].start));
    }
    for (std::size_t i = 0; i < layout.volumes.size(); ++i) {
        const spec::LayoutPart& part = layout.volumes[i];
        add(fmt::format("{}/{}", part.group, part.name), part, map.volumes[i], {});
    }
    for (const spec::LayoutTmpfs& tmpfs : layout.tmpfs)
        table.rows.push_back({"memory", tmpfs.mount, "tmpfs", tmpfs.size.text, format_size(tmpfs.size.amount),
                              std::to_string(tmpfs.size.amount), "", ""});
    return table;
}

std::string groups_text(const spec::Layout& layout, const spec::DiskMap& map) {
    std::string out;
    for (const spec::GroupPlace& group : map.groups)
        out += fmt::format("{}: {} extents of 4MiB, {} free: {}, slack {}\n", group.name, group.extents,
                           group.free, format_size(group.free * spec::kExtent), layout.slack.text);
    if (map.unused > 0) out += fmt::format("{} of the disk are in no partition\n", format_size(map.unused));
    return out;
}

} // namespace

Listing list_layouts(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "LAYOUT"},
                                          {.title = "DISK"},
                                          {.title = "NEEDS", .right = true},
                                          {.title = "PARTITIONS", .right = true},
                                          {.title = "VOLUMES", .right = true},
                                          {.title = "PRESERVED"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    for (const auto& [name, layout] : fleet.inventory().layouts) {
        Servers servers = servers_of(fleet, name);
        if (selection.filtered)
            std::erase_if(servers, [&](spec::ServerIndex index) {
                return !std::binary_search(selection.servers.begin(), selection.servers.end(), index);
            });
        if (selection.filtered && servers.empty()) continue;
        listing.add(name,
                    {name, to_string(layout.disk), format_size(least_disk(layout)),
                     std::to_string(layout.partitions.size()), std::to_string(layout.volumes.size()),
                     joined(preserved(layout)), std::to_string(servers.size()), layout.at.text()},
                    summary_of(fleet, layout, servers));
    }
    return listing;
}

Result<Detail> layout_detail(const Session& session, const std::string& name,
                             std::optional<std::uint64_t> disk, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const auto& layouts = fleet.inventory().layouts;
    const auto found = layouts.find(name);
    if (found == layouts.end()) return no_such(Kind::Layout, name, names_of(Kind::Layout, fleet));
    const spec::Layout& layout = found->second;
    const std::uint64_t least = least_disk(layout);
    const spec::DiskMap map = spec::lay_out(layout, disk.value_or(least));
    if (!map.fits())
        return Error{.code = ErrorCode::Invalid,
                     .message =
                         fmt::format("layout '{}' does not fit a disk of {}: {}", name,
                                     format_size(map.disk, Rounding::Down), fmt::join(map.problems, "; ")),
                     .hint = fmt::format("the smallest disk for it has {}", format_size(least))};
    const Servers servers = servers_of(fleet, name);
    Detail detail{.format = "lab.layout/1",
                  .document = document_of(fleet, layout, map, servers),
                  .described = {},
                  .shown = {}};
    const std::string on = disk ? fmt::format("On a disk of {}:", format_size(map.disk))
                                : fmt::format("On the smallest disk for it, {} (--disk SIZE shows another):",
                                              format_size(least));
    const std::string table =
        fmt::format("\n{}\n{}\n{}", on, table_of(layout, map).text(true, {}), groups_text(layout, map));
    detail.described = facts_text({{"Name", name},
                                   {"Disk", to_string(layout.disk)},
                                   {"Table", "gpt"},
                                   {"Needs", fmt::format("a disk of {}", format_size(least))},
                                   {"Slack", layout.volumes.empty() ? std::string() : layout.slack.text},
                                   {"Preserved", joined(preserved(layout))},
                                   {"Servers", std::to_string(servers.size())},
                                   {"Written at", layout.at.text()}}) +
                       table;
    detail.shown = fmt::format("Layout: {}\nDisk: {}\nApplied to: {}\n", name, to_string(layout.disk),
                               counted(servers.size(), "server")) +
                   section_text("Given by", givers(fleet.inventory(), name));
    if (!servers.empty())
        detail.shown += fmt::format("\nServers:\n{}", branches(server_lines(session, servers, now)));
    detail.shown += table;
    return detail;
}

} // namespace lab::cli
