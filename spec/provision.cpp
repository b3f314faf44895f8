#include "spec/provision.h"

#include <algorithm>

namespace lab::spec {
namespace {

constexpr std::array<ProvisionWords, kProvides> kProvisions{{
    {Provides::Size, "size", "size"},
    {Provides::Layout, "layout", "layout"},
    {Provides::Image, "image", "image"},
    {Provides::PuppetClasses, "puppet_classes", "Puppet class"},
    {Provides::Ports, "ports", "port"},
    {Provides::Alerts, "alerts", "alert"},
    {Provides::Secrets, "secrets", "secret"},
}};

} // namespace

std::span<const ProvisionWords, kProvides> provision_words() noexcept {
    return kProvisions;
}

const ProvisionWords& words_of(Provides what) noexcept {
    return kProvisions[static_cast<std::size_t>(what)];
}

std::optional<Provides> provides_of(std::string_view key) noexcept {
    const auto found = std::find_if(kProvisions.begin(), kProvisions.end(),
                                    [&](const ProvisionWords& words) { return words.key == key; });
    if (found == kProvisions.end()) return std::nullopt;
    return found->what;
}

bool comes_before(Provides what, std::string_view left, std::string_view right) noexcept {
    // No port begins with 0, so of two numbers the longer is the larger.
    const auto digits = [](std::string_view port) { return std::min(port.find('/'), port.size()); };
    if (what == Provides::Ports && digits(left) != digits(right)) return digits(left) < digits(right);
    return left < right;
}

} // namespace lab::spec
