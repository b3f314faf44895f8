// Facts about the operating system, how it boots and what it runs in.

#include "agent/detail/fact_readers.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;

struct Pair {
    std::string_view from, to;
};

constexpr std::array<Pair, 16> kFamilies{{{"debian", "debian"},
                                          {"ubuntu", "debian"},
                                          {"raspbian", "debian"},
                                          {"rhel", "redhat"},
                                          {"fedora", "redhat"},
                                          {"centos", "redhat"},
                                          {"rocky", "redhat"},
                                          {"almalinux", "redhat"},
                                          {"ol", "redhat"},
                                          {"amzn", "redhat"},
                                          {"xenenterprise", "redhat"},
                                          {"suse", "suse"},
                                          {"opensuse", "suse"},
                                          {"sles", "suse"},
                                          {"arch", "arch"},
                                          {"alpine", "alpine"}}};

/// How hypervisors name themselves to the processor's CPUID.
constexpr std::array<Pair, 8> kSignatures{{{"KVMKVMKVM", "kvm"},
                                           {"TCGTCGTCGTCG", "qemu"},
                                           {"Linux KVM Hv", "kvm"},
                                           {"VMwareVMware", "vmware"},
                                           {"Microsoft Hv", "hyperv"},
                                           {"XenVMMXenVMM", "xen"},
                                           {"VBoxVBoxVBox", "virtualbox"},
                                           {"bhyve bhyve ", "bhyve"}}};

/// What firmware tables of virtual machines begin with. The first three are looked at before CPUID, where
/// they would show as the hypervisor they are built on.
constexpr std::array<Pair, 10> kFirmware{{{"Amazon EC2", "amazon"},
                                          {"Google", "google"},
                                          {"innotek GmbH", "virtualbox"},
                                          {"QEMU", "qemu"},
                                          {"VMware", "vmware"},
                                          {"Xen", "xen"},
                                          {"Bochs", "qemu"},
                                          {"BHYVE", "bhyve"},
                                          {"Parallels", "parallels"},
                                          {"DigitalOcean", "kvm"}}};
constexpr std::size_t kBeforeCpuid = 3;

/// What boards say where nobody filled in a value.
constexpr std::array<std::string_view, 10> kFillers{
    "to be filled by o.e.m.", "default string", "not specified", "not applicable",     "none", "n/a",
    "system serial number",   "unknown",        "0123456789",    "system manufacturer"};

std::optional<std::string> family_of(std::string_view id) {
    for (const Pair& pair : kFamilies)
        if (pair.from == id) return std::string(pair.to);
    return std::nullopt;
}

std::string unquote(std::string_view text) {
    text = trim(text);
    if (text.empty() || (text[0] != '"' && text[0] != '\'')) return std::string(text);
    const char quote = text[0];
    std::string value;
    for (std::size_t i = 1; i < text.size() && text[i] != quote; ++i) {
        if (text[i] == '\\' && quote == '"' && i + 1 < text.size()) ++i;
        value.push_back(text[i]);
    }
    return value;
}

bool is_filler(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::find(kFillers.begin(), kFillers.end(), lower) != kFillers.end();
}

std::optional<std::string> text_of(const Value& map, std::string_view key) {
    const Value* value = map.get(key);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? std::optional(*text) : std::nullopt;
}

std::optional<std::string> container_kind(const FactSources& sources) {
    if (auto kind = source_text(sources, "/run/systemd/container")) return kind;
    if (source_exists(sources, "/run/.containerenv")) return "podman";
    if (source_exists(sources, "/.dockerenv")) return "docker";
    // Readable by root only; the first process of a container is told by its manager.
    const auto environment = source_text(sources, "/proc/1/environ");
    if (!environment) return std::nullopt;
    for (std::string_view setting : split(*environment, '\0'))
        if (setting.starts_with("container=") && setting.size() > 10) return std::string(setting.substr(10));
    return std::nullopt;
}

std::optional<std::string> firmware_kind(const Value& dmi, std::size_t first, std::size_t last) {
    for (const char* key : {"vendor", "product", "board_vendor", "bios_vendor"}) {
        const auto text = text_of(dmi, key);
        if (!text) continue;
        for (std::size_t i = first; i < last; ++i)
            if (text->starts_with(kFirmware[i].from)) return std::string(kFirmware[i].to);
    }
    return std::nullopt;
}

bool is_x86(const FactSources& sources) {
    return sources.arch == "x86_64" || (sources.arch.size() == 4 && sources.arch.ends_with("86"));
}

bool has_hypervisor_flag(const FactSources& sources) {
    const auto cpuinfo = source_text(sources, "/proc/cpuinfo");
    if (!cpuinfo) return false;
    for (std::string_view line : split(*cpuinfo, '\n')) {
        if (!line.starts_with("flags")) continue;
        for (std::string_view flag : split(line, ' '))
            if (flag == "hypervisor") return true;
        return false;
    }
    return false;
}

std::optional<std::string> machine_kind(const FactSources& sources, const Value& dmi) {
    // The first domain of Xen is the machine itself.
    if (const auto rights = source_text(sources, "/proc/xen/capabilities"))
        if (rights->find("control_d") != std::string::npos) return "none";
    if (is_x86(sources)) {
        if (!source_exists(sources, "/proc/cpuinfo")) return std::nullopt;
        if (!has_hypervisor_flag(sources)) return "none";
        if (auto kind = firmware_kind(dmi, 0, kBeforeCpuid)) return kind;
        const std::string signature = sources.hypervisor ? sources.hypervisor() : "";
        for (const Pair& pair : kSignatures)
            if (signature.starts_with(pair.from)) return std::string(pair.to);
    }
    if (auto kind = firmware_kind(dmi, 0, kFirmware.size())) return kind;
    if (auto type = source_text(sources, "/sys/hypervisor/type")) return type;
    if (const auto tree = source_text(sources, "/proc/device-tree/hypervisor/compatible"))
        return tree->find("kvm") != std::string::npos ? "kvm" : "xen";
    return is_x86(sources) ? std::optional<std::string>("other") : std::nullopt;
}

} // namespace

ValueMap parse_os_release(std::string_view text) {
    ValueMap entries;
    for (std::string_view line : split(text, '\n')) {
        line = trim(line);
        const std::size_t equals = line.find('=');
        if (line.empty() || line[0] == '#' || equals == std::string_view::npos || equals == 0) continue;
        const std::string_view name = line.substr(0, equals);
        const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        });
        if (is_name) entries.set(std::string(name), unquote(line.substr(equals + 1)));
    }
    return entries;
}

Value read_os(const Tree& tree) {
    auto text = tree.read("/etc/os-release", kMaxBytes);
    if (!text) text = tree.read("/usr/lib/os-release", kMaxBytes);
    if (!text) return {};
    const Value entries(parse_os_release(*text));
    const auto id = text_of(entries, "ID");
    if (!id) return {};
    ValueMap os{{"id", *id}};
    set_text(os, "version_id", text_of(entries, "VERSION_ID"));
    set_text(os, "codename", text_of(entries, "VERSION_CODENAME"));
    auto name = text_of(entries, "PRETTY_NAME");
    set_text(os, "name", name ? name : text_of(entries, "NAME"));
    auto family = family_of(*id);
    const std::string like = text_of(entries, "ID_LIKE").value_or("");
    for (std::string_view word : split(like, ' '))
        if (!family) family = family_of(word);
    os.set("family", family.value_or(*id));
    return os;
}

std::optional<std::string> read_package_manager(const Tree& tree, const Value& os) {
    const bool apt = tree.exists("/usr/bin/apt-get");
    const bool dnf = tree.exists("/usr/bin/dnf");
    // Both can be there: dnf is a package of Debian, too.
    if (apt && dnf) return text_of(os, "family") == "redhat" ? "dnf" : "apt";
    if (apt) return "apt";
    if (dnf) return "dnf";
    return std::nullopt;
}

std::optional<std::string> read_init(const FactSources& sources) {
    if (source_exists(sources, "/run/systemd/system")) return "systemd";
    return source_text(sources, "/proc/1/comm");
}

Value read_dmi(const FactSources& sources) {
    constexpr std::array<Pair, 11> kFields{{{"vendor", "sys_vendor"},
                                            {"product", "product_name"},
                                            {"version", "product_version"},
                                            {"serial", "product_serial"},
                                            {"uuid", "product_uuid"},
                                            {"board_vendor", "board_vendor"},
                                            {"board", "board_name"},
                                            {"board_serial", "board_serial"},
                                            {"chassis_serial", "chassis_serial"},
                                            {"bios_vendor", "bios_vendor"},
                                            {"bios_version", "bios_version"}}};
    ValueMap dmi;
    for (const Pair& field : kFields) {
        auto text = source_text(sources, fmt::format("/sys/class/dmi/id/{}", field.to));
        if (text && !is_filler(*text)) dmi.set(std::string(field.from), std::move(*text));
    }
    return dmi.empty() ? Value() : Value(std::move(dmi));
}

std::optional<std::string> read_boot_mode(const FactSources& sources, bool container) {
    if (source_exists(sources, "/sys/firmware/efi")) return "uefi";
    // Containers often see no firmware at all; other architectures have neither.
    if (container || !is_x86(sources) || !source_exists(sources, "/sys/firmware")) return std::nullopt;
    return "bios";
}

Value read_virtualization(const FactSources& sources, const Value& dmi) {
    if (auto kind = container_kind(sources)) return ValueMap{{"kind", std::move(*kind)}, {"container", true}};
    if (auto kind = machine_kind(sources, dmi))
        return ValueMap{{"kind", std::move(*kind)}, {"container", false}};
    return {};
}

} // namespace lab::agent
