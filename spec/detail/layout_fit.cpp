// Layouts on the disks that the inventory describes: what can be said before anybody looks at a machine.

#include "spec/detail/fleet_state.h"
#include "spec/detail/layout_rules.h"
#include "support/units.h"

#include <fmt/format.h>
#include <set>

namespace lab::spec::detail {
namespace {

std::optional<std::uint64_t> bytes_of(const Property* property) {
    const std::string* text = property ? property->value.if_string() : nullptr;
    const auto bytes = text ? parse_size(*text) : Result<std::uint64_t>(Error{});
    return bytes ? std::optional(*bytes) : std::nullopt;
}

/// The disk of a server as it is described: by its own `disk`, else by its size.
const Property* described_disk(const FleetState& state, ServerIndex index) {
    if (const Property* own = find_property(state.server(index).properties, "disk.size")) return own;
    const auto& sizes = state.inventory->sizes;
    const auto size = sizes.find(std::string(choose_single(state, index, Provides::Size).name()));
    return size == sizes.end() ? nullptr : size->second.find("abstract.disk.size");
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
                       disk.at, "give the server another layout, or describe its disk as it is", notes,
                       &server);
        return;
    }
    const DiskMap map = lay_out(layout, bytes);
    if (map.fits()) return;
    reporter.error("spec/layout-space",
                   fmt::format("layout '{}' does not fit a disk of {}: {}", layout.name, format_size(bytes),
                               map.problems.front()),
                   disk.at, "give the server another layout, or describe its disk as it is", notes, &server);
}

/// A server's own disk is named by what stays.
void check_names(const FleetState& state, Reporter& reporter) {
    for (const Server& server : state.inventory->servers)
        for (const std::string_view key : {"disk.serial", "disk.wwn", "disk.by-id"}) {
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
        const auto layout = layouts.find(std::string(name));
        const Property* disk = described_disk(state, i);
        const auto bytes = bytes_of(disk);
        if (layout == layouts.end() || !bytes || !seen.emplace(&layout->second, disk).second) continue;
        check_fit(layout->second, state.server(i), *disk, *bytes, reporter);
    }
}

} // namespace lab::spec::detail
