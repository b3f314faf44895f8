#include "support/process.h"

#include "support/detail/child.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <poll.h>

namespace lab {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kTermGrace = 2s;  // between TERM and KILL
constexpr auto kDrainGrace = 1s; // for output that others hold open after the program itself has ended
constexpr auto kWithoutPidfd = 20ms;

/// One run: feeds and reads until the end, or until time or patience is over.
class Run {
  public:
    Run(const Command& command, detail::Child child, std::stop_token stop)
        : command_(command), child_(std::move(child)), stop_(stop), stop_signal_(std::move(stop)),
          deadline_(steady_clock::now() + std::min<std::chrono::milliseconds>(command.timeout, 24h * 365)) {}

    Result<ProcessResult> finish() {
        feed(); // closes at once where there is no input
        while (!finished()) {
            wait();
            feed();
            drain(child_.out, result_.out);
            drain(child_.err, result_.err);
            check_limits();
        }
        // The group is asked to die before its leader is reaped: then its number is still ours.
        if (phase_ != Phase::Running) child_.signal(SIGKILL);
        result_.exit_code = child_.reap();
        if (cancelled_)
            return Error{.code = ErrorCode::Cancelled, .message = fmt::format("'{}' was cancelled", name())};
        if (timed_out_) return timeout_error();
        return std::move(result_);
    }

  private:
    enum class Phase { Running, Terminated, Killed };

    std::string name() const { return escape_controls(command_.argv.front()); }

    bool finished() const {
        if (!ended_) return false;
        const bool silent = !child_.out.valid() && !child_.err.valid();
        return silent || phase_ == Phase::Killed || steady_clock::now() >= drain_until_;
    }

    void feed() {
        while (child_.in.valid()) {
            if (fed_ == command_.input.size()) {
                child_.in = Descriptor();
                return;
            }
            const ssize_t written =
                detail::write_quietly(child_.in.get(), std::string_view(command_.input).substr(fed_));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0 && errno == EAGAIN) return;
            if (written < 0) { // it does not want to read on; that is its right
                child_.in = Descriptor();
                return;
            }
            fed_ += static_cast<std::size_t>(written);
        }
    }

    void drain(Descriptor& from, std::string& kept) {
        if (!from.valid()) return;
        const auto state = detail::read_some(from.get(), kept);
        if (state == detail::ReadState::End) from = Descriptor();
        if (kept.size() > command_.max_output) {
            kept.resize(command_.max_output);
            result_.truncated = true;
        }
    }

    void wait() {
        pollfd fds[] = {{child_.in.get(), POLLOUT, 0},
                        {child_.out.get(), POLLIN, 0},
                        {child_.err.get(), POLLIN, 0},
                        {ended_ ? -1 : child_.exit_fd(), POLLIN, 0},
                        {cancelled_ ? -1 : stop_signal_.fd(), POLLIN, 0}};
        auto until = phase_ == Phase::Running ? deadline_ : kill_at_;
        if (ended_) until = drain_until_;
        if (!ended_ && child_.exit_fd() < 0) until = std::min(until, steady_clock::now() + kWithoutPidfd);
        ::poll(fds, std::size(fds), detail::poll_timeout(until));
    }

    void check_limits() {
        const auto now = steady_clock::now();
        if (!ended_ && child_.ended()) {
            ended_ = true;
            // While terminating, the rest of the group has until the KILL to end.
            drain_until_ = phase_ == Phase::Running ? now + kDrainGrace : kill_at_;
            return;
        }
        if (phase_ == Phase::Running && !ended_) {
            cancelled_ = stop_.stop_requested();
            timed_out_ = !cancelled_ && now >= deadline_;
            if (!cancelled_ && !timed_out_) return;
            child_.signal(SIGTERM);
            child_.signal(SIGCONT); // a stopped program could not hear it
            phase_ = Phase::Terminated;
            kill_at_ = now + kTermGrace;
        } else if (phase_ == Phase::Terminated && now >= kill_at_) {
            child_.signal(SIGKILL);
            phase_ = Phase::Killed;
            kill_at_ = now + 1min; // nothing more to do than wait for the kernel
        }
    }

    Error timeout_error() const {
        Error error{.code = ErrorCode::Timeout,
                    .message =
                        fmt::format("'{}' did not end within {}", name(), format_duration(command_.timeout))};
        const auto said = trim(result_.err);
        if (!said.empty())
            error.context.push_back(fmt::format(
                "its last words: {}", escape_controls(said.substr(said.rfind('\n') + 1).substr(0, 200))));
        return error;
    }

    const Command& command_;
    detail::Child child_;
    std::stop_token stop_;
    detail::StopSignal stop_signal_;
    steady_clock::time_point deadline_, kill_at_{}, drain_until_{};
    Phase phase_ = Phase::Running;
    bool ended_ = false, cancelled_ = false, timed_out_ = false;
    std::size_t fed_ = 0;
    ProcessResult result_;
};

} // namespace

Result<ProcessResult> run(const Command& command, std::stop_token stop) {
    if (stop.stop_requested())
        return Error{.code = ErrorCode::Cancelled, .message = "cancelled before it began"};
    auto child = detail::Child::spawn(command);
    if (!child) return std::move(child).error();
    return Run(command, std::move(*child), std::move(stop)).finish();
}

} // namespace lab
