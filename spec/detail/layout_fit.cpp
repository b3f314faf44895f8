// Layouts on the disks that the inventory describes: what can be said before anybody looks at a machine.

#include "spec/detail/fleet_state.h"
#include "spec/detail/layout_rules.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <set>

namespace lab::spec::detail {
namespace {

std::optional<std::uint64_t> bytes_of(const Property* property) {
    const std::string* text = property ? property->value.if_string() : nullptr;
    const auto bytes = text ? parse_size(*text) : Result<std::uint64_t>(Error{});
    return bytes ? std::optional(*bytes) : std::nullopt;
}

/// What is said of the disk of a server, "disk.size" say: by its own `disk`, else by its size. What has a
/// size of its own is another disk than its size's.
const Property* described(const FleetState& state, ServerIndex index, const std::string& key) {
    const auto& properties = state.server(index).properties;
    if (const Property* own = find_property(properties, key)) return own;
    if (find_property(properties, "disk.size")) return nullptr;
    const auto& sizes = state.inventory->sizes;
    const auto size = sizes.find(std::string(choose_single(state, index, Provides::Size).name()));
    return size == sizes.end() ? nullptr : size->second.find("abstract." + key);
}

constexpr std::string_view kHelp = "give the server another layout, or describe its disk as it is";

/// A disk on NVMe is an SSD as well, for a layout that asks for one.
void check_type(const Layout& layout, const Server& server, const Property& type, Reporter& reporter) {
    const std::string* is = type.value.if_string();
    const auto& wanted = layout.disk.type;
    if (!is || !wanted || *is == wanted->value || (*is == "nvme" && wanted->value == "ssd")) return;
    reporter.error("spec/disk-selector",
                   fmt::format("layout '{}' takes no disk of type {}: it wants {}", layout.name, *is,
                               to_string(layout.disk)),
                   type.at, std::string(kHelp), {{"the layout says its type here", wanted->at}}, &server);
}

void check_fit(const Layout& layout, const Server& server, const Property& disk, std::uint64_t bytes,
               Reporter& reporter) {
    const std::vector<Diagnostic::Note> notes{{"the layout is here", layout.at}};
    const auto& least = layout.disk.min_size;
    const auto& most = layout.disk.max_size;
    if ((least && bytes < least->value) || (most && bytes > most->value)) {
        reporter.error("spec/layout-space",
                       fmt::format("layout '{}' takes no disk of {}: it wants {}", layout.name,
                                   format_size(bytes), to_string(layout.disk)),
                       disk.at, std::string(kHelp), notes, &server);
        return;
    }
    const DiskMap map = lay_out(layout, bytes);
    if (map.fits()) return;
    reporter.error("spec/layout-space",
                   fmt::format("layout '{}' does not fit a disk of {}: {}", layout.name, format_size(bytes),
                               map.problems.front()),
                   disk.at, std::string(kHelp), notes, &server);
}

constexpr std::string_view kExactKeys[] = {"disk.serial", "disk.wwn", "disk.by-id"};

/// Whether the server says which disk it is: that counts over what the layout selects.
bool names_disk(const Server& server) {
    return std::any_of(std::begin(kExactKeys), std::end(kExactKeys),
                       [&](std::string_view key) { return find_property(server.properties, key); });
}

/// A server's own disk is named by what stays.
void check_names(const FleetState& state, Reporter& reporter) {
    for (const Server& server : state.inventory->servers)
        for (const std::string_view key : kExactKeys) {
            const Property* property = find_property(server.properties, key);
            const std::string* text = property ? property->value.if_string() : nullptr;
            if (text && is_kernel_disk_name(*text))
                refuse_kernel_name(*text, property->at, reporter.diagnostics());
        }
}

} // namespace

void check_layouts(const FleetState& state, Reporter& reporter) {
    check_names(state, reporter);
    const auto& layouts = state.inventory->layouts;
    if (layouts.empty()) return;
    std::set<std::pair<const Layout*, const Property*>> seen; // many servers share both
    for (ServerIndex i = 0; i < state.servers.size(); ++i) {
        const std::string_view name = choose_single(state, i, Provides::Layout).name();
        if (name.empty()) continue;
        const auto found = layouts.find(std::string(name));
        if (found == layouts.end()) continue;
        const Layout& layout = found->second;
        const Property* type = described(state, i, "disk.type");
        if (type && !names_disk(state.server(i)) && seen.emplace(&layout, type).second)
            check_type(layout, state.server(i), *type, reporter);
        const Property* disk = described(state, i, "disk.size");
        const auto bytes = bytes_of(disk);
        if (bytes && seen.emplace(&layout, disk).second)
            check_fit(layout, state.server(i), *disk, *bytes, reporter);
    }
}

} // namespace lab::spec::detail
