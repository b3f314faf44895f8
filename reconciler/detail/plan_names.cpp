#include "reconciler/detail/plan_names.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler::detail {
namespace {

constexpr std::string_view kServer = "server/", kModule = "/module/", kLayout = "/layout";

bool is_glob(std::string_view pattern) {
    return pattern.find_first_of("*?") != std::string_view::npos;
}

std::optional<std::string> none_of(std::string_view what, std::string_view name,
                                   const std::set<std::string>& known) {
    if (is_glob(name)) return fmt::format("no {} is called '{}'", what, escape_controls(name));
    const std::vector<std::string> names(known.begin(), known.end());
    const auto near = nearest(name, std::span<const std::string>(names));
    return fmt::format("there is no {} '{}'{}", what, escape_controls(name),
                       near ? fmt::format(", did you mean '{}'?", *near) : std::string());
}

} // namespace

void PlanNames::add(const spec::Fleet& fleet) {
    for (spec::ServerIndex index = 0; index < fleet.size(); ++index)
        servers_.insert(fleet.server(index).name);
    for (const auto& [name, module] : fleet.inventory().modules)
        modules_.insert(name);
}

void PlanNames::add(const planner::Recording& recording) {
    for (const auto& [name, server] : recording.servers) {
        servers_.insert(name);
        if (!server.applied) continue;
        for (const planner::AppliedModule& module : server.applied->modules)
            modules_.insert(module.module);
    }
}

bool PlanNames::has_any(std::string_view pattern) const {
    for (const std::string& server : servers_) {
        const std::string unit = fmt::format("{}{}", kServer, server);
        if (glob_match(pattern, unit) || glob_match(pattern, fmt::format("{}{}", unit, kLayout))) return true;
        for (const std::string& module : modules_)
            if (glob_match(pattern, fmt::format("{}{}{}", unit, kModule, module))) return true;
    }
    return false;
}

std::optional<std::string> PlanNames::unknown_server(std::string_view server) const {
    const bool any = std::any_of(servers_.begin(), servers_.end(), [&](const std::string& name) {
        return glob_match(server, fmt::format("{}{}", kServer, name));
    });
    if (any) return std::nullopt;
    if (server.starts_with(kServer)) server.remove_prefix(kServer.size());
    return none_of("server", server, servers_);
}

std::optional<std::string> PlanNames::unknown_module(std::string_view module) const {
    const bool any = std::any_of(modules_.begin(), modules_.end(),
                                 [&](const std::string& name) { return glob_match(module, name); });
    return any ? std::nullopt : none_of("module", module, modules_);
}

std::optional<std::string> PlanNames::unknown(std::string_view unit) const {
    if (const auto at = unit.find(kModule); at != std::string_view::npos) {
        auto wrong = unknown_server(unit.substr(0, at));
        return wrong ? wrong : unknown_module(unit.substr(at + kModule.size()));
    }
    if (unit.ends_with(kLayout)) return unknown_server(unit.substr(0, unit.size() - kLayout.size()));
    if (is_glob(unit) && has_any(unit)) return std::nullopt;
    if (std::count(unit.begin(), unit.end(), '/') > 1 && !is_glob(unit))
        return "no plan acts on that: units are server/NAME, server/NAME/layout and "
               "server/NAME/module/MODULE";
    return unknown_server(unit);
}

} // namespace lab::reconciler::detail
