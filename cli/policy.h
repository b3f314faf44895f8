#pragma once
// Alerts and secrets as commands print them.

#include "cli/details.h"
#include "spec/policy.h"

namespace lab::cli {

Listing list_alerts(const spec::Fleet& fleet, const Selection& selection);
/// What lab generates by itself, whether or not it fires anywhere.
Listing list_catalogue();
Listing list_secrets(const spec::Fleet& fleet, const Selection& selection);
Detail alert_detail(const Session& session, const std::string& alert);
Detail secret_detail(const Session& session, const std::string& path);

/// [{"kind": "label", "name": "mailserver", "source": ...}, ...] of each chain.
Value chains_value(const std::vector<spec::Chain>& chains);
/// "label mailserver → class postfix → lab::secret('x') (modules/postfix/manifests/init.pp:3:30)".
std::string chain_line(const spec::Chain& chain, std::string_view path = {});
/// "from label: postgres", "auto-generated, from size: large".
std::string origin_of(const spec::Chain& chain);

/// Alerts and secrets: labels are but one way to them, so what lists them asks for them by themselves.
bool is_policy(const spec::Field& field);

// Of one server.
ValueList alerts_value(const spec::Fleet& fleet, spec::ServerIndex index);
ValueList secrets_value(const spec::Fleet& fleet, spec::ServerIndex index);
/// "Alerts (8):" and "Secrets (2):" by where they come from, as `show server` prints them.
std::string policy_text(const spec::Fleet& fleet, spec::ServerIndex index);
/// "alert memory_pressure (excluded by server batch-worker-1 (alerts.yaml:7:9))".
std::vector<std::string> alert_exclusions(const spec::Fleet& fleet, spec::ServerIndex index);

} // namespace lab::cli
