// Recordings as people and `lab record` write them.

#include "reconciler/what_if.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::reconciler {
namespace {

constexpr JsonLimits kJsonLimits{.bytes = std::size_t{1} << 30, .depth = 64};

/// Where the keys lead; as deep as there is something.
Span place_of(spec::Node node, const planner::RecordingProblem& problem) {
    Span at = node.span();
    for (std::size_t step = 0; step < problem.path.size(); ++step) {
        const std::string& key = problem.path[step];
        const bool last = step + 1 == problem.path.size();
        spec::Node next;
        for (std::size_t i = 0; i < node.size() && !next; ++i) {
            if (node.is_map() ? node.key(i).text() != key : std::to_string(i) != key) continue;
            next = node.is_map() ? node.value(i) : node.item(i);
            at = last && problem.of_key && node.is_map() ? node.key(i).span() : next.span();
        }
        if (!next) break;
        node = next;
    }
    return at;
}

SourceLines lines_of(std::string file, std::string text) {
    auto kept = std::make_shared<std::pair<std::string, std::string>>(std::move(file), std::move(text));
    return [kept](const std::string& path, std::uint32_t line) -> std::optional<std::string> {
        if (path != kept->first || line == 0) return std::nullopt;
        const auto lines = split(kept->second, '\n');
        if (line > lines.size()) return std::nullopt;
        return std::string(lines[line - 1]);
    };
}

Diagnostic recording_diagnostic(const planner::RecordingProblem& problem, Span at) {
    return {.severity = Severity::Error,
            .code = "observed/invalid",
            .message = problem.message,
            .at = std::move(at),
            .help = problem.help,
            .notes = {}};
}

} // namespace

void add_recording_problems(const std::vector<planner::RecordingProblem>& problems, const spec::Node& node,
                            Diagnostics& diagnostics) {
    for (const planner::RecordingProblem& problem : problems)
        diagnostics.add(recording_diagnostic(problem, place_of(node, problem)));
}

RecordingText read_recording(const std::string& file, std::string text) {
    RecordingText out;
    out.digest = sha256(text);
    const std::string_view begin = trim(text);
    const auto json = begin.starts_with('{') ? parse_json(text, kJsonLimits) : Result<Value>(Error{});
    if (json) {
        auto read = planner::recording_from_value(*json);
        out.recording = std::move(read.recording);
        const Span at{.file = FileName(file)};
        for (const planner::RecordingProblem& problem : read.problems) {
            Diagnostic diagnostic = recording_diagnostic(problem, at);
            if (const std::string place = problem.place(); !place.empty())
                diagnostic.message += fmt::format(" (at {})", place);
            out.diagnostics.add(std::move(diagnostic));
        }
        out.lines = lines_of(file, {});
        return out;
    }
    out.lines = lines_of(file, text);
    const auto document = spec::Document::parse(file, std::move(text), out.diagnostics);
    if (!document || out.diagnostics.has_errors()) return out;
    auto read = planner::recording_from_value(document->root().as_value());
    out.recording = std::move(read.recording);
    add_recording_problems(read.problems, document->root(), out.diagnostics);
    return out;
}

} // namespace lab::reconciler
