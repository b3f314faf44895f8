#include "reconciler/execute.h"

#include "reconciler/clear_values.h"
#include "reconciler/detail/judge.h"
#include "reconciler/record.h"
#include "reconciler/renames.h"
#include "reconciler/server_input.h"
#include "support/text.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <thread>

namespace lab::reconciler {
namespace {

using store::StepState;

bool finished(StepState state) {
    return state == StepState::Done;
}

class Executor {
  public:
    Executor(const Engine& engine, const Workspace& workspace, const ExecuteRequest& request)
        : engine_(engine), workspace_(workspace), request_(request) {}

    Result<RunOutcome> run() {
        jobs_ = make_jobs(request_.plan);
        for (const api::Action& action : request_.plan.actions)
            states_[action.id] = {};
        std::vector<std::string> servers;
        for (const Job& job : jobs_)
            servers.push_back(job.server);
        std::unique_ptr<store::Lock> lock; // none where nothing is changed
        if (!servers.empty()) {
            auto taken = engine_.store.lock(servers, request_.drift_only ? "lab sync" : "lab apply");
            if (!taken) return std::move(taken).error();
            lock = std::move(*taken);
        }
        LAB_TRY(engine_.store.snapshot("apply"));
        LAB_TRY(record_renames(engine_, workspace_));
        LAB_TRY(begin(lock.get()));
        work();
        return end();
    }

  private:
    Result<void> begin(const store::Lock* lock) {
        if (request_.resume) {
            auto resumed = engine_.store.resume_run(request_.resume->id, lock);
            if (!resumed) return std::move(resumed).error();
            run_ = std::move(*resumed);
            for (const store::Step& step : run_.steps)
                if (const auto known = states_.find(step.action); known != states_.end())
                    known->second = {.state = step.state,
                                     .detail = step.detail,
                                     .began =
                                         step.state == StepState::Started || step.state == StepState::Failed};
            for (auto& [id, status] : states_)
                if (!finished(status.state)) status.state = StepState::Planned;
            return {};
        }
        run_.kind = request_.drift_only ? "sync" : "apply";
        run_.plan_id = api::plan_id(request_.plan);
        run_.commit = workspace_.origin.dirty ? std::string() : workspace_.origin.commit;
        run_.who = request_.who;
        run_.host = request_.host;
        auto begun = engine_.store.begin_run(run_, request_.plan, lock);
        if (!begun) return std::move(begun).error();
        run_ = std::move(*begun);
        return {};
    }

    void work() {
        for (std::size_t i = 0; i < jobs_.size(); ++i)
            if (jobs_[i].waits_for == 0) ready_.push_back(i);
        const std::size_t workers = std::min(std::max<std::size_t>(engine_.parallelism, 1), jobs_.size());
        const std::stop_callback wake(engine_.stop, [this] { changed_.notify_all(); });
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < workers; ++i)
            threads.emplace_back([this] { worker(); });
    }

    void worker() {
        std::unique_lock hold(mutex_);
        while (left_ < jobs_.size()) {
            changed_.wait(hold, [this] {
                return !ready_.empty() || left_ == jobs_.size() || engine_.stop.stop_requested() || broken_;
            });
            if (engine_.stop.stop_requested() || broken_ || ready_.empty()) break;
            const std::size_t job = ready_.front();
            ready_.pop_front();
            hold.unlock();
            auto ran = run_job(jobs_[job]);
            hold.lock();
            if (!ran && !broken_) broken_ = std::move(ran).error();
            ++left_;
            for (const std::size_t next : jobs_[job].awaiting)
                if (--jobs_[next].waits_for == 0) ready_.push_back(next);
            changed_.notify_all();
        }
        changed_.notify_all();
    }

    struct Status {
        StepState state = StepState::Planned;
        std::string detail;
        bool began = false; // in an earlier try that did not end well
    };

    /// Journals and shows an outcome. Errors: the journal cannot be written; nothing more may be done then.
    Result<void> outcome(const std::string& action, StepState state, const std::string& detail) {
        LAB_TRY(engine_.store.step_ended(run_.id, action, state, detail));
        note(action, state, detail);
        return {};
    }

    void note(const std::string& action, StepState state, const std::string& detail) {
        const std::lock_guard hold(mutex_);
        Status& status = states_[action];
        status.state = state;
        status.detail = detail;
        if (engine_.events.step) engine_.events.step(action, state, detail);
    }

    StepState state_of(const std::string& action) {
        const std::lock_guard hold(mutex_);
        const auto found = states_.find(action);
        return found == states_.end() ? StepState::Done
                                      : found->second.state; // outside the plan: nothing to wait for
    }

    /// Actions of the job that may run now; the others get their outcome.
    Result<std::vector<const api::Action*>> runnable(const Job& job) {
        std::vector<const api::Action*> ready;
        std::set<std::string> in_this_run;
        for (const api::Action* action : job.actions)
            in_this_run.insert(action->id);
        std::set<std::string> out; // that will not run, found so far
        for (const api::Action* action : job.actions)
            if (action->blocked) out.insert(action->id);
        for (bool grew = true; grew;) {
            grew = false;
            for (const api::Action* action : job.actions)
                for (const std::string& other : action->depends_on) {
                    const bool lost =
                        in_this_run.contains(other) ? out.contains(other) : !finished(state_of(other));
                    if (lost && out.insert(action->id).second) grew = true;
                }
        }
        for (const api::Action* action : job.actions) {
            if (finished(state_of(action->id))) continue;
            if (action->blocked) {
                LAB_TRY(outcome(action->id, StepState::Blocked, action->blocked->detail));
            } else if (out.contains(action->id)) {
                LAB_TRY(outcome(action->id, StepState::Skipped, "what it depends on was not done"));
            } else {
                ready.push_back(action);
            }
        }
        return ready;
    }

    Result<void> fail_all(const std::vector<const api::Action*>& actions, const std::string& why) {
        for (const api::Action* action : actions)
            LAB_TRY(outcome(action->id, StepState::Failed, why));
        return {};
    }

    Result<void> run_job(const Job& job) {
        auto actions = runnable(job);
        if (!actions) return std::move(actions).error();
        if (actions->empty()) return {};
        const api::ActionKind kind = actions->front()->kind;
        if (kind == api::ActionKind::Destroy || kind == api::ActionKind::Forget)
            return remove(job.server, *actions->front());

        Diagnostics diagnostics;
        auto clear = clear_units(engine_, workspace_, job.server, request_.drift_only, request_.at_commit);
        if (!clear) return fail_all(*actions, clear.error().text());
        auto input = look(job.server, *clear, diagnostics);
        if (!input) return std::move(input).error();
        if (engine_.stop.stop_requested()) return {}; // not begun: left for a resume
        if (diagnostics.has_errors()) return fail_all(*actions, diagnostics.sorted().front().message);
        if (!input->observed || input->observed->state.presence == api::Presence::Unreachable)
            return fail_all(*actions, "out of reach: " +
                                          (input->observed ? input->observed->state.detail : "no answer"));
        LAB_TRY(refuse_stale(*actions, *input));
        if (actions->empty()) return {};
        return apply(job, *actions, std::move(*input), *clear);
    }

    /// The server as it is right now.
    Result<planner::ServerInput> look(const std::string& server, const std::vector<spec::ModuleUnit>& clear,
                                      Diagnostics& diagnostics) {
        auto input = server_input(
            engine_, workspace_,
            {.name = server, .known_as = server, .observed = {}, .drift_only = request_.drift_only},
            diagnostics);
        if (!input || !input->desired) return input;
        Answer answer =
            observe(engine_, {.server = input->desired->spec,
                              .desired = document(engine_, workspace_.origin, input->desired->spec, clear),
                              .known_as = server});
        input->observed = std::move(answer.observed);
        ask_provider(engine_.providers, *input);
        return input;
    }

    /// Takes out the actions whose ground has moved since they were planned. A step that had begun before it
    /// was resumed has moved the ground itself: it goes on when all that is left to do is part of what was
    /// planned.
    Result<void> refuse_stale(std::vector<const api::Action*>& actions, const planner::ServerInput& input) {
        std::vector<const api::Action*> stale;
        std::optional<planner::Planned> now;
        for (const api::Action* action : actions) {
            if (planner::precondition(input, module_of(action->resource), action->unseen,
                                      engine_.store.key()) == action->precondition)
                continue;
            if (began(action->id)) {
                if (!now) now = plan_one(engine_, workspace_, input, request_.drift_only);
                if (continues(*action, now->plan)) continue;
            }
            stale.push_back(action);
        }
        LAB_TRY(fail_all(stale, "what the plan saw has changed since: plan again"));
        std::erase_if(actions, [&](const api::Action* action) {
            return std::find(stale.begin(), stale.end(), action) != stale.end();
        });
        std::set<std::string> lost;
        for (const api::Action* action : stale)
            lost.insert(action->id);
        std::vector<const api::Action*> dependents;
        for (const api::Action* action : actions)
            if (std::any_of(action->depends_on.begin(), action->depends_on.end(),
                            [&](const std::string& other) { return lost.contains(other); }))
                dependents.push_back(action);
        for (const api::Action* action : dependents)
            LAB_TRY(outcome(action->id, StepState::Skipped, "what it depends on was refused"));
        std::erase_if(actions, [&](const api::Action* action) {
            return std::find(dependents.begin(), dependents.end(), action) != dependents.end();
        });
        return {};
    }

    bool began(const std::string& action) {
        const std::lock_guard hold(mutex_);
        return request_.resume && states_[action].began;
    }

    Result<void> remove(const std::string& server, const api::Action& action) {
        const std::string key = run_.id + "/" + action.id;
        LAB_TRY(engine_.store.steps_started(run_.id, {action.id}, key));
        note(action.id, StepState::Started, {});
        if (action.kind == api::ActionKind::Destroy) {
            auto applied = engine_.store.applied(server);
            if (!applied) return std::move(applied).error();
            if (*applied) {
                providers::Provider* provider = engine_.providers.find((*applied)->spec.provider);
                if (!provider)
                    return outcome(action.id, StepState::Failed, "this build of lab lacks its provider");
                if (auto gone = provider->destroy((*applied)->spec, key, engine_.stop); !gone)
                    return outcome(action.id, StepState::Failed, gone.error().text());
            }
        }
        LAB_TRY(engine_.store.remove_server(server));
        return outcome(action.id, StepState::Done, {});
    }

    Result<void> apply(const Job& job, const std::vector<const api::Action*>& actions,
                       planner::ServerInput input, const std::vector<spec::ModuleUnit>& clear) {
        std::vector<std::string> ids;
        providers::ApplyServer order;
        order.spec = input.desired->spec;
        if (order.spec.server_id.empty()) order.spec.server_id = input.observed->state.server_id;
        if (order.spec.server_id.empty()) order.spec.server_id = "srv-" + hex_encode(random_bytes(8));
        bool itself = false;
        for (const api::Action* action : actions) {
            ids.push_back(action->id);
            if (!module_of(action->resource).empty()) continue;
            order.kind = action->kind;
            itself = true;
        }
        order.desired = document(engine_, workspace_.origin, order.spec, restricted(clear, actions, job));
        order.idempotency_key = run_.id + "/server/" + job.server;

        LAB_TRY(engine_.store.steps_started(run_.id, ids, order.idempotency_key));
        for (const std::string& id : ids)
            note(id, StepState::Started, {});
        providers::Provider* provider = engine_.providers.find(order.spec.provider);
        LAB_CHECK(provider, "a server that answered has a provider");
        auto report = provider->apply(order, engine_.events.resource, engine_.stop);
        if (!report && report.error().code == ErrorCode::Cancelled && engine_.stop.stop_requested())
            return {};
        if (!report) return fail_all(actions, report.error().text());

        input.desired->spec.server_id = order.spec.server_id;
        Record record =
            record_of(engine_, workspace_, std::move(input), &*report, request_.drift_only, itself);
        std::vector<std::string> done;
        std::vector<std::pair<const api::Action*, std::string>> failed;
        for (const api::Action* action : actions) {
            const std::string why = failure_of(*action, *report, clear);
            if (why.empty())
                done.push_back(action->id);
            else if (why != kInterrupted)
                failed.emplace_back(action, why);
        }
        LAB_TRY(engine_.store.step_done(run_.id, done, record.application, record.observation));
        for (const std::string& id : done)
            note(id, StepState::Done, {});
        for (const auto& [action, why] : failed)
            LAB_TRY(outcome(action->id, StepState::Failed, why));
        return {};
    }

    Result<RunOutcome> end() {
        RunOutcome outcome{.run = run_.id, .state = store::RunState::Done, .steps = {}};
        bool all_done = true, interrupted = engine_.stop.stop_requested();
        for (const api::Action& action : request_.plan.actions) {
            const Status& status = states_[action.id];
            outcome.steps.push_back({.action = action.id, .state = status.state, .detail = status.detail});
            all_done = all_done && finished(status.state);
        }
        if (broken_)
            return std::move(*broken_).during(
                "while writing the journal; `lab apply --resume` goes on from here");
        if (!interrupted && !request_.drift_only) LAB_TRY(settle_rest());
        if (!all_done) outcome.state = interrupted ? store::RunState::Interrupted : store::RunState::Failed;
        const bool full =
            all_done && request_.plan.scope.empty() && !request_.drift_only && !workspace_.origin.dirty;
        LAB_TRY(engine_.store.end_run(run_.id, outcome.state, full));
        if (full) {
            const spec::Guard& guard = workspace_.fleet.inventory().settings.guard;
            LAB_TRY(engine_.store.record_fully_applied(
                {.commit = workspace_.origin.commit,
                 .max_destroy = guard.max_destroy,
                 .max_destructive_percent = guard.max_destructive_percent}));
        }
        return outcome;
    }

    Result<void> settle_rest() {
        std::set<std::string> touched;
        for (const Job& job : jobs_)
            touched.insert(job.server);
        std::vector<std::string> rest;
        for (const std::string& server : request_.servers)
            if (!touched.contains(server)) rest.push_back(server);
        return record_settled(engine_, workspace_, rest);
    }

    const Engine& engine_;
    const Workspace& workspace_;
    const ExecuteRequest& request_;
    store::Run run_;
    std::vector<Job> jobs_;

    std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::map<std::string, Status> states_; // by action
    std::deque<std::size_t> ready_;
    std::size_t left_ = 0; // jobs ended
    std::optional<Error> broken_;
};

} // namespace

std::size_t RunOutcome::count(store::StepState wanted) const {
    return static_cast<std::size_t>(std::count_if(
        steps.begin(), steps.end(), [&](const StepResult& step) { return step.state == wanted; }));
}

Result<RunOutcome> execute(const Engine& engine, const Workspace& workspace, const ExecuteRequest& request) {
    return Executor(engine, workspace, request).run();
}

} // namespace lab::reconciler
