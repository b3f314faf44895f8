// Where effective values come from: Fleet's answers for explain, show and the places in a plan.

#include "spec/detail/documents.h"
#include "spec/fleet.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace lab::spec {

using namespace detail;

namespace {

/// What each level says of one field, the highest first.
struct Ladder {
    std::vector<std::pair<Value, Origin>> steps;

    template <typename Optional> // std::optional or Rare
    void add(const Optional& text, Level level, std::string_view through = {}) {
        if (text) steps.push_back({Value(text->value), {level, std::string(through), text->at}});
    }
    /// The field with what won and what it won over; nothing where no level said anything.
    void put(std::string path, std::vector<Field>& fields) && {
        if (steps.empty()) return;
        Effective effective{std::move(steps.front().first), std::move(steps.front().second), {}};
        std::move(steps.begin() + 1, steps.end(), std::back_inserter(effective.overrode));
        fields.push_back({std::move(path), std::move(effective)});
    }
};

void add_scalars(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    const Server& server = state.server(index);
    const Environment* environment = state.servers[index].environment;
    const Defaults& defaults = state.inventory->settings.defaults;
    const std::string_view through = environment ? std::string_view(environment->name) : std::string_view();
    Ladder names, clouds, regions, domains;
    names.add(server.environment, Level::Server);
    if (!server.environment) names.steps.push_back({Value("default"), {Level::Implicit, {}, server.at}});
    std::move(names).put("environment", fields);
    clouds.add(server.cloud, Level::Server);
    clouds.add(server.provider, Level::Server);
    if (environment) clouds.add(environment->cloud, Level::Environment, through);
    clouds.add(defaults.cloud, Level::LabDefault);
    std::move(clouds).put("cloud", fields);
    Ladder providers;
    if (const Cloud* cloud = state.servers[index].cloud)
        providers.steps.push_back(
            {Value(cloud->provider), {Level::Implicit, "cloud " + cloud->name, cloud->provider_at}});
    else if (const Chosen chosen = choose_cloud(state, server, environment); chosen.text)
        providers.steps.push_back({Value(chosen.text->value), {chosen.level, {}, chosen.text->at}});
    std::move(providers).put("provider", fields);
    regions.add(server.region, Level::Server);
    if (environment) regions.add(environment->region, Level::Environment, through);
    regions.add(defaults.region, Level::LabDefault);
    std::move(regions).put("region", fields);
    if (environment) domains.add(environment->domain, Level::Environment, through);
    domains.add(defaults.domain, Level::LabDefault);
    std::move(domains).put("domain", fields);
}

void add_labels(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    const Environment* environment = state.servers[index].environment;
    for (const std::uint32_t id : state.labels.of(index)) {
        const LabelTerm& term = state.labels.terms[id];
        Ladder ladder;
        const auto add = [&](const std::vector<Text>& labels, Level level, std::string_view through) {
            for (const Text& label : labels)
                if (label.value == term.text) {
                    const Value value = term.value.empty() ? Value(true) : Value(term.value);
                    ladder.steps.push_back({value, {level, std::string(through), label.at}});
                    return;
                }
        };
        add(state.server(index).labels, Level::Server, {});
        if (environment) add(environment->labels, Level::Environment, environment->name);
        add(state.inventory->settings.defaults.labels, Level::LabDefault, {});
        std::move(ladder).put(fmt::format("labels.{}", term.name), fields);
    }
}

void add_provisions(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    for (const ProvisionWords& words : provision_words()) {
        const bool single = is_single(words.what);
        const auto before = [&](std::string_view a, std::string_view b) {
            return comes_before(words.what, a, b);
        };
        std::map<std::string_view, Ladder, decltype(before)> ladders(before); // a single one has but one
        for (const GivenBy& by : givers(state, index, words.what))
            ladders[single ? std::string_view() : by.name()].steps.push_back(
                {single ? Value(by.name()) : Value(true),
                 {by.level, std::string(by.through), by.given->name.at}});
        for (auto& [name, ladder] : ladders)
            std::move(ladder).put(
                name.empty() ? std::string(words.key) : fmt::format("{}.{}", words.key, name), fields);
    }
}

/// What is data: address, network, reconcile, ..., each leaf by itself.
void add_properties(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    std::map<std::string_view, Ladder> ladders;
    const auto add = [&](const std::vector<Property>& properties, Level level, std::string_view through) {
        for (const Property& property : properties)
            ladders[property.path].steps.push_back(
                {property.value, {level, std::string(through), property.at}});
    };
    add(state.server(index).properties, Level::Server, {});
    if (const Environment* environment = state.servers[index].environment)
        add(environment->properties, Level::Environment, environment->name);
    add(state.inventory->settings.defaults.properties, Level::LabDefault, {});
    for (auto& [path, ladder] : ladders)
        std::move(ladder).put(std::string(path), fields);
}

void add_settings(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    const Server& server = state.server(index);
    const Cloud* cloud = state.servers[index].cloud;
    const MergedSettings merged(state, index);
    for (const auto& [name, value] : *merged) {
        Ladder ladder;
        if (const Value* own = server.settings.find(name))
            ladder.steps.push_back({*own, {Level::Server, {}, setting_place(server, name)}});
        if (const Value* inherited = cloud ? cloud->settings.find(name) : nullptr)
            ladder.steps.push_back(
                {*inherited, {Level::Implicit, "cloud " + cloud->name, setting_place(*cloud, name)}});
        std::move(ladder).put(fmt::format("settings.{}", name), fields);
    }
    fields.push_back({"protect",
                      {Value(server.protect),
                       {server.protect_at.known() ? Level::Server : Level::Implicit,
                        {},
                        server.protect_at.known() ? server.protect_at : server.at},
                       {}}});
}

/// Every value that some level gives a param of a module on a server, the one that counts first.
std::vector<std::pair<Value, Origin>> param_steps(const FleetState& state, ServerIndex index,
                                                  const Unit& unit, std::uint32_t param) {
    const Module& module = *state.module_of(unit).module;
    const std::string& name = module.params[param].name;
    std::vector<std::pair<Value, Origin>> steps;
    const auto add = [&](const std::vector<ParamSetting>& settings, Level level, std::string_view through) {
        for (const ParamSetting& setting : settings)
            if (setting.module == module.name && setting.name == name)
                steps.push_back({setting.value, {level, std::string(through), setting.at}});
    };
    add(state.server(index).params, Level::Server, {});
    std::vector<std::uint32_t> labels = unit.labels;
    std::stable_sort(labels.begin(), labels.end(), [&](std::uint32_t a, std::uint32_t b) {
        return state.labels.declared[a]->priority > state.labels.declared[b]->priority;
    });
    for (const std::uint32_t label : labels)
        add(state.labels.declared[label]->params, Level::Label, state.labels.texts[label]);
    if (unit.environment) add(unit.environment->params, Level::Environment, unit.environment->name);
    add(state.inventory->settings.defaults.params, Level::LabDefault, {});
    if (module.params[param].fallback)
        steps.push_back({*module.params[param].fallback,
                         {Level::ModuleDefault, module.name, module.params[param].default_at}});
    return steps;
}

void add_params(const FleetState& state, ServerIndex index, std::vector<Field>& fields) {
    for (const Placement& placement : state.placed(index)) {
        const Unit& unit = state.units[placement.unit];
        const Module& module = *state.module_of(unit).module;
        for (std::uint32_t i = 0; i < module.params.size(); ++i) {
            Ladder ladder{param_steps(state, index, unit, i)};
            if (module.params[i].sensitive)
                for (auto& [value, origin] : ladder.steps)
                    value = api::fingerprint(state.key, display(value));
            std::move(ladder).put(fmt::format("params.{}.{}", module.name, module.params[i].name), fields);
        }
    }
}

/// Which key of a target a server meets, or the first it does not.
void explain_terms(const FleetState& state, std::string_view key, const std::vector<Term>& terms,
                   ServerIndex index, std::vector<std::string>& met, std::vector<std::string>& unmet) {
    if (terms.empty()) return;
    const auto selects = [&](const Term& term) {
        Target one;
        if (key == "label") one.labels = {term};
        if (key == "environment") one.environments = {term};
        if (key == "region") one.regions = {term};
        if (key == "cloud") one.clouds = {term};
        if (key == "provider") one.providers = {term};
        if (key == "size") one.sizes = {term};
        if (key == "group") one.groups = {term};
        if (key == "server") one.servers = {term};
        return evaluate(state, one).test(index);
    };
    std::string all;
    for (const Term& term : terms) {
        if (selects(term)) {
            met.push_back(fmt::format("{} {}", key, term.text));
            return;
        }
        all += fmt::format("{}{}", all.empty() ? "" : " or ", term.text);
    }
    unmet.push_back(fmt::format("{} {}", key, all));
}

} // namespace

TargetAnswer detail::explain_target(const FleetState& state, const Target& target, ServerIndex index) {
    std::vector<std::string> met, unmet;
    explain_terms(state, "label", target.labels, index, met, unmet);
    for (const Term& term : target.all_labels)
        explain_terms(state, "label", {term}, index, met, unmet);
    explain_terms(state, "environment", target.environments, index, met, unmet);
    explain_terms(state, "region", target.regions, index, met, unmet);
    explain_terms(state, "cloud", target.clouds, index, met, unmet);
    explain_terms(state, "provider", target.providers, index, met, unmet);
    explain_terms(state, "size", target.sizes, index, met, unmet);
    explain_terms(state, "group", target.groups, index, met, unmet);
    explain_terms(state, "server", target.servers, index, met, unmet);
    return {std::move(met), std::move(unmet)};
}

namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string out;
    for (const std::string& part : parts)
        out += fmt::format("{}{}", out.empty() ? "" : between, part);
    return out;
}

/// What `match` misses is said only where nothing else of the group took the server in.
void explain_match(const FleetState& state, const Target& match, ServerIndex index, bool came_in_otherwise,
                   std::vector<std::string>& lines) {
    const auto [met, unmet] = explain_target(state, match, index);
    if (unmet.empty())
        lines.push_back(fmt::format("matched by {} ({})", joined(met, " and "), match.at.text()));
    else if (!came_in_otherwise)
        lines.push_back(
            fmt::format("not matched: it would need {} ({})", joined(unmet, " and "), match.at.text()));
    for (const Target& exclude : match.exclude)
        if (const auto out = explain_target(state, exclude, index).met; !out.empty())
            lines.push_back(fmt::format("excluded by {} ({})", joined(out, " and "), exclude.at.text()));
}

/// The places that params of `reads` got their values from; with them server fields that some level wrote.
void add_origins(const FleetState& state, ServerIndex index, const Placement& placement, const Reads& reads,
                 std::vector<Origin>& origins) {
    const Unit& unit = state.units[placement.unit];
    for (const std::uint32_t param : reads.params) {
        const auto steps = param_steps(state, index, unit, param);
        if (!steps.empty()) origins.push_back(steps.front().second);
    }
    // Params first, the highest level first: they are what people change. Where a server stands changes
    // rarely.
    std::stable_sort(origins.begin(), origins.end(),
                     [](const Origin& a, const Origin& b) { return a.level > b.level; });
    if (!reads.server) return;
    std::vector<Field> fields;
    add_scalars(state, index, fields);
    add_labels(state, index, fields);
    for (const Field& field : fields)
        for (std::size_t bit = 0; bit < std::size(kServerFields); ++bit)
            if ((reads.server >> bit & 1) &&
                std::string_view(field.path).substr(0, field.path.find('.')) == kServerFields[bit])
                origins.push_back(field.effective.origin);
}

/// What a property of a resource reads; everything of it where `property` is empty.
Reads reads_of(const CompiledResource& resource, std::string_view property) {
    if (property.empty()) return resource.reads;
    Reads reads;
    if (resource.when) reads.add(resource.when->reads);
    for (const CompiledProperty& one : resource.properties)
        if (one.schema->name == property) reads.add(one.reads);
    if (property == "content") {
        if (resource.source) reads.add(resource.source->reads);
        if (resource.file_template) reads.add(resource.file_template->reads);
    }
    return reads;
}

} // namespace

std::vector<Field> Fleet::fields(ServerIndex index) const {
    std::vector<Field> fields;
    add_scalars(*state_, index, fields);
    add_labels(*state_, index, fields);
    add_provisions(*state_, index, fields);
    add_properties(*state_, index, fields);
    add_settings(*state_, index, fields);
    add_params(*state_, index, fields);
    return fields;
}

std::vector<std::string> Fleet::explain_membership(std::string_view name, ServerIndex index) const {
    std::vector<std::string> lines;
    const auto found = state_->inventory->groups.find(std::string(name));
    if (found == state_->inventory->groups.end()) return lines;
    const Group& group = found->second;
    std::vector<std::string> listed;
    for (const Text& server : group.servers) {
        Target one;
        one.servers = {{server.value, server.at}};
        if (evaluate(*state_, one).test(index))
            listed.push_back(fmt::format("listed as server {} ({})", server.value, server.at.text()));
    }
    for (const Text& member : group.groups) {
        const auto set = state_->selectors.groups.find(member.value);
        if (set != state_->selectors.groups.end() && set->second.test(index))
            listed.push_back(fmt::format("by group {} ({})", member.value, member.at.text()));
    }
    if (group.match) explain_match(*state_, *group.match, index, !listed.empty(), lines);
    lines.insert(lines.end(), listed.begin(), listed.end());
    if (group.exclude)
        if (const auto out = explain_target(*state_, *group.exclude, index).met; !out.empty())
            lines.push_back(
                fmt::format("excluded by {} ({})", joined(out, " and "), group.exclude->at.text()));
    return lines;
}

std::vector<Origin> Fleet::decided_by(ServerIndex index, std::string_view module, std::string_view resource,
                                      std::string_view property) const {
    std::vector<Origin> origins;
    Diagnostics unused; // what is wrong was said when it was rendered
    Reporter reporter(unused);
    for (const Placement& placement : state_->placed(index)) {
        const ModuleEntry& entry = state_->module_of(state_->units[placement.unit]);
        if (entry.module->name != module) continue;
        const PlacementView view(*state_, index, placement);
        IdTable ids(&state_->ids);
        for (const ShapeEntry& one : shape_of(view.target(), ids, reporter).entries)
            if (ids.text(one.id) == resource)
                add_origins(*state_, index, placement,
                            reads_of(entry.compiled.resources[one.resource], property), origins);
    }
    // Implicit values were written nowhere.
    std::erase_if(origins, [](const Origin& origin) { return origin.level == Level::Implicit; });
    return origins;
}

} // namespace lab::spec
