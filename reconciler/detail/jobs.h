#pragma once
// A plan as work to be done: the actions of one server are one job, and jobs wait for each other as their
// actions do.

#include "api/plan.h"

namespace lab::reconciler {

/// "web-1" of server/web-1/module/base.
std::string server_of(const std::string& resource);
/// "base" of server/web-1/module/base; empty for the server itself.
std::string module_of(const std::string& resource);

/// All actions of one server: they run one after the other, and what is on the machine in one agent run.
struct Job {
    std::string server;
    std::vector<const api::Action*> actions; // of the plan, which outlives the job
    std::size_t waits_for = 0;               // jobs that have not ended
    std::vector<std::size_t> awaiting;       // jobs that wait for this one, each once
};

/// In the order in which the plan first names their servers.
std::vector<Job> make_jobs(const api::Plan& plan);

} // namespace lab::reconciler
