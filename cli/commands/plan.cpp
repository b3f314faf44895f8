#include "cli/commands.h"
#include "cli/edits.h"
#include "cli/out_file.h"
#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/recordings.h"
#include "planner/views.h"
#include "reconciler/baseline.h"
#include "reconciler/targets.h"
#include "support/files.h"
#include "support/json.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::string_view kFormats[] = {"text", "markdown"};

constexpr Positional kPositionals[] = {
    {.name = "SERVER",
     .summary = "server NAME: the same as --target; with --label, --provider, ... what that server is to be",
     .required = false,
     .repeated = true,
     .complete = Complete::ServerPath}};

constexpr Option kOptions[] = {
    kTargetOption,
    kRefreshOption,
    {.name = "baseline",
     .value = "REV",
     .summary = "plan what the inventory changes relative to REV, without any machine or state",
     .complete = Complete::Revision},
    {.name = "observed",
     .value = "FILE",
     .summary = "plan as if the machines were as this recording says, without any machine or state",
     .complete = Complete::File},
    {.name = "out",
     .value = "FILE",
     .summary = "save the plan, to be applied exactly",
     .complete = Complete::File},
    {.name = "format",
     .value = "FORMAT",
     .summary = "how the plan is written for people",
     .choices = kFormats},
    kDetailsOption,
    kAllowDestroyOption,
    {.name = "detailed-exitcode", .summary = "end with 2 where there is something to do"},
    kSetOption,
    kInOption,
};

constexpr Example kExamples[] = {
    {"lab plan", "what an apply would do, after asking the machines"},
    {"lab plan --details", "every property that changes, with diffs"},
    {"lab plan --refresh never --label base", "the servers with a label, from what is known of them"},
    {"lab plan --out plan.json && lab apply plan.json", "review first, then apply exactly that"},
    {"lab plan server second --label base --provider local --set root=machines/second",
     "a server that is not there yet: the lines for it, and what an apply of them would do"},
    {"lab record --out fleet.json && lab plan --observed fleet.json",
     "on a recording, which may be edited first"},
    {"lab plan --baseline main --format markdown", "what this branch changes, for a pull request"},
};

Result<reconciler::Prepared> plan_baseline(const Arguments& arguments, Context& context, Session& session,
                                           const std::string& baseline) {
    const git::Repository* repository = session.inventory().source.repository();
    const std::string& head = session.inventory().source.commit();
    if (!repository || head.empty())
        return Error{.code = ErrorCode::Invalid,
                     .message = "--baseline needs an inventory with a commit",
                     .hint = "run `git init` and commit the inventory"};
    auto other = repository->resolve(baseline);
    if (!other) return std::move(other).error();
    auto base = repository->merge_base(head, *other);
    if (!base) return std::move(base).error();
    auto workspace = session.at_commit(*base, context);
    if (!workspace) return std::move(workspace).error();
    auto filter = filter_of(arguments, session.fleet(), context);
    if (!filter) return std::move(filter).error();
    std::vector<std::string> written = arguments.values("target");
    auto named = targets_named(arguments);
    if (!named) return std::move(named).error();
    written.insert(written.end(), named->begin(), named->end());
    auto targets = reconciler::targets_of(written, session.fleet(), {});
    if (!targets) return std::move(targets).error();
    return reconciler::prepare_baseline(session.workspace(), {.base = (*workspace)->fleet,
                                                              .base_commit = *base,
                                                              .providers = context.providers,
                                                              .filter = std::move(*filter),
                                                              .targets = std::move(*targets),
                                                              .scope = scope_of(arguments),
                                                              .allow_destroy = arguments.has("allow-destroy"),
                                                              .facts = {}});
}

Result<reconciler::Prepared> plan_observed(const Arguments& arguments, Context& context, Session& session,
                                           const std::string& file) {
    auto recording = load_recording(file, session.inventory().origin.id, session.fleet(), context);
    if (!recording) return std::move(recording).error();
    auto filter = filter_of(arguments, session.fleet(), context);
    if (!filter) return std::move(filter).error();
    std::vector<store::ServerKeys> applied; // targets may name what is in no inventory any more
    for (const auto& [name, server] : recording->recording.servers)
        if (server.applied) applied.push_back({.name = name, .applied = true});
    std::vector<std::string> written = arguments.values("target");
    auto named = targets_named(arguments);
    if (!named) return std::move(named).error();
    written.insert(written.end(), named->begin(), named->end());
    auto targets = reconciler::targets_of(written, session.fleet(), applied);
    if (!targets) return std::move(targets).error();
    const reconciler::Workspace workspace = session.workspace();
    return reconciler::prepare_what_if(workspace, {.recording = recording->recording,
                                                   .digest = recording->digest,
                                                   .in_order = workspace,
                                                   .providers = context.providers,
                                                   .filter = std::move(*filter),
                                                   .targets = std::move(*targets),
                                                   .scope = scope_of(arguments),
                                                   .allow_destroy = arguments.has("allow-destroy")});
}

/// Options that say different things of what the machines are like.
std::optional<UsageError> contradiction(const Arguments& arguments) {
    if (!arguments.has("observed")) return std::nullopt;
    for (const std::string_view option : {"baseline", "refresh"})
        if (arguments.has(option))
            return UsageError{.message =
                                  fmt::format("--observed FILE says what the machines are like, and so does "
                                              "--{}: give one of them",
                                              option),
                              .hint = {},
                              .command = &kPlan};
    return std::nullopt;
}

constexpr OutFile kOutFile{.document = "plan",
                           .saved = "saved plan",
                           .format = api::Plan::kFormat,
                           .print = "`lab plan -o json` prints the plan; only a saved plan can be applied"};

Result<void> save(const api::Plan& plan, const std::string& path, Context& context, const Session& session) {
    LAB_TRY(check_out_file(path, kOutFile, context));
    if (!plan.is_for_review()) LAB_TRY(session.store().register_plan(api::plan_id(plan)));
    LAB_TRY(write_file_atomic(context.directory / path, api::write_plan(plan), {.mode = 0600}));
    context.note(fmt::format("saved {} to {}{}", api::plan_id(plan).substr(0, 19), path,
                             plan.is_for_review() ? "; it is for review and cannot be applied" : ""));
    return {};
}

Result<int> run_plan(const Arguments& arguments, Context& context) {
    const auto baseline = arguments.value("baseline");
    if (const auto format = arguments.value("format")) {
        if (arguments.has("output") && context.form != Form::Table)
            return refuse_usage(context, {.message = fmt::format("--format {} is for people and -o {} for "
                                                                 "programs: give one of them",
                                                                 *format, *arguments.value("output")),
                                          .hint = {},
                                          .command = &kPlan});
        context.form = Form::Table; // over what only settings ask for
    }
    const auto observed = arguments.value("observed");
    if (const auto wrong = contradiction(arguments)) return refuse_usage(context, *wrong);
    const bool alone = baseline || observed; // without a state
    auto stated = state_server(arguments, context, EditUse::Plan);
    if (!stated) return std::move(stated).error();
    if (*stated) return **stated;
    auto targets = targets_named(arguments);
    if (!targets) return refuse_usage(context, {targets.error().message, targets.error().hint, &kPlan});
    const bool from_known = !alone && arguments.value("refresh") == "never" && targets->empty() &&
                            !arguments.has("target") && !target_of(arguments);
    auto session = Session::open(arguments, context, alone ? Session::State::None : Session::State::Open,
                                 {.unsettled = from_known});
    if (!session) return std::move(session).error();
    if (!alone && arguments.value("refresh") == "never")
        LAB_TRY(warn_of_unfinished(**session, context));
    else if (!alone)
        LAB_TRY(settle(**session, context));
    Progress progress(context);
    auto prepared = baseline ? plan_baseline(arguments, context, **session, *baseline)
                    : observed
                        ? plan_observed(arguments, context, **session, *observed)
                        : prepare(arguments, context, **session, progress, /*drift_only=*/false, *targets);
    progress.clear();
    if (!prepared) return std::move(prepared).error();
    LAB_TRY(check_rendered(*prepared, **session, context));
    if (!alone && arguments.value("refresh") == "only" && context.form == Form::Table) {
        print_looked(*prepared, context);
        return kExitDone;
    }
    if (const auto path = arguments.value("out")) LAB_TRY(save(prepared->plan, *path, context, **session));
    if (arguments.value("format") == "markdown")
        context.out.write(planner::render_markdown(prepared->plan));
    else
        print_plan(prepared->plan, context, arguments.has("details"));
    return arguments.has("detailed-exitcode") && planner::has_changes(prepared->plan) ? kExitChanges
                                                                                      : kExitDone;
}

} // namespace

constinit const Command kPlan{.words = "plan",
                              .section = Section::Change,
                              .summary = "show what an apply would do, and why",
                              .positionals = kPositionals,
                              .options = kOptions,
                              .filters = true,
                              .forms = kDocument,
                              .examples = kExamples,
                              .run = run_plan};

} // namespace lab::cli
