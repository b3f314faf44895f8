#include "planner/detail/server_plan.h"

#include "planner/detail/layout_unit.h"
#include "planner/detail/server_unit.h"
#include "planner/detail/units.h"

#include <algorithm>
#include <tuple>

namespace lab::planner::detail {
namespace {

using api::Action;
using api::ActionKind;

/// One server in the making.
struct Draft {
    const ServerInput& input;
    const DesiredServer& desired;
    const Knowledge& known;
    const Rules& rules;
    const Units& units;
    const Action* itself = nullptr; // what is done to the server itself, if anything
    bool remade = false;            // it is created or replaced
};

std::string unit_name(const Draft& draft, std::size_t unit) {
    return "server/" + draft.input.name + "/module/" + draft.units.unit(unit).module;
}

std::string module_reason(const Draft& draft) {
    if (draft.known.never) return "never observed";
    if (draft.remade)
        return draft.itself->kind == ActionKind::Create ? "the server is created" : "the server is replaced";
    if (draft.known.out_of_reach)
        return draft.known.observed ? "out of reach: planned from what was last seen"
                                    : "out of reach: planned from what was last applied";
    if (!draft.input.applied) return "not managed until now";
    return {};
}

/// Adds what one resource needs.
void add_changes(Action& action, const std::string& id, const Comparison& result) {
    for (std::size_t i = 0; i < result.changes.size(); ++i) {
        api::PropertyChange change = result.changes[i];
        change.path = change.path.empty() ? id : id + "." + change.path;
        action.changes.push_back(std::move(change));
        action.causes.push_back(result.causes[i]);
    }
    action.risk = std::max(action.risk, result.risk);
}

Action module_action(const Draft& draft, std::size_t u) {
    const spec::ModuleUnit& unit = draft.units.unit(u);
    const bool anew = draft.remade || draft.units.is_new(u);
    Action action = new_action(unit_name(draft, u), anew ? ActionKind::Create : ActionKind::Update,
                               draft.desired.spec.provider, draft.known);
    action.reason = module_reason(draft);
    if (anew) action.source = unit.at;
    bool unknown = false;
    for (std::size_t i = 0; i < unit.resources.size(); ++i) {
        const Comparison& result = draft.units.result(u, i);
        action.desired.push_back(api::digest(unit.resources[i]));
        if (result.unseen) action.unseen.push_back(draft.units.id(u, i));
        if (result.standing != Standing::Differs) continue;
        unknown = unknown || result.unknown;
        if (!action.source.known()) action.source = unit.resources[i].source;
        if (!result.refused.empty()) action.reason += (action.reason.empty() ? "" : "; ") + result.refused;
        add_changes(action, draft.units.id(u, i), result);
    }
    if (!action.source.known()) action.source = unit.at.known() ? unit.at : draft.desired.at;
    // What is on a machine that is replaced, or made elsewhere, goes for the reason it is.
    if (draft.remade && (draft.itself->kind == ActionKind::Replace || is_moved(draft.input, draft.desired)))
        std::fill(action.causes.begin(), action.causes.end(), draft.itself->cause);
    action.cause = united(action.causes);
    Units::Notified notified = draft.units.notified_by(u);
    if (!draft.remade) action.risk = std::max(action.risk, notified.risk);
    action.notifies = std::move(notified.ids);
    action.precondition = draft.units.precondition(u);
    action.blocked =
        blocked(action, draft.known, draft.input.applied.has_value(), unknown, draft.rules.allow_destroy);
    return action;
}

/// Modules by name, with an action for each that differs.
std::vector<Action> module_actions(const Draft& draft) {
    std::vector<std::size_t> order;
    for (std::size_t u = 0; u < draft.units.size(); ++u)
        if (draft.units.differs(u)) order.push_back(u);
    if (order.empty()) return {};
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return draft.units.unit(left).module < draft.units.unit(right).module;
    });
    std::vector<Action> actions;
    std::vector<std::string> ids(draft.units.size());
    for (const std::size_t u : order) {
        actions.push_back(module_action(draft, u));
        ids[u] = actions.back().id;
    }
    const auto waits = draft.units.waits();
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::vector<std::string>& on = actions[i].depends_on;
        for (const std::size_t other : waits[order[i]])
            on.push_back(ids[other]);
        if (draft.remade) on.push_back(draft.itself->id);
        std::sort(on.begin(), on.end());
    }
    return actions;
}

void add_remarks(ServerPlan& plan, const Draft& draft, std::size_t u) {
    for (std::size_t i = 0; i < draft.units.unit(u).resources.size(); ++i) {
        const Comparison& result = draft.units.result(u, i);
        const std::string& id = draft.units.id(u, i);
        switch (result.standing) {
        case Standing::NeedsLive: plan.needs_live.push_back(id); break;
        case Standing::Skipped: plan.skipped.push_back({id, result.problem}); break;
        case Standing::NotWanted: break;
        case Standing::Same:
        case Standing::Differs:
            if (!result.problem.empty()) plan.failed.push_back({id, result.problem});
            if (!result.refused.empty()) plan.refused.push_back({id, result.refused});
            break;
        }
    }
}

std::vector<Settled> settled_of(const Draft& draft) {
    std::vector<Settled> out;
    if (draft.rules.drift_only || draft.known.foreign) return out;
    if (!draft.itself && needs_record(draft.input, draft.desired, draft.known))
        out.push_back({.server = draft.input.name, .module = {}, .resources = {}});
    for (std::size_t u = 0; u < draft.units.size(); ++u) {
        const spec::ModuleUnit& unit = draft.units.unit(u);
        Settled settled{.server = draft.input.name, .module = unit.module, .resources = {}};
        for (std::size_t i = 0; i < unit.resources.size(); ++i) {
            const Comparison& result = draft.units.result(u, i);
            if (result.standing != Standing::Same || result.unseen) continue;
            const AppliedRef* was = draft.units.applied(draft.units.id(u, i));
            if (!was || *was->module != unit.module || !same(unit.resources[i], *was->resource))
                settled.resources.push_back(draft.units.id(u, i));
        }
        if (!settled.resources.empty()) out.push_back(std::move(settled));
    }
    std::sort(out.begin(), out.end(),
              [](const auto& left, const auto& right) { return left.module < right.module; });
    return out;
}

std::vector<api::Release> released_of(const Draft& draft) {
    std::vector<api::Release> out;
    if (!draft.input.applied || draft.rules.drift_only) return out;
    for (const AppliedModule& module : draft.input.applied->modules)
        for (const AppliedResource& each : module.resources)
            if (std::string id = each.resource.id(); !draft.units.find(id))
                out.push_back({.resource = "server/" + draft.input.name + "/module/" + module.module,
                               .id = std::move(id)});
    std::sort(out.begin(), out.end(), [](const auto& left, const auto& right) {
        return std::tie(left.resource, left.id) < std::tie(right.resource, right.id);
    });
    return out;
}

std::vector<Finding> drift_on(const Draft& draft, const Machine& machine) {
    std::vector<Finding> out;
    if (!draft.input.applied) return out;
    if (draft.known.foreign) {
        api::DriftItem other{
            .resource = "server/" + draft.input.name, .path = std::string(kMachinePath), .kind = "changed"};
        other.expected = Value(draft.input.applied->spec.server_id);
        other.actual = machine_that_answers(draft.input);
        out.push_back({.module = {}, .item = std::move(other)});
        return out;
    }
    if (draft.known.missing && is_moved(draft.input, draft.desired)) return out; // nobody looked where it was
    if (draft.known.missing) {
        api::DriftItem gone{.resource = "server/" + draft.input.name, .path = {}, .kind = "missing"};
        gone.expected = "present";
        out.push_back({.module = {}, .item = std::move(gone)});
        return out;
    }
    for (const AppliedModule& module : draft.input.applied->modules)
        for (const AppliedResource& each : module.resources) {
            // Most are as desired and as applied, and were compared already.
            if (const auto ref = draft.units.find(each.resource.id())) {
                const Comparison& result = draft.units.result(ref->unit, ref->index);
                if (result.standing == Standing::Same && !result.unseen &&
                    same(draft.units.unit(ref->unit).resources[ref->index], each.resource))
                    continue;
            }
            for (api::DriftItem& item : drift_of(draft.input.name, each.resource, machine))
                out.push_back({.module = module.module, .item = std::move(item)});
        }
    if (draft.input.live)
        for (api::DriftItem& item : layout_drift(draft.input, draft.known))
            out.push_back({.module = {}, .item = std::move(item)});
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& left, const auto& right) { return left.item.path < right.item.path; });
    return out;
}

void add_layout(ServerPlan& plan, const Draft& draft) {
    if (!draft.input.live) {
        plan.needs_live.push_back("layout/" + draft.desired.layout->name);
        return;
    }
    plan.units.push_back("server/" + draft.input.name + "/layout");
    if (auto action = layout_action(draft.input, draft.desired, draft.known, draft.rules, draft.itself))
        plan.actions.push_back(*std::move(action));
}

void plan_present(ServerPlan& plan, const ServerInput& input, const DesiredServer& desired,
                  const Knowledge& known, const Rules& rules) {
    const std::optional<Action> itself = server_action(input, desired, known, rules);
    const bool remade = itself && itself->kind != ActionKind::Update;
    Machine machine{
        .observed = known.observed, .blank = remade, .live = input.live, .key = rules.key, .unseen = nullptr};
    const Units units(desired, input.applied ? &*input.applied : nullptr, machine);
    const Draft draft{.input = input,
                      .desired = desired,
                      .known = known,
                      .rules = rules,
                      .units = units,
                      .itself = itself ? &*itself : nullptr,
                      .remade = remade};
    for (std::size_t u = 0; u < units.size(); ++u) {
        plan.units.push_back(unit_name(draft, u));
        add_remarks(plan, draft, u);
    }
    if (itself) plan.actions.push_back(*itself);
    if (desired.layout) add_layout(plan, draft);
    plan.disk = layout_remarks(input, desired, known, rules.drift_only);
    if (known.never && !itself)
        std::erase(plan.units, "server/" + input.name); // who could say it is unchanged?
    for (Action& action : module_actions(draft))
        plan.actions.push_back(std::move(action));
    plan.settled = settled_of(draft);
    plan.released = released_of(draft);
    machine.blank = false;
    plan.drift = drift_on(draft, machine);
}

} // namespace

ServerPlan plan_server(const ServerInput& input, const Rules& rules) {
    LAB_CHECK(input.desired || input.applied, "a server to plan is neither desired nor applied");
    ServerPlan plan{.name = input.name, .applied = input.applied.has_value()};
    if (rules.drift_only && !input.applied) return {};
    const Knowledge known = knowledge_of(input);
    plan.unknown_grants = !rules.drift_only && input.applied && !input.applied->secrets && input.desired &&
                          !input.desired->secrets.empty();
    const bool absent = !input.provider_present || input.supposed;
    plan.not_observed = known.out_of_reach || absent;
    if (absent)
        plan.absent_provider = input.desired ? input.desired->spec.provider : input.applied->spec.provider;
    if (!input.provider_present) {
        // Who may read what is known without asking anyone, where there is something to compare with.
        if (input.desired && input.applied && !rules.drift_only &&
            input.desired->spec.provider == input.applied->spec.provider)
            if (auto granted = server_action(input, *input.desired, known, rules)) {
                plan.units.push_back("server/" + input.name);
                plan.actions.push_back(std::move(*granted));
            }
        // What its layout would mean is known without asking anyone, where there is something to compare
        // with.
        if (input.desired && input.desired->layout && input.applied && !rules.drift_only) {
            plan.units.push_back("server/" + input.name + "/layout");
            if (auto action = layout_action(input, *input.desired, known, rules, nullptr))
                plan.actions.push_back(*std::move(action));
        }
        if (input.desired && !rules.drift_only)
            plan.disk = layout_remarks(input, *input.desired, known, rules.drift_only);
        return plan;
    }
    if (known.out_of_reach) plan.out_of_reach = input.observed ? input.observed->state.detail : std::string();
    plan.units.push_back("server/" + input.name);
    if (rules.drift_only) {
        DesiredServer as_applied = desired_of(*input.applied);
        if (input.desired) as_applied.at = input.desired->at;
        plan_present(plan, input, as_applied, known, rules);
    } else if (input.desired) {
        plan_present(plan, input, *input.desired, known, rules);
    } else {
        plan.actions.push_back(gone_action(input, known, rules));
    }
    return plan;
}

} // namespace lab::planner::detail

namespace lab::planner {

DesiredServer desired_of(const AppliedServer& applied) {
    DesiredServer desired{.spec = applied.spec,
                          .environment = applied.environment,
                          .cloud = applied.cloud,
                          .region = applied.region,
                          .labels = applied.labels,
                          .protect = applied.protect,
                          .at = {},
                          .protect_at = {},
                          .units = {}};
    desired.layout = recorded_layout(applied.layout);
    desired.secrets = wanted_grants(applied.secrets);
    for (const AppliedModule& module : applied.modules) {
        spec::ModuleUnit unit;
        unit.module = module.module;
        for (const AppliedResource& each : module.resources)
            unit.resources.push_back(each.resource);
        desired.units.push_back(std::move(unit));
    }
    return desired;
}

} // namespace lab::planner
