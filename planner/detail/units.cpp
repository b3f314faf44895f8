#include "planner/detail/units.h"

#include "support/json.h"

#include <algorithm>
#include <set>

namespace lab::planner::detail {
namespace {

/// What being notified does: only services and commands act on it.
std::optional<api::Risk> risk_of_notifying(const api::Resource& resource) {
    if (resource.type == "command") return api::Risk::Disruptive;
    if (resource.type != "service") return std::nullopt;
    const Value* how = resource.properties.find("restart");
    return how && *how == Value("reload") ? api::Risk::Safe : api::Risk::Disruptive;
}

using Edges = std::vector<std::set<std::size_t>>;

/// Takes out the edges between modules that wait for each other: what is left when nodes without edges in or
/// out have been peeled off again and again.
void drop_cycles(Edges& edges) {
    const std::size_t count = edges.size();
    std::vector<bool> core(count, true);
    for (bool peeled = true; peeled;) {
        peeled = false;
        std::vector<bool> out(count, false), in(count, false);
        for (std::size_t from = 0; from < count; ++from)
            for (const std::size_t to : edges[from])
                if (core[from] && core[to]) out[from] = in[to] = true;
        for (std::size_t node = 0; node < count; ++node)
            if (core[node] && !(out[node] && in[node])) {
                core[node] = false;
                peeled = true;
            }
    }
    for (std::size_t from = 0; from < count; ++from)
        if (core[from]) std::erase_if(edges[from], [&](std::size_t to) { return core[to]; });
}

} // namespace

Units::Units(const DesiredServer& desired, const AppliedServer* applied, const Machine& machine)
    : desired_(&desired) {
    if (applied) remember(*applied);
    std::size_t count = 0;
    for (const spec::ModuleUnit& each : desired.units)
        count += each.resources.size();
    desired_ids_.reserve(count);
    ids_.resize(size());
    results_.resize(size());
    for (std::size_t u = 0; u < size(); ++u) {
        const auto& resources = unit(u).resources;
        ids_[u].reserve(resources.size()); // desired_ids_ refers to them
        results_[u].reserve(resources.size());
        for (std::size_t i = 0; i < resources.size(); ++i) {
            ids_[u].push_back(resources[i].id());
            desired_ids_.emplace(ids_[u].back(), DesiredRef{u, i});
            const AppliedRef* before = this->applied(ids_[u].back());
            results_[u].push_back(
                compare(resources[i], ids_[u].back(), before ? before->resource : nullptr, machine));
        }
    }
}

const AppliedRef* Units::applied(std::string_view id) const {
    const auto found = applied_.find(id);
    return found == applied_.end() ? nullptr : &found->second;
}

std::optional<DesiredRef> Units::find(std::string_view id) const {
    const auto found = desired_ids_.find(id);
    if (found == desired_ids_.end()) return std::nullopt;
    return found->second;
}

void Units::remember(const AppliedServer& applied) {
    std::size_t count = 0;
    for (const AppliedModule& module : applied.modules)
        count += module.resources.size();
    applied_ids_.reserve(count); // the map refers to them
    applied_.reserve(count);
    for (const AppliedModule& module : applied.modules)
        for (const AppliedResource& each : module.resources) {
            applied_ids_.push_back(each.resource.id());
            applied_.insert_or_assign(applied_ids_.back(), AppliedRef{&module.module, &each.resource});
        }
}

bool Units::differs(std::size_t unit) const {
    return std::any_of(results_[unit].begin(), results_[unit].end(),
                       [](const Comparison& result) { return result.standing == Standing::Differs; });
}

bool Units::is_new(std::size_t unit) const {
    for (std::size_t i = 0; i < results_[unit].size(); ++i) {
        const Comparison& result = results_[unit][i];
        if (applied(ids_[unit][i]) || result.unknown || result.standing == Standing::Same) return false;
        for (const auto& change : result.changes)
            if (change.effect != "create" && change.effect != "run") return false;
    }
    return true;
}

Units::Notified Units::notified_by(std::size_t unit) const {
    std::set<std::string> reached;
    std::vector<DesiredRef> pending;
    for (std::size_t i = 0; i < results_[unit].size(); ++i)
        if (results_[unit][i].standing == Standing::Differs) pending.push_back({unit, i});
    Notified out;
    while (!pending.empty()) {
        const DesiredRef from = pending.back();
        pending.pop_back();
        for (const std::string& id : resource(from).notify) {
            const auto found = desired_ids_.find(id);
            if (found == desired_ids_.end()) continue;
            const DesiredRef to = found->second;
            const Standing standing = result(to.unit, to.index).standing;
            const auto risk = risk_of_notifying(resource(to));
            // What differs itself runs anyway, and passes on what it notifies by itself.
            if (!risk || (standing != Standing::Same && standing != Standing::Skipped)) continue;
            if (!reached.insert(id).second) continue;
            out.risk = std::max(out.risk, *risk);
            pending.push_back(to);
        }
    }
    out.ids.assign(reached.begin(), reached.end());
    return out;
}

std::vector<std::vector<std::size_t>> Units::waits() const {
    Edges edges(size());
    std::vector<bool> acts(size());
    for (std::size_t u = 0; u < size(); ++u) {
        acts[u] = differs(u);
        for (const api::Resource& resource : unit(u).resources) {
            for (const std::string& id : resource.after)
                if (const auto found = desired_ids_.find(id);
                    found != desired_ids_.end() && found->second.unit != u)
                    edges[u].insert(found->second.unit);
            for (const std::string& id : resource.notify)
                if (const auto found = desired_ids_.find(id);
                    found != desired_ids_.end() && found->second.unit != u)
                    edges[found->second.unit].insert(u);
        }
    }
    drop_cycles(edges);
    std::vector<std::vector<std::size_t>> waits(size());
    for (std::size_t u = 0; u < size(); ++u) {
        if (!acts[u]) continue;
        // Through modules without an action to those with one.
        std::set<std::size_t> seen;
        std::vector<std::size_t> pending(edges[u].begin(), edges[u].end());
        while (!pending.empty()) {
            const std::size_t at = pending.back();
            pending.pop_back();
            if (!seen.insert(at).second) continue;
            if (acts[at])
                waits[u].push_back(at);
            else
                pending.insert(pending.end(), edges[at].begin(), edges[at].end());
        }
        std::sort(waits[u].begin(), waits[u].end());
    }
    return waits;
}

Digest Units::precondition(std::size_t unit) const {
    Hasher hasher;
    hasher.part("module").part(this->unit(unit).module);
    for (std::size_t i = 0; i < results_[unit].size(); ++i) {
        const Comparison& result = results_[unit][i];
        const AppliedRef* before = applied(ids_[unit][i]);
        hasher.part(api::digest(this->unit(unit).resources[i]));
        hasher.part(before ? api::digest(*before->resource) : Digest{});
        if (result.unseen) {
            hasher.part("unseen");
            continue;
        }
        hasher.part(static_cast<std::uint64_t>(result.standing)).part(std::uint64_t{result.changes.size()});
        for (const api::PropertyChange& change : result.changes)
            hasher.part(change.path)
                .part(write_json_canonical(change.before))
                .part(write_json_canonical(change.after));
    }
    return hasher.finish();
}

} // namespace lab::planner::detail
