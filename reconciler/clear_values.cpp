#include "reconciler/clear_values.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler {
namespace {

bool has_fingerprint(const api::Resource& resource) {
    return std::any_of(resource.properties.begin(), resource.properties.end(),
                       [](const auto& property) { return api::is_fingerprint(property.second); });
}

/// The resource of `workspace` that looks like `redacted` once redacted itself.
std::optional<api::Resource> find_clear(const Engine& engine, const Workspace& workspace,
                                        const std::string& server, const api::Resource& redacted) {
    const auto index = workspace.fleet.find(server);
    if (!index) return std::nullopt;
    Diagnostics diagnostics;
    const Digest wanted = api::digest(redacted);
    for (const spec::ModuleUnit& unit : workspace.fleet.units(*index, diagnostics))
        for (const api::Resource& resource : unit.resources)
            if (resource.id() == redacted.id() &&
                api::digest(api::redacted(resource, engine.store.key())) == wanted)
                return resource;
    return std::nullopt;
}

} // namespace

Result<std::vector<spec::ModuleUnit>>
clear_units(const Engine& engine, const Workspace& workspace, const std::string& server, bool applied,
            const std::function<Result<const Workspace*>(const std::string& commit)>& at_commit) {
    if (!applied) {
        const auto index = workspace.fleet.find(server);
        if (!index)
            return Error{.code = ErrorCode::NotFound,
                         .message = fmt::format("server '{}' is not in the inventory", server)};
        Diagnostics diagnostics;
        auto units = workspace.fleet.units(*index, diagnostics);
        if (diagnostics.has_errors())
            return Error{.code = ErrorCode::Invalid, .message = diagnostics.sorted().front().message};
        return units;
    }
    auto known = engine.store.applied(server);
    if (!known) return std::move(known).error();
    std::vector<spec::ModuleUnit> units;
    if (!*known) return units;
    for (const planner::AppliedModule& module : (*known)->modules) {
        spec::ModuleUnit& unit = units.emplace_back();
        unit.module = module.module;
        for (const planner::AppliedResource& one : module.resources) {
            unit.resources.push_back(one.resource);
            if (!has_fingerprint(one.resource)) continue;
            auto clear = find_clear(engine, workspace, server, one.resource);
            if (!clear && at_commit && !one.commit.empty())
                if (auto then = at_commit(one.commit))
                    clear = find_clear(engine, **then, server, one.resource);
            if (!clear)
                return Error{
                    .code = ErrorCode::Unavailable,
                    .message =
                        fmt::format("the private value of {} as it was applied is in no commit that "
                                    "can be read (it was applied from {})",
                                    one.resource.id(),
                                    one.commit.empty() ? "uncommitted files" : one.commit.substr(0, 12)),
                    .hint = "apply the current commit instead: `lab apply --target server/" + server + "`"};
            unit.resources.back() = std::move(*clear);
        }
    }
    return units;
}

} // namespace lab::reconciler
