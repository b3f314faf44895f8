#include "planner/detail/compare.h"

#include "support/text_diff.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

using api::Cause;
using api::PropertyChange;

constexpr std::string_view kAfterObserving = "known after observing";

bool has_deferred(const Value& value) {
    if (const ValueMap* map = value.if_map()) {
        if (map->contains("$template")) return true;
        return std::any_of(map->begin(), map->end(),
                           [](const auto& entry) { return has_deferred(entry.second); });
    }
    const ValueList* list = value.if_list();
    return list && std::any_of(list->begin(), list->end(), has_deferred);
}

bool has_deferred(const api::Resource& resource) {
    return resource.when || std::any_of(resource.properties.begin(), resource.properties.end(),
                                        [](const auto& entry) { return has_deferred(entry.second); });
}

/// A resource as far as it can be worked out now.
struct Resolved {
    std::optional<api::Resource> copy; // none: it is as it was given
    bool wanted = true;
    std::vector<std::string> deferred; // properties left out, because a fact they read is not known
    std::string problem;               // that fact

    const api::Resource& of(const api::Resource& given) const { return copy ? *copy : given; }
};

Resolved without_deferred(const api::Resource& given) {
    Resolved out;
    out.copy = given;
    out.copy->when.reset();
    out.copy->properties = {};
    for (const auto& [name, value] : given.properties) {
        if (has_deferred(value))
            out.deferred.push_back(name);
        else
            out.copy->properties.append(name, value);
    }
    return out;
}

/// Private values that only now became text are fingerprinted before anything is made of them.
Resolved resolve(const api::Resource& given, const Machine& machine) {
    Resolved out;
    if (has_deferred(given)) {
        const Value* facts = machine.observed ? &machine.observed->facts : nullptr;
        if (!facts || facts->is_null()) {
            out = without_deferred(given);
        } else if (auto worked_out = api::with_facts(given, *facts); !worked_out) {
            out = without_deferred(given);
            out.problem = worked_out.error().message;
        } else if (!*worked_out) {
            out.wanted = false;
            return out;
        } else {
            out.copy = **std::move(worked_out);
        }
    }
    if (api::is_private(out.of(given))) out.copy = api::redacted(out.of(given), *machine.key);
    return out;
}

const ValueMap& nothing() {
    static const ValueMap absent{{"ensure", Value("absent")}};
    return absent;
}

const ValueMap& done() {
    static const ValueMap properties{{"done", Value(true)}};
    return properties;
}

bool mentions(const std::vector<PropertyChange>& changes, std::string_view path) {
    return std::any_of(changes.begin(), changes.end(),
                       [&](const auto& change) { return change.path == path; });
}

bool tells_state(std::string_view type) {
    const api::ResourceType* known = api::find_resource_type(type);
    return known && std::any_of(known->properties.begin(), known->properties.end(),
                                [](const auto& property) { return property.compared; });
}

/// Why each property differs: because the inventory moved, the machine did, or both.
std::vector<Cause> causes_of(const std::vector<PropertyChange>& changes, const api::Resource& desired,
                             const api::Resource* applied, const ValueMap& observed, const Machine& machine) {
    std::vector<Cause> causes(changes.size(), Cause::Intent);
    if (!applied) return causes;
    if (same(desired, *applied)) {
        std::fill(causes.begin(), causes.end(), Cause::Drift);
        return causes;
    }
    // A command has no state that could have drifted apart from the one thing it is: done or not.
    if (!tells_state(desired.type)) return causes;
    const auto intended = api::diff_resource(desired, applied->properties, *machine.key);
    const auto drifted = api::diff_resource(*applied, observed, *machine.key);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const std::string& path = changes[i].path;
        if (!mentions(intended, path))
            causes[i] = Cause::Drift;
        else if (mentions(drifted, path))
            causes[i] = Cause::Both;
    }
    return causes;
}

bool only_notified(const api::Resource& resource) {
    const Value* value = resource.properties.find("only_notified");
    return value && *value == Value(true);
}

/// What the plan supposes to be there: seen, or as it was left, or nothing.
struct Supposed {
    const ValueMap* properties = &nothing();
    bool unseen = true;
    bool unknown = false;
    std::string problem;
};

Supposed suppose(const api::Resource& desired, const std::string& id, const api::Resource* applied,
                 const Machine& machine) {
    Supposed out;
    if (only_notified(desired)) out.properties = &done();
    if (machine.blank) return out;
    if (machine.observed) {
        const auto found = machine.observed->resources.find(id);
        if (found != machine.observed->resources.end()) {
            if (!found->second.failed) {
                out.properties = &found->second.properties;
                out.unseen = false;
                return out;
            }
            out.problem = found->second.reason;
            out.unknown = applied == nullptr;
        }
    }
    if (applied) out.properties = tells_state(desired.type) ? &applied->properties : &done();
    return out;
}

/// What a recording says of a property that it says is not as it was left, whatever it was left as.
const Value* moved_value(const std::string& id, const std::string& name, const Machine& machine) {
    if (!machine.observed || machine.blank) return nullptr;
    const auto found = machine.observed->resources.find(id);
    if (found == machine.observed->resources.end() || found->second.failed) return nullptr;
    const auto& moved = found->second.moved;
    if (std::find(moved.begin(), moved.end(), name) == moved.end()) return nullptr;
    return found->second.properties.find(name);
}

/// From what a recording says it is to what only the machine can tell.
PropertyChange change_of_moved(const std::string& name, const Value& found, const api::Resource& goal) {
    return {.path = name,
            .before = api::is_private(goal) ? Value() : found,
            .after = unknown_value(kAfterObserving),
            .effect = "update",
            .diff = {}};
}

/// Nothing is known of it: every compared property may change.
std::vector<PropertyChange> possible_changes(const api::Resource& desired) {
    std::vector<PropertyChange> changes;
    const api::ResourceType* type = api::find_resource_type(desired.type);
    for (const auto& [name, value] : desired.properties) {
        const api::PropertySchema* property = type ? api::find_property(*type, name) : nullptr;
        if (!property || !property->compared) continue;
        changes.push_back({.path = name,
                           .before = unknown_value("not observed"),
                           .after = value,
                           .effect = "update",
                           .diff = {}});
    }
    if (changes.empty())
        changes.push_back(
            {.path = {}, .before = unknown_value("not observed"), .after = {}, .effect = "run", .diff = {}});
    return changes;
}

/// Whether the machine said of itself that it has not looked, and why.
const ObservedResource* skipped_by_machine(const std::string& id, const Machine& machine) {
    if (!machine.observed || machine.blank) return nullptr;
    const auto found = machine.observed->resources.find(id);
    return found != machine.observed->resources.end() && found->second.skipped ? &found->second : nullptr;
}

bool needs_live(const api::Resource& resource) {
    const api::ResourceType* type = api::find_resource_type(resource.type);
    return type && type->needs_live_system;
}

/// What a machine leaves alone rather than lose what is in it.
std::string refusal(const api::Resource& goal, const std::vector<PropertyChange>& changes) {
    const bool is_directory = goal.type == "directory";
    if (!is_directory && goal.type != "file" && goal.type != "template" && goal.type != "link") return {};
    for (const PropertyChange& change : changes) {
        if (change.path != "ensure") continue;
        const std::string* found = change.before.if_string();
        if (!found || *found == "absent") return {};
        const bool removes = change.effect == "remove";
        const bool only_its_kind =
            is_directory || goal.type == "link"; // a file goes with a link at its place
        if (removes && (only_its_kind ? *found != "present" : *found == "directory"))
            return fmt::format("'{}' is no {}, so an apply leaves it alone and fails", goal.name, goal.type);
        const Value* recursive = goal.properties.find("recursive");
        const bool needs_empty =
            is_directory ? removes && !(recursive && *recursive == Value(true)) : *found == "directory";
        if (needs_empty) return fmt::format("an apply fails if the directory '{}' is not empty", goal.name);
    }
    return {};
}

api::DriftItem drift_item(const std::string& server, const std::string& id, PropertyChange change) {
    api::DriftItem item{.resource = "server/" + server,
                        .path = change.path.empty() ? id : id + "." + change.path,
                        .kind = "changed",
                        .expected = std::move(change.after),
                        .actual = std::move(change.before),
                        .diff = {}};
    if (change.path.empty() && change.effect == "create") {
        item.kind = "missing";
        item.actual = nullptr;
    }
    if (change.effect == "remove") {
        item.kind = "unmanaged";
        item.expected = nullptr;
    }
    const std::string* expected = item.expected.if_string();
    const std::string* actual = item.actual.if_string();
    if (!change.diff.empty() && expected && actual)
        item.diff = unified_diff(*expected, *actual, {.before_name = "expected", .after_name = "actual"});
    return item;
}

} // namespace

Value unknown_value(std::string_view when) {
    return ValueMap{{"$unknown", Value(when)}};
}

bool same(const api::Resource& left, const api::Resource& right) {
    const bool same_when =
        left.when.has_value() == right.when.has_value() &&
        (!left.when || (left.when->text == right.when->text && left.when->scope == right.when->scope));
    return same_when && left.sensitive == right.sensitive && left.type == right.type &&
           left.name == right.name && left.after == right.after && left.notify == right.notify &&
           left.properties == right.properties;
}

Comparison compare(const api::Resource& desired, const std::string& id, const api::Resource* applied,
                   const Machine& given) {
    Comparison out;
    if (!given.live && needs_live(desired)) {
        out.standing = Standing::NeedsLive;
        return out;
    }
    Machine machine = given;
    if (machine.unseen &&
        std::find(machine.unseen->begin(), machine.unseen->end(), id) != machine.unseen->end())
        machine.observed = nullptr;
    if (const ObservedResource* skipped = skipped_by_machine(id, machine)) {
        out.standing = desired.when ? Standing::NotWanted : Standing::Skipped;
        out.problem = skipped->reason;
        return out;
    }
    const Resolved wanted = resolve(desired, machine);
    if (!wanted.wanted) {
        out.standing = Standing::NotWanted;
        return out;
    }
    const api::Resource& goal = wanted.of(desired);
    std::optional<Resolved> before;
    if (applied) before = resolve(*applied, machine);
    const api::Resource* was = before && before->wanted ? &before->of(*applied) : nullptr;
    // What is private now is private in its old form too.
    std::optional<api::Resource> hidden;
    if (was && api::is_private(goal) && !api::is_private(*was)) {
        hidden = *was;
        hidden->sensitive = true;
        hidden = api::redacted(*std::move(hidden), *machine.key);
        was = &*hidden;
    }
    const Supposed supposed = suppose(goal, id, was, machine);
    out.unseen = supposed.unseen;
    out.unknown = supposed.unknown;
    out.problem = supposed.problem.empty() ? wanted.problem : supposed.problem;
    out.changes =
        out.unknown ? possible_changes(goal) : api::diff_resource(goal, *supposed.properties, *machine.key);
    // A value that waits for a fact is taken for a change unless it is the same text as the one applied, and
    // nobody says that it is not what is there.
    const bool new_text = !applied || machine.blank || !same(desired, *applied);
    for (const std::string& name : wanted.deferred)
        if (const Value* found = moved_value(id, name, machine))
            out.changes.push_back(change_of_moved(name, *found, goal));
        else if (new_text)
            out.changes.push_back({.path = name,
                                   .before = {},
                                   .after = unknown_value(kAfterObserving),
                                   .effect = "create",
                                   .diff = {}});
    if (out.changes.empty()) return out;
    out.standing = Standing::Differs;
    out.causes = causes_of(out.changes, goal, was, *supposed.properties, machine);
    // Of what waits for a fact only the text can be compared; where that is new the inventory moved.
    if (applied && !same(desired, *applied))
        for (std::size_t i = 0; i < out.changes.size(); ++i)
            if (std::find(wanted.deferred.begin(), wanted.deferred.end(), out.changes[i].path) !=
                wanted.deferred.end())
                out.causes[i] = moved_value(id, out.changes[i].path, machine) ? Cause::Both : Cause::Intent;
    if (!out.unseen) out.refused = refusal(goal, out.changes);
    // Where nothing is known nothing is done; where nothing is there nothing can be disturbed.
    if (!out.unknown && !machine.blank) out.risk = api::risk_of(goal, out.changes);
    return out;
}

std::vector<api::DriftItem> drift_of(const std::string& server, const api::Resource& applied,
                                     const Machine& machine) {
    if (!machine.observed || machine.blank || (!machine.live && needs_live(applied))) return {};
    const std::string id = applied.id();
    const auto found = machine.observed->resources.find(id);
    if (found == machine.observed->resources.end() || found->second.failed || found->second.skipped)
        return {};
    const Resolved was = resolve(applied, machine);
    if (!was.wanted) return {};
    std::vector<api::DriftItem> items;
    auto changes = api::diff_resource(was.of(applied), found->second.properties, *machine.key);
    for (PropertyChange& change : changes) {
        // What is gone as a whole, or is another kind of thing, is one finding.
        const bool whole = change.path == "ensure";
        if (whole) change.path.clear();
        items.push_back(drift_item(server, id, std::move(change)));
        if (whole) return items;
    }
    for (const std::string& name : was.deferred)
        if (const Value* now = moved_value(id, name, machine))
            items.push_back(drift_item(server, id, change_of_moved(name, *now, was.of(applied))));
    return items;
}

} // namespace lab::planner::detail
