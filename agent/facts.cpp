#include "agent/facts.h"

#include "agent/detail/fact_readers.h"
#include "agent/detail/tools.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 16u << 20;

std::string machine_arch() {
    utsname names{};
    return ::uname(&names) == 0 ? names.machine : "";
}

std::string hypervisor_name() {
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    std::string name;
    for (unsigned word : {ebx, ecx, edx})
        for (unsigned shift = 0; shift < 32; shift += 8)
            name.push_back(static_cast<char>((word >> shift) & 0xff));
    return name;
#else
    return {};
#endif
}

std::optional<FileSystemSpace> file_system_space(const std::string& target) {
    struct statvfs status {};
    if (::statvfs(target.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
    const std::uint64_t block = status.f_frsize;
    return FileSystemSpace{status.f_blocks * block, (status.f_blocks - status.f_bfree) * block};
}

unsigned prefix_length(const unsigned char* mask, std::size_t size) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < size; ++i)
        for (unsigned byte = mask[i]; byte & 0x80; byte = (byte << 1) & 0xff)
            ++bits;
    return bits;
}

std::optional<std::string> address_text(const ifaddrs& entry) {
    if (!entry.ifa_addr || !entry.ifa_netmask) return std::nullopt;
    char text[INET6_ADDRSTRLEN] = {};
    const auto convert = [&text](int family, const void* address, const void* mask, std::size_t size) {
        ::inet_ntop(family, address, text, sizeof text);
        return fmt::format("{}/{}", text, prefix_length(static_cast<const unsigned char*>(mask), size));
    };
    if (entry.ifa_addr->sa_family == AF_INET)
        return convert(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr,
                       &reinterpret_cast<const sockaddr_in*>(entry.ifa_netmask)->sin_addr, 4);
    if (entry.ifa_addr->sa_family == AF_INET6)
        return convert(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr,
                       &reinterpret_cast<const sockaddr_in6*>(entry.ifa_netmask)->sin6_addr, 16);
    return std::nullopt;
}

std::vector<InterfaceAddress> interface_addresses() {
    std::vector<InterfaceAddress> addresses;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return addresses;
    for (const ifaddrs* entry = first; entry; entry = entry->ifa_next)
        if (auto text = address_text(*entry)) addresses.push_back({entry->ifa_name, std::move(*text)});
    ::freeifaddrs(first);
    return addresses;
}

Value read_volatile(const FactSources& sources, ValueMap used) {
    ValueMap facts;
    if (const auto text = source_text(sources, "/proc/uptime")) {
        std::int64_t seconds = 0;
        if (std::from_chars(text->data(), text->data() + text->size(), seconds).ec == std::errc())
            facts.set("uptime", seconds);
    }
    set_text(facts, "boot_id", source_text(sources, "/proc/sys/kernel/random/boot_id"));
    if (const auto text = source_text(sources, "/proc/loadavg"))
        facts.set("load", text->substr(0, text->find(' ')));
    if (!used.empty()) facts.set("used", std::move(used));
    return facts;
}

std::optional<std::string> read_hostname(const Tree& tree, const FactSources& sources) {
    if (tree.live()) return source_text(sources, "/proc/sys/kernel/hostname");
    auto text = tree.read("/etc/hostname", kMaxBytes);
    if (!text || trim(*text).empty()) return std::nullopt;
    return std::string(trim(*text));
}

template <typename T>
void set_filled(ValueMap& map, std::string_view key, T value) {
    if (!value.empty()) map.set(std::string(key), std::move(value));
}

} // namespace

std::optional<std::string> source_text(const FactSources& sources, std::string_view path) {
    auto text = read_file(fmt::format("{}{}", sources.root, path), kMaxBytes);
    if (!text || trim(*text).empty()) return std::nullopt;
    return std::string(trim(*text));
}

std::vector<std::string> source_names(const FactSources& sources, std::string_view path) {
    std::vector<std::string> names;
    DIR* folder = ::opendir(fmt::format("{}{}", sources.root, path).c_str());
    if (!folder) return names;
    while (const dirent* entry = ::readdir(folder))
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    ::closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
}

bool source_exists(const FactSources& sources, std::string_view path) {
    return ::access(fmt::format("{}{}", sources.root, path).c_str(), F_OK) == 0;
}

std::optional<std::string> source_link_name(const FactSources& sources, std::string_view path) {
    char target[4096];
    const ssize_t size = ::readlink(fmt::format("{}{}", sources.root, path).c_str(), target, sizeof target);
    if (size <= 0) return std::nullopt;
    std::string text(target, static_cast<std::size_t>(size));
    return text.substr(text.rfind('/') + 1);
}

void set_text(ValueMap& map, std::string key, std::optional<std::string> text) {
    if (text) map.set(std::move(key), std::move(*text));
}

FactSources live_sources(const std::stop_token& stop) {
    FactSources sources;
    sources.arch = machine_arch();
    sources.output = [stop](const std::vector<std::string>& argv) -> std::optional<std::string> {
        auto out = tool_output(argv, stop, {.timeout = std::chrono::seconds(30)});
        return out ? std::optional(std::move(*out)) : std::nullopt;
    };
    sources.space = file_system_space;
    sources.addresses = interface_addresses;
    sources.hypervisor = hypervisor_name;
    return sources;
}

Value collect_facts(const Tree& tree, const FactSources& sources) {
    ValueMap facts{{"format", "lab.facts/1"}};
    set_text(facts, "hostname", read_hostname(tree, sources));
    const Value os = read_os(tree);
    if (!os.is_null()) facts.set("os", os);
    ValueMap kernel;
    set_text(kernel, "release", source_text(sources, "/proc/sys/kernel/osrelease"));
    if (!sources.arch.empty()) kernel.set("arch", sources.arch);
    facts.set("kernel", std::move(kernel));
    set_text(facts, "package_manager", read_package_manager(tree, os));
    if (tree.live()) set_text(facts, "init", read_init(sources));
    const Value dmi = read_dmi(sources);
    const Value virtualization = read_virtualization(sources, dmi);
    const Value* in_container = virtualization.get("container");
    const bool container = in_container && in_container->if_bool() && *in_container->if_bool();
    if (!virtualization.is_null()) facts.set("virtualization", virtualization);
    if (!dmi.is_null()) facts.set("dmi", dmi);
    if (auto mode = read_boot_mode(sources, container))
        facts.set("boot", ValueMap{{"mode", std::move(*mode)}});
    if (Value cpu = read_cpu(sources); !cpu.is_null()) facts.set("cpu", std::move(cpu));
    if (Value memory = read_memory(sources); !memory.is_null()) facts.set("memory", std::move(memory));
    BlockDevices devices = read_block_devices(sources);
    Value lvm = read_lvm(sources, devices);
    set_filled(facts, "disks", std::move(devices.disks));
    if (!lvm.is_null()) facts.set("lvm", std::move(lvm));
    Mounts mounts = read_mounts(sources);
    set_filled(facts, "mounts", std::move(mounts.mounts));
    set_filled(facts, "nics", read_nics(sources));
    set_filled(facts, "gpus", read_gpus(sources));
    facts.set("volatile", read_volatile(sources, std::move(mounts.used)));
    return facts;
}

Value collect_facts(const Tree& tree, const std::stop_token& stop) {
    return collect_facts(tree, live_sources(stop));
}

Value tree_facts(const Tree& tree, const Value& machine) {
    constexpr std::array<std::string_view, 5> kOwn{"format", "hostname", "os", "package_manager", "init"};
    ValueMap facts{{"format", "lab.facts/1"}};
    set_text(facts, "hostname", read_hostname(tree, {}));
    const Value os = read_os(tree);
    if (!os.is_null()) facts.set("os", os);
    set_text(facts, "package_manager", read_package_manager(tree, os));
    if (const ValueMap* map = machine.if_map())
        for (const auto& [key, value] : *map)
            if (std::find(kOwn.begin(), kOwn.end(), key) == kOwn.end()) facts.append(key, value);
    return facts;
}

} // namespace lab::agent
