#include "cli/progress.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

using store::StepState;
constexpr auto kBetween = std::chrono::milliseconds(80); // redraws of the open line

} // namespace

reconciler::Events Progress::events(std::size_t total) {
    total_ = total;
    if (context_.quiet) return {};
    return {
        .phase = [this](std::string_view name, std::size_t done, std::size_t of) { phase(name, done, of); },
        .step = [this](const std::string& action, StepState state,
                       const std::string& detail) { step(action, state, detail); },
        .resource = [this](const providers::Progress& progress) { resource(progress); }};
}

void Progress::busy(std::string_view what) {
    const std::lock_guard hold(mutex_);
    if (context_.err_is_terminal && !context_.quiet) show(escape_controls(what));
}

void Progress::clear() {
    if (!line_open_) return;
    context_.err.write("\r\x1b[K");
    line_open_ = false;
}

void Progress::show(std::string line) {
    const SteadyTime now = context_.clock.steady();
    if (now - shown_ < kBetween) return;
    shown_ = now;
    if (line.size() > 100) line.resize(100);
    context_.err.write("\r\x1b[K" + line);
    line_open_ = true;
}

void Progress::phase(std::string_view name, std::size_t done, std::size_t total) {
    const std::lock_guard hold(mutex_);
    if (context_.err_is_terminal) {
        show(fmt::format("{} {}/{}", name, done, total));
        if (done == total) clear();
    } else if (done == 0) {
        context_.err.write(fmt::format("{} {}\n", name, counted(total, "server")));
    }
}

void Progress::step(const std::string& action, StepState state, const std::string& detail) {
    const std::lock_guard hold(mutex_);
    if (state == StepState::Started) {
        running_.insert(action);
    } else {
        running_.erase(action);
        ++ended_;
    }
    const std::string why = escape_controls(detail);
    std::string line;
    switch (state) {
    case StepState::Planned: return;
    case StepState::Started: break;
    case StepState::Done: line = context_.err_paint.green("done    ") + action; break;
    case StepState::Failed: line = context_.err_paint.red("failed  ") + action + ": " + why; break;
    case StepState::Skipped: line = context_.err_paint.yellow("skipped ") + action + ": " + why; break;
    case StepState::Blocked: line = context_.err_paint.yellow("blocked ") + action + ": " + why; break;
    }
    // A failure is always its own line; what goes well is one moving line at a terminal.
    const bool quiet_line =
        context_.err_is_terminal && (state == StepState::Done || state == StepState::Started);
    if (!quiet_line && !line.empty()) {
        clear();
        context_.err.write(line + "\n");
    }
    if (context_.err_is_terminal && total_ > 0)
        show(fmt::format("applying {}/{}{}", ended_, total_,
                         running_.empty() ? "" : ": " + *running_.begin()));
}

void Progress::resource(const providers::Progress& progress) {
    const std::lock_guard hold(mutex_);
    if (context_.err_is_terminal)
        show(fmt::format("applying {}/{}: server/{} {} {}", ended_, total_, progress.server,
                         progress.resource, progress.status));
    else if (context_.verbose)
        context_.err.write(escape_controls(fmt::format("server/{} {} {}", progress.server, progress.resource,
                                                       progress.status)) +
                           "\n");
}

} // namespace lab::cli
