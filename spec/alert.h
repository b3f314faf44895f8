#pragma once
// Alerts: written ones (section `alerts`) and the catalogue of those that lab generates by itself. lab
// evaluates none of them: they say what a monitoring system is to watch, and where.

#include "spec/condition.h"
#include "spec/target.h"
#include "spec/written.h"

#include <chrono>
#include <optional>
#include <span>

namespace lab::spec {

enum class AlertSeverity : std::uint8_t { Info, Warning, Critical };
std::string_view to_string(AlertSeverity severity) noexcept;

/// As written. One with the name of an alert of the catalogue takes its place: what it does not say is the
/// catalogue's, and its target says which of the servers keep it.
struct Alert {
    std::string name;
    std::optional<Target> target;                     // none: where labels name it
    std::optional<Condition> condition;               // none: the catalogue's
    std::optional<std::chrono::milliseconds> lasting; // `for`
    std::optional<AlertSeverity> severity;
    std::vector<Text> backends; // empty: every one there is
    Span at, condition_at;
};

/// The names `backends` takes.
std::span<const std::string_view> alert_backends() noexcept;

/// What makes a server have an alert of the catalogue without anyone naming it.
enum class Trigger : std::uint8_t {
    Named,       // nothing: a label must name it
    Port,        // `key` is one of its ports
    OtherPort,   // it has a port of which no alert of the catalogue knows
    PuppetClass, // it has this class; an empty key: any
    Module,      // likewise a module
    Size,        // it has a size
    Identity     // it is a server: lab gives each an identity
};

/// A line of the catalogue. An alert with several triggers has a line for each; only the first says the rest.
struct CatalogueEntry {
    std::string_view name;
    Trigger trigger = Trigger::Named;
    std::string_view key;       // "443", "postgresql::server", "chrony"
    std::string_view condition; // in the language of spec/condition.h
    std::string_view lasting;   // "5m"
    AlertSeverity severity = AlertSeverity::Warning;
    std::string_view summary;
};

/// All lines, alerts in the order of their names.
std::span<const CatalogueEntry> alert_catalogue() noexcept;
/// The lines of one alert, the first with what it says; empty where the catalogue has none.
std::span<const CatalogueEntry> catalogue_alert(std::string_view name) noexcept;
/// "port 443", "Puppet class postfix", "identity".
std::string trigger_text(const CatalogueEntry& entry);

} // namespace lab::spec
