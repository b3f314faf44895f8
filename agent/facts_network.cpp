// Facts about network interfaces.

#include "agent/detail/fact_readers.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace lab::agent {
namespace {

constexpr unsigned kTemporary = 0x01; // IFA_F_TEMPORARY: a privacy address that changes every day

std::optional<std::int64_t> positive_number(const std::optional<std::string>& text) {
    std::int64_t value = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    // An interface that is down has a speed of -1, or 4294967295 with some drivers.
    if (error != std::errc() || end != text->data() + text->size() || value <= 0 || value >= UINT32_MAX)
        return std::nullopt;
    return value;
}

/// "fe80:0:0:0:..." of the 32 hex digits of /proc/net/if_inet6, as getifaddrs gives them without a prefix:
/// compared by the digits of the expanded form.
std::string hex_digits(std::string_view address) {
    // "a::b" stands for enough zero groups in the middle.
    std::vector<std::string_view> head, tail;
    const std::size_t gap = address.find("::");
    const auto groups = [](std::string_view text) {
        std::vector<std::string_view> parts;
        for (std::string_view part : split(text, ':'))
            if (!part.empty()) parts.push_back(part);
        return parts;
    };
    if (gap == std::string_view::npos) {
        head = groups(address);
    } else {
        head = groups(address.substr(0, gap));
        tail = groups(address.substr(gap + 2));
    }
    std::string digits;
    for (std::string_view part : head)
        digits += fmt::format("{:0>4}", part);
    for (std::size_t i = head.size() + tail.size(); i < 8; ++i)
        digits += "0000";
    for (std::string_view part : tail)
        digits += fmt::format("{:0>4}", part);
    return digits;
}

/// "INTERFACE DIGITS" of temporary IPv6 addresses.
std::set<std::string> temporary_addresses(const FactSources& sources) {
    std::set<std::string> found;
    const std::string text = source_text(sources, "/proc/net/if_inet6").value_or("");
    for (std::string_view line : split(text, '\n')) {
        std::vector<std::string_view> fields;
        for (std::string_view field : split(line, ' '))
            if (!field.empty()) fields.push_back(field);
        if (fields.size() < 6) continue;
        unsigned flags = 0;
        std::from_chars(fields[4].data(), fields[4].data() + fields[4].size(), flags, 16);
        if (flags & kTemporary) found.insert(fmt::format("{} {}", fields[5], fields[0]));
    }
    return found;
}

ValueList addresses_of(const std::string& name, const std::vector<InterfaceAddress>& all,
                       const std::set<std::string>& temporary) {
    std::vector<std::string> addresses;
    for (const InterfaceAddress& entry : all) {
        if (entry.interface != name) continue;
        const std::string_view bare = std::string_view(entry.address).substr(0, entry.address.find('/'));
        if (bare.find(':') != std::string_view::npos &&
            temporary.contains(fmt::format("{} {}", name, hex_digits(bare))))
            continue;
        addresses.push_back(entry.address);
    }
    std::sort(addresses.begin(), addresses.end());
    return ValueList(addresses.begin(), addresses.end());
}

bool only_link_local(const ValueList& addresses) {
    return std::all_of(addresses.begin(), addresses.end(),
                       [](const Value& address) { return address.if_string()->starts_with("fe80:"); });
}

} // namespace

ValueList read_nics(const FactSources& sources) {
    ValueList nics;
    const auto addresses = sources.addresses();
    const auto temporary = temporary_addresses(sources);
    for (const std::string& name : source_names(sources, "/sys/class/net")) {
        if (name == "lo") continue;
        const std::string folder = "/sys/class/net/" + name;
        const auto text = [&](const char* file) {
            return source_text(sources, fmt::format("{}/{}", folder, file));
        };
        ValueList own = addresses_of(name, addresses, temporary);
        const bool built = source_exists(sources, folder + "/bonding") ||
                           source_exists(sources, folder + "/bridge") ||
                           source_exists(sources, "/proc/net/vlan/" + name);
        // The ends of containers and virtual machines come and go; with an address of its own an interface
        // counts.
        if (!source_exists(sources, folder + "/device") && !built && only_link_local(own)) continue;
        ValueMap nic{{"name", name}};
        set_text(nic, "mac", text("address"));
        if (const auto mtu = positive_number(text("mtu"))) nic.set("mtu", *mtu);
        if (const auto speed = positive_number(text("speed"))) nic.set("speed", *speed);
        nic.set("addresses", std::move(own));
        set_text(nic, "driver", source_link_name(sources, folder + "/device/driver"));
        set_text(nic, "state", text("operstate"));
        nics.emplace_back(std::move(nic));
    }
    return nics;
}

} // namespace lab::agent
