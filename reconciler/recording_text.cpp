// Recordings as people and `lab record` write them.

#include "reconciler/what_if.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>
#include <set>

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
    return {.severity = problem.warning ? Severity::Warning : Severity::Error,
            .code = problem.warning ? "observed/unknown-fact" : "observed/invalid",
            .message = problem.message,
            .at = at,
            .help = problem.help,
            .notes = {}};
}

planner::ReadRecording checked(planner::ReadRecording read, const RecordingCheck& check) {
    if (read.has_errors() || !check) return read;
    auto more = check(read.recording);
    read.problems.insert(read.problems.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
    return read;
}

/// Ids of all that a server is to have; nullopt where that has errors of its own.
std::optional<std::set<std::string>> ids_of(const spec::Fleet& fleet, const std::string& server) {
    std::set<std::string> ids;
    const auto index = fleet.find(server);
    if (!index) return ids;
    Diagnostics said_elsewhere;
    for (const spec::ModuleUnit& unit : fleet.units(*index, said_elsewhere))
        for (const api::Resource& resource : unit.resources)
            ids.insert(resource.id());
    if (said_elsewhere.has_errors()) return std::nullopt;
    return ids;
}

} // namespace

std::vector<planner::RecordingProblem> unknown_resources(const planner::Recording& recording,
                                                         const spec::Fleet& in_order,
                                                         const spec::Fleet& planned) {
    std::vector<planner::RecordingProblem> problems;
    for (const auto& [name, server] : recording.servers) {
        if (!server.in_order || !server.observed || server.observed->resources.empty()) continue;
        if (!in_order.find(name)) continue; // that nothing is known of it is said when it is planned
        auto ids = ids_of(in_order, name);
        auto now = &planned == &in_order ? std::set<std::string>() : ids_of(planned, name);
        if (!ids || !now) continue;
        ids->merge(*now);
        const std::vector<std::string> known(ids->begin(), ids->end());
        for (const auto& [id, resource] : server.observed->resources) {
            if (ids->contains(id)) continue;
            const std::string section = resource.skipped && resource.properties.empty()  ? "skipped"
                                        : resource.failed && resource.properties.empty() ? "failed"
                                                                                         : "resources";
            const auto near = nearest(id, std::span<const std::string>(known));
            problems.push_back(
                {.path = {"servers", name, section, id},
                 .message = fmt::format("server '{}' is in order, and the inventory wants no '{}' of it",
                                        name, escape_controls(id)),
                 .help = near ? fmt::format("did you mean '{}'?", *near)
                              : fmt::format("`lab describe server {}` lists what it has", name),
                 .of_key = true});
        }
    }
    return problems;
}

std::vector<planner::RecordingProblem> unknown_servers(const planner::Recording& recording,
                                                       const spec::Fleet& in_order,
                                                       const spec::Fleet& planned) {
    std::vector<planner::RecordingProblem> problems;
    for (const auto& [name, server] : recording.servers) {
        if (server.applied || planned.find(name) || in_order.find(name)) continue;
        std::vector<std::string> known;
        for (spec::ServerIndex index = 0; index < planned.size(); ++index)
            known.push_back(planned.server(index).name);
        const auto near = nearest(name, std::span<const std::string>(known));
        problems.push_back({.path = {"servers", name},
                            .message = fmt::format("there is no server '{}'", escape_controls(name)),
                            .help = near ? fmt::format("did you mean '{}'?", *near)
                                         : std::string("`lab get servers` lists them"),
                            .of_key = true});
    }
    return problems;
}

void add_recording_problems(const std::vector<planner::RecordingProblem>& problems, const spec::Node& node,
                            Diagnostics& diagnostics) {
    for (const planner::RecordingProblem& problem : problems)
        diagnostics.add(recording_diagnostic(problem, place_of(node, problem)));
}

RecordingText read_recording(const std::string& file, std::string text, const RecordingCheck& check) {
    RecordingText out;
    out.digest = sha256(text);
    const std::string_view begin = trim(text);
    const auto json = begin.starts_with('{') ? parse_json(text, kJsonLimits) : Result<Value>(Error{});
    if (json) {
        auto read = checked(planner::recording_from_value(*json), check);
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
    auto read = checked(planner::recording_from_value(document->root().as_value()), check);
    out.recording = std::move(read.recording);
    add_recording_problems(read.problems, document->root(), out.diagnostics);
    return out;
}

} // namespace lab::reconciler
