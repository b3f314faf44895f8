#pragma once
// A server itself, apart from what is on it: what the inventory wants of its provider, what the provider
// found, and what it would do about the difference.

#include "api/plan.h"
#include "api/report.h"

namespace lab::api {

/// A server as the inventory wants it from its provider.
struct ServerSpec {
    std::string name;
    std::string server_id; // minted at first apply; empty before
    std::string inventory; // id
    std::string provider;
    ValueMap settings; // cloud's settings overlaid by the server's
};

enum class Presence { Present, Missing, Unreachable };

/// What a provider found of a server.
struct ServerState {
    Presence presence = Presence::Unreachable;
    std::string detail;           // why unreachable, or whose machine it is
    std::string server_id;        // kept on the machine; empty where none
    std::string inventory;        // id kept on the machine
    ValueMap properties;          // provider's own, compared by its diff
    std::optional<Report> report; // where resources were asked for
};

/// What a provider would do to the server itself (not to what is on it). No kind: nothing.
struct ServerDiff {
    std::optional<ActionKind> kind; // Create, Update, Replace
    std::string reason;
    Risk risk = Risk::Safe;
    std::vector<PropertyChange> changes;
};

} // namespace lab::api
