// Alerts and secrets in lists.
#include "cli/places.h"
#include "cli/policy.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

using spec::ServerIndex;

Servers kept(const Servers& servers, const Selection& selection) {
    if (!selection.filtered) return servers;
    Servers both;
    std::set_intersection(servers.begin(), servers.end(), selection.servers.begin(), selection.servers.end(),
                          std::back_inserter(both));
    return both;
}

std::string duration_text(std::chrono::milliseconds duration) {
    return duration.count() == 0 ? std::string() : format_duration(duration);
}

Tone tone_of(spec::AlertSeverity severity) {
    switch (severity) {
    case spec::AlertSeverity::Info: return Tone::Plain;
    case spec::AlertSeverity::Warning: return Tone::Warning;
    case spec::AlertSeverity::Critical: return Tone::Bad;
    }
    return Tone::Plain;
}

/// "label mailserver", "target", "port 443", each once.
std::vector<std::string> alert_origins(const spec::Fleet& fleet, const spec::AlertDefinition& alert) {
    std::vector<std::string> origins;
    for (const auto& [text, label] : fleet.inventory().labels)
        for (const spec::Given& given : label.gives)
            if (given.what == spec::Provides::Alerts && given.name.value == alert.name)
                origins.push_back("label " + text);
    if (alert.written && alert.written->target && !alert.written->target->only_excludes() &&
        alert.catalogue.empty())
        origins.push_back(target_text(*alert.written->target));
    for (const spec::CatalogueEntry& entry : alert.catalogue)
        if (entry.trigger != spec::Trigger::Named) origins.push_back(trigger_text(entry));
    return origins;
}

/// "mailserver (2 srv)", "environment prod (3 srv)".
std::string way_text(const spec::Secret& secret, const spec::Access& way, const Servers& servers) {
    const spec::Step& first = way.chain.front();
    const bool label = first.kind == spec::Step::Kind::Label;
    const bool target = first.kind == spec::Step::Kind::Target;
    const std::string name = label    ? first.name
                             : target ? target_text(*secret.target)
                                      : fmt::format("{} {}", to_string(first.kind), first.name);
    return fmt::format("{} ({} srv)", name, servers.size());
}

/// "lab: bmc (2 srv)", "lab: kubeconfig of homelab": what lab itself needs it for.
std::vector<std::string> own_use_texts(const std::vector<spec::OwnUse>& uses) {
    std::vector<std::string> texts;
    const auto is_bmc = [](const spec::OwnUse& use) { return use.kind == spec::OwnUse::Kind::Bmc; };
    if (const auto count = std::count_if(uses.begin(), uses.end(), is_bmc); count > 0)
        texts.push_back(fmt::format("lab: bmc ({} srv)", count));
    for (const spec::OwnUse& use : uses)
        if (!is_bmc(use)) texts.push_back(fmt::format("lab: {} of {}", to_string(use.kind), use.of));
    return texts;
}

/// "server/web-1", "cluster/homelab".
std::string user_of(const spec::OwnUse& use) {
    switch (use.kind) {
    case spec::OwnUse::Kind::Bmc: return "server/" + use.of;
    case spec::OwnUse::Kind::Kubeconfig: return "cluster/" + use.of;
    }
    return use.of;
}

ValueMap secret_summary(const spec::Fleet& fleet, const spec::Secret& secret, const Servers& readers) {
    return {{"path", Value(secret.path)},
            {"type", Value(to_string(secret.type))},
            {"generator", secret.generator ? Value(secret.generator->value) : Value()},
            {"rotate_every", secret.rotate_every ? Value(format_duration(*secret.rotate_every)) : Value()},
            {"per_machine", Value(secret.per_machine)},
            {"set_by", secret.set_by ? Value(secret.set_by->value) : Value()},
            {"target", secret.target ? target_value(*secret.target) : Value()},
            {"last_rotated", Value()},
            {"servers", Value(text_list(server_names(fleet, readers)))},
            {"source", place_value(secret.at)}};
}

ValueMap alert_summary(const spec::Fleet& fleet, const spec::AlertDefinition& alert, const Servers& servers) {
    const bool targeted = alert.written && alert.written->target;
    return {{"name", Value(alert.name)},
            {"severity", Value(to_string(alert.severity))},
            {"condition", Value(alert.condition)},
            {"metrics", Value(text_list(alert.metrics))},
            {"for", text_or_null(duration_text(alert.lasting))},
            {"backends", Value(text_list(alert.backends))},
            {"summary", text_or_null(alert.summary)},
            {"generated", Value(!alert.catalogue.empty())},
            {"fires_on", Value(text_list(alert_origins(fleet, alert)))},
            {"target", targeted ? target_value(*alert.written->target) : Value()},
            {"firing", Value()},
            {"servers", Value(text_list(server_names(fleet, servers)))},
            {"source", alert.written ? place_value(alert.written->at) : Value()}};
}

} // namespace

bool is_policy(const spec::Field& field) {
    return field.path.starts_with("alerts.") || field.path.starts_with("secrets.");
}

Listing list_alerts(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "ALERT"},
                                          {.title = "SEVERITY"},
                                          {.title = "CONDITION"},
                                          {.title = "FOR"},
                                          {.title = "FIRES ON"},
                                          {.title = "SERVERS", .right = true},
                                          {.title = "FIRING"},
                                          {.title = "BACKENDS", .wide = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    for (const std::string& name : spec::alert_names(fleet)) {
        const Servers servers = kept(spec::servers_with_alert(fleet, name), selection);
        if (selection.filtered && servers.empty()) continue;
        const auto alert = spec::alert_definition(fleet.inventory(), name);
        listing.add(name,
                    {name, Cell(to_string(alert->severity), tone_of(alert->severity)), alert->condition,
                     duration_text(alert->lasting),
                     fmt::format("{}", fmt::join(alert_origins(fleet, *alert), "; ")),
                     std::to_string(servers.size()), "", joined(alert->backends),
                     alert->written ? alert->written->at.text() : std::string()},
                    alert_summary(fleet, *alert, servers));
    }
    if (!listing.names.empty())
        listing.note = "FIRING is '-': no monitoring is connected that could be asked";
    return listing;
}

Listing list_catalogue() {
    Listing listing{.table = {.columns = {{.title = "ALERT"},
                                          {.title = "SEVERITY"},
                                          {.title = "FIRES ON"},
                                          {.title = "CONDITION"},
                                          {.title = "FOR"},
                                          {.title = "SUMMARY"}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    for (const spec::CatalogueEntry& entry : spec::alert_catalogue()) {
        if (entry.condition.empty()) continue; // a further trigger of the one before
        std::vector<std::string> triggers;
        for (const spec::CatalogueEntry& line : spec::catalogue_alert(entry.name))
            triggers.push_back(trigger_text(line));
        const std::string name(entry.name);
        listing.add(name,
                    {name, Cell(to_string(entry.severity), tone_of(entry.severity)),
                     fmt::format("{}", fmt::join(triggers, ", ")), entry.condition, entry.lasting,
                     entry.summary},
                    {{"name", Value(name)},
                     {"severity", Value(to_string(entry.severity))},
                     {"fires_on", Value(text_list(triggers))},
                     {"condition", Value(entry.condition)},
                     {"for", Value(entry.lasting)},
                     {"summary", Value(entry.summary)}});
    }
    return listing;
}

Listing list_secrets(const spec::Fleet& fleet, const Selection& selection) {
    Listing listing{.table = {.columns = {{.title = "SECRET"},
                                          {.title = "TYPE"},
                                          {.title = "ACCESSIBLE BY"},
                                          {.title = "LAST ROTATED"},
                                          {.title = "SERVERS", .wide = true, .right = true},
                                          {.title = "GENERATOR", .wide = true},
                                          {.title = "ROTATE EVERY", .wide = true},
                                          {.title = "SET BY", .wide = true},
                                          {.title = "WRITTEN AT", .wide = true}},
                              .rows = {}},
                    .items = {},
                    .names = {}};
    const auto own = spec::own_uses(fleet.inventory());
    for (const auto& [path, secret] : fleet.inventory().secrets) {
        const Servers readers = kept(spec::readers_of(fleet, path), selection);
        if (selection.filtered && readers.empty()) continue;
        std::vector<std::string> ways;
        for (const spec::Access& way : spec::ways_to_secret(fleet, path)) {
            const Servers servers = kept(way.servers, selection);
            if (servers.empty()) continue;
            std::string text = way_text(secret, way, servers);
            if (std::find(ways.begin(), ways.end(), text) == ways.end()) ways.push_back(std::move(text));
        }
        if (const auto uses = own.find(path); uses != own.end() && !selection.filtered)
            for (std::string& text : own_use_texts(uses->second))
                ways.push_back(std::move(text));
        listing.add(path,
                    {path, to_string(secret.type), fmt::format("{}", fmt::join(ways, ", ")),
                     secret.per_machine ? "per machine" : "", std::to_string(readers.size()),
                     secret.generator ? secret.generator->value : std::string(),
                     secret.rotate_every ? format_duration(*secret.rotate_every) : std::string(),
                     secret.set_by ? secret.set_by->value : std::string(), secret.at.text()},
                    secret_summary(fleet, secret, readers));
    }
    if (!listing.names.empty()) listing.note = "LAST ROTATED is '-': no store of secrets is connected";
    return listing;
}

namespace {

constexpr std::size_t kMostServers = 50; // lines of a text; documents have them all

std::string where_text(const spec::Fleet& fleet, ServerIndex index) {
    return fmt::format("{} ({}, {})", fleet.server(index).name, fleet.provider(index),
                       fleet.environment(index));
}

std::string more_servers(std::size_t count, std::string_view indent) {
    return count > kMostServers ? fmt::format("{}└── ... ({} more)\n", indent, count - kMostServers)
                                : std::string();
}

/// A row for each of the first servers, as a tree.
template <typename Row>
std::string servers_tree(const Servers& servers, std::string_view indent, Row row) {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < std::min(servers.size(), kMostServers); ++i)
        rows.push_back(row(servers[i]));
    return branches(aligned(rows), indent) + more_servers(servers.size(), indent);
}

} // namespace

namespace {

Value own_uses_value(const std::vector<spec::OwnUse>& uses) {
    ValueList list;
    for (const spec::OwnUse& use : uses)
        list.emplace_back(ValueMap{{"kind", Value(to_string(use.kind))},
                                   {"resource", Value(user_of(use))},
                                   {"source", place_value(use.at)}});
    return Value(std::move(list));
}

std::string own_uses_text(const std::vector<spec::OwnUse>& uses) {
    std::string text = "\nUsed by lab itself:\n";
    for (std::size_t i = 0; i < std::min(uses.size(), kMostServers); ++i)
        text +=
            fmt::format("  {} of {} ({})\n", to_string(uses[i].kind), user_of(uses[i]), uses[i].at.text());
    return text + more_servers(uses.size(), "  ");
}

} // namespace

Detail alert_detail(const Session& session, const std::string& name) {
    const spec::Fleet& fleet = session.fleet();
    const auto alert = spec::alert_definition(fleet.inventory(), name);
    LAB_CHECK(alert, "an alert that is listed but not there");
    const Servers servers = spec::servers_with_alert(fleet, name);
    const auto excluded = spec::servers_without_alert(fleet, name);
    Detail detail{.format = "lab.alert/1",
                  .document = alert_summary(fleet, *alert, servers),
                  .described = {},
                  .shown = {}};
    ValueList applies, out;
    for (const ServerIndex index : servers)
        applies.emplace_back(ValueMap{{"server", Value(fleet.server(index).name)},
                                      {"why", chains_value(spec::why_alert(fleet, name, index))},
                                      {"value", Value()}});
    std::vector<std::string> excluded_lines;
    for (const spec::NotHere& one : excluded) {
        const std::string& server = fleet.server(one.server).name;
        out.emplace_back(ValueMap{{"server", Value(server)}, {"why", Value(one.why)}});
        excluded_lines.push_back(fmt::format("{} ({})", server, one.why));
    }
    detail.document.set("servers", Value(std::move(applies)));
    detail.document.append("excluded", Value(std::move(out)));
    const spec::Target* target =
        alert->written && alert->written->target ? &*alert->written->target : nullptr;
    spec::Target whole = target ? *target : spec::Target{};
    whole.exclude.clear();
    const bool excludes = target && !target->exclude.empty();
    const Facts facts{{"Alert", name},
                      {"Summary", alert->summary},
                      {"Severity", std::string(to_string(alert->severity))},
                      {"Condition", alert->condition},
                      {"For", duration_text(alert->lasting)},
                      {"Fires on", fmt::format("{}", fmt::join(alert_origins(fleet, *alert), "; "))},
                      {"Target", target && !whole.empty() ? target_text(whole) : ""},
                      {"Excludes", excludes ? target_text(target->exclude.front()) : "none"},
                      {"Metrics", fmt::format("{}", fmt::join(alert->metrics, ", "))},
                      {"Backends", fmt::format("{}", fmt::join(alert->backends, ", "))},
                      {"Rendered to", ""},
                      {"Written at", alert->written ? alert->written->at.text() : "the catalogue"}};
    detail.described = facts_text(facts);
    detail.shown = detail.described + fmt::format("\nApplies to {}{}\n", counted(servers.size(), "server"),
                                                  servers.empty() ? "" : ":");
    detail.shown += servers_tree(servers, "  ", [&](ServerIndex index) -> std::vector<std::string> {
        return {where_text(fleet, index), "currently: -",
                origin_of(spec::why_alert(fleet, name, index).front())};
    });
    if (!excluded_lines.empty()) detail.shown += fmt::format("\nExcluded:\n{}", branches(excluded_lines));
    detail.missing = "'currently' and 'Rendered to' are '-': no monitoring is connected";
    return detail;
}

Detail secret_detail(const Session& session, const std::string& path) {
    const spec::Fleet& fleet = session.fleet();
    const spec::Secret& secret = fleet.inventory().secrets.at(path);
    Detail detail{.format = "lab.secret/1",
                  .document = secret_summary(fleet, secret, spec::readers_of(fleet, path)),
                  .described = {},
                  .shown = {}};
    ValueList ways;
    std::string accessible, idle;
    for (const spec::Access& way : spec::ways_to_secret(fleet, path)) {
        ways.emplace_back(ValueMap{{"chain", *chains_value({way.chain}).if_list()->begin()},
                                   {"servers", Value(text_list(server_names(fleet, way.servers)))}});
        std::string line = chain_line(way.chain, path);
        if (way.chain.back().kind == spec::Step::Kind::Target)
            line = fmt::format("target {} ({})", target_text(*secret.target), secret.target->at.text());
        if (way.servers.empty()) {
            idle += fmt::format("  {}\n", line);
            continue;
        }
        accessible += fmt::format("  {}\n", line);
        accessible += servers_tree(way.servers, "    ", [&](ServerIndex index) -> std::vector<std::string> {
            return {where_text(fleet, index), "last fetched: -"};
        });
    }
    detail.document.append("accessible_by", Value(std::move(ways)));
    const auto own = spec::own_uses(fleet.inventory());
    const auto uses = own.find(path);
    detail.document.append("used_by", uses == own.end() ? Value(ValueList{}) : own_uses_value(uses->second));
    detail.described =
        facts_text({{"Secret", path},
                    {"Type", std::string(to_string(secret.type))},
                    {"Generator", secret.generator ? secret.generator->value : ""},
                    {"Rotate every", secret.rotate_every ? format_duration(*secret.rotate_every) : ""},
                    {"Value", secret.per_machine ? "one for each machine" : "one for all"},
                    {"Last set", secret.set_by ? fmt::format("- by {}", secret.set_by->value) : ""},
                    {"Written at", secret.at.text()}});
    detail.shown = detail.described + "\nAccessible by (derived from code):\n" +
                   (accessible.empty() ? std::string("  nothing on any server\n") : accessible);
    if (!idle.empty()) detail.shown += "\nReferred to, but on no server:\n" + idle;
    if (uses != own.end()) detail.shown += own_uses_text(uses->second);
    detail.missing = "'Last set' and 'last fetched' are '-': no store of secrets is connected";
    return detail;
}

} // namespace lab::cli
