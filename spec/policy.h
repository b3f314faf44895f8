#pragma once
// Which server has which alerts, and may read which secrets, and why. Policy is not written down anywhere: it
// follows from what refers to an alert or a secret.
//
// An alert fires where a label names it, where its target says, and, of the catalogue's, where its trigger
// is; an `exclude` of its target takes out. A server may read a secret when a label of it names the secret, a
// module it has declares it, a Puppet class it has (or that one brings along) calls for it, or the secret's
// target says so. Whatever nothing refers to is locked.

#include "spec/fleet.h"

#include <map>

namespace lab::spec {

/// One link between a server and what it has, with where it is written.
struct Step {
    enum class Kind : std::uint8_t { Label, Target, Port, PuppetClass, Module, Size, Identity, Call };
    Kind kind = Kind::Label;
    std::string name; // "mailserver", "443", "postfix", "large"; of a target what of it the server meets
    Span at;
    bool operator==(const Step& other) const { return kind == other.kind && name == other.name; }
};
/// From the server to the thing: label mailserver, class postfix, the call of lab::secret.
using Chain = std::vector<Step>;

std::string_view to_string(Step::Kind kind) noexcept; // "label", "puppet_class", ...
/// "label mailserver → class postfix → lab::secret('mail/tls-cert')". `path` is the secret's, for a call.
std::string chain_text(const Chain& chain, std::string_view path = {});
/// Whether lab came to it by itself: from a port, a class, a module, a size or the machine's identity.
bool is_generated(const Chain& chain) noexcept;

// --- alerts
// ----------------------------------------------------------------------------------------------------

/// What an alert says, of whoever wrote it.
struct AlertDefinition {
    std::string name, condition, summary; // the condition in one spelling; no summary: it was written
    std::vector<std::string> metrics;
    std::chrono::milliseconds lasting{0};
    AlertSeverity severity = AlertSeverity::Warning;
    std::vector<std::string> backends;         // all of them where none is named
    const Alert* written = nullptr;            // null: the catalogue's alone
    std::span<const CatalogueEntry> catalogue; // empty: written alone
};
/// Nullopt where there is none of this name.
std::optional<AlertDefinition> alert_definition(const Inventory& inventory, std::string_view name);

struct ServerAlert {
    std::string name;
    std::vector<Chain> chains; // why; at least one
};
/// A server that would have an alert, if it were not for the alert's own target.
struct NotHere {
    std::string alert;
    ServerIndex server = 0;
    std::string why; // "excluded by server batch-worker-1 (alerts.yaml:7:9)"
};
/// In the order of names.
std::vector<ServerAlert> alerts_of(const Fleet& fleet, ServerIndex index);
std::vector<NotHere> alerts_not_on(const Fleet& fleet, ServerIndex index);

/// Names of those that are written, and of those of the catalogue that fire somewhere; sorted.
std::vector<std::string> alert_names(const Fleet& fleet);
/// Servers on which an alert fires, in order.
std::vector<ServerIndex> servers_with_alert(const Fleet& fleet, std::string_view name);
std::vector<NotHere> servers_without_alert(const Fleet& fleet, std::string_view name);
/// Why one server has it; empty where it does not.
std::vector<Chain> why_alert(const Fleet& fleet, std::string_view name, ServerIndex index);

// --- secrets
// ---------------------------------------------------------------------------------------------------

struct ServerSecret {
    std::string path;
    std::vector<Chain> chains;
};
/// What a server may read, in the order of paths. Only secrets that are defined.
std::vector<ServerSecret> secrets_of(const Fleet& fleet, ServerIndex index);

/// One way to a secret, and the servers that have it that way. An undefined secret has ways, but opens
/// nothing.
struct Access {
    Chain chain;
    std::vector<ServerIndex> servers;
};
std::vector<Access> ways_to_secret(const Fleet& fleet, std::string_view path);
/// All that may read it, in order.
std::vector<ServerIndex> readers_of(const Fleet& fleet, std::string_view path);

/// A place where lab itself needs a secret; that lets no server read it. An undefined one is an error of the
/// inventory, so all of these are defined.
struct OwnUse {
    enum class Kind : std::uint8_t { Bmc, Kubeconfig };
    Kind kind = Kind::Bmc;
    std::string of; // name of the server, or of the cluster
    Span at;
};
std::string_view to_string(OwnUse::Kind kind) noexcept; // "bmc", "kubeconfig"
/// By path; servers before clusters, in the order of their names.
std::map<std::string, std::vector<OwnUse>, std::less<>> own_uses(const Inventory& inventory);

struct Finding {
    enum class Kind : std::uint8_t {
        Orphaned,     // defined, and nothing on any server refers to it, nor does lab need it itself
        Undefined,    // code on a server calls for it, and it is not defined
        Everywhere,   // one value that every server may read
        Environments, // one value for servers of several environments
        BeyondCode    // readable on servers where no code calls for it, though code calls for it elsewhere
    };
    Kind kind = Kind::Orphaned;
    std::string path;
    std::string message; // "is defined, but nothing refers to it"
    std::string help;
    std::vector<ServerIndex> servers; // that it is about
    Span at;
};
std::string_view to_string(Finding::Kind kind) noexcept;
/// In the order of paths.
std::vector<Finding> audit_secrets(const Fleet& fleet);

} // namespace lab::spec
