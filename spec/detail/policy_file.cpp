#include "spec/detail/policy_file.h"

#include "spec/detail/decode.h"
#include "spec/detail/given.h"
#include "spec/detail/template_place.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kAlertKeys{"target"sv, "condition"sv, "for"sv, "severity"sv, "backends"sv};
constexpr std::array kListedAlertKeys{"name"sv, "target"sv,   "condition"sv,
                                      "for"sv,  "severity"sv, "backends"sv};
constexpr std::array kSecretKeys{"type"sv,        "generator"sv, "rotate_every"sv,
                                 "per_machine"sv, "set_by"sv,    "target"sv};
/// Of an alert or a rotation: what is longer is a slip.
constexpr std::chrono::hours kLongest{10 * 365 * 24};
constexpr std::array kSeverities{"info"sv, "warning"sv, "critical"sv};
constexpr std::array kTypes{"static"sv, "dynamic"sv};

/// One word of a few.
std::optional<std::size_t> read_choice(const Node& node, std::string_view key,
                                       std::span<const std::string_view> choices, Diagnostics& diagnostics) {
    const auto text = read_text(node, key, diagnostics);
    if (!text) return std::nullopt;
    const auto found = std::find(choices.begin(), choices.end(), text->value);
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    std::string help = did_you_mean(text->value, choices);
    if (help.empty()) help = fmt::format("'{}' is one of {}", key, listed(choices));
    add_error(diagnostics, "spec/bad-value",
              fmt::format("there is no {} '{}'", key, escape_controls(text->value)), text->at,
              std::move(help));
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> read_duration(const Node& node, std::string_view key,
                                                       Diagnostics& diagnostics) {
    const auto text = read_text(node, key, diagnostics);
    if (!text) return std::nullopt;
    const auto duration = parse_duration(text->value);
    if (duration && duration->count() > 0 && *duration <= kLongest) return *duration;
    std::string problem = !duration ? duration.error().message
                          : duration->count() > 0
                              ? fmt::format("'{}' must be at most ten years, not '{}'", key, text->value)
                              : fmt::format("'{}' must be longer than nothing", key);
    add_error(diagnostics, "spec/bad-value", std::move(problem), text->at,
              duration ? std::string() : duration.error().hint);
    return std::nullopt;
}

void read_condition(const Document& document, const Node& node, Alert& alert, Diagnostics& diagnostics) {
    const auto text = read_text(node, "condition", diagnostics);
    if (!text) return;
    alert.condition_at = text->at;
    auto parsed = parse_condition(text->value);
    if (auto* condition = std::get_if<Condition>(&parsed)) {
        alert.condition = std::move(*condition);
        return;
    }
    const auto& problem = std::get<ConditionProblem>(parsed);
    add_error(
        diagnostics, "spec/bad-condition", problem.message,
        place_in_scalar(document.text(), text->at, text->value, /*line=*/1, problem.column, problem.length),
        problem.help);
}

void read_backends(const Node& node, Alert& alert, Diagnostics& diagnostics) {
    if (!is_list(node, "backends", diagnostics)) return;
    if (node.size() == 0)
        add_error(diagnostics, "spec/bad-value", "'backends' names nothing, so nothing would watch",
                  node.span(), "leave it out for all of them");
    for (std::size_t i = 0; i < node.size(); ++i)
        if (const auto backend = read_choice(node.item(i), "backend", alert_backends(), diagnostics))
            alert.backends.push_back({std::string(alert_backends()[*backend]), node.item(i).span()});
}

void read_alert_key(const Document& document, Alert& alert, const Node& key, const Node& value,
                    bool is_listed, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "target") {
        alert.target = parse_target(value, diagnostics);
    } else if (name == "condition") {
        read_condition(document, value, alert, diagnostics);
    } else if (name == "for") {
        alert.lasting = read_duration(value, name, diagnostics);
    } else if (name == "severity") {
        if (const auto severity = read_choice(value, name, kSeverities, diagnostics))
            alert.severity = static_cast<AlertSeverity>(*severity);
    } else if (name == "backends") {
        read_backends(value, alert, diagnostics);
    } else if (name != "name" || !is_listed) {
        report_unknown_key(key,
                           {"an alert", is_listed ? std::span<const std::string_view>(kListedAlertKeys)
                                                  : std::span<const std::string_view>(kAlertKeys)},
                           diagnostics);
    }
}

std::optional<Alert> read_alert(const Document& document, Text name, const Node& body, bool is_listed,
                                Diagnostics& diagnostics) {
    if (!check_name(name, "alert", diagnostics)) return std::nullopt;
    Alert alert;
    alert.name = std::move(name.value);
    alert.at = name.at;
    if (is_map(body, alert.name, diagnostics))
        for (std::size_t i = 0; i < body.size(); ++i)
            read_alert_key(document, alert, body.key(i), body.value(i), is_listed, diagnostics);
    if (!body.is_map() || !body.find("condition"))
        if (catalogue_alert(alert.name).empty())
            add_error(diagnostics, "spec/missing-key",
                      fmt::format("alert '{}' has no 'condition'", alert.name), alert.at,
                      "write when it fires: condition: METRIC > NUMBER");
    return alert;
}

void read_secret_key(Secret& secret, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (name == "type") {
        if (const auto type = read_choice(value, name, kTypes, diagnostics))
            secret.type = static_cast<Secret::Type>(*type);
    } else if (name == "generator") {
        if (const auto generator = read_choice(value, name, secret_generators(), diagnostics))
            secret.generator = Text{std::string(secret_generators()[*generator]), value.span()};
    } else if (name == "rotate_every") {
        secret.rotate_every = read_duration(value, name, diagnostics);
    } else if (name == "per_machine") {
        secret.per_machine = read_boolean(value, name, diagnostics).value_or(false);
    } else if (name == "set_by") {
        secret.set_by = read_name(value, name, "user", diagnostics);
    } else if (name == "target") {
        secret.target = parse_target(value, diagnostics);
        if (secret.target->only_excludes())
            add_error(diagnostics, "spec/bad-target",
                      "the target of a secret that only excludes grants nobody anything", value.span(),
                      "name who may read it besides, or leave the target out");
    } else {
        report_unknown_key(key, {"a secret", kSecretKeys}, diagnostics);
    }
}

/// What its keys say against each other.
void check_secret(const Secret& secret, const Node& body, Diagnostics& diagnostics) {
    const bool is_map = body.is_map();
    if (!is_map || !body.find("type")) {
        add_error(diagnostics, "spec/missing-key", fmt::format("secret '{}' has no 'type'", secret.path),
                  secret.at, "type: static is set by someone, type: dynamic is made by a generator");
        return;
    }
    const bool dynamic = secret.type == Secret::Type::Dynamic;
    if (dynamic && !body.find("generator"))
        add_error(diagnostics, "spec/missing-key", fmt::format("nothing makes secret '{}'", secret.path),
                  secret.at,
                  fmt::format("a dynamic secret has a generator: {}", listed(secret_generators())));
    if (!dynamic && secret.generator)
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("secret '{}' is static and has a generator", secret.path), secret.generator->at,
                  "a static secret is set by someone: remove it, or write type: dynamic");
    if (dynamic && secret.set_by)
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("secret '{}' is dynamic and set by someone", secret.path), secret.set_by->at,
                  "its generator makes it: remove it, or write type: static");
}

} // namespace

std::vector<Alert> read_alerts(const Document& document, const Node& section, Diagnostics& diagnostics) {
    std::vector<Alert> alerts;
    const auto add = [&](Text name, const Node& body, bool is_listed) {
        if (auto alert = read_alert(document, std::move(name), body, is_listed, diagnostics))
            alerts.push_back(*std::move(alert));
    };
    if (section.is_map()) {
        for (std::size_t i = 0; i < section.size(); ++i)
            add({std::string(section.key(i).text()), section.key(i).span()}, section.value(i), false);
    } else if (section.is_list()) {
        for (std::size_t i = 0; i < section.size(); ++i) {
            const Node item = section.item(i);
            const Node name = item.is_map() ? item.find("name") : Node();
            if (!item.is_map())
                report_type(item, "alerts", "a list of maps", diagnostics);
            else if (!name)
                add_error(diagnostics, "spec/missing-key", "an alert of a list has no 'name'", item.span());
            else if (auto text = read_text(name, "name", diagnostics))
                add(*std::move(text), item, true);
        }
    } else if (!section.is_null()) {
        report_type(section, "alerts", "a map or a list", diagnostics);
    }
    return alerts;
}

std::vector<Secret> read_secrets(const Node& section, Diagnostics& diagnostics) {
    std::vector<Secret> secrets;
    if (!is_map(section, "secrets", diagnostics)) return secrets;
    for (std::size_t i = 0; i < section.size(); ++i) {
        Secret secret;
        secret.path = std::string(section.key(i).text());
        secret.at = section.key(i).span();
        if (!is_secret_path(secret.path)) {
            add_error(diagnostics, "spec/bad-name",
                      fmt::format("'{}' is no path of a secret", escape_controls(secret.path)), secret.at,
                      "names divided by '/', as in mail/tls-cert");
            continue;
        }
        const Node body = section.value(i);
        if (is_map(body, secret.path, diagnostics))
            for (std::size_t j = 0; j < body.size(); ++j)
                read_secret_key(secret, body.key(j), body.value(j), diagnostics);
        if (body.is_map() || body.is_null()) check_secret(secret, body, diagnostics);
        secrets.push_back(std::move(secret));
    }
    return secrets;
}

} // namespace lab::spec::detail
