// What every server has by name: chosen by the ladder where it has one, united where it has many.

#include "spec/detail/fleet_state.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

void add_steps(const std::vector<Given>& gives, Provides what, Level level, std::string_view through,
               std::vector<GivenBy>& steps) {
    for (const Given& given : gives)
        if (given.what == what) steps.push_back({&given, level, through});
}

/// Declared labels of a server, by text.
std::vector<std::uint32_t> labels_of(const FleetState& state, ServerIndex index) {
    std::vector<std::uint32_t> labels;
    for (const std::uint32_t term : state.labels.of(index))
        for (const std::uint32_t label : state.labels.terms[term].provides)
            labels.push_back(label);
    return labels;
}

/// What the levels below the servers say of one, the highest first.
std::vector<GivenBy> below_servers(const FleetState& state, const Environment* environment,
                                   std::vector<std::uint32_t> labels, Provides what) {
    std::vector<GivenBy> steps;
    if (is_single(what))
        std::stable_sort(labels.begin(), labels.end(), [&](std::uint32_t a, std::uint32_t b) {
            return state.labels.declared[a]->priority > state.labels.declared[b]->priority;
        });
    for (const std::uint32_t label : labels)
        add_steps(state.labels.declared[label]->gives, what, Level::Label, state.labels.texts[label], steps);
    if (environment) add_steps(environment->gives, what, Level::Environment, environment->name, steps);
    add_steps(state.inventory->settings.defaults.gives, what, Level::LabDefault, {}, steps);
    return steps;
}

class ProvisionResolver {
  public:
    ProvisionResolver(FleetState& state, Reporter& reporter)
        : state_(state), table_(state.provisions), reporter_(reporter) {
        for (const Label* label : state.labels.declared)
            chooses_.push_back(std::any_of(label->gives.begin(), label->gives.end(),
                                           [](const Given& given) { return is_single(given.what); }));
    }

    void run() {
        table_.of_servers.reserve(state_.servers.size());
        for (ServerIndex i = 0; i < state_.servers.size(); ++i) {
            table_.of_servers.push_back(choice_for(i));
            for (std::size_t single = 0; single < kSingles; ++single)
                check(i, static_cast<Provides>(single));
        }
    }

  private:
    std::uint32_t choice_for(ServerIndex index) {
        Key key{state_.servers[index].environment, labels_of(state_, index)};
        std::erase_if(key.second, [&](std::uint32_t label) { return !chooses_[label]; });
        const auto next = static_cast<std::uint32_t>(table_.choices.size());
        const auto [found, added] = known_.try_emplace(std::move(key), next);
        if (added) table_.choices.push_back(choose(found->first));
        return found->second;
    }

    using Key = std::pair<const Environment*, std::vector<std::uint32_t>>; // labels that choose something
    Choice choose(const Key& key) const {
        Choice choice;
        for (std::size_t single = 0; single < kSingles; ++single) {
            const auto steps = below_servers(state_, key.first, key.second, static_cast<Provides>(single));
            if (steps.empty()) continue;
            choice.below[single] = steps.front();
            for (const GivenBy& step : steps)
                if (step.level == Level::Label && priority_of(step) == priority_of(steps.front()) &&
                    step.name() != steps.front().name() && !choice.against[single].given)
                    choice.against[single] = step;
        }
        return choice;
    }

    std::int64_t priority_of(const GivenBy& step) const {
        return state_.inventory->labels.find(std::string(step.through))->second.priority;
    }

    void check(ServerIndex index, Provides what) {
        const auto single = static_cast<std::size_t>(what);
        const Choice& choice = table_.choices[table_.of_servers[index]];
        const GivenBy& against = choice.against[single];
        if (!against.given || choose_single(state_, index, what).level == Level::Server) return;
        const GivenBy& first = choice.below[single];
        reporter_.error("spec/provision-conflict",
                        fmt::format("labels '{}' and '{}' give different {}s, '{}' and '{}'", first.through,
                                    against.through, words_of(what).one, first.name(), against.name()),
                        against.given->name.at,
                        "set it on the server, or give one of the labels a higher priority",
                        {{"the other is given here", first.given->name.at}}, &state_.server(index));
    }

    FleetState& state_;
    ProvisionTable& table_;
    Reporter& reporter_;
    std::vector<bool> chooses_; // by declared label: whether it gives what a server has one of
    std::map<Key, std::uint32_t> known_;
};

} // namespace

GivenBy choose_single(const FleetState& state, ServerIndex index, Provides what) {
    for (const Given& given : state.server(index).gives)
        if (given.what == what) return {&given, Level::Server, {}};
    return state.provisions.choices[state.provisions.of_servers[index]].below[static_cast<std::size_t>(what)];
}

std::vector<GivenBy> givers(const FleetState& state, ServerIndex index, Provides what) {
    std::vector<GivenBy> steps;
    add_steps(state.server(index).gives, what, Level::Server, {}, steps);
    const auto below = below_servers(state, state.servers[index].environment, labels_of(state, index), what);
    steps.insert(steps.end(), below.begin(), below.end());
    return steps;
}

void resolve_provisions(FleetState& state, Reporter& reporter) {
    ProvisionResolver(state, reporter).run();
}

} // namespace lab::spec::detail
