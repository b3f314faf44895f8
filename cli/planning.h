#pragma once
// What plan, apply, drift, diff and sync have in common: their options, how a plan is asked for and shown.

#include "cli/progress.h"
#include "cli/session.h"
#include "reconciler/execute.h"
#include "reconciler/unfinished.h"

namespace lab::cli {

constexpr std::string_view kRefreshChoices[] = {"auto", "only", "never"};

constexpr Option kTargetOption{.name = "target",
                               .value = "KIND/NAME",
                               .summary =
                                   "only this server or server/NAME/module/MODULE, and what it depends on",
                               .repeatable = true,
                               .complete = Complete::ServerPath};
constexpr Option kRefreshOption{
    .name = "refresh",
    .value = "WHEN",
    .summary =
        "ask the machines (auto), only record what they say (only), or plan from what is known (never)",
    .choices = kRefreshChoices};
constexpr Option kDetailsOption{.name = "details", .summary = "show every change with its diff"};
constexpr Option kAllowDestroyOption{
    .name = "allow-destroy", .summary = "let servers that left the inventory be destroyed, within the guard"};
constexpr Option kAutoApproveOption{.name = "auto-approve", .summary = "do not ask before acting"};
constexpr Option kParallelismOption{.name = "parallelism",
                                    .value = "N",
                                    .summary = "how many machines at once (default: 10)",
                                    .number = true,
                                    .least = 1};

/// A plan by --target, the filters, --refresh and --allow-destroy.
Result<reconciler::Prepared> prepare(const Arguments& arguments, Context& context, const Session& session,
                                     Progress& progress, bool drift_only = false,
                                     const std::vector<std::string>& more_targets = {});

/// A plan of exactly these ("server/NAME"; none: of all): the filters of the command line mean something
/// else.
Result<reconciler::Prepared> prepare_targets(const Arguments& arguments, Context& context,
                                             const Session& session, Progress& progress,
                                             const std::vector<std::string>& targets);

/// The positionals `server NAME` (or server/NAME...) as targets; none where there are none.
Result<std::vector<std::string>> targets_named(const Arguments& arguments);

/// Looks again at what runs that ended before they were done had begun, and says so; says, too, that a run
/// can be resumed.
Result<void> settle(Session& session, Context& context);

/// Says that a run can be resumed, if one was interrupted or died.
Result<void> warn_of_unfinished(const Session& session, Context& context);

/// Prints what only showed when servers were rendered; an error where that means that there is no plan.
Result<void> check_rendered(const reconciler::Prepared& prepared, const Session& session, Context& context);

/// What --refresh only says instead of a plan.
void print_looked(const reconciler::Prepared& prepared, Context& context);

/// As text, JSON or YAML, by -o.
void print_plan(const api::Plan& plan, Context& context, bool details);

/// Carries the plan out, prints the closing table, and gives the exit code.
struct ApplyOrder {
    const api::Plan& plan;
    std::vector<std::string> servers;
    bool drift_only = false;
    std::optional<store::Run> resume;
};
Result<int> carry_out(const Arguments& arguments, Context& context, Session& session,
                      const ApplyOrder& order);

// The parts of carry_out.
Result<reconciler::RunOutcome> execute_plan(const Arguments& arguments, Context& context, Session& session,
                                            const ApplyOrder& order);
void print_outcome(const reconciler::RunOutcome& outcome, Context& context);
/// The members of lab.run/1.
ValueMap outcome_value(const reconciler::RunOutcome& outcome);
/// Says how to go on where it was interrupted.
int exit_of(const reconciler::RunOutcome& outcome, Context& context);

/// Asks on the terminal; true without asking with --auto-approve. Where nobody can be asked, an error, which
/// hints at --auto-approve and what else there is to do.
Result<bool> approved(const Arguments& arguments, Context& context, std::string_view question,
                      std::string_view else_to_do);

} // namespace lab::cli
