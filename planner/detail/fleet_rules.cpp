#include "planner/detail/fleet_rules.h"

#include "planner/detail/names.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

constexpr std::string_view kServer = "server/";
constexpr std::size_t kNamesShown = 8;

bool is_destructive(const api::Action& action) {
    return action.risk == api::Risk::Destructive && !action.blocked;
}

/// What exceeds the guard, and what would lift it; nullopt inside its limits.
std::optional<api::Blocked> exceeded(std::size_t destroys, std::size_t destructive, const PlanInput& input) {
    const auto limit = [](std::int64_t value) {
        return static_cast<std::size_t>(std::max<std::int64_t>(value, 0));
    };
    const std::size_t percent = limit(input.max_destructive_percent);
    const std::size_t allowed = (input.applied_servers * percent + 99) / 100;
    const auto blocked = [&](std::string detail, std::string_view setting) {
        return api::Blocked{
            .by = "guard",
            .detail = fmt::format("{} ({} in {})", detail, setting, input.guard_source),
            .lifted_by = fmt::format("raise `guard.{}` in `lab:` and apply that commit first, or remove "
                                     "fewer at once",
                                     setting)};
    };
    if (destroys > limit(input.max_destroy))
        return blocked(fmt::format("{} would be destroyed at once, the guard allows {}",
                                   counted(destroys, "server"), limit(input.max_destroy)),
                       "max_destroy");
    if (destructive > allowed)
        return blocked(fmt::format("{} of {} would lose data at once, the guard allows {} %, which is {}",
                                   destructive, counted(input.applied_servers, "applied server"), percent,
                                   allowed),
                       "max_destructive_percent");
    return std::nullopt;
}

using ByText = std::map<std::string, std::vector<std::string>>; // text to servers

std::string on_servers(const std::vector<std::string>& servers) {
    if (servers.size() == 1) return servers.front();
    return fmt::format("{} ({})", counted(servers.size(), "server"), name_list(servers, kNamesShown));
}

std::optional<std::string> needs_live_warning(const std::vector<ServerPlan>& plans, std::size_t settled) {
    std::set<std::string> ids;
    std::size_t count = settled;
    for (const ServerPlan& plan : plans) {
        count += plan.needs_live.size();
        ids.insert(plan.needs_live.begin(), plan.needs_live.end());
    }
    if (count == 0) return std::nullopt;
    std::string text = fmt::format("{} {} a live system and {} skipped in trees", counted(count, "resource"),
                                   count == 1 ? "needs" : "need", count == 1 ? "is" : "are");
    if (!ids.empty()) text += ": " + name_list({ids.begin(), ids.end()}, kNamesShown);
    return text;
}

std::optional<std::string> out_of_reach_warning(const std::vector<ServerPlan>& plans) {
    std::vector<std::string> names;
    for (const ServerPlan& plan : plans)
        if (plan.out_of_reach)
            names.push_back(plan.out_of_reach->empty()
                                ? plan.name
                                : fmt::format("{} ({})", plan.name, *plan.out_of_reach));
    if (names.empty()) return std::nullopt;
    const std::size_t count = names.size();
    return fmt::format("{} {} out of reach and planned from what is known: {}", counted(count, "server"),
                       count == 1 ? "is" : "are", name_list(std::move(names), kNamesShown));
}

/// Parts of disks: what gives up being preserved, and what is not as large as it reads.
void add_disks(std::vector<std::string>& out, const std::vector<ServerPlan>& plans) {
    ByText remarks;
    for (const ServerPlan& plan : plans)
        for (const Remark& each : plan.disk)
            remarks[each.id + "\n" + each.text].push_back(plan.name);
    for (const auto& [key, servers] : remarks) {
        const std::size_t cut = key.find('\n');
        out.push_back(
            fmt::format("{} on {} {}", key.substr(0, cut), on_servers(servers), key.substr(cut + 1)));
    }
}

} // namespace

Targets::Targets(const std::vector<std::string>& targets) {
    for (const std::string& target : targets) {
        if (!target.starts_with(kServer)) continue;
        const std::size_t end = target.find('/', kServer.size());
        Wanted& wanted =
            servers_[target.substr(kServer.size(), end == std::string::npos ? end : end - kServer.size())];
        if (end == std::string::npos)
            wanted.whole = true;
        else
            wanted.modules.insert(target);
    }
}

std::size_t Targets::restrict(ServerPlan& plan) {
    if (servers_.empty()) return 0;
    const auto found = servers_.find(plan.name);
    const std::size_t before = plan.actions.size();
    if (found == servers_.end()) {
        plan = {};
        return before;
    }
    const Wanted& wanted = found->second;
    if (wanted.whole) return 0;
    for (const std::string& module : wanted.modules)
        if (std::find(plan.units.begin(), plan.units.end(), module) == plan.units.end())
            unmatched_.insert(module);
    // What is asked for, and what that waits for.
    std::set<std::string> units(wanted.modules), ids;
    for (bool grown = true; grown;) {
        grown = false;
        for (const api::Action& action : plan.actions) {
            if (!units.contains(action.resource) && !ids.contains(action.id)) continue;
            const std::size_t size = units.size() + ids.size();
            units.insert(action.resource);
            ids.insert(action.id);
            ids.insert(action.depends_on.begin(), action.depends_on.end());
            grown = grown || units.size() + ids.size() > size;
        }
    }
    const std::string prefix = std::string(kServer) + plan.name + "/module/";
    std::erase_if(plan.actions, [&](const auto& action) { return !ids.contains(action.id); });
    std::erase_if(plan.units, [&](const auto& unit) { return !units.contains(unit); });
    const std::string layout = std::string(kServer) + plan.name + "/layout";
    std::erase_if(plan.drift, [&](const auto& each) {
        return !units.contains(each.item.path.starts_with("layout.") ? layout : prefix + each.module);
    });
    std::erase_if(plan.released, [&](const auto& each) { return !units.contains(each.resource); });
    std::erase_if(plan.settled, [&](const auto& each) { return !units.contains(prefix + each.module); });
    return before - plan.actions.size();
}

void apply_guard(std::vector<ServerPlan>& plans, const PlanInput& input) {
    std::size_t destroys = 0, destructive = 0;
    for (const ServerPlan& plan : plans) {
        if (!plan.applied) continue;
        bool loses = false, ends = false;
        for (const api::Action& action : plan.actions) {
            loses = loses || is_destructive(action);
            ends = ends || (is_destructive(action) && action.kind == api::ActionKind::Destroy);
        }
        destructive += loses ? 1u : 0u;
        destroys += ends ? 1u : 0u;
    }
    const auto blocked = exceeded(destroys, destructive, input);
    if (!blocked) return;
    for (ServerPlan& plan : plans)
        for (api::Action& action : plan.actions)
            if (plan.applied && is_destructive(action)) action.blocked = blocked;
}

void spread_blocks(ServerPlan& plan) {
    for (bool spread = true; spread;) {
        spread = false;
        for (api::Action& action : plan.actions) {
            if (action.blocked || action.depends_on.empty()) continue;
            const auto cause = std::find_if(plan.actions.begin(), plan.actions.end(), [&](const auto& other) {
                return other.blocked && std::find(action.depends_on.begin(), action.depends_on.end(),
                                                  other.id) != action.depends_on.end();
            });
            if (cause == plan.actions.end()) continue;
            action.blocked = api::Blocked{.by = cause->blocked->by,
                                          .detail = fmt::format("waits for {}, which is blocked", cause->id),
                                          .lifted_by = cause->blocked->lifted_by};
            spread = true;
        }
    }
}

std::optional<std::string> unknown_grants_warning(const std::vector<ServerPlan>& plans) {
    std::vector<std::string> names;
    for (const ServerPlan& plan : plans)
        if (plan.unknown_grants) names.push_back(plan.name);
    if (names.empty()) return std::nullopt;
    const std::size_t count = names.size();
    return fmt::format(
        "which secrets {} could read before is not known since the state was rebuilt: an apply records "
        "what the inventory says now: {}",
        counted(count, "server"), name_list(std::move(names), kNamesShown));
}

std::vector<std::string> warnings_of(const std::vector<ServerPlan>& plans, const PlanInput& input) {
    std::vector<std::string> out = input.warnings;
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    ByText absent, absent_but_planned, failed, skipped, refused;
    for (const ServerPlan& plan : plans) {
        if (!plan.absent_provider.empty())
            (plan.units.empty() ? absent : absent_but_planned)[plan.absent_provider].push_back(plan.name);
        for (const Remark& each : plan.failed)
            failed[each.id + "\n" + each.text].push_back(plan.name);
        for (const Remark& each : plan.skipped)
            skipped[each.id + "\n" + each.text].push_back(plan.name);
        for (const Remark& each : plan.refused)
            refused[each.id + "\n" + each.text].push_back(plan.name);
    }
    const auto add_absent = [&](const ByText& providers, std::string_view what) {
        for (const auto& [provider, servers] : providers)
            out.push_back(fmt::format("provider '{}' is not part of this build: {} {} not observed{}: {}",
                                      provider, counted(servers.size(), "server"),
                                      servers.size() == 1 ? "is" : "are", what,
                                      name_list(servers, kNamesShown)));
    };
    add_absent(absent, " and not planned");
    add_absent(absent_but_planned, ", and nothing planned there can be applied");
    add_disks(out, plans);
    if (auto text = out_of_reach_warning(plans)) out.push_back(*std::move(text));
    if (auto text = unknown_grants_warning(plans)) out.push_back(*std::move(text));
    const auto add = [&](const ByText& remarks, std::string_view what) {
        for (const auto& [key, servers] : remarks) {
            const std::size_t cut = key.find('\n');
            out.push_back(fmt::format("{} on {} {}: {}", key.substr(0, cut), on_servers(servers), what,
                                      key.substr(cut + 1)));
        }
    };
    add(failed, "could not be compared");
    add(skipped, "was not looked at");
    add(refused, "may be refused");
    if (auto text = needs_live_warning(plans, input.settled_skipped)) out.push_back(*std::move(text));
    return out;
}

} // namespace lab::planner::detail
