#pragma once
// What levels give servers by name, and what is elsewhere: sizes, layouts, images, Puppet classes, ports,
// alerts, secrets.
//
// A server has at most one size, layout and image: server > labels (the higher priority; two that disagree
// are an error unless the server settles it) > environment > lab.defaults. Of the others, which only labels
// give, it has all that its labels list. A new one is a line in kProvisions, in spec/provision.cpp.

#include "spec/written.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lab::spec {

enum class Provides : std::uint8_t { Size, Layout, Image, PuppetClasses, Ports, Alerts, Secrets };

/// Those of which a server has at most one come first.
inline constexpr std::size_t kSingles = 3;
inline constexpr std::size_t kProvides = 7;
constexpr bool is_single(Provides what) noexcept {
    return static_cast<std::size_t>(what) < kSingles;
}

struct ProvisionWords {
    Provides what;
    std::string_view key; // in YAML, and the first part of Field::path
    std::string_view one; // "puppet class", for messages
};
/// In the order of the enum.
std::span<const ProvisionWords, kProvides> provision_words() noexcept;
const ProvisionWords& words_of(Provides what) noexcept;
/// Of a key in YAML.
std::optional<Provides> provides_of(std::string_view key) noexcept;

/// One thing that a level gives. A port's name is its number, followed by "/udp" where it is not TCP: "25",
/// "53/udp".
struct Given {
    Provides what = Provides::Size;
    Text name;
};

/// The order in which names of one kind are shown: ports by number.
bool comes_before(Provides what, std::string_view left, std::string_view right) noexcept;

} // namespace lab::spec
