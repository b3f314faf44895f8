#include "planner/detail/layout_unit.h"

#include "planner/detail/layout_disk.h"
#include "planner/detail/server_unit.h"
#include "support/json.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::planner {

Value layout_record(const spec::Layout& layout) {
    return ValueMap{{"name", Value(layout.name)}, {"parts", spec::to_value(layout)}};
}

std::optional<spec::Layout> recorded_layout(const Value& record) {
    const Value* name = record.get("name");
    const Value* parts = record.get("parts");
    if (!name || !name->if_string() || !parts) return std::nullopt;
    return spec::layout_from(*name->if_string(), *parts);
}

namespace detail {
namespace {

using api::Action;
using api::ActionKind;
using api::Cause;

struct Question {
    std::optional<spec::Layout> applied;
    std::optional<Storage> storage;
    LayoutPlan answer(const spec::Layout& desired, bool reinstall) const {
        return plan_layout({.desired = desired,
                            .applied = applied ? &*applied : nullptr,
                            .storage = storage ? &*storage : nullptr,
                            .reinstall = reinstall});
    }
    /// What the applied layout would do on the disk that it lies on; nullopt where nobody looked, or nobody
    /// can tell which disk that is.
    std::optional<LayoutPlan> restored() const {
        if (!applied || !storage) return std::nullopt;
        const PresentDisk* disk = disk_of_applied(*applied, *storage);
        if (!disk) return std::nullopt;
        return plan_layout({.desired = *applied, .applied = &*applied, .storage = &*storage, .disk = disk});
    }
    /// Disks that the applied layout may lie on, where nobody can tell on which; else none.
    std::vector<const PresentDisk*> doubtful() const {
        if (!applied || !storage || disk_of_applied(*applied, *storage)) return {};
        return fitting_disks(*storage, applied->disk);
    }
};

Question question_of(const ServerInput& input, const Knowledge& known) {
    Question out;
    if (input.applied) out.applied = recorded_layout(input.applied->layout);
    if (known.observed) out.storage = storage_of(known.observed->facts);
    return out;
}

using Paths = std::set<std::string, std::less<>>;

/// What the machine has otherwise than it was applied. Of a disk that nobody looked at: nothing.
Paths drifted_paths(const Question& question) {
    Paths paths;
    if (auto restored = question.restored())
        for (api::PropertyChange& change : restored->changes)
            if (!is_kept(change)) paths.insert(std::move(change.path));
    return paths;
}

/// What a part was when it was applied and is wanted to be, as data: equal where the inventory did not move
/// it. What did not drift is moved by the inventory all the same: by what becomes of the others on the disk.
Cause cause_of(const api::PropertyChange& change, const spec::Layout& desired,
               const std::optional<spec::Layout>& applied, const std::optional<Paths>& drifted) {
    if (!applied || (drifted && !drifted->contains(change.path))) return Cause::Intent;
    const auto same = [&](const auto& left, const auto& right) {
        return left.size.kind == right.size.kind && left.size.amount == right.size.amount &&
               left.mount == right.mount && left.fs == right.fs;
    };
    for (const spec::LayoutPart& part : desired.volumes) {
        const std::string path = volume_path(desired, part.group, part.name);
        if (change.path != path && change.path != path + ".mount") continue;
        const spec::LayoutPart* was = applied->find_volume(part.group, part.name);
        return was && same(*was, part) ? Cause::Drift : Cause::Intent;
    }
    return write_json(spec::to_value(*applied)) == write_json(spec::to_value(desired)) ? Cause::Drift
                                                                                       : Cause::Intent;
}

std::string joined(const std::vector<std::string>& problems) {
    return fmt::format("{}", fmt::join(problems, "; "));
}

std::optional<api::Blocked> blocked_by(const LayoutPlan& plan) {
    if (!plan.problems.empty())
        return api::Blocked{.by = "policy",
                            .detail = joined(plan.problems),
                            .lifted_by = plan.takes_preserved
                                             ? "change the layout, or give `preserve` up in a commit that "
                                               "does nothing else and is applied first"
                                             : "change the layout, or the machine, and plan again"};
    return api::Blocked{.by = "policy",
                        .detail =
                            "this version of lab installs no machines: it says what a layout would do to a "
                            "disk, and does not do it",
                        .lifted_by = "bring the disk about by hand: once it is as the layout wants it, lab "
                                     "records that"};
}

std::string reason_of(const LayoutPlan& plan, const Knowledge& known, const Question& question,
                      const Action* itself) {
    if (!plan.reason.empty()) return plan.reason;
    if (itself && itself->kind == ActionKind::Create) return "the server is created";
    if (itself && itself->kind == ActionKind::Replace) return "the server is replaced";
    if (known.never) return "never observed";
    if (!question.storage)
        return question.applied ? "nobody looked at the disk: planned from the layout it was given last"
                                : "nobody looked at the disk";
    return {};
}

/// Of a server that has no layout any longer.
std::vector<Remark> layout_gone(const std::optional<spec::Layout>& applied) {
    std::vector<Remark> out;
    if (!applied) return out;
    for (const auto* parts : {&applied->partitions, &applied->volumes})
        for (const spec::LayoutPart& part : *parts)
            if (part.preserve)
                out.push_back({preserved_name(part),
                               "was preserved, and the server has no layout any longer: "
                               "its data stay until a reinstallation"});
    return out;
}

Digest precondition(const ServerInput& input, const spec::Layout& desired, const LayoutPlan& plan) {
    Hasher hasher;
    hasher.part("layout").part(write_json_canonical(layout_record(desired)));
    hasher.part(input.applied ? write_json_canonical(input.applied->layout) : std::string());
    for (const api::PropertyChange& change : plan.changes)
        hasher.part(change.path)
            .part(change.effect)
            .part(write_json_canonical(change.before))
            .part(write_json_canonical(change.after));
    return hasher.finish();
}

} // namespace

std::optional<Action> layout_action(const ServerInput& input, const DesiredServer& desired,
                                    const Knowledge& known, const Rules& rules, const Action* itself) {
    const bool remade = itself && itself->kind != ActionKind::Update;
    const Question question = question_of(input, known);
    LayoutPlan plan = question.answer(*desired.layout, remade);
    if (!plan.differs) return std::nullopt;
    Action action =
        new_action("server/" + input.name + "/layout", plan.anew ? ActionKind::Create : ActionKind::Update,
                   desired.spec.provider, known);
    action.risk = plan.risk;
    action.reason = reason_of(plan, known, question, itself);
    action.source = desired.layout->at;
    action.precondition = precondition(input, *desired.layout, plan);
    // All of a machine that is gone has drifted.
    const bool gone = remade && itself->cause == Cause::Drift;
    const auto drifted = gone ? std::nullopt : std::optional(drifted_paths(question));
    for (const api::PropertyChange& change : plan.changes)
        action.causes.push_back(
            is_kept(change) ? Cause::Intent : cause_of(change, *desired.layout, question.applied, drifted));
    std::vector<Cause> acting;
    for (std::size_t i = 0; i < plan.changes.size(); ++i)
        if (!is_kept(plan.changes[i])) acting.push_back(action.causes[i]);
    action.cause = united(acting);
    action.changes = std::move(plan.changes);
    if (!question.storage) action.unseen = {action.resource};
    if (remade) action.depends_on = {itself->id};
    action.blocked =
        blocked(action, known, input.applied.has_value(), /*unknown=*/false, rules.allow_destroy);
    if (!action.blocked) action.blocked = blocked_by(plan);
    return action;
}

std::vector<Remark> layout_remarks(const ServerInput& input, const DesiredServer& desired,
                                   const Knowledge& known, bool drift_only) {
    if (!input.live) return {};
    const Question question = question_of(input, known);
    const auto doubtful = question.doubtful();
    if (drift_only) { // in a plan, it is what blocks the layout; or the layout says which disk is meant
        if (doubtful.empty()) return {};
        return {{"layout '" + question.applied->name + "'",
                 "cannot be compared: " + why_no_disk(*question.applied, *question.storage, doubtful)}};
    }
    if (!desired.layout) return layout_gone(question.applied);
    const LayoutPlan plan = question.answer(*desired.layout, /*reinstall=*/false);
    std::vector<Remark> out;
    for (const GivenUp& each : plan.given_up)
        out.push_back({each.what, !each.is_there ? "was preserved, and is no longer in the layout"
                                  : plan.takes_preserved
                                      ? "was preserved, and the layout preserves it no longer"
                                      : "is preserved no longer once this is applied: its "
                                        "data stay until a reinstallation"});
    for (const ShutIn& each : plan.shut_in)
        out.push_back(
            {each.what, fmt::format("takes the rest, which is {}, but has {}: what lies behind it stays",
                                    format_size(each.rest, Rounding::Down), format_size(each.bytes))});
    return out;
}

std::vector<api::DriftItem> layout_drift(const ServerInput& input, const Knowledge& known) {
    std::vector<api::DriftItem> out;
    const Question question = question_of(input, known);
    if (!question.applied || !question.storage) return out;
    std::optional<LayoutPlan> restored = question.restored();
    if (!restored && question.doubtful().empty()) {
        api::DriftItem gone{.resource = "server/" + input.name, .path = "layout.disk", .kind = "missing"};
        gone.expected = spec::to_string(question.applied->disk);
        out.push_back(std::move(gone));
    }
    if (!restored) return out;
    for (api::PropertyChange& change : restored->changes) {
        if (is_kept(change)) continue;
        api::DriftItem item{.resource = "server/" + input.name,
                            .path = std::move(change.path),
                            .kind = change.effect == "create" ? "missing"
                                    : change.effect == "lose" ? "unmanaged"
                                                              : "changed"};
        item.expected = std::move(change.after);
        item.actual = std::move(change.before);
        out.push_back(std::move(item));
    }
    return out;
}

} // namespace detail

Value layout_to_record(const ServerInput& input) {
    LAB_CHECK(input.desired.has_value(), "only a server that is wanted is recorded");
    if (!input.desired->layout || !input.live) return {};
    const detail::Knowledge known = detail::knowledge_of(input);
    const detail::Question question = detail::question_of(input, known);
    // Only what was seen counts as brought about: nothing of this build does it.
    if (question.storage && !question.answer(*input.desired->layout, /*reinstall=*/false).differs)
        return layout_record(*input.desired->layout);
    return input.applied ? input.applied->layout : Value();
}

bool gives_up_preserved(const ServerInput& input) {
    LAB_CHECK(input.desired.has_value(), "only a server that is wanted is recorded");
    const detail::Question question = detail::question_of(input, detail::knowledge_of(input));
    if (!question.applied || !input.live) return false;
    return input.desired->layout
               ? !question.answer(*input.desired->layout, /*reinstall=*/false).given_up.empty()
               : !detail::layout_gone(question.applied).empty();
}

} // namespace lab::planner
