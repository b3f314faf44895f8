#include "providers/local/detail/agent_process.h"

#include "support/text.h"
#include "support/units.h"

#include <set>

#include <fmt/format.h>

namespace lab::providers::local::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 200ms; // to end by itself once its output has ended

/// "exit code 1", "signal 11".
std::string ending(const ProcessResult& result) {
    constexpr int kSignals = 128;
    if (result.timed_out) return "closing its output";
    if (result.exit_code > kSignals) return fmt::format("signal {}", result.exit_code - kSignals);
    return fmt::format("exit code {}", result.exit_code);
}

std::string last_words(const ProcessResult& result) {
    const std::string_view said = trim(result.err);
    if (said.empty()) return {};
    constexpr std::size_t kShown = 300;
    return fmt::format("; its last words: {}",
                       escape_controls(said.substr(said.rfind('\n') + 1).substr(0, kShown)));
}

} // namespace

Result<AgentProcess> AgentProcess::start(const AgentProgram& program) {
    Command command;
    command.argv.push_back(program.path.native());
    command.argv.insert(command.argv.end(), program.arguments.begin(), program.arguments.end());
    auto process = LineProcess::start(command);
    if (!process) {
        Error error = std::move(process).error();
        if (error.code == ErrorCode::NotFound) error.hint = "install lab-agent beside lab, or in PATH";
        return error;
    }
    return AgentProcess(std::move(*process), program.longest_line);
}

Result<void> AgentProcess::send(const AgentRequest& request) {
    return process_.write_line(write_request(request));
}

Result<AgentAnswer> AgentProcess::next(std::chrono::milliseconds silence, std::stop_token stop) {
    auto line =
        process_.read_line(longest_line_, std::chrono::steady_clock::now() + silence, std::move(stop));
    if (!line && line.error().code == ErrorCode::Timeout)
        return Error{.code = ErrorCode::Timeout,
                     .message = fmt::format("lab-agent said nothing for {}", format_duration(silence))};
    if (!line) return std::move(line).error();
    if (!*line) {
        const ProcessResult ended = process_.finish(kGrace);
        return Error{.code = ErrorCode::Unavailable,
                     .message = fmt::format("lab-agent ended with {} before it answered{}", ending(ended),
                                            last_words(ended))};
    }
    auto answer = read_answer(**line);
    if (!answer) {
        Error error = std::move(answer).error();
        error.message = "lab-agent " + error.message;
        return error;
    }
    return answer;
}

std::optional<Error> mismatch(const api::Report& report, const api::Desired& desired) {
    const auto nonsense = [](std::string why) {
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("lab-agent answered nonsense: {}", why)};
    };
    if (report.server != desired.server)
        return nonsense(fmt::format("a report of '{}'", escape_controls(report.server)));
    std::set<std::string> asked;
    for (const api::Resource& resource : desired.resources)
        asked.insert(resource.id());
    for (const api::ResourceReport& resource : report.resources)
        if (asked.erase(resource.id) == 0)
            return nonsense(fmt::format("a resource nobody asked for or a second time: '{}'",
                                        escape_controls(resource.id)));
    if (!asked.empty()) return nonsense(fmt::format("nothing about '{}'", escape_controls(*asked.begin())));
    return std::nullopt;
}

} // namespace lab::providers::local::detail
