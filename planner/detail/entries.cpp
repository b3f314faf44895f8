#include "planner/detail/entries.h"

#include "planner/detail/phrases.h"
#include "support/json.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

namespace lab::planner::detail {
namespace {

constexpr std::size_t kFoldFrom = 3;
constexpr std::string_view kName = "\x01"; // stands for the server's name in keys

/// What has to be equal for two actions to read alike.
std::string line_key(const api::Action& action, std::string_view name) {
    std::string key = fmt::format("{} {} {} {} {} {} {}\n", unit_of(action.resource), to_string(action.kind),
                                  to_string(action.risk), to_string(action.cause), action.provider,
                                  action.blocked ? action.blocked->by : "", action.observed_at.empty());
    key += without_name(action.reason, name, kName);
    for (const std::string& line : headlines(action))
        key += "\n" + without_name(line, name, kName);
    for (const std::string& line : grant_lines(action))
        key += "\n" + line;
    return key;
}

std::string value_key(const api::Action& action, std::string_view name) {
    std::string key;
    for (const api::PropertyChange& change : action.changes) {
        key += fmt::format("\n{} {}\n", change.path, change.effect);
        key += without_name(write_json(change.before), name, kName) + "\n";
        key += without_name(write_json(change.after), name, kName);
    }
    return key;
}

bool same_place(const Span& left, const Span& right) {
    return left.known() == right.known() &&
           (!left.known() || (*left.file == *right.file && left.line == right.line));
}

bool same_values(const api::Action& left, const api::Action& right) {
    return left.changes == right.changes;
}

using BlockedById = std::unordered_map<std::string_view, const api::Action*>;

/// What is blocked for itself at the end of the chain of what waits for it. (A plan read from a file may go
/// in circles.)
const api::Action* root_of(const api::Action& action, const BlockedById& blocked) {
    const api::Action* root = &action;
    for (std::size_t step = 0; step < blocked.size(); ++step) {
        const auto& on = root->depends_on;
        const auto next = std::find_if(on.begin(), on.end(), [&](const std::string& id) {
            return blocked.contains(id) && root->blocked->detail.find(id) != std::string::npos;
        });
        if (next == on.end()) break;
        root = blocked.at(*next);
    }
    return root;
}

void add_blocked(BlockedGroup& group, const api::Action& action) {
    const std::string_view unit = unit_of(action.resource);
    std::string what = fmt::format("{}{}{}", to_string(action.kind), unit.empty() ? "" : " ", unit);
    const auto found = std::find_if(group.kinds.begin(), group.kinds.end(),
                                    [&](const BlockedGroup::Kind& kind) { return kind.what == what; });
    BlockedGroup::Kind& kind = found != group.kinds.end() ? *found : group.kinds.emplace_back();
    kind.what = std::move(what);
    kind.servers.emplace_back(server_of(action.resource));
}

/// Splits a group that is too small to fold into its parts.
std::vector<Entry> folded(std::vector<Entry> groups) {
    std::vector<Entry> out;
    for (Entry& group : groups) {
        if (group.actions.size() >= kFoldFrom) {
            out.push_back(std::move(group));
            continue;
        }
        for (const api::Action* action : group.actions)
            out.push_back({.actions = {action}});
    }
    return out;
}

} // namespace

std::vector<std::string> Entry::servers() const {
    std::vector<std::string> out;
    out.reserve(actions.size());
    for (const api::Action* action : actions)
        out.emplace_back(server_of(action->resource));
    return out;
}

std::vector<Entry> entries_of(const std::vector<api::Action>& actions, Fold fold) {
    std::vector<Entry> groups;
    std::unordered_map<std::string, std::size_t> by_key;
    for (const api::Action& action : actions) {
        const std::string_view name = server_of(action.resource);
        std::string key = line_key(action, name);
        if (fold == Fold::Values) key += value_key(action, name);
        const auto [found, is_new] = by_key.emplace(std::move(key), groups.size());
        if (is_new) groups.emplace_back();
        Entry& group = groups[found->second];
        group.actions.push_back(&action);
        group.same_place = group.same_place && same_place(group.first().source, action.source);
        group.same_values = group.same_values && same_values(group.first(), action);
    }
    std::vector<Entry> out = folded(std::move(groups));
    // Small groups were split: back into the order of the plan.
    std::stable_sort(out.begin(), out.end(), [](const Entry& left, const Entry& right) {
        return left.actions.front() < right.actions.front();
    });
    return out;
}

std::vector<BlockedGroup> blocked_groups(const api::Plan& plan) {
    BlockedById by_id;
    for (const api::Action& action : plan.actions)
        if (action.blocked) by_id.emplace(action.id, &action);
    std::vector<BlockedGroup> groups;
    std::unordered_map<std::string, std::size_t> by_key;
    const auto group_of = [&](const api::Blocked& blocked) -> BlockedGroup& {
        const auto [found, is_new] = by_key.emplace(
            fmt::format("{}\n{}\n{}", blocked.by, blocked.detail, blocked.lifted_by), groups.size());
        if (is_new) groups.push_back({.blocked = &blocked, .kinds = {}});
        return groups[found->second];
    };
    for (const api::Action& action : plan.actions) {
        if (!action.blocked) continue;
        const api::Action* root = root_of(action, by_id);
        BlockedGroup& group = group_of(*root->blocked);
        if (root == &action)
            add_blocked(group, action);
        else
            ++group.waiting;
    }
    return groups;
}

std::vector<DriftGroup> drift_groups(const api::Plan& plan) {
    std::vector<DriftGroup> groups;
    std::unordered_map<std::string, std::size_t> by_key;
    for (const api::DriftItem& item : plan.drift) {
        const auto [found, is_new] = by_key.emplace(item.path + "\n" + item.kind, groups.size());
        if (is_new) groups.push_back({.first = &item, .servers = {}});
        DriftGroup& group = groups[found->second];
        group.servers.emplace_back(server_of(item.resource));
        group.same_values =
            group.same_values && group.first->expected == item.expected && group.first->actual == item.actual;
    }
    return groups;
}

std::vector<ReleaseGroup> release_groups(const api::Plan& plan) {
    std::vector<ReleaseGroup> groups;
    std::unordered_map<std::string, std::size_t> by_key;
    for (const api::Release& release : plan.released) {
        const std::string module(unit_of(release.resource));
        const auto [found, is_new] = by_key.emplace(module + "\n" + release.id, groups.size());
        if (is_new) groups.push_back({.module = module, .id = release.id, .servers = {}});
        groups[found->second].servers.emplace_back(server_of(release.resource));
    }
    return groups;
}

} // namespace lab::planner::detail
