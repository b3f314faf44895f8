#include "spec/alert.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;

constexpr std::array kBackends{"prometheus"sv, "naemon"sv, "cloudwatch"sv};

constexpr auto kInfo = AlertSeverity::Info, kWarning = AlertSeverity::Warning,
               kCritical = AlertSeverity::Critical;

/// A further trigger of the alert above.
constexpr CatalogueEntry also(std::string_view name, Trigger trigger, std::string_view key) {
    return {name, trigger, key, {}, {}, kWarning, {}};
}

constexpr std::array kCatalogue{
    CatalogueEntry{"cert_expiry", Trigger::Identity, "", "cert_renewal_overdue_seconds > 0", "1h", kCritical,
                   "the renewal of the machine's certificate is overdue"},
    CatalogueEntry{"clock_offset", Trigger::Module, "chrony", "abs_clock_offset_seconds > 0.5", "10m",
                   kWarning, "the clock is off by more than half a second"},
    also("clock_offset", Trigger::PuppetClass, "chrony"),
    also("clock_offset", Trigger::PuppetClass, "ntp"),
    CatalogueEntry{"config_failed", Trigger::Module, "", "config_failed_resources > 0", "15m", kWarning,
                   "resources of the machine's modules fail"},
    CatalogueEntry{"containerd_running", Trigger::PuppetClass, "containerd",
                   "process_running{process=\"containerd\"} == 0", "5m", kCritical,
                   "containerd does not run"},
    CatalogueEntry{"cpu_threshold", Trigger::Size, "", "cpu_usage_percent > 90", "15m", kWarning,
                   "the processors are busy for long"},
    CatalogueEntry{"disk_threshold", Trigger::Size, "", "disk_usage_percent > 85", "15m", kWarning,
                   "a filesystem is nearly full"},
    CatalogueEntry{"dns_resolve", Trigger::Port, "53", "probe_success{probe=\"dns\"} == 0", "5m", kCritical,
                   "the name server does not answer"},
    also("dns_resolve", Trigger::Port, "53/udp"),
    CatalogueEntry{"http_check", Trigger::Port, "80", "probe_success{probe=\"http\"} == 0", "5m", kCritical,
                   "HTTP does not answer"},
    CatalogueEntry{"https_check", Trigger::Port, "443", "probe_success{probe=\"https\"} == 0", "5m",
                   kCritical, "HTTPS does not answer"},
    CatalogueEntry{"imap_connect", Trigger::Port, "143", "probe_success{probe=\"imap\"} == 0", "5m",
                   kCritical, "IMAP does not answer"},
    also("imap_connect", Trigger::Port, "993"),
    also("imap_connect", Trigger::PuppetClass, "dovecot"),
    CatalogueEntry{"kubelet_healthy", Trigger::PuppetClass, "kubernetes::worker", "kubelet_healthy == 0",
                   "5m", kCritical, "the kubelet is not healthy"},
    also("kubelet_healthy", Trigger::PuppetClass, "kubernetes::server"),
    CatalogueEntry{"kubernetes_api", Trigger::Port, "6443", "probe_success{probe=\"kubernetes\"} == 0", "5m",
                   kCritical, "the Kubernetes API does not answer"},
    CatalogueEntry{"ldap_connect", Trigger::Port, "389", "probe_success{probe=\"ldap\"} == 0", "5m",
                   kCritical, "LDAP does not answer"},
    also("ldap_connect", Trigger::Port, "636"),
    CatalogueEntry{"mail_queue_length", Trigger::PuppetClass, "postfix", "mail_queue_length > 500", "15m",
                   kWarning, "mail is not delivered"},
    CatalogueEntry{"memory_threshold", Trigger::Size, "", "memory_usage_percent > 90", "15m", kWarning,
                   "memory is nearly full"},
    CatalogueEntry{"mysql_connect", Trigger::Port, "3306", "probe_success{probe=\"mysql\"} == 0", "5m",
                   kCritical, "MySQL does not answer"},
    CatalogueEntry{"node_exporter_up", Trigger::PuppetClass, "node_exporter",
                   "process_running{process=\"node_exporter\"} == 0", "5m", kWarning,
                   "the node exporter does not run"},
    CatalogueEntry{"node_ready", Trigger::PuppetClass, "kubernetes::worker", "kube_node_ready == 0", "10m",
                   kCritical, "the Kubernetes node is not ready"},
    also("node_ready", Trigger::PuppetClass, "kubernetes::server"),
    CatalogueEntry{"pop3_connect", Trigger::Port, "110", "probe_success{probe=\"pop3\"} == 0", "5m",
                   kCritical, "POP3 does not answer"},
    also("pop3_connect", Trigger::Port, "995"),
    CatalogueEntry{"port_connect", Trigger::OtherPort, "", "probe_success{probe=\"port\"} == 0", "5m",
                   kCritical, "a declared port does not answer"},
    CatalogueEntry{"postgres_connect", Trigger::Port, "5432", "probe_success{probe=\"postgres\"} == 0", "5m",
                   kCritical, "PostgreSQL does not answer"},
    CatalogueEntry{"postgres_connections", Trigger::PuppetClass, "postgresql::server",
                   "postgres_connections / postgres_max_connections > 0.9", "10m", kWarning,
                   "PostgreSQL is running out of connections"},
    CatalogueEntry{"postgres_process", Trigger::PuppetClass, "postgresql::server",
                   "process_running{process=\"postgres\"} == 0", "5m", kCritical, "PostgreSQL does not run"},
    CatalogueEntry{"postgres_replication_lag", Trigger::PuppetClass, "postgresql::server",
                   "postgres_replication_lag_seconds > 30s", "5m", kWarning, "a replica is behind"},
    CatalogueEntry{"puppet_run_failed", Trigger::PuppetClass, "", "puppet_last_run_failed == 1", "30m",
                   kWarning, "the last run of Puppet failed"},
    CatalogueEntry{"reboot_required", Trigger::Named, "", "reboot_required == 1", "7d", kInfo,
                   "an update waits for a reboot"},
    CatalogueEntry{"redis_connect", Trigger::Port, "6379", "probe_success{probe=\"redis\"} == 0", "5m",
                   kCritical, "Redis does not answer"},
    CatalogueEntry{"smtp_connect", Trigger::Port, "25", "probe_success{probe=\"smtp\"} == 0", "5m", kCritical,
                   "SMTP does not answer"},
    also("smtp_connect", Trigger::Port, "465"),
    also("smtp_connect", Trigger::Port, "587"),
    CatalogueEntry{"ssh_connect", Trigger::Port, "22", "probe_success{probe=\"ssh\"} == 0", "5m", kCritical,
                   "SSH does not answer"},
    CatalogueEntry{"systemd_failed", Trigger::Named, "", "systemd_failed_units > 0", "15m", kWarning,
                   "a unit of systemd failed"},
};

} // namespace

std::string_view to_string(AlertSeverity severity) noexcept {
    switch (severity) {
    case AlertSeverity::Info: return "info";
    case AlertSeverity::Warning: return "warning";
    case AlertSeverity::Critical: return "critical";
    }
    return "warning";
}

std::span<const std::string_view> alert_backends() noexcept {
    return kBackends;
}

std::span<const CatalogueEntry> alert_catalogue() noexcept {
    return kCatalogue;
}

std::span<const CatalogueEntry> catalogue_alert(std::string_view name) noexcept {
    const auto before = [](const auto& a, const auto& b) {
        return std::string_view(a.name) < std::string_view(b.name);
    };
    const CatalogueEntry wanted{name, Trigger::Named, {}, {}, {}, kWarning, {}};
    const auto [first, last] = std::equal_range(kCatalogue.begin(), kCatalogue.end(), wanted, before);
    return std::span(kCatalogue)
        .subspan(static_cast<std::size_t>(first - kCatalogue.begin()),
                 static_cast<std::size_t>(last - first));
}

std::string trigger_text(const CatalogueEntry& entry) {
    switch (entry.trigger) {
    case Trigger::Named: return "labels that name it";
    case Trigger::Port: return fmt::format("port {}", entry.key);
    case Trigger::OtherPort: return "any other port";
    case Trigger::PuppetClass:
        return entry.key.empty() ? "any Puppet class" : fmt::format("Puppet class {}", entry.key);
    case Trigger::Module: return entry.key.empty() ? "any module" : fmt::format("module {}", entry.key);
    case Trigger::Size: return "a size";
    case Trigger::Identity: return "identity";
    }
    return {};
}

} // namespace lab::spec
