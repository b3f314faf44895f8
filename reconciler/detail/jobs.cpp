#include "reconciler/detail/jobs.h"

#include <map>
#include <set>

namespace lab::reconciler {

std::string server_of(const std::string& resource) {
    const std::size_t begin = std::string_view("server/").size();
    return resource.substr(begin, resource.find('/', begin) - begin);
}

std::string module_of(const std::string& resource) {
    constexpr std::string_view kMark = "/module/";
    const std::size_t at = resource.find(kMark);
    return at == std::string::npos ? std::string() : resource.substr(at + kMark.size());
}

std::vector<Job> make_jobs(const api::Plan& plan) {
    std::vector<Job> jobs;
    std::map<std::string, std::size_t> by_server, by_action;
    for (const api::Action& action : plan.actions) {
        const auto [found, added] = by_server.try_emplace(server_of(action.resource), jobs.size());
        if (added) jobs.push_back({.server = found->first, .actions = {}, .awaiting = {}});
        jobs[found->second].actions.push_back(&action);
        by_action[action.id] = found->second;
    }
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        std::set<std::size_t> before;
        for (const api::Action* action : jobs[i].actions)
            for (const std::string& other : action->depends_on)
                if (const auto job = by_action.find(other); job != by_action.end() && job->second != i)
                    before.insert(job->second);
        jobs[i].waits_for = before.size();
        for (const std::size_t job : before)
            jobs[job].awaiting.push_back(i);
    }
    return jobs;
}

} // namespace lab::reconciler
