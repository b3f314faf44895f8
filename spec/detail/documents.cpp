#include "spec/detail/documents.h"

#include "support/json.h"
#include "support/parallel.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kKeyVersion =
    "lab.key/4"; // changes when equal inputs begin to give other documents

std::vector<std::uint32_t> own_params(const FleetState& state, ServerIndex index,
                                      const Placement& placement) {
    std::vector<std::uint32_t> own;
    if (!placement.own_params) return own;
    const auto params = params_of(state, index, placement);
    for (std::uint32_t i = 0; i < params.size(); ++i)
        if (params[i].level == Level::Server) own.push_back(i);
    return own;
}

/// Whether every param the module needs has one value there; what is missing was reported.
bool is_complete(const FleetState& state, const Unit& unit, const std::vector<std::uint32_t>& own) {
    const auto given = [&](std::uint32_t param) { return std::binary_search(own.begin(), own.end(), param); };
    const Module& module = *state.module_of(unit).module;
    for (const ParamConflict& conflict : unit.conflicts)
        if (!given(conflict.param)) return false;
    for (std::uint32_t i = 0; i < unit.params.size(); ++i)
        if (module.params[i].required && !unit.params[i].value && !given(i)) return false;
    return true;
}

bool is_complete(const FleetState& state, ServerIndex index, const Placement& placement) {
    return is_complete(state, state.units[placement.unit], own_params(state, index, placement));
}

bool depends_on_params(const Reads& reads) {
    return reads.server || !reads.params.empty();
}

/// The first server of the unit that gives none of the params read itself: it has what is shared.
const Server* first_sharer(const FleetState& state, const Unit& unit, const Reads& reads) {
    for (ServerIndex i = unit.first_server; i < state.servers.size(); ++i)
        for (const Placement& placement : state.placed(i))
            if (&state.units[placement.unit] == &unit &&
                !(placement.own_params && reads.any_param_of(own_params(state, i, placement))))
                return &state.server(i);
    return nullptr;
}

/// What `render` makes for the servers of a unit that share it. What is wrong with it is told of the first of
/// them, or of none where it reads nothing of theirs; where there are no such servers it is nobody's matter.
template <typename Render>
auto render_shared(const FleetState& state, const Unit& unit, const Reads& reads, Reporter& reporter,
                   Render render) {
    RenderFor target{
        .inventory = *state.inventory, .module = state.module_of(unit).compiled, .params = unit.scope};
    Diagnostics problems;
    Reporter quiet(problems);
    auto made = render(target, quiet);
    if (problems.empty()) return made;
    const Server* sharer = first_sharer(state, unit, reads);
    if (!sharer) return made;
    if (depends_on_params(reads)) target.shown_on = sharer;
    return render(target, reporter);
}

/// Renders what the servers of a unit share.
void render_unit(FleetState& state, Unit& unit, Reporter& reporter) {
    const ModuleEntry& entry = state.module_of(unit);
    const CompiledModule& module = entry.compiled;
    unit.resources.resize(module.resources.size());
    unit.shape = depends_on_params(module.shape_reads) ? nullptr : &entry.shape;
    if (unit.incomplete || !unit.conflicts.empty()) return;
    if (!unit.shape && !module.failed && !module.shape_reads.server) {
        unit.own_shape = render_shared(
            state, unit, module.shape_reads, reporter,
            [&](const RenderFor& target, Reporter& to) { return shape_of(target, state.ids, to); });
        unit.shape = &unit.own_shape;
    }
    for (std::size_t i = 0; i < unit.resources.size(); ++i)
        if (const CompiledResource& resource = module.resources[i];
            !resource.reads.server && !resource.failed)
            unit.resources[i] = render_shared(
                state, unit, resource.reads, reporter,
                [i](const RenderFor& target, Reporter& to) { return render_resource(target, i, to); });
}

/// The resources of a placement that are its server's own, for their problems.
void probe(const FleetState& state, ServerIndex index, const Placement& placement, Reporter& reporter) {
    const ModuleEntry& entry = state.module_of(state.units[placement.unit]);
    if (!is_complete(state, index, placement)) return;
    const PlacementView view(state, index, placement);
    for (std::size_t i = 0; i < entry.compiled.resources.size(); ++i)
        if (!entry.compiled.resources[i].failed && !view.is_shared(entry.compiled.resources[i].reads))
            render_resource(view.target(), i, reporter);
}

/// A module that no server has yet, with its defaults: what needs a param or a server has to wait.
void render_unused(const FleetState& state, const ModuleEntry& entry, Reporter& reporter) {
    std::vector<ParamValue> params(entry.module->params.size());
    std::vector<std::uint32_t> without;
    for (std::uint32_t i = 0; i < params.size(); ++i) {
        const ParamSchema& schema = entry.module->params[i];
        if (schema.fallback)
            params[i].value = &*schema.fallback;
        else
            without.push_back(i);
    }
    const Value scope = params_scope(*entry.module, params);
    const RenderFor target{*state.inventory, entry.compiled, scope};
    for (std::size_t i = 0; i < entry.compiled.resources.size(); ++i) {
        const CompiledResource& resource = entry.compiled.resources[i];
        if (!resource.failed && !resource.reads.server && !resource.reads.any_param_of(without))
            render_resource(target, i, reporter);
    }
}

} // namespace

bool can_build(const FleetState& state, ServerIndex index) {
    const auto placements = state.placed(index);
    return std::none_of(placements.begin(), placements.end(), [&](const Placement& placement) {
        const Unit& unit = state.units[placement.unit];
        if (state.module_of(unit).compiled.failed) return true;
        const bool questionable = !unit.conflicts.empty() || unit.incomplete;
        return questionable && !is_complete(state, index, placement);
    });
}

PlacementView::PlacementView(const FleetState& state, ServerIndex index, const Placement& placement)
    : placement_(placement), own_(own_params(state, index, placement)),
      target_{*state.inventory, state.module_of(state.units[placement.unit]).compiled,
              placement.own_params ? params_ : state.units[placement.unit].scope, nullptr,
              &state.server(index)} {
    const ModuleEntry& entry = state.module_of(state.units[placement.unit]);
    if (placement.own_params) params_ = params_scope(*entry.module, params_of(state, index, placement));
    if (entry.compiled.reads.server) {
        server_ = server_scope(state, index, entry.compiled.reads.server);
        target_.server = &server_;
    }
}

bool PlacementView::is_shared(const Reads& reads) const {
    return !reads.server && !(placement_.own_params && reads.any_param_of(own_));
}

Value server_scope(const FleetState& state, ServerIndex index, std::uint32_t fields) {
    const Scalars scalars = scalars_of(state, index);
    const std::string& name = state.server(index).name;
    const auto field = [&](std::string_view which) -> Value {
        if (which == "name") return name;
        if (which == "domain") return scalars.domain;
        if (which == "environment") return scalars.environment;
        if (which == "cloud") return scalars.cloud;
        if (which == "region") return scalars.region;
        if (which == "provider") return scalars.provider;
        if (which == "fqdn") {
            const bool whole = scalars.domain.empty() || name.ends_with(fmt::format(".{}", scalars.domain));
            return whole ? name : fmt::format("{}.{}", name, scalars.domain);
        }
        if (which == "labels") {
            ValueMap labels;
            for (const std::uint32_t term : state.labels.of(index)) {
                const LabelTerm& label = state.labels.terms[term];
                labels.append(std::string(label.name),
                              label.value.empty() ? Value(true) : Value(label.value));
            }
            return labels;
        }
        ValueList groups;
        for (const auto& [group, members] : state.selectors.groups)
            if (members.test(index)) groups.emplace_back(group);
        return groups;
    };
    ValueMap scope;
    for (std::size_t bit = 0; bit < std::size(kServerFields); ++bit)
        if (fields >> bit & 1) scope.append(std::string(kServerFields[bit]), field(kServerFields[bit]));
    return scope;
}

std::vector<const Shape*> shapes_of(const FleetState& state, ServerIndex index, IdTable& ids,
                                    std::vector<Shape>& own, Reporter& reporter) {
    std::vector<const Shape*> shapes;
    const auto placements = state.placed(index);
    own.clear();
    own.reserve(placements.size());
    for (const Placement& placement : placements) {
        const Unit& unit = state.units[placement.unit];
        const Reads& reads = state.module_of(unit).compiled.shape_reads;
        const bool shared = unit.shape && (!placement.own_params || reads.params.empty() ||
                                           !reads.any_param_of(own_params(state, index, placement)));
        if (shared) {
            shapes.push_back(unit.shape);
        } else {
            const PlacementView view(state, index, placement);
            own.push_back(shape_of(view.target(), ids, reporter));
            shapes.push_back(&own.back());
        }
    }
    return shapes;
}

const api::Resource* shared_resource(const FleetState& state, ServerIndex index, const Placement& placement,
                                     std::uint32_t resource) {
    const Unit& unit = state.units[placement.unit];
    const Reads& reads = state.module_of(unit).compiled.resources[resource].reads;
    if (reads.server || !unit.resources[resource]) return nullptr;
    if (placement.own_params && !reads.params.empty() &&
        reads.any_param_of(own_params(state, index, placement)))
        return nullptr;
    return &*unit.resources[resource];
}

std::optional<api::Resource> resource_on(const FleetState& state, ServerIndex index,
                                         const Placement& placement, std::uint32_t resource,
                                         Reporter& reporter) {
    if (const auto* shared = shared_resource(state, index, placement, resource)) return *shared;
    const PlacementView view(state, index, placement);
    return render_resource(view.target(), resource, reporter);
}

void resolve_documents(FleetState& state, Reporter& reporter) {
    const Value no_params{ValueMap{}};
    for (ModuleEntry& entry : state.modules.entries)
        if (!entry.compiled.failed && !depends_on_params(entry.compiled.shape_reads))
            entry.shape = shape_of({*state.inventory, entry.compiled, no_params}, state.ids, reporter);
    for (Unit& unit : state.units)
        render_unit(state, unit, reporter);
    std::vector<bool> used(state.modules.entries.size());
    for (const Unit& unit : state.units)
        used[unit.module] = true;
    for (std::size_t i = 0; i < used.size(); ++i)
        if (!used[i]) render_unused(state, state.modules.entries[i], reporter);
    for (const Unit& unit : state.units)
        for (const Placement& placement : state.placed(unit.first_server))
            if (&state.units[placement.unit] == &unit) probe(state, unit.first_server, placement, reporter);
    for_servers(state, reporter, [&](ServerIndex begin, ServerIndex end, Reporter& range_reporter) {
        GraphBuilder builder(state, range_reporter);
        IdTable ids(&state.ids);
        std::vector<Shape> own;
        for (ServerIndex i = begin; i < end; ++i) {
            if (!can_build(state, i)) continue;
            const auto shapes = shapes_of(state, i, ids, own, range_reporter);
            builder.build(i, shapes, ids);
        }
    });
}

namespace {

/// Of the digests that go into a key, one for each module of each server: 128 bits, under a key, are as good
/// as all.
constexpr std::size_t kEnoughOfADigest = 16;

using LayoutDigests = std::map<std::string_view, Digest>; // by name: many servers have one

/// Everything that the key of a server is of. Put into `text`, which keeps its memory. It begins with the
/// fingerprint key, whose size is fixed: as good as an HMAC for what is never shown, and cheap for many
/// servers.
void write_key_text(const FleetState& state, ServerIndex i, const LayoutDigests& layouts, std::string& text) {
    text.assign(state.key.bytes).append(kKeyVersion);
    std::uint32_t fields = 0;
    for (const Placement& placement : state.placed(i)) {
        const Unit& unit = state.units[placement.unit];
        const ModuleEntry& entry = state.module_of(unit);
        fields |= entry.compiled.reads.server;
        text += unit.digest.view().substr(0, kEnoughOfADigest);
        if (!placement.own_params) continue;
        for (const ParamSetting& setting : state.server(i).params)
            if (setting.module == entry.module->name) {
                text.append("\n").append(setting.module).append(" ").append(setting.name).append(" ");
                append_json_canonical(text, setting.value);
            }
    }
    text += state.server(i).protect ? "\nprotect" : "\n";
    const Scalars scalars = scalars_of(state, i);
    for (const std::string_view scalar :
         {scalars.provider, scalars.cloud, scalars.environment, scalars.region})
        text.append("\n").append(scalar);
    for (std::size_t single = 0; single < kSingles; ++single)
        text.append("\n").append(choose_single(state, i, static_cast<Provides>(single)).name());
    const auto layout = layouts.find(choose_single(state, i, Provides::Layout).name());
    if (layout != layouts.end()) text += layout->second.view();
    for (const std::uint32_t term : state.labels.of(i))
        text.append("\n").append(state.labels.terms[term].text);
    for (const Property& property : state.server(i).properties) {
        text.append("\n").append(property.path).append("=");
        append_json_canonical(text, property.value);
    }
    text += '\n';
    const MergedSettings settings(state, i);
    if (!settings->empty()) append_json_canonical(text, *settings);
    text += '\n';
    add_grants(state, i, text);
    if (fields) append_json_canonical(text, server_scope(state, i, fields));
}

} // namespace

void resolve_keys(FleetState& state) {
    LayoutDigests layouts;
    for (const auto& [name, layout] : state.inventory->layouts)
        layouts.emplace(name, sha256(write_json_canonical(to_value(layout))));
    state.keys.resize(state.servers.size());
    in_parallel(state.keys.size(), kServersAtOnce, [&](std::size_t begin, std::size_t end) {
        std::string text;
        Hasher hasher;
        for (std::size_t i = begin; i < end; ++i) {
            write_key_text(state, static_cast<ServerIndex>(i), layouts, text);
            state.keys[i] = hasher.part(text).finish();
        }
    });
}

} // namespace lab::spec::detail
