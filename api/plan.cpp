#include "api/plan.h"

#include "api/detail/fields.h"
#include "support/json.h"
#include "support/text.h"

#include <initializer_list>

#include <fmt/format.h>

namespace lab::api {
namespace {

constexpr JsonLimits kPlanLimits{.bytes = std::size_t{1} << 30};

template <typename Enum>
Enum enum_from(detail::Fields& fields, std::string_view key, std::initializer_list<Enum> known) {
    const std::string text = fields.text(key);
    for (const Enum each : known)
        if (to_string(each) == text) return each;
    fields.refuse(fmt::format("'{}' of the plan has the unknown value '{}'", key, escape_controls(text)));
    return *known.begin();
}

Value optional_text(const std::string& text) {
    return text.empty() ? Value() : Value(text);
}
Value number(std::size_t count) {
    return Value(static_cast<std::int64_t>(count));
}
ValueList text_list(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

Digest digest_from(detail::Fields& fields, std::string_view key) {
    auto digest = parse_digest(fields.text(key));
    if (digest) return *digest;
    fields.refuse(fmt::format("'{}' of the plan must be \"sha256:\" and 64 hex digits", key));
    return {};
}

Value blocked_value(const std::optional<Blocked>& blocked) {
    if (!blocked) return {};
    return ValueMap{{"by", Value(blocked->by)},
                    {"detail", Value(blocked->detail)},
                    {"lifted_by", Value(blocked->lifted_by)}};
}

Value action_value(const Action& action) {
    LAB_CHECK(action.causes.size() == action.changes.size(), "an action needs a cause for each change");
    ValueMap out{{"id", Value(action.id)}, {"resource", Value(action.resource)}};
    out.append("action", Value(to_string(action.kind)));
    out.append("provider", Value(action.provider));
    out.append("risk", Value(to_string(action.risk)));
    out.append("cause", Value(to_string(action.cause)));
    out.append("blocked", blocked_value(action.blocked));
    out.append("reason", Value(action.reason));
    out.append("source", to_value(action.source));
    ValueList changes;
    for (std::size_t i = 0; i < action.changes.size(); ++i) {
        Value change = to_value(action.changes[i]);
        change.if_map()->append("cause", Value(to_string(action.causes[i])));
        changes.push_back(std::move(change));
    }
    out.append("changes", std::move(changes));
    if (!action.notifies.empty()) out.append("notifies", text_list(action.notifies));
    if (!action.unseen.empty()) out.append("unseen", text_list(action.unseen));
    if (!action.observed_at.empty()) out.append("observed_at", Value(action.observed_at));
    out.append("precondition", Value(action.precondition.text()));
    out.append("depends_on", text_list(action.depends_on));
    return out;
}

Value drift_value(const DriftItem& item) {
    ValueMap out{{"resource", Value(item.resource)},
                 {"path", Value(item.path)},
                 {"kind", Value(item.kind)},
                 {"expected", item.expected},
                 {"actual", item.actual}};
    if (!item.diff.empty()) out.append("diff", Value(item.diff));
    return out;
}

ValueMap summary_map(const PlanSummary& summary) {
    return {{"create", number(summary.create)},   {"update", number(summary.update)},
            {"replace", number(summary.replace)}, {"destroy", number(summary.destroy)},
            {"forget", number(summary.forget)},   {"unchanged", number(summary.unchanged)},
            {"drifted", number(summary.drifted)}, {"not_observed", number(summary.not_observed)},
            {"servers", number(summary.servers)}};
}

ValueList action_values(const Plan& plan) {
    ValueList actions;
    actions.reserve(plan.actions.size());
    for (const Action& action : plan.actions)
        actions.push_back(action_value(action));
    return actions;
}

/// What the plan's identity is made of, but for the actions: everything but its id, the state it was made
/// over and where the inventory lay.
ValueMap identity_map(const Plan& plan) {
    ValueMap inventory{{"id", Value(plan.inventory.id)}, {"commit", optional_text(plan.inventory.commit)}};
    inventory.append("dirty", plan.inventory.dirty);
    inventory.append("digest", Value(plan.inventory.digest.text()));
    ValueMap out{{"format", Value(Plan::kFormat)}, {"inventory", std::move(inventory)}};
    if (plan.baseline) out.append("baseline", Value(*plan.baseline));
    if (plan.observed) out.append("observed", Value(*plan.observed));
    out.append("scope", plan.scope);
    out.append("summary", summary_map(plan.summary));
    ValueList drift, released;
    for (const DriftItem& item : plan.drift)
        drift.push_back(drift_value(item));
    for (const Release& item : plan.released)
        released.push_back(ValueMap{{"resource", Value(item.resource)}, {"id", Value(item.id)}});
    out.append("drift", std::move(drift));
    out.append("released", std::move(released));
    out.append("warnings", text_list(plan.warnings));
    out.append("outside_scope", number(plan.outside_scope));
    return out;
}

/// The identity as canonical JSON. Actions can be many: they are written one at a time, so that they are
/// never all in memory as values.
std::string canonical_identity(const Plan& plan) {
    std::string out = R"({"actions":[)"; // the first key in order
    for (const Action& action : plan.actions) {
        if (&action != plan.actions.data()) out += ',';
        out += write_json_canonical(action_value(action));
    }
    out += "],";
    out += std::string_view(write_json_canonical(identity_map(plan))).substr(1);
    return out;
}

/// The document with these actions.
Value document_with(const Plan& plan, ValueList actions) {
    ValueMap out{{"format", Value(Plan::kFormat)}, {"id", Value(plan_id(plan))}};
    for (auto& [key, value] : identity_map(plan)) {
        if (key == "format") continue;
        if (key == "drift") out.append("actions", std::exchange(actions, {}));
        if (key != "inventory") {
            out.append(key, std::move(value));
            continue;
        }
        ValueMap inventory{{"source", Value(plan.inventory.source)}};
        for (auto& [name, field] : *value.if_map())
            inventory.append(name, std::move(field));
        out.append(key, std::move(inventory));
        out.append("state", ValueMap{{"serial", Value(plan.state.serial)},
                                     {"observed_at", optional_text(plan.state.observed_at)}});
    }
    return out;
}

/// Appends pretty JSON as it reads inside a document, `indent` deep. No string in it holds a newline.
void append_indented(std::string& out, std::string_view json, std::size_t indent) {
    for (const std::string_view line : split(json.substr(0, json.size() - 1), '\n')) {
        out += '\n';
        out.append(indent, ' ').append(line);
    }
}

std::optional<Blocked> blocked_from(const Value& value, detail::Fields& owner) {
    if (value.is_null()) return std::nullopt;
    detail::Fields fields(value, "'blocked' of an action");
    Blocked blocked{.by = fields.text("by"),
                    .detail = fields.text("detail"),
                    .lifted_by = fields.text_or("lifted_by", "")};
    if (auto read = fields.finish(); !read) owner.refuse(std::move(read).error());
    return blocked;
}

void read_changes(Action& action, detail::Fields& fields) {
    for (const Value& item : fields.list("changes")) {
        detail::Fields extra(item, "a change");
        const Cause cause = enum_from(extra, "cause", {Cause::Intent, Cause::Drift, Cause::Both});
        auto change = change_from_value(item);
        if (auto read = extra.finish(); !read) return fields.refuse(std::move(read).error());
        if (!change) return fields.refuse(std::move(change).error());
        action.changes.push_back(*std::move(change));
        action.causes.push_back(cause);
    }
}

Result<Action> action_from(const Value& value) {
    detail::Fields fields(value, "an action");
    Action action{.id = fields.text("id"), .resource = fields.text("resource")};
    action.kind = enum_from(fields, "action",
                            {ActionKind::Create, ActionKind::Update, ActionKind::Replace, ActionKind::Destroy,
                             ActionKind::Forget});
    action.provider = fields.text_or("provider", "");
    action.risk = enum_from(fields, "risk", {Risk::Safe, Risk::Disruptive, Risk::Destructive});
    action.cause = enum_from(fields, "cause", {Cause::Intent, Cause::Drift, Cause::Both});
    action.blocked = blocked_from(fields.value("blocked"), fields);
    action.reason = fields.text_or("reason", "");
    if (auto source = span_from_value(fields.value("source")))
        action.source = *std::move(source);
    else
        fields.refuse(std::move(source).error());
    read_changes(action, fields);
    action.notifies = fields.texts("notifies");
    action.unseen = fields.texts("unseen");
    action.observed_at = fields.text_or("observed_at", "");
    action.precondition = digest_from(fields, "precondition");
    action.depends_on = fields.texts("depends_on");
    LAB_TRY(fields.finish());
    return action;
}

Result<DriftItem> drift_from(const Value& value) {
    detail::Fields fields(value, "a drift entry");
    DriftItem item{.resource = fields.text("resource"),
                   .path = fields.text("path"),
                   .kind = fields.text("kind"),
                   .expected = fields.value("expected"),
                   .actual = fields.value("actual"),
                   .diff = fields.text_or("diff", "")};
    LAB_TRY(fields.finish());
    return item;
}

PlanSummary summary_from(const Value& value, detail::Fields& owner) {
    detail::Fields fields(value, "'summary' of the plan");
    PlanSummary summary{.create = fields.count_or("create", 0),
                        .update = fields.count_or("update", 0),
                        .replace = fields.count_or("replace", 0),
                        .destroy = fields.count_or("destroy", 0),
                        .forget = fields.count_or("forget", 0),
                        .unchanged = fields.count_or("unchanged", 0),
                        .servers = fields.count_or("servers", 0),
                        .drifted = fields.count_or("drifted", 0),
                        .not_observed = fields.count_or("not_observed", 0)};
    if (auto read = fields.finish(); !read) owner.refuse(std::move(read).error());
    return summary;
}

void read_inputs(Plan& plan, detail::Fields& fields) {
    const Value inventory_value = fields.value("inventory");
    detail::Fields inventory(inventory_value, "'inventory' of the plan");
    plan.inventory.source = inventory.text_or("source", "");
    plan.inventory.id = inventory.text("id");
    plan.inventory.commit = inventory.text_or("commit", "");
    plan.inventory.dirty = inventory.boolean_or("dirty", false);
    plan.inventory.digest = digest_from(inventory, "digest");
    if (auto read = inventory.finish(); !read) fields.refuse(std::move(read).error());
    const Value state_value = fields.value("state");
    detail::Fields state(state_value, "'state' of the plan");
    plan.state.serial = state.integer_or("serial", 0);
    plan.state.observed_at = state.text_or("observed_at", "");
    if (auto read = state.finish(); !read) fields.refuse(std::move(read).error());
}

/// Reads each item of a list with `read` into `out`; the first error goes to `fields`.
template <typename Item, typename Read>
void read_each(detail::Fields& fields, std::string_view key, std::vector<Item>& out, Read read) {
    for (const Value& value : fields.list(key)) {
        auto item = read(value);
        if (!item) return fields.refuse(std::move(item).error());
        out.push_back(*std::move(item));
    }
}

Result<Plan> plan_from(const Value& document) {
    LAB_TRY(detail::require_format(document, Plan::kFormat));
    detail::Fields fields(document, "the plan");
    Plan plan;
    read_inputs(plan, fields);
    if (fields.has("baseline")) plan.baseline = fields.text("baseline");
    if (fields.has("observed")) plan.observed = fields.text("observed");
    plan.scope = fields.map("scope");
    plan.summary = summary_from(fields.value("summary"), fields);
    read_each(fields, "actions", plan.actions, action_from);
    read_each(fields, "drift", plan.drift, drift_from);
    read_each(fields, "released", plan.released, [](const Value& value) -> Result<Release> {
        detail::Fields item(value, "a released resource");
        Release release{.resource = item.text("resource"), .id = item.text("id")};
        LAB_TRY(item.finish());
        return release;
    });
    plan.warnings = fields.texts("warnings");
    plan.outside_scope = fields.count_or("outside_scope", 0);
    const std::string id = fields.text("id");
    LAB_TRY(fields.finish());
    if (id != plan_id(plan))
        return Error{.code = ErrorCode::Invalid,
                     .message = "the plan's id does not match its content: it was changed after it was saved",
                     .hint = "make the plan again with `lab plan --out FILE`"};
    return plan;
}

} // namespace

std::string_view to_string(ActionKind kind) noexcept {
    switch (kind) {
    case ActionKind::Create: return "create";
    case ActionKind::Update: return "update";
    case ActionKind::Replace: return "replace";
    case ActionKind::Destroy: return "destroy";
    case ActionKind::Forget: return "forget";
    }
    return "update";
}

std::string_view to_string(Cause cause) noexcept {
    switch (cause) {
    case Cause::Intent: return "intent";
    case Cause::Drift: return "drift";
    case Cause::Both: return "both";
    }
    return "both";
}

Cause operator|(Cause left, Cause right) noexcept {
    return left == right ? left : Cause::Both;
}

std::string plan_id(const Plan& plan) {
    return sha256(canonical_identity(plan)).text();
}

Value to_value(const Plan& plan) {
    return document_with(plan, action_values(plan));
}

std::string write_plan(const Plan& plan) {
    const std::string frame = write_json_pretty(document_with(plan, {}));
    if (plan.actions.empty()) return frame;
    constexpr std::string_view kNoActions = "\n  \"actions\": []"; // at this depth there is one
    const std::size_t place = frame.find(kNoActions) + kNoActions.size() - 1;
    std::string out = frame.substr(0, place);
    for (const Action& action : plan.actions) {
        if (&action != plan.actions.data()) out += ',';
        append_indented(out, write_json_pretty(action_value(action)), 4);
    }
    out.append("\n  ").append(frame, place);
    return out;
}

std::string write_plan_compact(const Plan& plan) {
    const std::string frame = write_json(document_with(plan, {}));
    constexpr std::string_view kNoActions = "\"actions\":[]"; // what precedes them has no such member
    const std::size_t place = frame.find(kNoActions) + kNoActions.size() - 1;
    std::string out = frame.substr(0, place);
    for (const Action& action : plan.actions) {
        if (&action != plan.actions.data()) out += ',';
        out += write_json(action_value(action));
    }
    return out.append(frame, place);
}

Result<Plan> read_plan(std::string_view json) {
    auto document = parse_json(json, kPlanLimits);
    if (!document) return std::move(document).error().during("while reading a saved plan");
    auto plan = plan_from(*document);
    if (!plan) return std::move(plan).error().during("while reading a saved plan");
    return plan;
}

} // namespace lab::api
