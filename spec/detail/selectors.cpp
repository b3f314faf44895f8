// The target language at work: which servers a target selects, which are in a group.

#include "spec/detail/decode.h"
#include "spec/detail/fleet_state.h"
#include "support/text.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

bool is_glob(std::string_view text) {
    return text.find_first_of("*?") != std::string_view::npos;
}

void add_named(const std::map<std::string_view, Bitset>& sets, const std::vector<Term>& terms, Bitset& into) {
    for (const Term& term : terms)
        if (const auto found = sets.find(term.text); found != sets.end()) into |= found->second;
}

void add_servers(const FleetState& state, std::string_view pattern, Bitset& into) {
    const auto& servers = state.inventory->servers;
    if (!is_glob(pattern)) {
        if (const Server* server = state.inventory->find_server(pattern))
            into.set(static_cast<std::size_t>(server - servers.data()));
        return;
    }
    for (std::size_t i = 0; i < servers.size(); ++i)
        if (glob_match(pattern, servers[i].name)) into.set(i);
}

const Bitset* with_label(const FleetState& state, std::string_view text) {
    const auto found = state.labels.ids.find(text);
    return found == state.labels.ids.end() ? nullptr : &state.labels.terms[found->second].servers;
}

/// The servers that one key of a target names, any of its terms.
class KeySets {
  public:
    KeySets(const FleetState& state, const Target& target) : state_(state), target_(target) {}

    /// Calls `use` with the set of each key that is written.
    template <typename Use>
    void each(Use use) const {
        const Selectors& sets = state_.selectors;
        each_named(sets.environments, target_.environments, use);
        each_named(sets.regions, target_.regions, use);
        each_named(sets.clouds, target_.clouds, use);
        each_named(sets.providers, target_.providers, use);
        each_named(sets.sizes, target_.sizes, use);
        each_named(sets.groups, target_.groups, use);
        if (!target_.labels.empty()) {
            Bitset any(state_.servers.size());
            for (const Term& term : target_.labels)
                if (const Bitset* set = with_label(state_, term.text)) any |= *set;
            use(any);
        }
        if (!target_.all_labels.empty()) {
            Bitset all(state_.servers.size(), true);
            for (const Term& term : target_.all_labels) {
                const Bitset* set = with_label(state_, term.text);
                all &= set ? *set : Bitset(state_.servers.size());
            }
            use(all);
        }
        if (!target_.servers.empty()) {
            Bitset any(state_.servers.size());
            for (const Term& term : target_.servers)
                add_servers(state_, term.text, any);
            use(any);
        }
    }

  private:
    template <typename Use>
    void each_named(const std::map<std::string_view, Bitset>& sets, const std::vector<Term>& terms,
                    Use use) const {
        if (terms.empty()) return;
        Bitset any(state_.servers.size());
        add_named(sets, terms, any);
        use(any);
    }
    const FleetState& state_;
    const Target& target_;
};

constexpr std::size_t kDeepest = 500; // groups in groups

/// Fills the sets of groups, each after those it is made of.
class GroupResolver {
  public:
    GroupResolver(FleetState& state, Reporter& reporter) : state_(state), reporter_(reporter) {}

    void run() {
        for (const auto& [name, group] : state_.inventory->groups)
            visit(group);
    }

  private:
    void visit(const Group& group) {
        if (state_.selectors.groups.contains(group.name)) return;
        if (path_.size() == kDeepest) {
            if (std::exchange(too_deep_, true)) return;
            reporter_.error("spec/limit", fmt::format("groups are nested more than {} deep", kDeepest),
                            group.at);
            return;
        }
        path_.push_back(&group);
        for (const Text& member : group.groups)
            follow(member.value, member.at);
        if (group.match) follow(*group.match);
        if (group.exclude) follow(*group.exclude);
        path_.pop_back();
        state_.selectors.groups.emplace(group.name, members(group));
    }

    void follow(const Target& target) {
        for (const Term& term : target.groups)
            follow(term.text, term.at);
        for (const Target& exclude : target.exclude)
            follow(exclude);
    }

    void follow(const std::string& name, const Span& at) {
        const auto group = state_.inventory->groups.find(name);
        if (group == state_.inventory->groups.end()) return; // check_target says it
        const auto on_path = std::find(path_.begin(), path_.end(), &group->second);
        if (on_path == path_.end()) return visit(group->second);
        std::string cycle;
        std::vector<Diagnostic::Note> notes;
        for (auto step = on_path; step != path_.end(); ++step) {
            cycle += (*step)->name + " -> ";
            notes.push_back({fmt::format("group '{}' is defined here", (*step)->name), (*step)->at});
        }
        reporter_.error("spec/group-cycle", fmt::format("groups contain each other: {}{}", cycle, name), at,
                        "remove one of the steps", std::move(notes));
    }

    Bitset members(const Group& group) const {
        Bitset in(state_.servers.size());
        if (group.match && !group.match->empty()) in = evaluate(state_, *group.match);
        for (const Text& server : group.servers)
            add_servers(state_, server.value, in);
        for (const Text& member : group.groups)
            if (const auto found = state_.selectors.groups.find(member.value);
                found != state_.selectors.groups.end())
                in |= found->second;
        if (group.exclude) KeySets(state_, *group.exclude).each([&](const Bitset& out) { in -= out; });
        return in;
    }

    FleetState& state_;
    Reporter& reporter_;
    std::vector<const Group*> path_;
    bool too_deep_ = false; // said once
};

/// The names a target may use, for suggestions.
class TargetChecker {
  public:
    TargetChecker(const FleetState& state, Diagnostics& diagnostics)
        : state_(state), diagnostics_(diagnostics) {}

    void check(const Target& target) {
        check_labels(target.labels);
        check_labels(target.all_labels);
        check_environments(target.environments);
        check_regions(target.regions);
        check_clouds(target.clouds);
        check_providers(target.providers);
        check_sizes(target.sizes);
        check_groups(target.groups);
        check_servers(target.servers);
        for (const Target& exclude : target.exclude)
            check(exclude);
    }
    void check_groups(const std::vector<Term>& terms) {
        for (const Term& term : terms)
            if (!state_.inventory->groups.contains(term.text))
                report("spec/unknown-group", "group", term, names(state_.inventory->groups));
    }
    void check_servers(const std::vector<Term>& terms) {
        for (const Term& term : terms) {
            if (is_glob(term.text) || state_.inventory->find_server(term.text)) continue;
            if (const Elsewhere* elsewhere = state_.inventory->elsewhere;
                elsewhere && elsewhere->has_server(term.text))
                continue;
            std::vector<std::string_view> known;
            for (const Server& server : state_.inventory->servers)
                known.push_back(server.name);
            report("spec/unknown-server", "server", term, known);
        }
    }

  private:
    template <typename Map>
    static std::vector<std::string_view> names(const Map& map) {
        std::vector<std::string_view> out;
        for (const auto& [name, value] : map)
            out.push_back(name);
        return out;
    }

    void report(std::string_view slug, std::string_view what, const Term& term,
                const std::vector<std::string_view>& known) {
        add_error(diagnostics_, slug, fmt::format("there is no {} '{}'", what, term.text), term.at,
                  suggestions_(term.text, known));
    }

    void check_labels(const std::vector<Term>& terms) {
        for (const Term& term : terms) {
            const std::string_view name = std::string_view(term.text).substr(0, term.text.find('='));
            const auto& labels = state_.inventory->labels;
            // The bare name matches any value, also where only values are declared.
            const bool known = labels.contains(term.text) || labels.contains(std::string(name)) ||
                               std::any_of(labels.begin(), labels.end(),
                                           [&](const auto& label) { return label.second.name == term.text; });
            if (!known) report("spec/unknown-label", "label", term, names(labels));
        }
    }
    void check_regions(const std::vector<Term>& terms) {
        for (const Term& term : terms)
            if (!state_.selectors.regions.contains(term.text) && !used_elsewhere(SetKind::Region, term))
                report("spec/unknown-region", "region", term, names(state_.selectors.regions));
    }
    void check_environments(const std::vector<Term>& terms) {
        for (const Term& term : terms)
            if (term.text != "default" && !state_.inventory->environments.contains(term.text)) {
                std::vector<std::string_view> known = names(state_.inventory->environments);
                known.push_back("default");
                report("spec/unknown-environment", "environment", term, known);
            }
    }
    bool used_elsewhere(SetKind kind, const Term& term) const {
        const Elsewhere* elsewhere = state_.inventory->elsewhere;
        return elsewhere && elsewhere->in_use(kind, term.text);
    }
    bool is_provider(std::string_view name) const {
        const auto& present = state_.provider_names;
        return is_known_provider(name) || std::find(present.begin(), present.end(), name) != present.end();
    }
    void check_clouds(const std::vector<Term>& terms) {
        for (const Term& term : terms) {
            if (state_.inventory->clouds.contains(term.text) || state_.selectors.clouds.contains(term.text) ||
                used_elsewhere(SetKind::Cloud, term))
                continue;
            if (is_provider(term.text)) continue;
            std::vector<std::string_view> known = names(state_.selectors.clouds);
            for (const auto& [name, cloud] : state_.inventory->clouds)
                known.push_back(name);
            report("spec/unknown-cloud", "cloud", term, known);
        }
    }
    void check_sizes(const std::vector<Term>& terms) {
        for (const Term& term : terms)
            if (!state_.inventory->sizes.contains(term.text))
                report("spec/unknown-size", "size", term, names(state_.inventory->sizes));
    }
    void check_providers(const std::vector<Term>& terms) {
        for (const Term& term : terms) {
            if (is_provider(term.text)) continue;
            report("spec/unknown-provider", "provider", term,
                   std::vector<std::string_view>(std::begin(kKnownProviders), std::end(kKnownProviders)));
        }
    }

    const FleetState& state_;
    Diagnostics& diagnostics_;
    Suggestions suggestions_;
};

std::vector<Term> terms_of(const std::vector<Text>& texts) {
    std::vector<Term> terms;
    for (const Text& text : texts)
        terms.push_back({text.value, text.at});
    return terms;
}

void add_regions(FleetState& state, const Defaults& defaults) {
    if (defaults.region)
        state.selectors.regions.try_emplace(defaults.region->value, Bitset(state.servers.size()));
}

} // namespace

Bitset evaluate(const FleetState& state, const Target& target) {
    Bitset in(state.servers.size(), true);
    KeySets(state, target).each([&](const Bitset& set) { in &= set; });
    for (const Target& exclude : target.exclude)
        KeySets(state, exclude).each([&](const Bitset& out) { in -= out; });
    return in;
}

void check_target(const FleetState& state, const Target& target, Diagnostics& diagnostics) {
    TargetChecker(state, diagnostics).check(target);
}

void resolve_selectors(FleetState& state, Reporter& reporter) {
    const std::size_t size = state.servers.size();
    const auto put = [size](std::map<std::string_view, Bitset>& sets, std::string_view name,
                            std::size_t server) {
        if (name.empty()) return;
        sets.try_emplace(name, size).first->second.set(server);
    };
    for (ServerIndex i = 0; i < size; ++i) {
        const Scalars scalars = scalars_of(state, i);
        put(state.selectors.environments, scalars.environment, i);
        put(state.selectors.regions, scalars.region, i);
        put(state.selectors.clouds, scalars.cloud, i);
        put(state.selectors.providers, scalars.provider, i);
        put(state.selectors.sizes, choose_single(state, static_cast<ServerIndex>(i), Provides::Size).name(),
            i);
    }
    // A region counts as known where it is written, used or not.
    add_regions(state, state.inventory->settings.defaults);
    for (const auto& [name, environment] : state.inventory->environments)
        add_regions(state, environment);

    GroupResolver(state, reporter).run();
    TargetChecker checker(state, reporter.diagnostics());
    for (const auto& [name, group] : state.inventory->groups) {
        if (group.match) checker.check(*group.match);
        if (group.exclude) checker.check(*group.exclude);
        checker.check_groups(terms_of(group.groups));
        checker.check_servers(terms_of(group.servers));
    }
    for (const auto& [name, module] : state.inventory->modules)
        if (module.targets) checker.check(*module.targets);
}

} // namespace lab::spec::detail
