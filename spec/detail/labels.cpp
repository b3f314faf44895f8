// The effective labels of every server: what lab.defaults, its environment and it itself list, united.

#include "spec/detail/decode.h"
#include "spec/detail/fleet_state.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

/// A label as one level lists it. No term: it is not declared.
struct Listed {
    std::optional<std::uint32_t> term;
    const Text* text = nullptr;
};

class LabelResolver {
  public:
    LabelResolver(FleetState& state, Reporter& reporter)
        : state_(state), table_(state.labels), reporter_(reporter) {
        for (const auto& [text, label] : state.inventory->labels) {
            table_.declared.push_back(&label);
            table_.texts.push_back(text);
        }
        for (const Label* label : table_.declared)
            term_of(label->name);
        for (const auto& [text, label] : state.inventory->labels)
            term_of(text);
        value_of_name_.resize(table_.terms.size());
    }

    void run() {
        const std::vector<Listed> defaults = listed(state_.inventory->settings.defaults.labels);
        std::unordered_map<const Environment*, std::vector<Listed>> environments;
        for (const auto& [name, environment] : state_.inventory->environments)
            environments.emplace(&environment, listed(environment.labels));
        for (ServerIndex i = 0; i < state_.servers.size(); ++i) {
            all_ = defaults;
            if (const Environment* environment = state_.servers[i].environment) {
                const auto& more = environments.at(environment);
                all_.insert(all_.end(), more.begin(), more.end());
            }
            list(state_.server(i).labels, all_);
            unite(i);
        }
        table_.starts.push_back(static_cast<std::uint32_t>(table_.of_servers.size()));
    }

  private:
    std::uint32_t term_of(std::string_view text) {
        if (const auto found = table_.ids.find(text); found != table_.ids.end()) return found->second;
        LabelTerm term;
        term.text = text;
        const auto equals = text.find('=');
        term.name = text.substr(0, equals);
        if (equals != std::string_view::npos) {
            term.value = text.substr(equals + 1);
            term.bare = term_of(term.name);
        } else {
            term.bare = static_cast<std::uint32_t>(table_.terms.size());
        }
        term.servers = Bitset(state_.servers.size());
        if (const auto any = declared_index(term.name)) term.provides.push_back(*any);
        if (const auto exact = term.value.empty() ? std::nullopt : declared_index(text))
            term.provides.push_back(*exact);
        const auto id = static_cast<std::uint32_t>(table_.terms.size());
        table_.terms.push_back(std::move(term));
        table_.ids.emplace(text, id);
        return id;
    }

    std::optional<std::uint32_t> declared_index(std::string_view text) const {
        const auto found = std::lower_bound(table_.texts.begin(), table_.texts.end(), text);
        if (found == table_.texts.end() || *found != text) return std::nullopt;
        return static_cast<std::uint32_t>(found - table_.texts.begin());
    }

    /// Declaring `name` admits any value of it; declaring `name=value` only that one.
    void list(const std::vector<Text>& labels, std::vector<Listed>& all) {
        for (const Text& label : labels) {
            const auto id = term_of(label.value);
            if (table_.terms[id].provides.empty())
                report_unknown(label);
            else
                all.push_back({id, &label});
        }
    }
    std::vector<Listed> listed(const std::vector<Text>& labels) {
        std::vector<Listed> out;
        list(labels, out);
        return out;
    }

    void report_unknown(const Text& label) {
        std::vector<std::string_view> known;
        const std::string_view name = std::string_view(label.value).substr(0, label.value.find('='));
        std::string_view of_name; // another value of the same name
        for (const auto& [text, declared] : state_.inventory->labels) {
            known.push_back(text);
            if (declared.name == name && of_name.empty()) of_name = text;
        }
        std::string help = !of_name.empty() ? fmt::format("declared is '{}'", of_name)
                                            : reporter_.suggest(label.value, known);
        if (help.empty()) help = fmt::format("declare it: labels: {{{}: {{}}}}", label.value);
        reporter_.error("spec/unknown-label", fmt::format("there is no label '{}'", label.value), label.at,
                        std::move(help));
    }

    /// Puts the labels of `all_` on the server: one value a name, a value before none.
    void unite(ServerIndex index) {
        table_.starts.push_back(static_cast<std::uint32_t>(table_.of_servers.size()));
        if (value_of_name_.size() < table_.terms.size()) value_of_name_.resize(table_.terms.size());
        names_.clear();
        for (const Listed& label : all_) {
            const LabelTerm& term = table_.terms[*label.term];
            Listed& held = value_of_name_[term.bare];
            if (!held.text) {
                names_.push_back(term.bare);
                held = label;
            } else if (*held.term == term.bare) {
                held = label;
            } else if (!term.value.empty() && *held.term != *label.term) {
                reporter_.error("spec/label-conflict",
                                fmt::format("label '{}' has two values, '{}' and '{}'", term.name,
                                            table_.terms[*held.term].value, term.value),
                                label.text->at, "a server has one value of a label: remove one",
                                {{"the other is given here", held.text->at}}, &state_.server(index));
            }
        }
        const std::size_t first = table_.of_servers.size();
        for (const std::uint32_t name : names_) {
            const std::uint32_t id = *value_of_name_[name].term;
            table_.of_servers.push_back(id);
            table_.terms[id].servers.set(index);
            table_.terms[name].servers.set(index);
            value_of_name_[name] = {};
        }
        std::sort(
            table_.of_servers.begin() + static_cast<std::ptrdiff_t>(first), table_.of_servers.end(),
            [&](std::uint32_t a, std::uint32_t b) { return table_.terms[a].text < table_.terms[b].text; });
    }

    FleetState& state_;
    LabelTable& table_;
    Reporter& reporter_;
    std::vector<Listed> all_;
    std::vector<Listed> value_of_name_; // by bare term; empty between servers
    std::vector<std::uint32_t> names_;
};

} // namespace

void resolve_labels(FleetState& state, Reporter& reporter) {
    LabelResolver(state, reporter).run();
}

} // namespace lab::spec::detail
