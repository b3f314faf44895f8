#pragma once
// The four pillars of a server, each with its age. One without a source is unknown, never well.

#include "cli/output.h"
#include "cli/session.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lab::cli {

struct Pillar {
    std::string state = "unknown"; // sync: ok drift pending; config: ok failed pending; health: ok alerts;
                                   // identity: enrolled ...
    std::string detail;            // "2 resources differ"; may be empty
    std::optional<WallTime> at;    // when that was seen
};

struct Pillars {
    Pillar sync, config, health, identity;
};

/// One for each of `servers`, in their order.
std::vector<Pillars> pillars(const Session& session, std::span<const spec::ServerIndex> servers);

/// "drift (3 min)", "unknown"; toned by how well it is.
Cell pillar_cell(const Pillar& pillar, WallTime now);
/// {"state": "drift", "detail": null, "at": "2026-03-15T14:22:03Z", "age_seconds": 180}
Value pillar_value(const Pillar& pillar, WallTime now);
Value pillars_value(const Pillars& pillars, WallTime now);

} // namespace lab::cli
