#pragma once
// The parts of check_reach, each with its file.

#include "spec/detail/fleet_state.h"

#include <optional>
#include <string>
#include <vector>

namespace lab::spec::detail {

/// Two fleets of one inventory, before and after an edit, and the servers that are in both.
class FleetPair {
  public:
    FleetPair(const Fleet& before, const Fleet& after);

    /// A server that stays, as each fleet counts it.
    struct Staying {
        ServerIndex before = 0, after = 0;
    };
    const std::vector<Staying>& staying() const noexcept { return staying_; }
    /// Servers that stay and are in `now`, but were not in `then`: indexes of `after`. Both lists are sorted.
    std::vector<ServerIndex> gained(const std::vector<ServerIndex>& then,
                                    const std::vector<ServerIndex>& now) const;
    /// "server 'a'", "servers 'a', 'b' and 3 more"; indexes of `after`.
    std::string names(const std::vector<ServerIndex>& servers) const;

    const Fleet& before;
    const Fleet& after;

  private:
    std::vector<Staying> staying_;
};

/// What a thing reaches that has no target.
enum class Untargeted { Nobody, Everybody };
/// What of a filter is gone that kept servers out, so that more come in, now or later: "its target",
/// "'region' of its target". `word` is the filter's own name. Empty where nothing is.
std::string lost_of_target(std::string_view word, const std::optional<Target>& before,
                           const std::optional<Target>& after, Untargeted without);

void add_wider(Diagnostics& diagnostics, std::string message, const Span& at, std::string help);

/// Servers that would be another machine.
void check_machines(const FleetPair& pair, Diagnostics& diagnostics);
/// Groups, modules, clusters, alerts and secrets.
void check_selections(const FleetPair& pair, Diagnostics& diagnostics);
/// Roles and users.
void check_access(const FleetPair& pair, Diagnostics& diagnostics);

} // namespace lab::spec::detail
