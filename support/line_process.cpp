#include "support/process.h"

#include "support/detail/child.h"
#include "support/text.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <poll.h>

namespace lab {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t kStderrKept = 64u << 10;
constexpr std::size_t kGivenOutKept = 64u << 10; // of what was given out, before it goes
constexpr std::size_t kMostUnread = 64u << 20;   // of stdout while we write: more is a flood
constexpr auto kWriteTimeout = 30s;

} // namespace

struct LineProcess::State {
    std::string name;
    detail::Child child;
    std::string unread;      // of its stdout
    std::size_t start = 0;   // of the next line within `unread`
    std::size_t scanned = 0; // up to here there is no newline
    std::string said;        // the end of its stderr

    void take_stderr() {
        if (!child.err.valid()) return;
        if (detail::read_some(child.err.get(), said) == detail::ReadState::End) child.err = Descriptor();
        if (said.size() > kStderrKept) said.erase(0, said.size() - kStderrKept);
    }
    void take_stdout() {
        if (!child.out.valid()) return;
        if (start > kGivenOutKept) { // what was given out goes now and then, not with each line
            unread.erase(0, start);
            scanned -= start;
            start = 0;
        }
        if (detail::read_some(child.out.get(), unread) == detail::ReadState::End) child.out = Descriptor();
    }
    std::size_t pending() const { return unread.size() - start; }
    /// The next whole line, or at the end of the stream what is left.
    std::optional<std::string> next_line() {
        const std::size_t end = unread.find('\n', std::max(scanned, start));
        if (end == std::string::npos) {
            scanned = unread.size();
            if (child.out.valid() || pending() == 0) return std::nullopt;
            return unread.substr(std::exchange(start, unread.size()));
        }
        std::string line = unread.substr(start, end - start);
        start = scanned = end + 1;
        return line;
    }
    Error failure(ErrorCode code, std::string what) const {
        Error error{.code = code, .message = fmt::format("'{}' {}", name, what)};
        const auto words = trim(said);
        if (!words.empty())
            error.context.push_back(fmt::format(
                "its last words: {}", escape_controls(words.substr(words.rfind('\n') + 1).substr(0, 200))));
        return error;
    }
};

LineProcess::LineProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineProcess::LineProcess(LineProcess&&) noexcept = default;
LineProcess& LineProcess::operator=(LineProcess&&) noexcept = default;
LineProcess::~LineProcess() = default;

Result<LineProcess> LineProcess::start(const Command& command) {
    auto child = detail::Child::spawn(command);
    if (!child) return std::move(child).error();
    auto state = std::make_unique<State>();
    state->name = escape_controls(command.argv.front());
    state->child = std::move(*child);
    return LineProcess(std::move(state));
}

Result<void> LineProcess::write_line(std::string_view line) {
    State& state = *state_;
    std::string bytes(line);
    bytes += '\n';
    std::string_view rest = bytes;
    auto deadline = steady_clock::now() + kWriteTimeout;
    while (!rest.empty()) {
        if (!state.child.in.valid()) return state.failure(ErrorCode::Unavailable, "takes no more input");
        const ssize_t written = detail::write_quietly(state.child.in.get(), rest);
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
            deadline = steady_clock::now() + kWriteTimeout;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            state.take_stderr();
            return state.failure(ErrorCode::Unavailable, "has closed its input");
        }
        if (steady_clock::now() >= deadline)
            return state.failure(ErrorCode::Timeout, "does not read its input");
        if (state.pending() > kMostUnread) return state.failure(ErrorCode::Invalid, "floods its output");
        pollfd fds[] = {{state.child.in.get(), POLLOUT, 0},
                        {state.child.out.get(), POLLIN, 0},
                        {state.child.err.get(), POLLIN, 0}};
        ::poll(fds, std::size(fds), detail::poll_timeout(deadline));
        // It may wait for us to read before it reads on.
        state.take_stdout();
        state.take_stderr();
    }
    return {};
}

void LineProcess::close_input() {
    state_->child.in = Descriptor();
}

void LineProcess::interrupt() noexcept {
    state_->child.signal(SIGTERM);
}

Result<std::optional<std::string>>
LineProcess::read_line(std::size_t max_bytes, steady_clock::time_point deadline, std::stop_token stop) {
    State& state = *state_;
    const detail::StopSignal stop_signal(stop);
    for (;;) {
        auto line = state.next_line();
        if ((line ? line->size() : state.pending()) > max_bytes)
            return state.failure(ErrorCode::Invalid,
                                 fmt::format("sent a line of more than {} bytes", max_bytes));
        if (line) return line;
        if (!state.child.out.valid()) {
            state.take_stderr();
            return std::optional<std::string>();
        }
        if (stop.stop_requested()) return state.failure(ErrorCode::Cancelled, "was cancelled");
        if (steady_clock::now() >= deadline)
            return state.failure(ErrorCode::Timeout, "did not answer in time");
        pollfd fds[] = {{state.child.out.get(), POLLIN, 0},
                        {state.child.err.get(), POLLIN, 0},
                        {stop_signal.fd(), POLLIN, 0}};
        ::poll(fds, std::size(fds), detail::poll_timeout(deadline));
        state.take_stderr();
        state.take_stdout();
    }
}

ProcessResult LineProcess::finish(std::chrono::milliseconds grace) {
    State& state = *state_;
    close_input();
    const auto deadline = steady_clock::now() + grace;
    ProcessResult result;
    while (!state.child.ended()) {
        if (steady_clock::now() >= deadline) {
            result.timed_out = true;
            break;
        }
        auto until = deadline;
        if (state.child.exit_fd() < 0) until = std::min(until, steady_clock::now() + 20ms);
        pollfd fds[] = {{state.child.out.get(), POLLIN, 0},
                        {state.child.err.get(), POLLIN, 0},
                        {state.child.exit_fd(), POLLIN, 0}};
        ::poll(fds, std::size(fds), detail::poll_timeout(until));
        state.take_stdout();
        state.unread.clear(); // nobody reads it any more
        state.start = state.scanned = 0;
        state.take_stderr();
    }
    state.take_stderr();
    state.child.signal(SIGKILL); // what is left of its group goes with it
    result.exit_code = state.child.reap();
    result.err = state.said;
    return result;
}

} // namespace lab
