#include "store/detail/codec.h"

#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <array>

namespace lab::store::detail {
namespace {

/// Larger than any document we write: what comes from our own database is refused only when it is nonsense.
constexpr JsonLimits kLimits{.bytes = 1u << 30, .depth = 64};
constexpr std::string_view kUnknown = "null"; // in the place of grants

Error unreadable(std::string_view what) {
    return {.code = ErrorCode::Invalid,
            .message = std::string("the state holds no readable ") + std::string(what)};
}

std::string text_of(const Value& value, std::string_view key) {
    const Value* found = value.get(key);
    const auto* text = found ? found->if_string() : nullptr;
    return text ? *text : std::string();
}

bool flag_of(const Value& value, std::string_view key) {
    const Value* found = value.get(key);
    const auto* flag = found ? found->if_bool() : nullptr;
    return flag && *flag;
}

ValueMap map_of(const Value& value, std::string_view key) {
    const Value* found = value.get(key);
    const auto* map = found ? found->if_map() : nullptr;
    return map ? *map : ValueMap();
}

struct SummaryField {
    std::string_view name;
    std::size_t api::PlanSummary::*member;
};
constexpr std::array kSummaryFields = {
    SummaryField{"create", &api::PlanSummary::create},
    SummaryField{"update", &api::PlanSummary::update},
    SummaryField{"replace", &api::PlanSummary::replace},
    SummaryField{"destroy", &api::PlanSummary::destroy},
    SummaryField{"forget", &api::PlanSummary::forget},
    SummaryField{"unchanged", &api::PlanSummary::unchanged},
    SummaryField{"drifted", &api::PlanSummary::drifted},
    SummaryField{"not_observed", &api::PlanSummary::not_observed},
};

} // namespace

std::string write_resources(const planner::AppliedModule& module) {
    ValueList list;
    list.reserve(module.resources.size());
    for (const auto& applied : module.resources)
        list.push_back(api::to_value(applied.resource));
    return write_json(std::move(list));
}

std::string write_commits(const planner::AppliedModule& module) {
    const auto& resources = module.resources;
    if (resources.empty()) return {};
    const bool equal = std::all_of(resources.begin(), resources.end(), [&](const auto& applied) {
        return applied.commit == resources.front().commit;
    });
    if (equal) return resources.front().commit;
    std::string lines;
    for (const auto& applied : resources)
        lines += applied.commit + "\n";
    return lines;
}

Result<std::vector<planner::AppliedResource>> read_resources(std::string_view document,
                                                             std::string_view commits) {
    const auto parsed = parse_json(document, kLimits);
    if (!parsed) return parsed.error();
    const auto* list = parsed->if_list();
    if (!list) return unreadable("resources");
    const bool one_for_all = commits.find('\n') == std::string_view::npos;
    const auto lines = split(commits, '\n');
    if (!one_for_all && lines.size() != list->size() + 1) return unreadable("commits");
    std::vector<planner::AppliedResource> resources;
    resources.reserve(list->size());
    for (const Value& value : *list) {
        auto resource = api::resource_from_value(value);
        if (!resource) return std::move(resource).error().during("while reading what was applied");
        const std::string_view commit = one_for_all ? commits : lines[resources.size()];
        resources.push_back({.resource = std::move(*resource), .commit = std::string(commit)});
    }
    return resources;
}

std::string write_state(const api::ServerState& state) {
    return write_json(ValueMap{{"detail", state.detail},
                               {"server_id", state.server_id},
                               {"inventory", state.inventory},
                               {"properties", state.properties}});
}

Result<api::ServerState> read_state(std::string_view text) {
    const auto parsed = parse_json(text, kLimits);
    if (!parsed) return parsed.error();
    return api::ServerState{.detail = text_of(*parsed, "detail"),
                            .server_id = text_of(*parsed, "server_id"),
                            .inventory = text_of(*parsed, "inventory"),
                            .properties = map_of(*parsed, "properties"),
                            .report = std::nullopt};
}

std::string write_observed(const std::map<std::string, planner::ObservedResource>& resources) {
    ValueMap all;
    for (const auto& [id, resource] : resources) {
        ValueMap one;
        one.append("properties", resource.properties);
        if (resource.skipped) one.append("skipped", true);
        if (resource.failed) one.append("failed", true);
        if (!resource.reason.empty()) one.append("reason", resource.reason);
        all.append(id, std::move(one));
    }
    return write_json(std::move(all));
}

Result<std::map<std::string, planner::ObservedResource>> read_observed(std::string_view document) {
    const auto parsed = parse_json(document, kLimits);
    if (!parsed) return parsed.error();
    const auto* all = parsed->if_map();
    if (!all) return unreadable("observation");
    std::map<std::string, planner::ObservedResource> resources;
    for (const auto& [id, one] : *all)
        resources.emplace(id, planner::ObservedResource{.properties = map_of(one, "properties"),
                                                        .skipped = flag_of(one, "skipped"),
                                                        .failed = flag_of(one, "failed"),
                                                        .reason = text_of(one, "reason")});
    return resources;
}

std::string write_labels(const std::vector<std::string>& labels) {
    std::string text;
    for (const auto& label : labels) {
        if (!text.empty()) text += '\n';
        text += label;
    }
    return text;
}

std::vector<std::string> read_labels(std::string_view text) {
    std::vector<std::string> labels;
    if (text.empty()) return labels;
    for (const auto label : split(text, '\n'))
        labels.emplace_back(label);
    return labels;
}

std::string write_summary(const api::PlanSummary& summary) {
    ValueMap map;
    for (const auto& field : kSummaryFields)
        map.append(std::string(field.name), static_cast<std::uint64_t>(summary.*field.member));
    return write_json(std::move(map));
}

Result<api::PlanSummary> read_summary(std::string_view text) {
    const auto parsed = parse_json(text, kLimits);
    if (!parsed) return parsed.error();
    api::PlanSummary summary;
    for (const auto& field : kSummaryFields) {
        const Value* found = parsed->get(field.name);
        const auto* count = found ? found->if_int() : nullptr;
        if (count && *count > 0) summary.*field.member = static_cast<std::size_t>(*count);
    }
    return summary;
}

std::string write_grants(const std::optional<planner::Grants>& grants) {
    if (!grants) return std::string(kUnknown);
    ValueMap map;
    for (const auto& [path, via] : *grants)
        map.append(path, Value(via));
    return write_json(Value(std::move(map)));
}

Result<std::optional<planner::Grants>> read_grants(std::string_view text) {
    if (text == kUnknown) return std::optional<planner::Grants>();
    const auto map = read_map(text);
    if (!map) return map.error();
    planner::Grants grants;
    for (const auto& [path, via] : *map) {
        if (!via.if_string()) return unreadable("grants");
        grants.emplace(path, *via.if_string());
    }
    return std::optional(std::move(grants));
}

Result<ValueMap> read_map(std::string_view text) {
    auto parsed = parse_json(text, kLimits);
    if (!parsed) return std::move(parsed).error();
    auto* map = parsed->if_map();
    if (!map) return unreadable("settings");
    return std::move(*map);
}

} // namespace lab::store::detail
