// Alerts and secrets of one server.
#include "cli/places.h"
#include "cli/policy.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

using spec::Step;

Value chain_value(const spec::Chain& chain) {
    ValueList steps;
    for (const Step& step : chain)
        steps.emplace_back(ValueMap{{"kind", Value(to_string(step.kind))},
                                    {"name", text_or_null(step.name)},
                                    {"source", place_value(step.at)}});
    return Value(std::move(steps));
}

/// "size: large", "identity".
std::string step_text(const Step& step) {
    if (step.kind == Step::Kind::Identity) return "identity";
    const std::string_view kind =
        step.kind == Step::Kind::PuppetClass ? std::string_view("Puppet class") : to_string(step.kind);
    return fmt::format("{}: {}", kind, step.name);
}

/// "group: production" of "group production".
std::string with_colon(std::string text) {
    if (const auto space = text.find(' '); space != std::string::npos) text.insert(space, ":");
    return text;
}

/// "FROM LABEL k8s-worker", "FROM GROUP production", "AUTO-GENERATED".
std::string title_of(const spec::Chain& chain, bool secret) {
    if (!secret && is_generated(chain)) return "AUTO-GENERATED";
    const Step& first = chain.front();
    std::string from = first.kind == Step::Kind::Target
                           ? first.name
                           : fmt::format("{} {}", to_string(first.kind), first.name);
    if (from.empty()) from = "its target";
    for (std::size_t i = 0; i < from.size() && from[i] != ' '; ++i)
        if (from[i] >= 'a' && from[i] <= 'z') from[i] = static_cast<char>(from[i] - 'a' + 'A');
    return "FROM " + from;
}

/// Lines under titles, in the order in which titles come up; what is generated last.
class Sections {
  public:
    void add(const std::string& title, std::string line) {
        ++count_;
        for (auto& [known, lines] : sections_)
            if (known == title) return lines.push_back(std::move(line));
        sections_.emplace_back(title, std::vector<std::string>{std::move(line)});
    }
    std::string text(std::string_view what) const {
        if (count_ == 0) return {};
        std::string out = fmt::format("\n{} ({}):\n", what, count_);
        for (const bool generated : {false, true})
            for (const auto& [title, lines] : sections_)
                if ((title == "AUTO-GENERATED") == generated)
                    out += fmt::format("  {}:\n{}", title, branches(lines, "    "));
        return out;
    }

  private:
    std::vector<std::pair<std::string, std::vector<std::string>>> sections_;
    std::size_t count_ = 0;
};

std::string secret_kind(const spec::Secret& secret) {
    return fmt::format("{}{}", to_string(secret.type), secret.per_machine ? ", per machine" : "");
}

} // namespace

Value chains_value(const std::vector<spec::Chain>& chains) {
    ValueList list;
    for (const spec::Chain& chain : chains)
        list.push_back(chain_value(chain));
    return Value(std::move(list));
}

std::string chain_line(const spec::Chain& chain, std::string_view path) {
    const std::string place = chain.back().at.text();
    return place.empty() ? chain_text(chain, path) : fmt::format("{} ({})", chain_text(chain, path), place);
}

std::string origin_of(const spec::Chain& chain) {
    const Step& last = chain.back();
    if (is_generated(chain) && last.kind != Step::Kind::Call)
        return fmt::format("auto-generated, from {}", step_text(last));
    const Step& first = chain.front();
    return "from " + (first.kind == Step::Kind::Target ? with_colon(first.name) : step_text(first));
}

ValueList alerts_value(const spec::Fleet& fleet, spec::ServerIndex index) {
    ValueList list;
    for (const spec::ServerAlert& alert : spec::alerts_of(fleet, index)) {
        const auto definition = spec::alert_definition(fleet.inventory(), alert.name);
        list.emplace_back(ValueMap{{"name", Value(alert.name)},
                                   {"severity", Value(to_string(definition->severity))},
                                   {"why", chains_value(alert.chains)}});
    }
    return list;
}

ValueList secrets_value(const spec::Fleet& fleet, spec::ServerIndex index) {
    ValueList list;
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, index)) {
        const spec::Secret& written = fleet.inventory().secrets.at(secret.path);
        list.emplace_back(ValueMap{{"path", Value(secret.path)},
                                   {"type", Value(to_string(written.type))},
                                   {"per_machine", Value(written.per_machine)},
                                   {"why", chains_value(secret.chains)}});
    }
    return list;
}

std::string policy_text(const spec::Fleet& fleet, spec::ServerIndex index) {
    Sections alerts, secrets;
    for (const spec::ServerAlert& alert : spec::alerts_of(fleet, index)) {
        const spec::Chain& chain = alert.chains.front();
        alerts.add(title_of(chain, false),
                   is_generated(chain) ? fmt::format("{} (from {})", alert.name, step_text(chain.back()))
                                       : alert.name);
    }
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, index)) {
        const spec::Chain& chain = secret.chains.front();
        const std::string kind = secret_kind(fleet.inventory().secrets.at(secret.path));
        const spec::Chain rest(chain.begin() + 1, chain.end());
        secrets.add(title_of(chain, true), rest.empty() ? fmt::format("{} ({})", secret.path, kind)
                                                        : fmt::format("{} ({}) by {}", secret.path, kind,
                                                                      chain_line(rest, secret.path)));
    }
    return alerts.text("Alerts") + secrets.text("Secrets");
}

std::vector<std::string> alert_exclusions(const spec::Fleet& fleet, spec::ServerIndex index) {
    std::vector<std::string> lines;
    for (const spec::NotHere& one : spec::alerts_not_on(fleet, index))
        lines.push_back(fmt::format("alert {} ({})", one.alert, one.why));
    return lines;
}

} // namespace lab::cli
