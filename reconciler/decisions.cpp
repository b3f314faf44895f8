#include "reconciler/decisions.h"

namespace lab::reconciler {
namespace {

/// "file/etc/motd" and "content" of "file/etc/motd.content"; the property is empty where there is none such.
std::pair<std::string_view, std::string_view> parts_of(std::string_view path) {
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return {path, {}};
    return {path.substr(0, dot), path.substr(dot + 1)};
}

} // namespace

void point_at_decisions(api::Plan& plan, const spec::Fleet& fleet) {
    constexpr std::string_view kServer = "server/", kModule = "/module/";
    for (api::Action& action : plan.actions) {
        const auto at = action.resource.find(kModule);
        if (action.kind != api::ActionKind::Update || action.cause == api::Cause::Drift ||
            at == std::string::npos)
            continue;
        const std::string_view resource = action.resource;
        const auto index = fleet.find(resource.substr(kServer.size(), at - kServer.size()));
        if (!index) continue;
        for (std::size_t i = 0; i < action.changes.size(); ++i) {
            if (i < action.causes.size() && action.causes[i] == api::Cause::Drift) continue;
            const auto [id, property] = parts_of(action.changes[i].path);
            const auto origins = fleet.decided_by(*index, resource.substr(at + kModule.size()), id, property);
            if (!origins.empty() && origins.front().at.known()) action.source = origins.front().at;
            break;
        }
    }
}

} // namespace lab::reconciler
