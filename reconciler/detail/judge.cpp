#include "reconciler/detail/judge.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::reconciler {
namespace {

constexpr std::size_t kReasonsShown = 5;

std::string first_few(const std::vector<std::string>& reasons) {
    std::string out;
    for (std::size_t i = 0; i < std::min(reasons.size(), kReasonsShown); ++i)
        out += (i ? "; " : "") + reasons[i];
    if (reasons.size() > kReasonsShown) out += fmt::format("; and {} more", reasons.size() - kReasonsShown);
    return out;
}

} // namespace

bool continues(const api::Action& planned, const api::Plan& now) {
    const auto expected = [&](const api::PropertyChange& change) {
        return std::any_of(
                   planned.changes.begin(), planned.changes.end(),
                   [&](const auto& old) { return old.path == change.path && old.after == change.after; }) ||
               std::any_of(planned.notifies.begin(), planned.notifies.end(), [&](const std::string& id) {
                   return change.path == id || change.path.starts_with(id + ".");
               });
    };
    return std::all_of(now.actions.begin(), now.actions.end(), [&](const api::Action& action) {
        return action.resource != planned.resource ||
               std::all_of(action.changes.begin(), action.changes.end(), expected);
    });
}

std::vector<spec::ModuleUnit> restricted(const std::vector<spec::ModuleUnit>& units,
                                         const std::vector<const api::Action*>& actions, const Job& job) {
    std::set<std::string> modules, held, notified;
    for (const api::Action* action : actions) {
        modules.insert(module_of(action->resource));
        notified.insert(action->notifies.begin(), action->notifies.end());
    }
    for (const api::Action* action : job.actions)
        held.insert(module_of(action->resource)); // acted on or held back
    std::vector<spec::ModuleUnit> parts;
    for (const spec::ModuleUnit& unit : units) {
        if (modules.contains(unit.module)) {
            parts.push_back(unit);
            continue;
        }
        if (held.contains(unit.module)) continue;
        spec::ModuleUnit part = unit;
        std::erase_if(part.resources,
                      [&](const api::Resource& resource) { return !notified.contains(resource.id()); });
        if (!part.resources.empty()) parts.push_back(std::move(part));
    }
    return parts;
}

std::string failure_of(const api::Action& action, const api::Report& report,
                       const std::vector<spec::ModuleUnit>& units) {
    const std::string module = module_of(action.resource);
    std::set<std::string> ids(action.notifies.begin(), action.notifies.end());
    for (const spec::ModuleUnit& unit : units)
        if (unit.module == module)
            for (const api::Resource& resource : unit.resources)
                ids.insert(resource.id());
    std::vector<std::string> failed, skipped;
    bool interrupted = false;
    for (const api::ResourceReport& resource : report.resources) {
        if (!ids.contains(resource.id)) continue;
        if (resource.status == api::ResourceStatus::Failed)
            failed.push_back(resource.id + ": " + resource.reason);
        if (resource.status != api::ResourceStatus::Skipped) continue;
        interrupted = interrupted || resource.reason == kInterrupted;
        if (resource.reason.find("failed") != std::string::npos)
            skipped.push_back(resource.id + " skipped: " + resource.reason);
    }
    if (failed.empty() && interrupted) return std::string(kInterrupted);
    if (failed.empty() && skipped.empty()) return {};
    if (failed.empty()) std::swap(failed, skipped); // what failed is in another unit
    std::string why = first_few(failed);
    if (!skipped.empty())
        why += fmt::format("; {} skipped because of it", counted(skipped.size(), "resource"));
    return why;
}

} // namespace lab::reconciler
