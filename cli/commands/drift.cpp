#include "cli/commands.h"
#include "cli/planning.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace lab::cli {
namespace {

constexpr Option kDriftOptions[] = {kTargetOption, kRefreshOption, kDetailsOption};
constexpr Example kDriftExamples[] = {
    {"lab drift", "what moved on the machines since it was applied; ends with 2 where something did"},
    {"lab drift --environment home -o json", "the same for a nightly job"},
};

constexpr Positional kServer[] = {
    {.name = "KIND", .summary = "server, or server/NAME", .complete = Complete::ServerPath},
    {.name = "NAME", .summary = "the server's name", .required = false, .complete = Complete::Server}};
constexpr Option kDiffOptions[] = {kRefreshOption};
constexpr Example kDiffExamples[] = {
    {"lab diff server first", "how the machine differs from what was applied to it"},
};
constexpr Option kSyncOptions[] = {kAutoApproveOption, kParallelismOption, kDetailsOption};
constexpr Example kSyncExamples[] = {
    {"lab sync server first", "put back what drifted, and nothing newer from git"},
};

Value drift_value(const api::DriftItem& item) {
    return Value(ValueMap{{"resource", Value(item.resource)},
                          {"path", Value(item.path)},
                          {"kind", Value(item.kind)},
                          {"expected", item.expected},
                          {"actual", item.actual}});
}

std::string whole_text(const Value& value) {
    if (value.is_null()) return "nothing";
    if (api::is_fingerprint(value)) return "(private)";
    return escape_controls(display(value));
}

constexpr std::size_t kShown = 40; // bytes of a value

/// Back to where a character begins.
std::size_t at_character(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
        --at;
    return at;
}

/// What fits, from `begin` on; dots stand for what is left out.
std::string excerpt(std::string_view text, std::size_t begin) {
    constexpr std::string_view kDots = "...";
    std::string out(begin > 0 ? kDots : std::string_view());
    const std::size_t room = kShown - out.size();
    if (text.size() - begin <= room) return out.append(text.substr(begin));
    const std::size_t end = at_character(text, begin + room - kDots.size());
    return out.append(text.substr(begin, end - begin)).append(kDots);
}

/// Both values, each cut so that it shows where they begin to differ.
std::pair<std::string, std::string> short_texts(const Value& expected, const Value& actual) {
    constexpr std::size_t kBefore = 8; // of what is the same
    const std::string left = whole_text(expected), right = whole_text(actual);
    const auto differ = static_cast<std::size_t>(
        std::mismatch(left.begin(), left.end(), right.begin(), right.end()).first - left.begin());
    const bool is_seen = differ + kBefore < kShown || std::max(left.size(), right.size()) <= kShown;
    const std::size_t begin = is_seen ? 0 : at_character(left, differ - kBefore);
    return {excerpt(left, begin), excerpt(right, begin)};
}

std::string indented(std::string_view text) {
    std::string out;
    for (const std::string_view line : split(text, '\n'))
        if (!line.empty()) out += "    " + escape_controls(line) + "\n";
    return out;
}

void print_items(const std::vector<api::DriftItem>& items, Context& context, bool details) {
    std::string server;
    for (const api::DriftItem& item : items) {
        if (item.resource != server) context.out.write(context.paint.bold(item.resource) + "\n");
        server = item.resource;
        if (item.kind == "unmanaged") {
            context.out.write(context.paint.yellow(
                                  fmt::format("+ {}: {}", item.path, excerpt(whole_text(item.actual), 0))) +
                              "  ← unmanaged, not in the inventory\n");
        } else {
            const auto [expected, actual] = short_texts(item.expected, item.actual);
            context.out.write(fmt::format("  {}: {} → {}{}\n", item.path, expected,
                                          context.paint.yellow(actual),
                                          item.kind == "missing" ? "  ← gone from the machine" : ""));
        }
        if (details && !item.diff.empty()) context.out.write(indented(item.diff));
    }
}

/// "3 servers were not looked at (never applied): a, b, c", one line a reason.
void print_not_looked_at(const std::vector<reconciler::NotLookedAt>& servers, Context& context) {
    constexpr std::size_t kNamesShown = 8;
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const reconciler::NotLookedAt& each : servers)
        by_reason[each.reason].push_back(each.server);
    for (auto& [reason, names] : by_reason) {
        const std::size_t count = names.size();
        names.resize(std::min(count, kNamesShown));
        context.out.write(fmt::format("{} {} not looked at ({}): {}{}\n", counted(count, "server"),
                                      count == 1 ? "was" : "were", reason, fmt::join(names, ", "),
                                      count > kNamesShown ? fmt::format(" and {} more", count - kNamesShown)
                                                          : std::string()));
    }
}

/// That nothing was found on a server says something only if somebody looked.
Result<void> check_looked_at(const reconciler::Prepared& prepared, const std::string& target) {
    if (!prepared.not_looked_at.empty())
        return Error{
            .code = ErrorCode::Invalid,
            .message = fmt::format("{} was not looked at: {}", target, prepared.not_looked_at.front().reason),
            .hint = "only what was applied can drift; `lab plan` says what is to be applied"};
    if (prepared.plan.drift.empty() && prepared.plan.summary.not_observed > 0)
        return Error{.code = ErrorCode::Unavailable,
                     .message =
                         fmt::format("{} could not be looked at{}", target,
                                     prepared.plan.warnings.empty() ? std::string()
                                                                    : ": " + prepared.plan.warnings.front()),
                     .hint = {}};
    return {};
}

/// Takes out what a run was changing while the machines were looked at.
Result<void> leave_out_work(api::Plan& plan, const Session& session, WallTime since, Context& context) {
    const auto busy = reconciler::at_work(session.store(), since);
    if (!busy) return busy.error();
    std::map<std::string, std::set<std::string>> by_run;
    std::set<std::string> drifted;
    std::erase_if(plan.drift, [&](const api::DriftItem& item) {
        const auto found = busy->find(item.resource.substr(std::string_view("server/").size()));
        if (found == busy->end()) {
            drifted.insert(item.resource);
            return false;
        }
        by_run[found->second].insert(item.resource);
        return true;
    });
    plan.summary.drifted = drifted.size();
    for (const auto& [run, servers] : by_run)
        context.warn(
            fmt::format("run {} is at work on {}: what differs there is no drift, look again when it "
                        "has ended",
                        run, servers.size() == 1 ? *servers.begin() : counted(servers.size(), "server")));
    return {};
}

Result<int> report_drift(const Arguments& arguments, Context& context,
                         const std::vector<std::string>& targets, bool details) {
    auto session = Session::open(arguments, context, Session::State::Open);
    if (!session) return std::move(session).error();
    LAB_TRY(settle(**session, context));
    const WallTime since = context.clock.wall();
    Progress progress(context);
    auto prepared = prepare(arguments, context, **session, progress, /*drift_only=*/true, targets);
    progress.clear();
    if (!prepared) return std::move(prepared).error();
    LAB_TRY(leave_out_work(prepared->plan, **session, since, context));
    const api::Plan& plan = prepared->plan;
    if (!targets.empty()) LAB_TRY(check_looked_at(*prepared, targets.front()));
    for (const std::string& warning : plan.warnings)
        context.warn(warning);
    const bool all_seen = prepared->not_looked_at.empty() && plan.summary.not_observed == 0;
    if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList items, passed_over;
        for (const api::DriftItem& item : plan.drift)
            items.push_back(drift_value(item));
        for (const reconciler::NotLookedAt& each : prepared->not_looked_at)
            passed_over.emplace_back(
                ValueMap{{"server", Value(each.server)}, {"reason", Value(each.reason)}});
        print_document(
            context, "lab.drift/1",
            {{"drifted", Value(plan.summary.drifted)},
             {"not_observed", Value(plan.summary.not_observed)},
             {"not_looked_at", Value(std::move(passed_over))},
             {"observed_at", plan.state.observed_at.empty() ? Value() : Value(plan.state.observed_at)},
             {"drift", Value(std::move(items))}});
    } else {
        print_items(plan.drift, context, details);
        if (plan.drift.empty())
            context.out.write(fmt::format("No drift{}.\n", !targets.empty() ? " on " + targets.front()
                                                           : all_seen       ? ""
                                                                            : " where lab looked"));
        else
            context.out.write(fmt::format("\n{} drifted: {}. `lab sync server NAME` puts it back.\n",
                                          counted(plan.summary.drifted, "server"),
                                          counted(plan.drift.size(), "difference")));
        if (plan.summary.not_observed > 0)
            context.out.write(
                fmt::format("{} could not be looked at.\n", counted(plan.summary.not_observed, "server")));
        print_not_looked_at(prepared->not_looked_at, context);
    }
    return plan.drift.empty() ? kExitDone : kExitChanges;
}

Result<int> run_drift(const Arguments& arguments, Context& context) {
    return report_drift(arguments, context, {}, arguments.has("details"));
}

/// "server/NAME" of `server NAME` and `server/NAME`.
Result<std::string> named_server(const Arguments& arguments) {
    const std::string kind(arguments.positional(0)), name(arguments.positional(1));
    if (name.empty() && kind.starts_with("server/")) return kind;
    if ((kind == "server" || kind == "servers") && !name.empty()) return "server/" + name;
    return Error{.code = ErrorCode::Invalid,
                 .message =
                     fmt::format("expected server NAME, not '{}'", name.empty() ? kind : kind + " " + name)};
}

Result<int> run_diff(const Arguments& arguments, Context& context) {
    auto target = named_server(arguments);
    if (!target) return std::move(target).error();
    return report_drift(arguments, context, {*target}, /*details=*/true);
}

Result<int> run_sync(const Arguments& arguments, Context& context) {
    auto target = named_server(arguments);
    if (!target) return std::move(target).error();
    auto session = Session::open(arguments, context, Session::State::Open);
    if (!session) return std::move(session).error();
    LAB_TRY(settle(**session, context));
    const WallTime since = context.clock.wall();
    Progress progress(context);
    auto prepared = prepare(arguments, context, **session, progress, /*drift_only=*/true, {*target});
    progress.clear();
    if (!prepared) return std::move(prepared).error();
    const auto busy = reconciler::at_work((*session)->store(), since);
    if (!busy) return busy.error();
    if (const auto run = busy->find(target->substr(std::string_view("server/").size())); run != busy->end())
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("run {} is at work on {}", run->second, *target),
                     .hint = "wait for it to end, then look with `lab drift` again"};
    LAB_TRY(check_looked_at(*prepared, *target));
    if (prepared->plan.actions.empty()) {
        context.out.write(fmt::format("{} is as it was applied.\n", *target));
        return kExitDone;
    }
    if (context.form == Form::Table) print_plan(prepared->plan, context, arguments.has("details"));
    auto answer = approved(arguments, context, "Put back what drifted?",
                           "`lab diff server NAME` shows what it would put back");
    if (!answer) return std::move(answer).error();
    if (!*answer) return kExitFailed;
    return carry_out(arguments, context, **session,
                     {.plan = prepared->plan, .servers = prepared->servers, .drift_only = true});
}

} // namespace

constinit const Command kDrift{.words = "drift",
                               .section = Section::Change,
                               .summary = "find what changed on machines since it was applied",
                               .options = kDriftOptions,
                               .filters = true,
                               .forms = kDocument,
                               .examples = kDriftExamples,
                               .run = run_drift};

constinit const Command kDiff{.words = "diff",
                              .section = Section::Change,
                              .summary = "show how one server differs from what was applied to it",
                              .positionals = kServer,
                              .options = kDiffOptions,
                              .forms = kDocument,
                              .examples = kDiffExamples,
                              .run = run_diff};

constinit const Command kSync{.words = "sync",
                              .section = Section::Change,
                              .summary = "put one server back to what was applied to it",
                              .positionals = kServer,
                              .options = kSyncOptions,
                              .winds_down = true,
                              .forms = kDocument,
                              .examples = kSyncExamples,
                              .run = run_sync};

} // namespace lab::cli
