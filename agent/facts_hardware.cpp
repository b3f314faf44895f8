// Facts about processor, memory and graphics cards.

#include "agent/detail/fact_readers.h"
#include "support/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>
#include <utility>

namespace lab::agent {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

/// The value of the first "NAME : VALUE" line.
std::optional<std::string> field_of(std::string_view text, std::string_view name) {
    for (std::string_view line : split(text, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) continue;
        const std::string_view value = trim(line.substr(colon + 1));
        if (!value.empty()) return std::string(value);
    }
    return std::nullopt;
}

bool is_processor(std::string_view name) {
    return name.starts_with("cpu") && name.size() > 3 &&
           name.find_first_not_of("0123456789", 3) == std::string_view::npos;
}

/// Sockets, cores and threads as the kernel's topology has them.
void set_topology(ValueMap& cpu, const FactSources& sources) {
    std::set<std::string> sockets;
    std::set<std::pair<std::string, std::string>> cores;
    std::int64_t threads = 0;
    for (const std::string& name : source_names(sources, "/sys/devices/system/cpu")) {
        if (!is_processor(name)) continue;
        const std::string folder = fmt::format("/sys/devices/system/cpu/{}/topology", name);
        const auto socket = source_text(sources, folder + "/physical_package_id");
        const auto core = source_text(sources, folder + "/core_id");
        if (!socket || !core) continue; // switched off
        ++threads;
        sockets.insert(*socket);
        cores.insert({*socket, *core});
    }
    if (threads == 0) return;
    cpu.set("sockets", std::int64_t(static_cast<std::int64_t>(sockets.size())));
    cpu.set("cores", std::int64_t(static_cast<std::int64_t>(cores.size())));
    cpu.set("threads", threads);
}

/// "GeForce RTX 3090" of vendor 10de, device 2204 in pci.ids: vendors at the left edge, their devices after
/// one tab.
std::optional<std::string> pci_name(std::string_view ids, std::string_view vendor, std::string_view device) {
    bool inside = false;
    for (std::string_view line : split(ids, '\n')) {
        if (line.empty() || line[0] == '#') continue;
        if (line[0] != '\t') {
            if (inside) return std::nullopt;
            inside = line.starts_with(vendor);
            continue;
        }
        if (!inside || line.starts_with("\t\t")) continue;
        line.remove_prefix(1);
        if (line.starts_with(device)) return std::string(trim(line.substr(device.size())));
    }
    return std::nullopt;
}

/// "10de" of "0x10de".
std::optional<std::string> pci_number(const FactSources& sources, const std::string& path) {
    auto text = source_text(sources, path);
    if (!text) return std::nullopt;
    return text->starts_with("0x") ? text->substr(2) : *text;
}

} // namespace

Value read_cpu(const FactSources& sources) {
    const auto info = source_text(sources, "/proc/cpuinfo");
    ValueMap cpu;
    if (info) {
        set_text(cpu, "model", field_of(*info, "model name"));
        auto vendor = field_of(*info, "vendor_id");
        set_text(cpu, "vendor", vendor ? vendor : field_of(*info, "CPU implementer"));
    }
    set_topology(cpu, sources);
    return cpu.empty() ? Value() : Value(std::move(cpu));
}

Value read_memory(const FactSources& sources) {
    const auto info = source_text(sources, "/proc/meminfo");
    if (!info) return {};
    ValueMap memory;
    constexpr std::array<std::pair<const char*, const char*>, 2> kFields{
        {{"total", "MemTotal"}, {"swap", "SwapTotal"}}};
    for (const auto& field : kFields) {
        const auto text = field_of(*info, field.second);
        const auto kibibytes = text ? number(*text) : std::nullopt;
        if (kibibytes && *kibibytes >= 0 && *kibibytes < (std::int64_t{1} << 50))
            memory.set(field.first, *kibibytes * 1024);
    }
    return memory.empty() ? Value() : Value(std::move(memory));
}

ValueList read_gpus(const FactSources& sources) {
    ValueList gpus;
    std::optional<std::string> ids;
    for (const std::string& slot : source_names(sources, "/sys/bus/pci/devices")) {
        const std::string folder = "/sys/bus/pci/devices/" + slot;
        const auto kind = source_text(sources, folder + "/class");
        if (!kind || !kind->starts_with("0x03")) continue; // display controllers
        const auto vendor = pci_number(sources, folder + "/vendor");
        const auto device = pci_number(sources, folder + "/device");
        if (!vendor || !device) continue;
        if (!ids) {
            ids = source_text(sources, "/usr/share/misc/pci.ids");
            if (!ids) ids = source_text(sources, "/usr/share/hwdata/pci.ids").value_or("");
        }
        ValueMap gpu{{"slot", slot}, {"vendor", *vendor}, {"device", *device}};
        set_text(gpu, "name", pci_name(*ids, *vendor, *device));
        set_text(gpu, "driver", source_link_name(sources, folder + "/driver"));
        gpus.emplace_back(std::move(gpu));
    }
    return gpus;
}

} // namespace lab::agent
