#pragma once
// What the language must know of providers, given by whoever has them.

#include "support/value.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

/// Asked by several threads at once.
class ProviderRules {
  public:
    virtual ~ProviderRules() = default;
    struct Problem {
        std::string setting, message, help;
    };
    /// Whether this build has the provider; one it lacks still validates, its settings unchecked.
    virtual bool present(std::string_view provider) const = 0;
    virtual std::vector<std::string> names() const = 0;
    /// Problems of a server's settings (those of its cloud overlaid by its own), or of a cloud's alone.
    virtual std::vector<Problem> validate(std::string_view provider, const ValueMap& settings,
                                          bool on_server) const = 0;
    /// Servers of one provider against each other: no two may be one machine. `other` is the server it
    /// collides with; an empty setting means the server as a whole.
    struct FleetServer {
        std::string_view name;
        const ValueMap* settings = nullptr; // as for validate()
    };
    struct FleetProblem {
        std::size_t server, other; // indexes
        std::string setting, message, help;
    };
    virtual std::vector<FleetProblem> validate_fleet(std::string_view provider,
                                                     std::span<const FleetServer> servers) const = 0;
};

/// Providers that lab knows by name; not every build has each.
inline constexpr std::string_view kKnownProviders[] = {"baremetal", "aws",     "ssh",       "local",
                                                       "xcpng",     "proxmox", "kubernetes"};
bool is_known_provider(std::string_view name) noexcept;

} // namespace lab::spec
