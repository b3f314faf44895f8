#include "providers/local/agent_link.h"

#include "providers/local/detail/agent_process.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace lab::providers::local {
namespace {

using detail::AgentAnswer;
using detail::AgentProcess;
using detail::AgentRequest;

constexpr std::size_t kPipelined = 4; // requests given to an agent ahead of its answers
constexpr std::size_t kIdleKept = 8;

Error about(Error error, const Machine& machine) {
    return std::move(error).during(fmt::format("while asking '{}'", machine.server));
}

Error cancelled() {
    return {.code = ErrorCode::Cancelled, .message = "cancelled before it was asked"};
}

} // namespace

/// Agents that have nothing to do, to be used again.
struct AgentProcessLink::Pool {
    explicit Pool(AgentProgram from) : program(std::move(from)) {}
    const AgentProgram program;

    std::optional<AgentProcess> idle() {
        const std::lock_guard hold(mutex);
        if (processes.empty()) return std::nullopt;
        std::optional<AgentProcess> process = std::move(processes.back());
        processes.pop_back();
        return process;
    }
    void give_back(AgentProcess process) {
        const std::lock_guard hold(mutex);
        if (processes.size() < kIdleKept) processes.push_back(std::move(process));
    }

    Result<AgentAnswer> ask_one(const AgentRequest& request, const ProgressSink& progress,
                                std::stop_token stop);

    std::mutex mutex; // guards what follows
    std::vector<AgentProcess> processes;
};

namespace {

/// What the threads of one observe() share: the requests not yet taken and the answers not yet handed on.
class Board {
  public:
    explicit Board(std::size_t requests) : requests_(requests) {}

    std::optional<std::size_t> take() {
        const std::lock_guard hold(mutex_);
        if (next_ == requests_) return std::nullopt;
        return next_++;
    }
    void put(std::size_t index, Result<api::Report> report) {
        const std::lock_guard hold(mutex_);
        answers_.emplace_back(index, std::move(report));
        arrived_.notify_one();
    }
    std::pair<std::size_t, Result<api::Report>> wait() {
        std::unique_lock hold(mutex_);
        arrived_.wait(hold, [this] { return !answers_.empty(); });
        auto answer = std::move(answers_.front());
        answers_.pop_front();
        return answer;
    }

  private:
    const std::size_t requests_;
    std::mutex mutex_; // guards what follows
    std::condition_variable arrived_;
    std::size_t next_ = 0;
    std::deque<std::pair<std::size_t, Result<api::Report>>> answers_;
};

/// One agent at a time, some requests ahead. When an agent fails, each request it had is asked again alone:
/// the one that fails alone is the culprit.
class Observer {
  public:
    Observer(const AgentProgram& program, const std::vector<ObserveRequest>& requests, Board& board,
             std::optional<AgentProcess> process)
        : program_(program), requests_(requests), board_(board), process_(std::move(process)) {}

    /// Until nothing is left to take; gives what is still good of its agent.
    std::optional<AgentProcess> work(const std::stop_token& stop) {
        for (;;) {
            if (stop.stop_requested()) return cancel_rest(), std::nullopt;
            fill();
            if (!asked_.empty()) {
                listen(stop);
            } else if (drained_ && suspects_.empty()) {
                return std::move(process_);
            }
        }
    }

  private:
    void fill() {
        if (asked_.empty()) alone_ = !suspects_.empty();
        while (asked_.size() < (alone_ ? 1 : kPipelined)) {
            const auto index = take();
            if (!index) return;
            asked_.push_back(*index);
            if (auto sent = send(*index); !sent) return broken(std::move(sent).error());
        }
    }

    std::optional<std::size_t> take() {
        if (alone_) {
            const std::size_t index = suspects_.front();
            suspects_.pop_front();
            return index;
        }
        auto index = board_.take();
        drained_ = !index;
        return index;
    }

    Result<void> send(std::size_t index) {
        if (!process_) {
            auto started = AgentProcess::start(program_);
            if (!started) return std::move(started).error();
            process_ = std::move(*started);
        }
        const ObserveRequest& request = requests_[index];
        return process_->send({.id = std::to_string(index),
                               .mode = detail::Mode::Check,
                               .root = request.machine.root,
                               .create = false,
                               .desired = &request.desired});
    }

    void listen(const std::stop_token& stop) {
        auto answer = process_->next(program_.check_silence, stop);
        if (!answer) {
            // On a stop the loop ends with all of them cancelled.
            if (answer.error().code != ErrorCode::Cancelled) broken(std::move(answer).error());
            return;
        }
        const auto of = std::find_if(asked_.begin(), asked_.end(),
                                     [&](std::size_t index) { return std::to_string(index) == answer->id; });
        if (of == asked_.end())
            return broken({.code = ErrorCode::Invalid,
                           .message = "lab-agent answered nonsense: an id that was not asked"});
        const std::size_t index = *of;
        if (auto* error = std::get_if<Error>(&answer->event)) {
            asked_.erase(of);
            board_.put(index, about(std::move(*error), requests_[index].machine));
        } else if (auto* report = std::get_if<api::Report>(&answer->event)) {
            if (auto wrong = detail::mismatch(*report, requests_[index].desired))
                return broken(std::move(*wrong));
            asked_.erase(of);
            board_.put(index, std::move(*report));
        }
    }

    void broken(Error error) {
        process_.reset();
        if (asked_.size() == 1) {
            board_.put(asked_.front(), about(std::move(error), requests_[asked_.front()].machine));
        } else {
            suspects_.insert(suspects_.begin(), asked_.begin(), asked_.end());
        }
        asked_.clear();
    }

    void cancel_rest() {
        for (auto* rest : {&asked_, &suspects_})
            for (const std::size_t index : *rest)
                board_.put(index, about(cancelled(), requests_[index].machine));
        while (const auto index = board_.take())
            board_.put(*index, about(cancelled(), requests_[*index].machine));
    }

    const AgentProgram& program_;
    const std::vector<ObserveRequest>& requests_;
    Board& board_;
    std::optional<AgentProcess> process_;
    std::deque<std::size_t> asked_, suspects_; // indexes into requests_
    bool alone_ = false;                       // what is asked now is a suspect
    bool drained_ = false;                     // the board has no more
};

} // namespace

std::filesystem::path agent_beside_this_program() {
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (!failed) {
        auto agent = self.parent_path() / "lab-agent";
        if (std::filesystem::exists(agent, failed)) return agent;
    }
    return "lab-agent";
}

AgentProcessLink::AgentProcessLink(AgentProgram program)
    : pool_(std::make_unique<Pool>(std::move(program))) {}
AgentProcessLink::~AgentProcessLink() = default;

void AgentProcessLink::observe(const std::vector<ObserveRequest>& requests, std::size_t parallelism,
                               const Observed& done, std::stop_token stop) {
    if (requests.empty()) return;
    // Agents on this host share its processors: more of them than those bring nothing but a way around one
    // that hangs.
    constexpr std::size_t kAlways = 4;
    const std::size_t useful = std::max<std::size_t>(kAlways, std::thread::hardware_concurrency());
    const std::size_t workers = std::min({std::max<std::size_t>(parallelism, 1), requests.size(), useful});
    Board board(requests.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers; ++i)
        threads.emplace_back([&] {
            Observer observer(pool_->program, requests, board, pool_->idle());
            if (auto process = observer.work(stop)) pool_->give_back(std::move(*process));
        });
    for (std::size_t left = requests.size(); left > 0; --left) {
        auto [index, report] = board.wait();
        done(index, std::move(report));
    }
}

Result<AgentAnswer> AgentProcessLink::Pool::ask_one(const AgentRequest& request, const ProgressSink& progress,
                                                    std::stop_token stop) {
    auto process = idle();
    bool used_before = process.has_value();
    bool interrupted = false;
    for (;;) {
        if (!process) {
            auto started = AgentProcess::start(program);
            if (!started) return std::move(started).error();
            process = std::move(*started);
        }
        auto sent = process->send(request);
        while (sent) {
            auto answer = process->next(program.apply_silence, interrupted ? std::stop_token() : stop);
            if (!answer && answer.error().code == ErrorCode::Cancelled && !interrupted) {
                interrupted = true; // it finishes what it is at and reports
                process->interrupt();
                continue;
            }
            if (!answer) {
                sent = std::move(answer).error();
                break;
            }
            if (answer->id != request.id)
                return Error{.code = ErrorCode::Invalid,
                             .message = "lab-agent answered nonsense: an id that was not asked"};
            used_before = false;
            if (const auto* event = std::get_if<detail::AgentProgress>(&answer->event)) {
                if (progress)
                    progress({.server = request.desired->server,
                              .resource = event->resource,
                              .status = event->status});
                continue;
            }
            if (!interrupted) give_back(std::move(*process));
            return answer;
        }
        // One that waited idle may have died meanwhile: that says nothing about this request.
        if (!used_before || interrupted) return std::move(sent).error();
        used_before = false;
        process.reset();
    }
}

Result<api::Report> AgentProcessLink::apply(const Machine& machine, const api::Desired& desired, bool create,
                                            const ProgressSink& progress, std::stop_token stop) {
    if (stop.stop_requested()) return about(cancelled(), machine);
    auto answer = pool_->ask_one({.id = "apply/" + machine.server,
                                  .mode = detail::Mode::Apply,
                                  .root = machine.root,
                                  .create = create,
                                  .desired = &desired},
                                 progress, std::move(stop));
    if (!answer) return about(std::move(answer).error(), machine);
    if (auto* error = std::get_if<Error>(&answer->event)) return about(std::move(*error), machine);
    auto& report = std::get<api::Report>(answer->event);
    if (auto wrong = detail::mismatch(report, desired)) return about(std::move(*wrong), machine);
    return std::move(report);
}

Result<void> AgentProcessLink::destroy(const Machine& machine, const api::Desired& identity,
                                       std::stop_token stop) {
    if (stop.stop_requested()) return about(cancelled(), machine);
    auto answer = pool_->ask_one({.id = "destroy/" + machine.server,
                                  .mode = detail::Mode::Destroy,
                                  .root = machine.root,
                                  .create = false,
                                  .desired = &identity},
                                 {}, std::move(stop));
    if (!answer) return about(std::move(answer).error(), machine);
    if (auto* error = std::get_if<Error>(&answer->event)) {
        if (error->code == ErrorCode::NotFound) return {};
        return about(std::move(*error), machine);
    }
    return {};
}

} // namespace lab::providers::local
