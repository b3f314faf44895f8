#include "planner/detail/server_unit.h"

#include "support/json.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

using api::Action;
using api::ActionKind;
using api::Cause;

bool same_spec(const api::ServerSpec& left, const api::ServerSpec& right) {
    return left.provider == right.provider && left.settings == right.settings;
}

/// Why one setting differs: the inventory moved, the machine did, or both.
Cause setting_cause(const api::PropertyChange& change, const DesiredServer& desired,
                    const AppliedServer* applied) {
    if (!applied) return Cause::Intent;
    const Value* wanted = desired.spec.settings.find(change.path);
    const Value* was = applied->spec.settings.find(change.path);
    const bool intended = !wanted || !was || !(*wanted == *was);
    if (!intended) return Cause::Drift;
    return was && !(*was == change.before) ? Cause::Both : Cause::Intent;
}

/// The provider's answer, but for what it cannot know: that nobody looked, or that another provider had the
/// server.
api::ServerDiff effective_diff(const ServerInput& input, const DesiredServer& desired,
                               const Knowledge& known) {
    const AppliedServer* applied = input.applied ? &*input.applied : nullptr;
    if (applied && applied->spec.provider != desired.spec.provider)
        return {.kind = ActionKind::Replace,
                .reason = fmt::format("the provider changes from '{}' to '{}'", applied->spec.provider,
                                      desired.spec.provider),
                .risk = api::Risk::Destructive,
                .changes = {}};
    if (known.foreign)
        return {.kind = ActionKind::Update,
                .reason = "another machine answers",
                .risk = api::Risk::Safe,
                .changes = {}};
    if (known.out_of_reach && applied && input.provider_diff.kind == ActionKind::Create) return {};
    return input.provider_diff;
}

api::PropertyChange grant_change(const std::string& path, Value before, Value after) {
    const bool granted = before.is_null();
    return {.path = "secrets." + path,
            .before = std::move(before),
            .after = std::move(after),
            .effect = granted ? "grant" : "revoke",
            .diff = {}};
}

/// Secrets that the server may read from now on, or no longer. By which way does not matter. Where it is not
/// known what it could read, nothing is said to be new.
std::vector<api::PropertyChange> grant_changes(const std::optional<Grants>& before,
                                               const std::map<std::string, DesiredGrant>& after) {
    std::vector<api::PropertyChange> changes;
    if (!before) return changes;
    for (const auto& [path, grant] : after)
        if (!before->contains(path)) changes.push_back(grant_change(path, {}, Value(grant.via)));
    for (const auto& [path, via] : *before)
        if (!after.contains(path)) changes.push_back(grant_change(path, Value(via), {}));
    std::sort(changes.begin(), changes.end(),
              [](const auto& left, const auto& right) { return left.path < right.path; });
    return changes;
}

/// Where the first of them is written; a grant that is gone is written nowhere.
Span place_of_grants(const std::vector<api::PropertyChange>& changes, const DesiredServer& desired) {
    constexpr std::size_t kPrefix = std::string_view("secrets.").size();
    for (const api::PropertyChange& change : changes)
        if (const auto grant = desired.secrets.find(change.path.substr(kPrefix));
            grant != desired.secrets.end())
            return grant->second.at;
    return desired.at;
}

void add_grants(Action& action, std::vector<api::PropertyChange> changes) {
    for (api::PropertyChange& change : changes) {
        action.changes.push_back(std::move(change));
        action.causes.push_back(Cause::Intent);
    }
}

} // namespace

bool is_moved(const ServerInput& input, const DesiredServer& desired) noexcept {
    return input.applied && !same_spec(input.applied->spec, desired.spec);
}

Action new_action(std::string resource, ActionKind kind, std::string provider, const Knowledge& known) {
    Action action;
    action.id = fmt::format("{}#{}", resource, to_string(kind));
    action.resource = std::move(resource);
    action.kind = kind;
    action.provider = std::move(provider);
    if (known.out_of_reach && known.observed) action.observed_at = format_time(known.observed->at);
    return action;
}

Cause united(const std::vector<Cause>& causes) noexcept {
    if (causes.empty()) return Cause::Intent;
    Cause all = causes.front();
    for (const Cause cause : causes)
        all = all | cause;
    return all;
}

Action gone_action(const ServerInput& input, const Knowledge& known, const Rules& rules) {
    const ActionKind kind = input.provider_deletes ? ActionKind::Destroy : ActionKind::Forget;
    Action gone = new_action("server/" + input.name, kind, input.applied->spec.provider, known);
    gone.risk = input.provider_deletes ? api::Risk::Destructive : api::Risk::Safe;
    gone.reason = "no longer in the inventory";
    add_grants(gone, grant_changes(input.applied->secrets, {}));
    gone.precondition = server_precondition(input, nullptr, /*unseen=*/false);
    gone.blocked = blocked(gone, known, /*applied=*/true, /*unknown=*/false, rules.allow_destroy);
    return gone;
}

std::optional<Action> server_action(const ServerInput& input, const DesiredServer& desired,
                                    const Knowledge& known, const Rules& rules) {
    const AppliedServer* applied = input.applied ? &*input.applied : nullptr;
    api::ServerDiff diff = effective_diff(input, desired, known);
    auto grants = grant_changes(applied ? applied->secrets : Grants{}, desired.secrets);
    if (!diff.kind && grants.empty()) return std::nullopt;
    Action action = new_action("server/" + input.name, diff.kind.value_or(ActionKind::Update),
                               desired.spec.provider, known);
    action.risk = diff.risk;
    action.reason = known.never ? "never observed" : std::move(diff.reason);
    action.source = diff.kind ? desired.at : place_of_grants(grants, desired);
    action.changes = std::move(diff.changes);
    for (const api::PropertyChange& change : action.changes)
        action.causes.push_back(setting_cause(change, desired, applied));
    const std::size_t granted = grants.size();
    add_grants(action, std::move(grants));
    action.cause = united(action.causes);
    if (known.foreign && applied) action.cause = granted > 0 ? Cause::Both : Cause::Drift;
    if (action.kind == ActionKind::Create && applied) {
        action.cause = is_moved(input, desired) ? Cause::Intent : Cause::Drift;
        std::fill(action.causes.begin(), action.causes.end(), action.cause);
        std::fill_n(action.causes.rbegin(), granted, Cause::Intent);
    }
    if (known.never) action.unseen = {action.resource};
    action.precondition = server_precondition(input, &desired, known.never);
    action.blocked = blocked(action, known, applied != nullptr, /*unknown=*/false, rules.allow_destroy);
    if (!action.blocked && applied && applied->spec.provider != desired.spec.provider)
        action.blocked = api::Blocked{.by = "policy",
                                      .detail = "a server cannot move from one provider to another",
                                      .lifted_by = "take it out of the inventory, apply, then add it again"};
    return action;
}

bool needs_record(const ServerInput& input, const DesiredServer& desired, const Knowledge& known) {
    if (known.foreign) return false;
    if (!input.applied) return known.observed && !known.missing && !known.out_of_reach;
    const AppliedServer& was = *input.applied;
    return was.protect != desired.protect || was.environment != desired.environment ||
           was.secrets != grants_of(desired) || was.cloud != desired.cloud || was.region != desired.region ||
           was.labels != desired.labels || !same_spec(was.spec, desired.spec) ||
           !(layout_to_record(input) == was.layout);
}

Digest server_precondition(const ServerInput& input, const DesiredServer* desired, bool unseen) {
    Hasher hasher;
    hasher.part("server").part(input.name);
    for (const api::ServerSpec* spec :
         {desired ? &desired->spec : nullptr, input.applied ? &input.applied->spec : nullptr}) {
        hasher.part(spec ? spec->provider : std::string());
        hasher.part(spec ? write_json_canonical(spec->settings) : std::string());
    }
    if (input.applied && !input.applied->secrets) hasher.part("unknown");
    if (input.applied && input.applied->secrets)
        for (const auto& [path, via] : *input.applied->secrets)
            hasher.part(path);
    hasher.part("wanted");
    if (desired)
        for (const auto& [path, grant] : desired->secrets)
            hasher.part(path);
    // Forgetting touches no machine: it does not matter whether one answers.
    if (unseen || (!desired && !input.provider_deletes)) return hasher.part("unseen").finish();
    hasher.part(input.observed ? static_cast<std::uint64_t>(input.observed->state.presence) + 1 : 0);
    if (!desired) return hasher.finish();
    const api::ServerDiff& diff = input.provider_diff;
    hasher.part(diff.kind ? static_cast<std::uint64_t>(*diff.kind) + 1 : 0);
    for (const api::PropertyChange& change : diff.changes)
        hasher.part(change.path)
            .part(write_json_canonical(change.before))
            .part(write_json_canonical(change.after));
    return hasher.finish();
}

} // namespace lab::planner::detail
