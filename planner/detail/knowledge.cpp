#include "planner/detail/knowledge.h"

#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

using api::ActionKind;
using api::Blocked;
using api::Presence;

std::optional<Blocked> foreign_machine(const ServerInput& input) {
    if (!input.observed || input.observed->state.presence != Presence::Present) return std::nullopt;
    const api::ServerState& state = input.observed->state;
    const api::ServerSpec& spec = input.desired ? input.desired->spec : input.applied->spec;
    if (!state.inventory.empty() && !spec.inventory.empty() && state.inventory != spec.inventory)
        return Blocked{.by = "policy",
                       .detail = fmt::format("the machine belongs to inventory '{}'", state.inventory),
                       .lifted_by =
                           fmt::format("take the server out of inventory '{}' and apply that first, or "
                                       "correct where '{}' is found",
                                       state.inventory, input.name)};
    const std::string lifted_by = fmt::format(
        "correct where '{}' is found; of a copy, remove var/lib/lab/machine.json and plan again", input.name);
    if (!input.claims.empty())
        return Blocked{.by = "policy",
                       .detail = fmt::format(
                           "the machine says that it is server/{}: a copy, or one that moved", input.claims),
                       .lifted_by = lifted_by};
    const std::string& ours = input.applied ? input.applied->spec.server_id : spec.server_id;
    if (state.server_id.empty() || ours.empty() || state.server_id == ours) return std::nullopt;
    return Blocked{
        .by = "policy",
        .detail = fmt::format("the machine says it is {}, but '{}' is {}", state.server_id, input.name, ours),
        .lifted_by = lifted_by};
}

std::optional<Blocked> protection(const ServerInput& input) {
    if (input.desired && input.desired->protect) {
        const Span& at = input.desired->protect_at;
        return Blocked{.by = "protect",
                       .detail = "the server is protected",
                       .lifted_by = fmt::format("take out `protect`{} and apply that commit first",
                                                at.known() ? fmt::format(" at {}", at.text()) : "")};
    }
    if (!input.applied || !input.applied->protect) return std::nullopt;
    const std::string& commit = input.applied->commit;
    return Blocked{.by = "protect",
                   .detail = commit.empty() ? "the server was protected when it was last applied"
                                            : fmt::format("the server is protected as of commit {}",
                                                          commit.substr(0, 7)),
                   .lifted_by = "apply a commit that has the server without `protect` first"};
}

Blocked out_of_reach(const Knowledge& known) {
    return {.by = "unobserved",
            .detail = known.observed ? fmt::format("the server is out of reach, last seen at {}",
                                                   format_time(known.observed->at))
                                     : std::string("the server is out of reach and was never seen"),
            .lifted_by = "plan again once the server answers"};
}

} // namespace

Value machine_that_answers(const ServerInput& input) {
    const api::ServerState& state = input.observed->state;
    const api::ServerSpec& spec = input.desired ? input.desired->spec : input.applied->spec;
    if (!input.claims.empty()) return Value(fmt::format("{} (server/{})", state.server_id, input.claims));
    if (state.inventory == spec.inventory) return Value(state.server_id);
    return Value(fmt::format("{} of inventory '{}'", state.server_id, state.inventory));
}

Knowledge knowledge_of(const ServerInput& input) {
    Knowledge out;
    out.foreign = foreign_machine(input);
    out.protect = protection(input);
    if (!input.observed) {
        out.never = !input.applied;
        out.out_of_reach = !out.never;
        return out;
    }
    const ObservedServer& seen = *input.observed;
    out.out_of_reach = seen.state.presence == Presence::Unreachable;
    out.missing = seen.state.presence == Presence::Missing;
    const bool answered = !out.out_of_reach || !seen.resources.empty() || !seen.facts.is_null();
    if (answered) out.observed = &seen;
    out.never = !answered && !input.applied;
    return out;
}

std::optional<Blocked> blocked(const api::Action& action, const Knowledge& known, bool applied, bool unknown,
                               bool allow_destroy) {
    const bool ends = action.kind == ActionKind::Destroy || action.kind == ActionKind::Replace ||
                      action.kind == ActionKind::Forget;
    if (known.foreign && action.kind != ActionKind::Forget) return known.foreign;
    if (known.protect && (ends || action.risk == api::Risk::Destructive)) return known.protect;
    if (known.out_of_reach && applied && action.risk != api::Risk::Safe) return out_of_reach(known);
    if (unknown)
        return Blocked{.by = "unobserved",
                       .detail = "looking at a resource failed (see the warnings)",
                       .lifted_by = "plan again once the resource can be looked at"};
    if (action.kind == ActionKind::Destroy && !allow_destroy)
        return Blocked{
            .by = "flag", .detail = "destroying a server needs a word", .lifted_by = "--allow-destroy"};
    return std::nullopt;
}

} // namespace lab::planner::detail
