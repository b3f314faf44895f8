#pragma once
// What systemd says of a unit.

#include "support/result.h"

#include <string>
#include <string_view>

namespace lab::agent {

struct UnitState {
    std::string load; // LoadState: loaded, not-found, masked, bad-setting, error
    std::string file; // UnitFileState: enabled, disabled, static, generated, ...; empty where it has no file
    std::string active; // ActiveState
    std::string sub;    // SubState
    bool stale = false; // NeedDaemonReload: the unit's file changed since systemd read it

    /// Running, or on its way there; a unit that fails and is tried again and again is not.
    bool running() const noexcept;
};

/// The output of `systemctl show`, lines of NAME=VALUE.
UnitState parse_unit_state(std::string_view text);
/// "chrony.service" for "chrony"; a name with a unit type stays. Invalid for what is no unit name.
Result<std::string> unit_name(std::string_view name);

} // namespace lab::agent
