// Which modules each server gets, with which params: placements and the units they share.

#include "spec/detail/fleet_state.h"
#include "spec/detail/module_file.h"
#include "support/json.h"
#include "support/parallel.h"

#include <algorithm>
#include <limits>
#include <map>
#include <span>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kLargestUnit = (1u << 31) - 1; // of the field in Placement

/// What decides a unit.
struct UnitView {
    std::uint32_t module = 0;
    const Environment* environment = nullptr;
    std::span<const std::uint32_t> labels = {};
};
struct UnitKey {
    std::uint32_t module = 0;
    const Environment* environment = nullptr;
    std::vector<std::uint32_t> labels;
    operator UnitView() const noexcept { return {module, environment, labels}; }
};
struct UnitKeyEqual {
    using is_transparent = void;
    bool operator()(const UnitView& a, const UnitView& b) const noexcept {
        return a.module == b.module && a.environment == b.environment &&
               std::ranges::equal(a.labels, b.labels);
    }
};
struct UnitKeyHash {
    using is_transparent = void;
    std::size_t operator()(const UnitView& key) const noexcept {
        std::size_t hash =
            key.module * 0x9e3779b97f4a7c15u ^ reinterpret_cast<std::uintptr_t>(key.environment);
        for (const std::uint32_t label : key.labels)
            hash = (hash ^ label) * 0x100000001b3u;
        return hash;
    }
};

const ParamSetting* find_setting(const std::vector<ParamSetting>& settings, std::string_view module,
                                 std::string_view name) {
    for (const ParamSetting& setting : settings)
        if (setting.name == name && setting.module == module) return &setting;
    return nullptr;
}

ParamValue value_of(const ParamSetting& setting, Level level, std::string_view through) {
    return {.value = &setting.value, .level = level, .through = through, .at = &setting.at};
}

/// Servers that lie together, with what one thread finds for them: their placements, whose units count from
/// 0.
struct Range {
    std::vector<Placement> placements;                  // server after server
    std::vector<std::uint32_t> sizes;                   // by server: how many are its
    std::vector<std::pair<UnitKey, ServerIndex>> units; // with the first server that has it
};

/// Finds the placements of a range. Reads what was resolved before, and writes nothing else.
class RangePlacer {
  public:
    RangePlacer(const FleetState& state, Range& range) : state_(state), range_(range) {
        const std::size_t modules = state.modules.entries.size();
        on_server_.resize(modules, 0);
        own_.resize(modules, 0);
        plain_.resize(modules, kNone);
        giving_.resize(modules);
        for (const auto& [name, environment] : state.inventory->environments) {
            std::vector<bool>& gives = environment_gives_[&environment];
            gives.resize(modules);
            for (const ParamSetting& setting : environment.params)
                if (const auto module = state.modules.ids.find(setting.module);
                    module != state.modules.ids.end())
                    gives[module->second] = true;
        }
    }

    void place(ServerIndex index) {
        const std::uint32_t stamp = index + 1;
        modules_.clear();
        for (const std::uint32_t term : state_.labels.of(index))
            for (const std::uint32_t label : state_.labels.terms[term].provides)
                bring(label, stamp);
        for (const std::uint32_t term : state_.labels.of(index))
            for (const std::uint32_t label : state_.labels.terms[term].provides)
                for (const std::uint32_t module : state_.modules.params_of_label[label])
                    if (on_server_[module] == stamp) giving_[module].push_back(label);
        for (const ParamSetting& setting : state_.server(index).params)
            if (const auto module = state_.modules.ids.find(setting.module);
                module != state_.modules.ids.end())
                own_[module->second] = stamp;
        std::sort(modules_.begin(), modules_.end(), [&](std::uint32_t a, std::uint32_t b) {
            return state_.modules.entries[a].rank < state_.modules.entries[b].rank;
        });
        const Environment* environment = state_.servers[index].environment;
        const std::vector<bool>* gives = environment ? &environment_gives_.at(environment) : nullptr;
        for (const std::uint32_t module : modules_)
            range_.placements.push_back(
                {.unit = unit_for(module, gives && (*gives)[module] ? environment : nullptr, index) &
                         kLargestUnit,
                 .own_params = own_[module] == stamp});
        range_.sizes.push_back(static_cast<std::uint32_t>(modules_.size()));
    }

  private:
    void bring(std::uint32_t label, std::uint32_t stamp) {
        for (const std::uint32_t listed : state_.modules.of_label[label])
            for (const std::uint32_t module : state_.modules.entries[listed].closure) {
                if (on_server_[module] == stamp) continue;
                on_server_[module] = stamp;
                modules_.push_back(module);
            }
    }

    std::uint32_t unit_for(std::uint32_t module, const Environment* environment, ServerIndex index) {
        std::vector<std::uint32_t>& labels = giving_[module];
        if (labels.empty() && !environment) { // most, by far
            if (plain_[module] == kNone) plain_[module] = known_unit({.module = module}, index);
            return plain_[module];
        }
        std::sort(labels.begin(), labels.end());
        const std::uint32_t unit =
            known_unit({.module = module, .environment = environment, .labels = labels}, index);
        labels.clear();
        return unit;
    }

    std::uint32_t known_unit(const UnitView& view, ServerIndex index) {
        if (const auto found = known_.find(view); found != known_.end()) return found->second;
        const auto unit = static_cast<std::uint32_t>(range_.units.size());
        UnitKey key{view.module, view.environment, {view.labels.begin(), view.labels.end()}};
        known_.emplace(key, unit);
        range_.units.emplace_back(std::move(key), index);
        return unit;
    }

    const FleetState& state_;
    Range& range_;
    std::unordered_map<UnitKey, std::uint32_t, UnitKeyHash, UnitKeyEqual> known_;
    std::unordered_map<const Environment*, std::vector<bool>> environment_gives_; // params, by module
    // By module; a stamp says of which server it speaks.
    std::vector<std::uint32_t> on_server_, own_;
    std::vector<std::uint32_t> plain_; // by module: its unit where no environment and no label gives params
    std::vector<std::vector<std::uint32_t>> giving_; // labels that give params
    std::vector<std::uint32_t> modules_;             // of the server at hand
};

class UnitResolver {
  public:
    UnitResolver(FleetState& state, Reporter& reporter) : state_(state), reporter_(reporter) {}

    /// The numbers of units are those that one pass over all servers would give, whatever the ranges.
    void run() {
        const std::size_t servers = state_.servers.size();
        const std::size_t chunk = std::max(kSmallestRange, (servers + kRanges - 1) / kRanges);
        std::vector<Range> ranges((servers + chunk - 1) / chunk);
        in_parallel(servers, chunk, [&](std::size_t begin, std::size_t end) {
            RangePlacer placer(state_, ranges[begin / chunk]);
            for (std::size_t i = begin; i < end; ++i)
                placer.place(static_cast<ServerIndex>(i));
        });
        std::vector<std::vector<std::uint32_t>> numbers; // by range and unit there
        for (const Range& range : ranges)
            numbers.push_back(number(range));
        number_placements(ranges, numbers, chunk);
        check();
    }

  private:
    // Enough that threads end at about the same time, and few, because each finds the units anew.
    static constexpr std::size_t kRanges = 16, kSmallestRange = 512;

    std::vector<std::uint32_t> number(const Range& range) {
        std::vector<std::uint32_t> numbers;
        for (const auto& [key, first_server] : range.units) {
            const auto [known, added] =
                known_.try_emplace(key, static_cast<std::uint32_t>(state_.units.size()));
            if (added) make_unit(key, first_server);
            numbers.push_back(known->second);
        }
        return numbers;
    }

    void number_placements(std::vector<Range>& ranges, const std::vector<std::vector<std::uint32_t>>& numbers,
                           std::size_t chunk) {
        std::vector<std::size_t> begins;
        std::size_t total = 0;
        for (const Range& range : ranges) {
            begins.push_back(total);
            total += range.placements.size();
        }
        state_.placements.resize(total);
        state_.placement_starts.resize(state_.servers.size() + 1, static_cast<std::uint32_t>(total));
        in_parallel(ranges.size(), 1, [&](std::size_t which, std::size_t) {
            Range& range = ranges[which];
            auto begin = static_cast<std::uint32_t>(begins[which]);
            std::size_t server = which * chunk;
            for (const std::uint32_t size : range.sizes) {
                state_.placement_starts[server++] = begin;
                begin += size;
            }
            Placement* to = state_.placements.data() + begins[which];
            for (const Placement& placement : range.placements)
                *to++ = {.unit = numbers[which][placement.unit] & kLargestUnit,
                         .own_params = placement.own_params};
            range = {};
        });
    }

    void make_unit(const UnitKey& key, ServerIndex index) {
        Unit unit;
        unit.module = key.module;
        unit.environment = key.environment;
        unit.labels = key.labels;
        unit.first_server = index;
        const Module& module = *state_.modules.entries[key.module].module;
        for (std::uint32_t i = 0; i < module.params.size(); ++i) {
            unit.params.push_back(choose(unit, module, i));
            unit.incomplete = unit.incomplete || (module.params[i].required && !unit.params[i].value);
        }
        unit.scope = params_scope(module, unit.params);
        const std::string content = write_json_canonical(
            Value(ValueList{Value(module.name), Value(module.content.hex()), unit.scope}));
        unit.digest = hmac_sha256(state_.key.bytes, content);
        state_.units.push_back(std::move(unit));
    }

    /// Module default < lab.defaults < environment < labels.
    ParamValue choose(Unit& unit, const Module& module, std::uint32_t index) {
        const ParamSchema& schema = module.params[index];
        if (!unit.labels.empty())
            if (const ParamValue value = of_labels(unit, module, index); value.value) return value;
        if (unit.environment)
            if (const auto* setting = find_setting(unit.environment->params, module.name, schema.name))
                return value_of(*setting, Level::Environment, unit.environment->name);
        if (const auto* setting =
                find_setting(state_.inventory->settings.defaults.params, module.name, schema.name))
            return value_of(*setting, Level::LabDefault, {});
        if (schema.fallback)
            return {.value = &*schema.fallback,
                    .level = Level::ModuleDefault,
                    .through = module.name,
                    .at = &schema.default_at};
        return {};
    }

    /// The value of the label with the highest priority; labels of one priority must agree.
    ParamValue of_labels(Unit& unit, const Module& module, std::uint32_t index) {
        const ParamSetting* best = nullptr;
        std::uint32_t best_label = 0;
        std::optional<ParamConflict> conflict;
        for (const std::uint32_t id : unit.labels) {
            const Label& label = *state_.labels.declared[id];
            const auto* setting = find_setting(label.params, module.name, module.params[index].name);
            if (!setting) continue;
            const std::int64_t best_priority = best ? state_.labels.declared[best_label]->priority : 0;
            if (!best || label.priority > best_priority) {
                best = setting;
                best_label = id;
                conflict.reset();
            } else if (label.priority == best_priority && !conflict && !(setting->value == best->value)) {
                conflict = ParamConflict{index, best_label, id, &best->at, &setting->at};
            }
        }
        if (conflict) unit.conflicts.push_back(*conflict);
        if (!best) return {};
        return value_of(*best, Level::Label, label_text(best_label));
    }

    std::string_view label_text(std::uint32_t label) const { return state_.labels.texts[label]; }

    // ---- what is wrong with a module on a server

    void check() {
        std::vector<bool> doubtful;
        for (const Unit& unit : state_.units)
            doubtful.push_back(!unit.conflicts.empty() || unit.incomplete || state_.module_of(unit).allowed);
        if (std::find(doubtful.begin(), doubtful.end(), true) == doubtful.end()) return;
        for (ServerIndex i = 0; i < state_.servers.size(); ++i)
            for (const Placement& placement : state_.placed(i))
                if (doubtful[placement.unit]) check(placement, i);
    }

    void check(const Placement& placement, ServerIndex index) {
        const Unit& unit = state_.units[placement.unit];
        const ModuleEntry& entry = state_.module_of(unit);
        if (entry.allowed && !entry.allowed->test(index)) report_target(entry, index);
        if (unit.conflicts.empty() && !unit.incomplete) return;
        for (const ParamConflict& conflict : unit.conflicts)
            if (!settled(placement, index, conflict.param)) report_conflict(unit, conflict, index);
        for (std::uint32_t i = 0; i < unit.params.size(); ++i)
            if (!unit.params[i].value && entry.module->params[i].required && !settled(placement, index, i))
                report_missing(unit, i, index);
    }

    /// Whether the server itself gives the param.
    bool settled(const Placement& placement, ServerIndex index, std::uint32_t param) const {
        if (!placement.own_params) return false;
        const Module& module = *state_.module_of(state_.units[placement.unit]).module;
        return find_setting(state_.server(index).params, module.name, module.params[param].name);
    }

    void report_conflict(const Unit& unit, const ParamConflict& conflict, ServerIndex index) {
        const Module& module = *state_.module_of(unit).module;
        reporter_.error("spec/param-conflict",
                        fmt::format("labels '{}' and '{}' give param '{}' of module '{}' different values",
                                    label_text(conflict.first), label_text(conflict.second),
                                    module.params[conflict.param].name, module.name),
                        *conflict.second_at,
                        "set it on the server, or give one of the labels a higher priority",
                        {{"the other value is given here", *conflict.first_at}}, &state_.server(index));
    }

    void report_missing(const Unit& unit, std::uint32_t param, ServerIndex index) {
        const Module& module = *state_.module_of(unit).module;
        const std::string& name = module.params[param].name;
        reporter_.error(
            "spec/missing-param",
            fmt::format("module '{}' needs the param '{}', which nothing gives", module.name, name),
            placed_at(state_, unit.module, index),
            fmt::format(
                "give it in lab.defaults, an environment, a label or the server: params: {{{}: {{{}: ...}}}}",
                module.name, name),
            {{"the param is declared here", module.params[param].at}}, &state_.server(index));
    }

    void report_target(const ModuleEntry& entry, ServerIndex index) {
        const std::uint32_t module = state_.modules.ids.at(entry.module->name);
        reporter_.error(
            "spec/target-mismatch",
            fmt::format("module '{}' is not for every server that gets it here", entry.module->name),
            placed_at(state_, module, index), "its 'targets' leave the server out",
            {{"where it may be used is said here", entry.module->targets->at}}, &state_.server(index));
    }

    FleetState& state_;
    Reporter& reporter_;
    std::unordered_map<UnitKey, std::uint32_t, UnitKeyHash, UnitKeyEqual> known_;
};

} // namespace

Span placed_at(const FleetState& state, std::uint32_t module, ServerIndex index) {
    const std::string& name = state.modules.entries[module].module->name;
    for (const std::uint32_t term : state.labels.of(index))
        for (const std::uint32_t label : state.labels.terms[term].provides)
            for (const Text& listed : state.labels.declared[label]->modules)
                if (listed.value == name) return listed.at;
    for (const std::uint32_t term : state.labels.of(index))
        for (const std::uint32_t label : state.labels.terms[term].provides)
            for (const std::uint32_t listed : state.modules.of_label[label])
                for (const std::uint32_t brought : state.modules.entries[listed].closure)
                    for (const Text& dependency : state.modules.entries[brought].module->deps)
                        if (dependency.value == name) return dependency.at;
    return state.modules.entries[module].module->at;
}

std::vector<ParamValue> params_of(const FleetState& state, ServerIndex index, const Placement& placement) {
    const Unit& unit = state.units[placement.unit];
    std::vector<ParamValue> params = unit.params;
    if (!placement.own_params) return params;
    const Module& module = *state.module_of(unit).module;
    const Server& server = state.server(index);
    for (std::size_t i = 0; i < params.size(); ++i)
        if (const auto* setting = find_setting(server.params, module.name, module.params[i].name))
            params[i] = value_of(*setting, Level::Server, {});
    return params;
}

Value params_scope(const Module& module, const std::vector<ParamValue>& params) {
    ValueMap scope;
    for (std::size_t i = 0; i < params.size(); ++i)
        scope.append(module.params[i].name, params[i].value ? *params[i].value : Value());
    return Value(std::move(scope));
}

void resolve_units(FleetState& state, Reporter& reporter) {
    UnitResolver(state, reporter).run();
}

} // namespace lab::spec::detail
