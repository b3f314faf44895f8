#include "cli/planning.h"

#include "cli/kinds.h"
#include "cli/runs.h"
#include "planner/views.h"
#include "reconciler/targets.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

#include <poll.h>
#include <pwd.h>
#include <unistd.h>

namespace lab::cli {
namespace {

using store::StepState;

reconciler::Refresh refresh_from(const std::optional<std::string>& text) {
    if (text == "only") return reconciler::Refresh::Only;
    if (text == "never") return reconciler::Refresh::Never;
    return reconciler::Refresh::Auto;
}

std::string user_name() {
    const passwd* entry = ::getpwuid(::getuid());
    return entry ? entry->pw_name : std::to_string(::getuid());
}

std::string host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    return name;
}

Result<reconciler::Prepared> prepare_request(const Arguments& arguments, Context& context,
                                             const Session& session, Progress& progress,
                                             reconciler::PlanRequest request) {
    if (session.observe_all() && request.refresh == reconciler::Refresh::Never) {
        context.warn(
            "the state may be older than the machines (it was restored or lost, or a run was killed in a "
            "step): every machine is asked again, in spite of --refresh never");
        request.refresh = reconciler::Refresh::Auto;
    }
    reconciler::Engine engine = session.engine(context);
    engine.parallelism = static_cast<std::size_t>(arguments.number("parallelism").value_or(10));
    engine.events = progress.events();
    return reconciler::prepare_plan(engine, session.workspace(), request);
}

} // namespace

Result<reconciler::Prepared> prepare_targets(const Arguments& arguments, Context& context,
                                             const Session& session, Progress& progress,
                                             const std::vector<std::string>& targets) {
    reconciler::PlanRequest request{.targets = targets,
                                    .refresh = refresh_from(arguments.value("refresh")),
                                    .allow_destroy = arguments.has("allow-destroy")};
    ValueList all;
    for (const std::string& target : targets)
        all.emplace_back(target);
    if (!all.empty()) request.scope.set("target", Value(std::move(all)));
    return prepare_request(arguments, context, session, progress, std::move(request));
}

Result<std::vector<std::string>> targets_named(const Arguments& arguments) {
    std::vector<std::string> targets;
    if (arguments.positionals().empty()) return targets;
    auto reference = parse_reference(arguments.positionals());
    if (!reference) return std::move(reference).error();
    if (reference->names.empty())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("which {}? a NAME is needed", words_of(reference->kind).one)};
    for (const std::string& name : reference->names)
        targets.push_back(fmt::format("{}/{}", words_of(reference->kind).one, name));
    return targets;
}

Result<void> settle(Session& session, Context& context) {
    auto settled = reconciler::settle_dead_runs(
        session.engine(context), session.workspace(),
        [&](const std::string& commit) { return session.at_commit(commit, context); });
    if (!settled) return std::move(settled).error();
    for (const std::string& run : *settled)
        context.warn(
            fmt::format("run {} ended before it was done; what it had begun was looked at again", run));
    return warn_of_unfinished(session, context);
}

Result<void> warn_of_unfinished(const Session& session, Context& context) {
    const auto run = reconciler::resumable_run(session.store());
    if (!run) return run.error();
    if (*run && ((*run)->state == store::RunState::Interrupted || (*run)->state == store::RunState::Dead))
        context.warn(fmt::format("run {} is unfinished: `lab apply --resume` goes on with it, `lab apply` "
                                 "plans anew what is left of it",
                                 (*run)->id));
    return {};
}

Result<reconciler::Prepared> prepare(const Arguments& arguments, Context& context, const Session& session,
                                     Progress& progress, bool drift_only,
                                     const std::vector<std::string>& more_targets) {
    auto filter = filter_of(arguments, session.fleet(), context);
    if (!filter) return std::move(filter).error();
    std::vector<std::string> written = arguments.values("target");
    written.insert(written.end(), more_targets.begin(), more_targets.end());
    std::vector<store::ServerKeys> applied; // only targets may name what is in no inventory any more
    if (!written.empty()) {
        auto known = session.store().servers();
        if (!known) return std::move(known).error();
        applied = std::move(*known);
    }
    auto targets = reconciler::targets_of(written, session.fleet(), applied);
    if (!targets) return std::move(targets).error();
    reconciler::PlanRequest request{.filter = std::move(*filter),
                                    .targets = std::move(*targets),
                                    .scope = scope_of(arguments),
                                    .refresh = refresh_from(arguments.value("refresh")),
                                    .allow_destroy = arguments.has("allow-destroy"),
                                    .drift_only = drift_only,
                                    .known = session.known()};
    if (!more_targets.empty()) {
        ValueList all;
        for (const std::string& target : request.targets)
            all.emplace_back(target);
        request.scope.set("target", Value(std::move(all)));
    }
    return prepare_request(arguments, context, session, progress, std::move(request));
}

Result<void> check_rendered(const reconciler::Prepared& prepared, const Session& session, Context& context) {
    if (prepared.diagnostics.empty()) return {};
    context.err.write(
        render_text(prepared.diagnostics, session.inventory().loaded.lines, {.color = context.err_paint.on}));
    if (!prepared.diagnostics.has_errors()) return {};
    // What several parts of a server met is one error, as it was shown.
    const std::vector<Diagnostic> shown = prepared.diagnostics.sorted();
    const auto errors = std::count_if(shown.begin(), shown.end(),
                                      [](const Diagnostic& one) { return one.severity == Severity::Error; });
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("the inventory has {}: nothing was planned",
                                        counted(static_cast<std::size_t>(errors), "error"))};
}

void print_looked(const reconciler::Prepared& prepared, Context& context) {
    const api::PlanSummary& summary = prepared.plan.summary;
    std::string line = fmt::format("Looked at {} and recorded what is there: {} drifted",
                                   counted(prepared.servers.size(), "server"), summary.drifted);
    if (summary.not_observed > 0) line += fmt::format(", {} did not answer", summary.not_observed);
    context.out.write(line + ". Nothing was planned.\n");
}

void print_plan(const api::Plan& plan, Context& context, bool details) {
    switch (context.form) {
    case Form::Json: context.out.write(api::write_plan(plan)); return;
    case Form::Yaml: context.out.write(write_yaml(api::to_value(plan))); return;
    case Form::Table:
    case Form::Wide:
    case Form::Name: break;
    }
    context.out.write(planner::render_text(
        plan, {.color = context.paint.on, .details = details, .width = 100, .now = context.clock.wall()}));
}

Result<bool> approved(const Arguments& arguments, Context& context, std::string_view question,
                      std::string_view else_to_do) {
    if (arguments.has("auto-approve")) return true;
    if (!context.in_is_terminal)
        return Error{.code = ErrorCode::Invalid,
                     .message = "there is nobody to ask: stdin is no terminal",
                     .hint = fmt::format("pass --auto-approve; {}", else_to_do)};
    context.err.write(fmt::format("\n{} Only 'yes' goes on: ", question));
    // Ctrl-C ends the waiting, which a blocked read would not notice.
    for (pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}; ::poll(&input, 1, 100) <= 0;)
        if (context.stop.stop_requested())
            return Error{.code = ErrorCode::Cancelled, .message = "nothing was done"};
    std::string answer;
    std::getline(std::cin, answer);
    if (trim(answer) == "yes") return true;
    context.err.write("nothing was done\n");
    return false;
}

Result<reconciler::RunOutcome> execute_plan(const Arguments& arguments, Context& context, Session& session,
                                            const ApplyOrder& order) {
    Progress progress(context);
    reconciler::Engine engine = session.engine(context);
    engine.parallelism = static_cast<std::size_t>(arguments.number("parallelism").value_or(10));
    engine.events = progress.events(order.plan.actions.size());
    auto outcome = reconciler::execute(
        engine, session.workspace(),
        {.plan = order.plan,
         .servers = order.servers,
         .who = user_name(),
         .host = host_name(),
         .drift_only = order.drift_only,
         .resume = order.resume,
         .at_commit = [&](const std::string& commit) { return session.at_commit(commit, context); }});
    progress.clear();
    return outcome;
}

ValueMap outcome_value(const reconciler::RunOutcome& outcome) {
    ValueList steps;
    for (const auto& step : outcome.steps)
        steps.emplace_back(ValueMap{{"action", Value(step.action)},
                                    {"state", Value(to_string(step.state))},
                                    {"detail", step.detail.empty() ? Value() : Value(step.detail)}});
    return {{"id", Value(outcome.run)},
            {"state", Value(to_string(outcome.state))},
            {"steps", Value(std::move(steps))}};
}

/// What was not done, and one line over all.
void print_outcome(const reconciler::RunOutcome& outcome, Context& context) {
    if (context.form != Form::Table) {
        print_document(context, "lab.run/1", outcome_value(outcome));
        return;
    }
    Table table{.columns = {{.title = "STEP"}, {.title = "RESULT"}, {.title = "WHY"}}, .rows = {}};
    for (const auto& step : outcome.steps)
        if (step.state != StepState::Done)
            table.rows.push_back(
                {step.action, Cell(to_string(step.state), tone_of(step.state)), step.detail});
    if (!table.rows.empty()) context.out.write("\n" + table.text(false, context.paint) + "\n");
    std::string line = fmt::format("Run {}: {} done", outcome.run, outcome.count(StepState::Done));
    for (const StepState state :
         {StepState::Failed, StepState::Skipped, StepState::Blocked, StepState::Started, StepState::Planned})
        if (const std::size_t count = outcome.count(state); count != 0)
            line += fmt::format(", {} {}", count,
                                state == StepState::Planned   ? "not begun"
                                : state == StepState::Started ? "without an outcome"
                                                              : to_string(state));
    context.out.write(line + ".\n");
}

int exit_of(const reconciler::RunOutcome& outcome, Context& context) {
    if (context.stop.stop_requested() && outcome.state != store::RunState::Done) {
        context.err.write("interrupted: running steps were finished; `lab apply --resume` goes on\n");
        return kExitInterrupted;
    }
    return outcome.state == store::RunState::Done ? kExitDone : kExitFailed;
}

Result<int> carry_out(const Arguments& arguments, Context& context, Session& session,
                      const ApplyOrder& order) {
    auto outcome = execute_plan(arguments, context, session, order);
    if (!outcome) return std::move(outcome).error();
    print_outcome(*outcome, context);
    return exit_of(*outcome, context);
}

} // namespace lab::cli
