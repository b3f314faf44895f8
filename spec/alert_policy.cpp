// Which server has which alerts, and why.

#include "spec/detail/fleet_state.h"
#include "spec/policy.h"

#include "support/units.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::spec {

using namespace detail;

namespace {

/// A port that no line of the catalogue speaks of.
bool is_other_port(std::string_view port) {
    const auto catalogue = alert_catalogue();
    return std::none_of(catalogue.begin(), catalogue.end(), [&](const CatalogueEntry& entry) {
        return entry.trigger == Trigger::Port && entry.key == port;
    });
}

bool is_triggered_by(const CatalogueEntry& entry, const Given& given) {
    if (given.what != Provides::Ports) return false;
    return entry.trigger == Trigger::Port
               ? entry.key == given.name.value
               : entry.trigger == Trigger::OtherPort && is_other_port(given.name.value);
}

/// One alert, put together of what is written and the catalogue.
struct Rule {
    std::string_view name;
    const Alert* written = nullptr;
    std::span<const CatalogueEntry> catalogue;

    const Target* target() const { return written && written->target ? &*written->target : nullptr; }
};

Rule rule_of(const Inventory& inventory, std::string_view name) {
    const auto written = inventory.alerts.find(std::string(name));
    return {.name = name,
            .written = written == inventory.alerts.end() ? nullptr : &written->second,
            .catalogue = catalogue_alert(name)};
}

std::vector<Rule> all_rules(const Inventory& inventory) {
    std::vector<Rule> rules;
    for (const auto& [name, alert] : inventory.alerts)
        rules.push_back({name, &alert, catalogue_alert(name)});
    for (const CatalogueEntry& entry : alert_catalogue())
        if (!entry.condition.empty() && !inventory.alerts.contains(std::string(entry.name)))
            rules.push_back({entry.name, nullptr, catalogue_alert(entry.name)});
    std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) { return a.name < b.name; });
    return rules;
}

// --- for one server, with the reasons ---

class Reasons {
  public:
    Reasons(const FleetState& state, ServerIndex index)
        : state_(state), index_(index), labels_(declared_labels(state, index)) {}

    /// Without regard to who is excluded.
    std::vector<Chain> of(const Rule& rule) const {
        std::vector<Chain> chains;
        for (const std::uint32_t label : labels_)
            for (const Given& given : state_.labels.declared[label]->gives)
                if (given.what == Provides::Alerts && given.name.value == rule.name)
                    chains.push_back({label_step(label, given.name.at)});
        for (const CatalogueEntry& entry : rule.catalogue)
            add_trigger(entry, chains);
        const Target* target = rule.target();
        if (!target || !rule.catalogue.empty() || target->only_excludes()) return chains;
        const TargetAnswer answer = explain_target(state_, *target, index_);
        if (answer.unmet.empty())
            chains.push_back(
                {{Step::Kind::Target, fmt::format("{}", fmt::join(answer.met, " and ")), target->at}});
        return chains;
    }

    /// Why its target keeps the server out; empty where it does not.
    std::string against(const Rule& rule) const {
        const Target* target = rule.target();
        if (!target) return {};
        for (const Target& exclude : target->exclude)
            if (const auto met = explain_target(state_, exclude, index_).met; !met.empty())
                return fmt::format("excluded by {} ({})", fmt::join(met, " and "), exclude.at.text());
        if (rule.catalogue.empty()) return {};
        const TargetAnswer answer = explain_target(state_, *target, index_);
        return answer.unmet.empty()
                   ? std::string()
                   : fmt::format("kept for {} ({})", fmt::join(answer.unmet, " and "), target->at.text());
    }

  private:
    Step label_step(std::uint32_t label, const Span& at) const {
        return {Step::Kind::Label, std::string(state_.labels.texts[label]), at};
    }

    void add_trigger(const CatalogueEntry& entry, std::vector<Chain>& chains) const {
        switch (entry.trigger) {
        case Trigger::Named: return;
        case Trigger::Port:
        case Trigger::OtherPort: return add_ports(entry, chains);
        case Trigger::PuppetClass: return add_classes(entry, chains);
        case Trigger::Module: return add_modules(entry, chains);
        case Trigger::Size:
            if (const GivenBy size = choose_single(state_, index_, Provides::Size); size.given)
                chains.push_back({{Step::Kind::Size, size.given->name.value, size.given->name.at}});
            return;
        case Trigger::Identity:
            chains.push_back({{Step::Kind::Identity, {}, state_.server(index_).at}});
            return;
        }
    }

    void add_ports(const CatalogueEntry& entry, std::vector<Chain>& chains) const {
        for (const std::uint32_t label : labels_)
            for (const Given& given : state_.labels.declared[label]->gives)
                if (is_triggered_by(entry, given))
                    chains.push_back({label_step(label, given.name.at),
                                      {Step::Kind::Port, given.name.value, given.name.at}});
    }

    /// Of any class, one is reason enough.
    void add_classes(const CatalogueEntry& entry, std::vector<Chain>& chains) const {
        for (const std::uint32_t label : labels_) {
            const auto& uses = state_.policy.classes[label];
            for (std::size_t i = 0; i < uses.size(); ++i) {
                if (!entry.key.empty() && uses[i].name != entry.key) continue;
                chains.push_back(class_chain(state_, label, i));
                if (entry.key.empty()) return;
            }
        }
    }

    void add_modules(const CatalogueEntry& entry, std::vector<Chain>& chains) const {
        for (const Placement& placement : state_.placed(index_)) {
            const std::uint32_t module = state_.units[placement.unit].module;
            const std::string& name = state_.modules.entries[module].module->name;
            if (!entry.key.empty() && name != entry.key) continue;
            chains.push_back({{Step::Kind::Module, name, placed_at(state_, module, index_)}});
            if (entry.key.empty()) return;
        }
    }

    const FleetState& state_;
    ServerIndex index_;
    std::vector<std::uint32_t> labels_;
};

// --- for all servers at once, as sets ---

void add_label(const FleetState& state, std::uint32_t label, Bitset& servers) {
    servers |= state.labels.terms[state.labels.ids.at(state.labels.texts[label])].servers;
}

void add_triggered(const FleetState& state, const CatalogueEntry& entry, Bitset& servers) {
    if (entry.trigger == Trigger::Identity) servers = Bitset(state.servers.size(), true);
    if (entry.trigger == Trigger::Size)
        for (ServerIndex i = 0; i < state.servers.size(); ++i)
            if (choose_single(state, i, Provides::Size).given) servers.set(i);
    if (entry.trigger == Trigger::Module)
        for (ServerIndex i = 0; i < state.servers.size(); ++i)
            for (const Placement& placement : state.placed(i))
                if (entry.key.empty() ||
                    state.module_of(state.units[placement.unit]).module->name == entry.key)
                    servers.set(i);
    for (std::uint32_t label = 0; label < state.labels.declared.size(); ++label) {
        const auto& gives = state.labels.declared[label]->gives;
        const auto& classes = state.policy.classes[label];
        const bool port = std::any_of(gives.begin(), gives.end(),
                                      [&](const Given& given) { return is_triggered_by(entry, given); });
        const bool has_class = entry.trigger == Trigger::PuppetClass &&
                               std::any_of(classes.begin(), classes.end(), [&](const ClassUse& use) {
                                   return entry.key.empty() || use.name == entry.key;
                               });
        if (port || has_class) add_label(state, label, servers);
    }
}

struct Reach {
    Bitset all, kept; // without and with regard to who is excluded
};

Reach reach_of(const FleetState& state, const Rule& rule) {
    Bitset all(state.servers.size());
    for (std::uint32_t label = 0; label < state.labels.declared.size(); ++label)
        for (const Given& given : state.labels.declared[label]->gives)
            if (given.what == Provides::Alerts && given.name.value == rule.name) add_label(state, label, all);
    for (const CatalogueEntry& entry : rule.catalogue)
        add_triggered(state, entry, all);
    const Target* target = rule.target();
    if (!target) return {all, all};
    if (!rule.catalogue.empty()) {
        Bitset kept = all;
        kept &= evaluate(state, *target);
        return {std::move(all), std::move(kept)};
    }
    if (!target->only_excludes()) {
        Target whole = *target;
        whole.exclude.clear();
        all |= evaluate(state, whole);
    }
    Bitset kept = all;
    if (!target->exclude.empty()) {
        Target only_exclude;
        only_exclude.exclude = target->exclude;
        kept &= evaluate(state, only_exclude);
    }
    return {std::move(all), std::move(kept)};
}

} // namespace

std::string_view to_string(Step::Kind kind) noexcept {
    switch (kind) {
    case Step::Kind::Label: return "label";
    case Step::Kind::Target: return "target";
    case Step::Kind::Port: return "port";
    case Step::Kind::PuppetClass: return "puppet_class";
    case Step::Kind::Module: return "module";
    case Step::Kind::Size: return "size";
    case Step::Kind::Identity: return "identity";
    case Step::Kind::Call: return "call";
    }
    return "label";
}

std::string chain_text(const Chain& chain, std::string_view path) {
    std::string out;
    for (const Step& step : chain) {
        if (!out.empty()) out += " → ";
        switch (step.kind) {
        case Step::Kind::Target: out += step.name.empty() ? std::string("its target") : step.name; break;
        case Step::Kind::PuppetClass: out += "class " + step.name; break;
        case Step::Kind::Identity: out += "identity"; break;
        case Step::Kind::Call: out += fmt::format("lab::secret('{}')", path); break;
        case Step::Kind::Label:
        case Step::Kind::Port:
        case Step::Kind::Module:
        case Step::Kind::Size: out += fmt::format("{} {}", to_string(step.kind), step.name); break;
        }
    }
    return out;
}

bool is_generated(const Chain& chain) noexcept {
    return !chain.empty() && chain.back().kind != Step::Kind::Label &&
           chain.back().kind != Step::Kind::Target;
}

std::optional<AlertDefinition> alert_definition(const Inventory& inventory, std::string_view name) {
    const Rule rule = rule_of(inventory, name);
    if (!rule.written && rule.catalogue.empty()) return std::nullopt;
    AlertDefinition out{.name = std::string(name),
                        .condition = {},
                        .summary = {},
                        .metrics = {},
                        .lasting = std::chrono::milliseconds{0},
                        .severity = AlertSeverity::Warning,
                        .backends = {},
                        .written = rule.written,
                        .catalogue = rule.catalogue};
    std::optional<Condition> condition;
    if (!rule.catalogue.empty()) {
        const CatalogueEntry& entry = rule.catalogue.front();
        auto parsed = parse_condition(entry.condition);
        LAB_CHECK(std::holds_alternative<Condition>(parsed), "a condition of the catalogue cannot be read");
        condition = std::get<Condition>(std::move(parsed));
        out.summary = entry.summary;
        out.severity = entry.severity;
        if (const auto lasting = parse_duration(entry.lasting)) out.lasting = *lasting;
    }
    if (const Alert* written = rule.written) {
        if (written->condition) condition = written->condition;
        if (written->lasting) out.lasting = *written->lasting;
        if (written->severity) out.severity = *written->severity;
        for (const Text& backend : written->backends)
            out.backends.push_back(backend.value);
    }
    if (out.backends.empty()) out.backends.assign(alert_backends().begin(), alert_backends().end());
    if (condition) {
        out.condition = to_text(*condition);
        out.metrics = metrics_of(*condition);
    }
    return out;
}

std::vector<ServerAlert> alerts_of(const Fleet& fleet, ServerIndex index) {
    const Reasons reasons(fleet.state(), index);
    std::vector<ServerAlert> alerts;
    for (const Rule& rule : all_rules(fleet.inventory()))
        if (auto chains = reasons.of(rule); !chains.empty() && reasons.against(rule).empty())
            alerts.push_back({std::string(rule.name), std::move(chains)});
    return alerts;
}

std::vector<NotHere> alerts_not_on(const Fleet& fleet, ServerIndex index) {
    const Reasons reasons(fleet.state(), index);
    std::vector<NotHere> out;
    for (const Rule& rule : all_rules(fleet.inventory()))
        if (std::string why = reasons.against(rule); !why.empty() && !reasons.of(rule).empty())
            out.push_back({std::string(rule.name), index, std::move(why)});
    return out;
}

std::vector<std::string> alert_names(const Fleet& fleet) {
    std::vector<std::string> names;
    for (const Rule& rule : all_rules(fleet.inventory()))
        if (rule.written || !reach_of(fleet.state(), rule).kept.members().empty())
            names.emplace_back(rule.name);
    return names;
}

std::vector<ServerIndex> servers_with_alert(const Fleet& fleet, std::string_view name) {
    return reach_of(fleet.state(), rule_of(fleet.inventory(), name)).kept.members();
}

std::vector<NotHere> servers_without_alert(const Fleet& fleet, std::string_view name) {
    const Rule rule = rule_of(fleet.inventory(), name);
    Reach reach = reach_of(fleet.state(), rule);
    reach.all -= reach.kept;
    std::vector<NotHere> out;
    for (const ServerIndex index : reach.all.members())
        out.push_back({std::string(name), index, Reasons(fleet.state(), index).against(rule)});
    return out;
}

std::vector<Chain> why_alert(const Fleet& fleet, std::string_view name, ServerIndex index) {
    const Rule rule = rule_of(fleet.inventory(), name);
    const Reasons reasons(fleet.state(), index);
    return reasons.against(rule).empty() ? reasons.of(rule) : std::vector<Chain>();
}

} // namespace lab::spec
