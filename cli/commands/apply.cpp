#include "cli/commands.h"
#include "cli/edits.h"
#include "cli/kinds.h"
#include "cli/planning.h"
#include "planner/views.h"
#include "support/files.h"
#include "support/text.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMaxPlanBytes = std::size_t{512} << 20;

constexpr Positional kPositionals[] = {
    {.name = "PLAN",
     .summary = "a plan saved with `lab plan --out`, or server NAME: the same as --target",
     .required = false,
     .repeated = true,
     .complete = Complete::PlanFile}};
constexpr Option kOptions[] = {
    kAutoApproveOption,
    kTargetOption,
    kAllowDestroyOption,
    kRefreshOption,
    kParallelismOption,
    {.name = "resume", .summary = "go on with the last run, which ended before it was done"},
    kDetailsOption,
    kSetOption,
    kInOption,
    kDryRunOption,
    kNoApplyOption,
    kCommitOption,
    kMessageOption,
    kBranchOption,
};
constexpr Example kExamples[] = {
    {"lab apply", "plan, show, ask, apply"},
    {"lab apply --auto-approve", "the same without asking, as CI does"},
    {"lab plan --out plan.json && lab apply plan.json", "exactly the plan that was saved, or nothing"},
    {"lab apply server first --auto-approve", "one server"},
    {"lab apply server second --label base --provider local --set root=machines/second --auto-approve",
     "a server that is not there yet: its lines are written, and it is made"},
    {"lab apply --resume", "after a crash or Ctrl-C"},
};

bool has_work(const api::Plan& plan) {
    return std::any_of(plan.actions.begin(), plan.actions.end(),
                       [](const api::Action& action) { return !action.blocked; });
}

Result<int> apply_now(const Arguments& arguments, Context& context, const std::vector<std::string>& targets) {
    auto session = Session::open(arguments, context, Session::State::Open);
    if (!session) return std::move(session).error();
    LAB_TRY(settle(**session, context));
    Progress progress(context);
    auto prepared = prepare(arguments, context, **session, progress, /*drift_only=*/false, targets);
    progress.clear();
    if (!prepared) return std::move(prepared).error();
    LAB_TRY(check_rendered(*prepared, **session, context));
    if (arguments.value("refresh") == "only") {
        print_looked(*prepared, context);
        return kExitDone;
    }
    if (context.form == Form::Table) print_plan(prepared->plan, context, arguments.has("details"));
    if (has_work(prepared->plan)) {
        auto answer =
            approved(arguments, context, fmt::format("Apply: {}?", planner::summary_line(prepared->plan)),
                     "`lab plan --out FILE` saves a plan, and `lab apply FILE` applies it without asking");
        if (!answer) return std::move(answer).error();
        if (!*answer) return kExitFailed;
    }
    return carry_out(arguments, context, **session, {.plan = prepared->plan, .servers = prepared->servers});
}

Result<api::Plan> read_saved(const std::filesystem::path& path) {
    auto text = read_file(path, kMaxPlanBytes);
    if (!text) return std::move(text).error();
    auto plan = api::read_plan(*text);
    if (!plan)
        return std::move(plan).error().during(fmt::format("while reading the plan '{}'", path.string()));
    return plan;
}

/// The inventory that a plan was made from: its commit, or the working tree when that is still the same.
Result<std::unique_ptr<Session>> session_of(const api::Plan& plan, const Arguments& arguments,
                                            Context& context) {
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    if (!plan.inventory.dirty) {
        source = source->at(plan.inventory.commit);
        if (!source) return std::move(source).error().during("while looking for the commit of the plan");
    }
    auto session = Session::open(std::move(*source), context, Session::State::Open);
    if (!session) return session;
    const api::Plan::Inventory& now = (*session)->inventory().origin;
    if (now.id != plan.inventory.id)
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("the plan is for inventory '{}', this is '{}'", plan.inventory.id,
                                            now.id)};
    if (now.digest != plan.inventory.digest)
        return Error{.code = ErrorCode::Conflict,
                     .message = "the files of the inventory differ from those the plan was made from",
                     .hint = "plan again; a plan of a commit is not touched by later edits"};
    return session;
}

Result<int> apply_saved(const Arguments& arguments, Context& context, const std::filesystem::path& path) {
    auto plan = read_saved(path);
    if (!plan) return std::move(plan).error();
    if (plan->is_for_review())
        return Error{.code = ErrorCode::Invalid,
                     .message =
                         fmt::format("'{}' was planned {}: it is for review, not to be applied",
                                     path.string(), plan->baseline ? "against a baseline" : "on a recording"),
                     .hint = fmt::format("`lab plan --out FILE` without --{} makes one that can be applied",
                                         plan->baseline ? "baseline" : "observed")};
    auto session = session_of(*plan, arguments, context);
    if (!session) return std::move(session).error();
    auto use = (*session)->store().plan_use(api::plan_id(*plan));
    if (!use) return std::move(use).error();
    switch (*use) {
    case store::Store::PlanUse::Ready: break;
    case store::Store::PlanUse::Spent:
        return Error{.code = ErrorCode::Conflict,
                     .message = "this plan was already applied; a plan is good for one run",
                     .hint = "`lab history` shows the run; plan again for what is left"};
    case store::Store::PlanUse::Unknown:
        return Error{
            .code = ErrorCode::Denied,
            .message =
                "this state never saw the plan: it was made with another LAB_HOME, or the state was lost",
            .hint = "plan again here"};
    }
    if (context.form == Form::Table) print_plan(*plan, context, arguments.has("details"));
    return carry_out(arguments, context, **session, {.plan = *plan});
}

Result<int> resume(const Arguments& arguments, Context& context) {
    auto here = Session::open(arguments, context, Session::State::Open);
    if (!here) return std::move(here).error();
    auto run = reconciler::resumable_run((*here)->store());
    if (!run) return std::move(run).error();
    if (!*run) {
        const auto overtaken = reconciler::overtaken_run((*here)->store());
        if (!overtaken) return overtaken.error();
        if (*overtaken)
            context.warn(fmt::format("run {} is unfinished and cannot be resumed any more: run {} came after "
                                     "it; `lab apply` plans what is left",
                                     (*overtaken)->run.id, (*overtaken)->by.id));
        else
            context.note("nothing to resume: the last run was done, or there was none");
        return kExitDone;
    }
    auto document = (*here)->store().plan_document((*run)->id);
    if (!document) return std::move(document).error();
    if (!*document)
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("the plan of run {} is no longer kept", (*run)->id),
                     .hint = "`lab apply` plans afresh"};
    auto plan = api::read_plan(**document);
    if (!plan) return std::move(plan).error();
    here->reset(); // its lock on the state goes before the state is opened for the plan's commit
    auto session = session_of(*plan, arguments, context);
    if (!session) return std::move(session).error();
    context.note(fmt::format("resuming run {} of {}", (*run)->id, format_time((*run)->started_at)));
    return carry_out(arguments, context, **session,
                     {.plan = *plan, .drift_only = (*run)->kind == "sync", .resume = std::move(*run)});
}

/// A saved plan is applied whole or not at all.
Result<void> refuse_limits(const Arguments& arguments) {
    for (const std::string_view option : {"target", "label", "group", "environment", "cloud", "region",
                                          "provider", "exclude", "refresh", "allow-destroy"})
        if (arguments.has(option))
            return Error{
                .code = ErrorCode::Invalid,
                .message =
                    fmt::format("--{} says nothing to a saved plan: it is applied exactly as it is", option),
                .hint = fmt::format("give --{} to `lab plan --out FILE` and apply that plan", option)};
    return {};
}

/// Without a server that they would make they say nothing.
Result<void> refuse_edit_options(const Arguments& arguments) {
    for (const std::string_view option : {"set", "in", "dry-run", "no-apply", "commit", "message", "branch"})
        if (arguments.has(option))
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("--{} goes with what a server is to be", option),
                         .hint = option == "dry-run"
                                     ? "`lab plan` shows what would be done"
                                     : "`lab apply server NAME --label LABEL --provider PROVIDER`"};
    return {};
}

/// A path, and no KIND/NAME.
bool names_file(const std::string& word) {
    const auto slash = word.find('/');
    if (slash == std::string::npos) return word.ends_with(".json");
    return !parse_kind(std::string_view(word).substr(0, slash));
}

Result<int> run_apply(const Arguments& arguments, Context& context) {
    const auto& words = arguments.positionals();
    if (arguments.has("resume")) {
        if (!words.empty())
            return Error{.code = ErrorCode::Invalid,
                         .message = "--resume takes the plan of the last run, no other"};
        return resume(arguments, context);
    }
    auto stated = state_server(arguments, context, EditUse::Apply);
    if (!stated) return std::move(stated).error();
    if (*stated) return **stated;
    LAB_TRY(refuse_edit_options(arguments));
    if (words.empty()) return apply_now(arguments, context, {});
    std::error_code failed;
    if (words.size() == 1 && std::filesystem::is_regular_file(context.directory / words[0], failed))
        LAB_TRY(refuse_limits(arguments));
    if (words.size() == 1 && std::filesystem::is_regular_file(context.directory / words[0], failed))
        return apply_saved(arguments, context, context.directory / words[0]);
    if (words.size() == 1 && names_file(words[0]) &&
        !std::filesystem::exists(context.directory / words[0], failed))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("there is no file '{}'", escape_controls(words[0])),
                     .hint = "`lab plan --out FILE` saves a plan; one server is `server/NAME`"};
    if (words.size() == 1 && (names_file(words[0]) || words[0].find('/') == std::string::npos))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("'{}' is no plan file, and no KIND NAME such as `server web-1`",
                                            words[0])};
    auto targets = targets_named(arguments);
    if (!targets) return std::move(targets).error();
    return apply_now(arguments, context, *targets);
}

} // namespace

constinit const Command kApply{.words = "apply",
                               .section = Section::Change,
                               .summary = "make the machines as the inventory wants them",
                               .positionals = kPositionals,
                               .options = kOptions,
                               .winds_down = true,
                               .filters = true,
                               .forms = kDocument,
                               .examples = kExamples,
                               .run = run_apply};

} // namespace lab::cli
