#include "reconciler/detail/expectations.h"

#include "reconciler/detail/pairing.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::reconciler::detail {
namespace {

constexpr std::size_t kMostShown = 20;

/// "update server/web-1/module/motd, risk safe, cause drift" with what an expectation may ask.
std::string action_text(const api::Action& action) {
    std::string text = fmt::format("{} {}, risk {}, cause {}", to_string(action.kind), action.resource,
                                   to_string(action.risk), to_string(action.cause));
    if (action.blocked) text += fmt::format(", blocked {}", action.blocked->by);
    std::vector<std::string> paths;
    for (const api::PropertyChange& change : action.changes)
        paths.push_back(change.path);
    if (!paths.empty()) text += fmt::format(", changes {}", fmt::join(paths, " and "));
    return text;
}

bool changes(const api::Action& action, const std::string& path) {
    return std::any_of(action.changes.begin(), action.changes.end(), [&](const api::PropertyChange& change) {
        return change.path == path || change.path.starts_with(path + ".");
    });
}

bool names(const spec::ExpectedAction& expected, const api::Action& action) {
    return (expected.action.empty() || expected.action == to_string(action.kind)) &&
           glob_match(expected.resource, action.resource);
}

bool matches(const spec::ExpectedAction& expected, const api::Action& action) {
    const std::string_view blocked = action.blocked ? std::string_view(action.blocked->by) : "no";
    return names(expected, action) && (expected.risk.empty() || expected.risk == to_string(action.risk)) &&
           (expected.cause.empty() || expected.cause == to_string(action.cause)) &&
           (expected.blocked.empty() || expected.blocked == blocked) &&
           std::all_of(expected.changes.begin(), expected.changes.end(),
                       [&](const spec::Text& path) { return changes(action, path.value); });
}

std::string shown_lines(const std::vector<std::string>& lines) {
    if (lines.empty()) return "nothing";
    const std::size_t count = std::min(lines.size(), kMostShown);
    std::string text =
        fmt::format("{}", fmt::join(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count), "\n"));
    if (lines.size() > count) text += fmt::format("\nand {} more", lines.size() - count);
    return text;
}

/// Of an expected action that none matches: those that are about the same unit, or else all.
std::string nearest_actions(const spec::ExpectedAction& expected, const api::Plan& plan) {
    std::vector<std::string> same, all;
    for (const api::Action& action : plan.actions) {
        all.push_back(action_text(action));
        if (glob_match(expected.resource, action.resource)) same.push_back(all.back());
    }
    return shown_lines(same.empty() ? all : same);
}

std::vector<std::string> server_names(const spec::Fleet& fleet, const spec::Target& target) {
    std::vector<std::string> names;
    for (const spec::ServerIndex index : fleet.select(target))
        names.push_back(fleet.server(index).name);
    std::sort(names.begin(), names.end());
    return names;
}

std::string bracketed(const std::vector<std::string>& names) {
    return fmt::format("[{}]", fmt::join(names, ", "));
}

bool matches(const spec::ExpectedDiagnostic& expected, const Diagnostic& found) {
    return (expected.code.empty() || expected.code == found.code) &&
           (expected.file.empty() || (found.at.file && *found.at.file == expected.file)) &&
           (expected.line == 0 || expected.line == found.at.line) &&
           found.message.find(expected.message) != std::string::npos;
}

std::string diagnostic_text(const Diagnostic& found) {
    return fmt::format("{}: {} [{}]{}", found.at.known() ? found.at.text() : "the inventory", found.message,
                       found.code, found.help.empty() ? std::string() : " (" + found.help + ")");
}

struct Count {
    std::string_view name;
    std::size_t api::PlanSummary::*member;
};
constexpr std::array kCounts{Count{"create", &api::PlanSummary::create},
                             Count{"update", &api::PlanSummary::update},
                             Count{"replace", &api::PlanSummary::replace},
                             Count{"destroy", &api::PlanSummary::destroy},
                             Count{"forget", &api::PlanSummary::forget},
                             Count{"unchanged", &api::PlanSummary::unchanged},
                             Count{"drifted", &api::PlanSummary::drifted},
                             Count{"servers", &api::PlanSummary::servers},
                             Count{"not_observed", &api::PlanSummary::not_observed}};

} // namespace

void compare_actions(const spec::ExpectedActions& expected, const api::Plan& plan, const PlanNames& known,
                     Mismatches& mismatches) {
    std::vector<bool> foreseen(plan.actions.size(), false);
    for (const spec::ExpectedAction& wanted : expected.with) {
        bool any = false;
        for (std::size_t i = 0; i < plan.actions.size(); ++i)
            if (matches(wanted, plan.actions[i])) foreseen[i] = any = true;
        if (any) continue;
        mismatches.push_back({.what = "actions",
                              .expected = wanted.text,
                              .found = nearest_actions(wanted, plan),
                              .at = wanted.at});
        // What differs in a detail only is told once.
        for (std::size_t i = 0; i < plan.actions.size(); ++i)
            if (names(wanted, plan.actions[i])) foreseen[i] = true;
    }
    for (const spec::ExpectedAction& unwanted : expected.without) {
        std::vector<std::string> found;
        if (auto unknown = known.unknown(unwanted.resource)) found.push_back(*std::move(unknown));
        for (const api::Action& action : plan.actions)
            if (matches(unwanted, action)) found.push_back(action_text(action));
        if (!found.empty())
            mismatches.push_back({.what = "actions",
                                  .expected = "no " + unwanted.text,
                                  .found = shown_lines(found),
                                  .at = unwanted.at});
    }
    if (!expected.exactly) return;
    std::vector<std::string> more;
    for (std::size_t i = 0; i < plan.actions.size(); ++i)
        if (!foreseen[i]) more.push_back(action_text(plan.actions[i]));
    if (!more.empty())
        mismatches.push_back(
            {.what = "actions", .expected = "no other", .found = shown_lines(more), .at = expected.at});
}

void compare_summary(const std::vector<spec::ExpectedCount>& expected, const api::Plan& plan,
                     Mismatches& mismatches) {
    for (const spec::ExpectedCount& wanted : expected)
        for (const Count& count : kCounts) {
            if (count.name != wanted.name) continue;
            const auto found = static_cast<std::int64_t>(plan.summary.*count.member);
            if (found != wanted.count)
                mismatches.push_back({.what = "summary " + wanted.name,
                                      .expected = std::to_string(wanted.count),
                                      .found = std::to_string(found),
                                      .at = wanted.at});
        }
}

void compare_warnings(const std::vector<spec::Text>& expected, const api::Plan& plan,
                      Mismatches& mismatches) {
    for (const spec::Text& wanted : expected) {
        const bool found =
            std::any_of(plan.warnings.begin(), plan.warnings.end(), [&](const std::string& text) {
                return text.find(wanted.value) != std::string::npos;
            });
        if (!found)
            mismatches.push_back({.what = "warnings",
                                  .expected = wanted.value,
                                  .found = shown_lines(plan.warnings),
                                  .at = wanted.at});
    }
}

void compare_members(const std::vector<spec::ExpectedMembers>& expected, const spec::Fleet& fleet,
                     Mismatches& mismatches) {
    for (const spec::ExpectedMembers& wanted : expected) {
        std::vector<std::string> names;
        for (const spec::Text& server : wanted.servers)
            names.push_back(server.value);
        std::sort(names.begin(), names.end());
        Diagnostics unknown;
        fleet.check(wanted.target, unknown);
        if (unknown.has_errors()) {
            mismatches.push_back({.what = "members of " + wanted.of,
                                  .expected = bracketed(names),
                                  .found = unknown.sorted().front().message,
                                  .at = wanted.at});
            continue;
        }
        const auto found = server_names(fleet, wanted.target);
        if (found != names)
            mismatches.push_back({.what = "members of " + wanted.of,
                                  .expected = bracketed(names),
                                  .found = bracketed(found),
                                  .at = wanted.at});
    }
}

void compare_diagnostics(const std::optional<std::vector<spec::ExpectedDiagnostic>>& expected,
                         const Diagnostics& found, const Span& at, Mismatches& mismatches) {
    const std::vector<spec::ExpectedDiagnostic> lines =
        expected.value_or(std::vector<spec::ExpectedDiagnostic>());
    std::vector<Diagnostic> all = found.sorted();
    // Errors first: each needs a line, a warning only may have one.
    const auto warnings = std::stable_partition(
        all.begin(), all.end(), [](const auto& one) { return one.severity == Severity::Error; });
    const auto errors = static_cast<std::size_t>(warnings - all.begin());
    const Pairing pairs(lines.size(), all.size(),
                        [&](std::size_t line, std::size_t one) { return matches(lines[line], all[one]); });
    std::vector<std::string> surprises;
    for (std::size_t one = 0; one < errors; ++one)
        if (!pairs.line_of(one)) surprises.push_back(diagnostic_text(all[one]));
    for (std::size_t line = 0; line < lines.size(); ++line)
        if (!pairs.taken_by(line))
            mismatches.push_back(
                {.what = "diagnostics",
                 .expected = lines[line].text,
                 .found = surprises.empty() && errors > 0 ? "no other error" : shown_lines(surprises),
                 .at = lines[line].at});
    if (!surprises.empty())
        mismatches.push_back({.what = "diagnostics",
                              .expected = lines.empty() ? "no error" : "no other error",
                              .found = shown_lines(surprises),
                              .at = at});
}

} // namespace lab::reconciler::detail
