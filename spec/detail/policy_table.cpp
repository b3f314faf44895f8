// What labels and modules bring of alerts and secrets, checked, and worked out once a label.

#include "spec/detail/policy_table.h"

#include "spec/detail/decode.h"
#include "spec/detail/fleet_state.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::size_t kMostClasses = 1000; // that one label brings along

template <typename Map>
std::vector<std::string_view> names(const Map& map) {
    std::vector<std::string_view> out;
    for (const auto& [name, value] : map)
        out.push_back(name);
    return out;
}

class PolicyResolver {
  public:
    PolicyResolver(FleetState& state, Reporter& reporter)
        : state_(state), table_(state.policy), inventory_(*state.inventory), reporter_(reporter) {}

    void run() {
        for (const Label* label : state_.labels.declared) {
            check_label(*label);
            add_classes(*label);
            add_secrets(*label);
            table_.grants.push_back(grants_of(table_.secrets.back()));
        }
        check_targets();
        for (const ModuleEntry& entry : state_.modules.entries) {
            std::vector<SecretUse> uses;
            for (const Text& secret : entry.module->secrets) {
                check_secret(secret);
                uses.push_back({secret.value, secret.at});
            }
            table_.grants_of_modules.push_back(grants_of(uses));
        }
        report_undefined_calls();
    }

  private:
    void check_label(const Label& label) {
        for (const Given& given : label.gives) {
            if (given.what == Provides::Secrets) check_secret(given.name);
            if (given.what != Provides::Alerts || inventory_.alerts.contains(given.name.value) ||
                !catalogue_alert(given.name.value).empty())
                continue;
            std::vector<std::string_view> known = names(inventory_.alerts);
            for (const CatalogueEntry& entry : alert_catalogue())
                known.push_back(entry.name);
            std::string help = reporter_.suggest(given.name.value, known);
            if (help.empty())
                help = "write it in the section 'alerts'; `lab get alerts --catalogue` lists the others";
            reporter_.error("spec/unknown-alert", fmt::format("there is no alert '{}'", given.name.value),
                            given.name.at, std::move(help));
        }
    }

    void check_secret(const Text& path) {
        if (inventory_.secrets.contains(path.value)) return;
        std::string help = reporter_.suggest(path.value, names(inventory_.secrets));
        if (help.empty()) help = fmt::format("define it: secrets: {{{}: {{type: static}}}}", path.value);
        reporter_.error("spec/unknown-secret", fmt::format("there is no secret '{}'", path.value), path.at,
                        std::move(help));
    }

    void check_targets() {
        for (const auto& [name, alert] : inventory_.alerts)
            if (alert.target) check_target(state_, *alert.target, reporter_.diagnostics());
        for (const auto& [path, secret] : inventory_.secrets) {
            if (!secret.target) continue;
            check_target(state_, *secret.target, reporter_.diagnostics());
            table_.targets.emplace(path, evaluate(state_, *secret.target));
        }
    }

    /// Breadth first, so that each class has its shortest way.
    void add_classes(const Label& label) {
        std::vector<ClassUse>& uses = table_.classes.emplace_back();
        const auto add = [&](std::string_view name, const Span& at, std::int64_t by) {
            const bool known =
                std::any_of(uses.begin(), uses.end(), [&](const ClassUse& use) { return use.name == name; });
            if (!known && uses.size() < kMostClasses) uses.push_back({name, at, by});
        };
        for (const Given& given : label.gives)
            if (given.what == Provides::PuppetClasses) add(given.name.value, given.name.at, -1);
        for (std::size_t i = 0; i < uses.size(); ++i) {
            const auto found = inventory_.puppet_classes.find(std::string(uses[i].name));
            if (found == inventory_.puppet_classes.end()) continue;
            for (const Text& brought : found->second.brings)
                add(brought.value, brought.at, static_cast<std::int64_t>(i));
        }
    }

    void add_secrets(const Label& label) {
        std::vector<SecretUse>& uses = table_.secrets.emplace_back();
        for (const Given& given : label.gives)
            if (given.what == Provides::Secrets) uses.push_back({given.name.value, given.name.at});
        const std::vector<ClassUse>& classes = table_.classes.back();
        for (std::size_t i = 0; i < classes.size(); ++i) {
            const auto found = inventory_.puppet_classes.find(std::string(classes[i].name));
            if (found == inventory_.puppet_classes.end()) continue;
            for (const Text& secret : found->second.secrets)
                uses.push_back({secret.value, secret.at, static_cast<std::int64_t>(i)});
        }
    }

    /// A line for each that is defined; the way there is part of what is recorded.
    std::string grants_of(const std::vector<SecretUse>& uses) const {
        std::string out;
        for (const SecretUse& use : uses)
            if (inventory_.secrets.contains(std::string(use.path)))
                out += fmt::format("{} {}\n", use.path, use.by_class);
        return out;
    }

    /// The code is someone else's, and to be without a secret locks nothing open: it is said, and goes on.
    void report_undefined_calls() {
        for (std::size_t i = 0; i < table_.secrets.size(); ++i) {
            const LabelTerm& term = state_.labels.terms[state_.labels.ids.at(state_.labels.texts[i])];
            if (term.servers.members().empty()) continue;
            for (const SecretUse& use : table_.secrets[i])
                if (use.by_class >= 0 && !inventory_.secrets.contains(std::string(use.path)))
                    reporter_.diagnostics().add(
                        {.severity = Severity::Warning,
                         .code = "spec/undefined-secret",
                         .message = fmt::format(
                             "class '{}' calls for a secret '{}' that is not defined",
                             table_.classes[i][static_cast<std::size_t>(use.by_class)].name, use.path),
                         .at = use.at,
                         .help = fmt::format("define it: secrets: {{{}: {{type: static}}}}", use.path),
                         .notes = {}});
        }
    }

    FleetState& state_;
    PolicyTable& table_;
    const Inventory& inventory_;
    Reporter& reporter_;
};

} // namespace

std::vector<std::uint32_t> declared_labels(const FleetState& state, ServerIndex index) {
    std::vector<std::uint32_t> labels;
    for (const std::uint32_t term : state.labels.of(index))
        for (const std::uint32_t label : state.labels.terms[term].provides)
            labels.push_back(label);
    return labels;
}

Chain class_chain(const FleetState& state, std::uint32_t label, std::size_t use) {
    const auto& uses = state.policy.classes[label];
    Chain chain;
    for (auto at = static_cast<std::int64_t>(use); at >= 0;
         at = uses[static_cast<std::size_t>(at)].brought_by) {
        const ClassUse& one = uses[static_cast<std::size_t>(at)];
        chain.push_back({Step::Kind::PuppetClass, std::string(one.name), one.at});
    }
    chain.push_back({Step::Kind::Label, std::string(state.labels.texts[label]), chain.back().at});
    std::reverse(chain.begin(), chain.end());
    return chain;
}

void resolve_policy(FleetState& state, Reporter& reporter) {
    PolicyResolver(state, reporter).run();
}

void add_grants(const FleetState& state, ServerIndex index, std::string& text) {
    const PolicyTable& table = state.policy;
    for (const std::uint32_t term : state.labels.of(index))
        for (const std::uint32_t label : state.labels.terms[term].provides)
            text += table.grants[label];
    for (const Placement& placement : state.placed(index))
        text += table.grants_of_modules[state.units[placement.unit].module];
    for (const auto& [path, servers] : table.targets)
        if (servers.test(index)) text.append(path).append("\n");
}

} // namespace lab::spec::detail
