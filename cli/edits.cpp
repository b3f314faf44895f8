#include "cli/edits.h"

#include "git/commit.h"
#include "git/remote.h"
#include "planner/views.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::cli {
namespace {

/// The servers that the edit touches: those whose definition now means something else, those that are new,
/// and those that are gone and were applied. nullopt where that cannot be told because the inventory was not
/// valid.
Result<std::optional<std::vector<std::string>>> touched(const Editable& before, const Session& after,
                                                        Context& context) {
    using Touched = std::optional<std::vector<std::string>>;
    Diagnostics diagnostics = before.loaded.diagnostics;
    if (diagnostics.has_errors()) return Touched();
    const auto old = reconciler::resolve_fleet(before, context.providers, after.store().key(), diagnostics);
    if (diagnostics.has_errors()) return Touched();
    std::vector<std::string> names;
    const spec::Fleet& fleet = after.fleet();
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i) {
        const auto same = old.find(fleet.server(i).name);
        if (!same || old.key(*same) != fleet.key(i)) names.push_back(fleet.server(i).name);
    }
    auto known = after.store().servers();
    if (!known) return std::move(known).error();
    for (const store::ServerKeys& server : *known)
        if (server.applied && old.find(server.name) && !fleet.find(server.name)) names.push_back(server.name);
    return Touched(std::move(names));
}

constexpr std::string_view kDryRunHint = "--dry-run ends here without asking";

/// One edit on its way through the command.
class EditRun {
  public:
    EditRun(const Arguments& arguments, Context& context, const Editable& before, const Edit& edit,
            EditUse use)
        : arguments_(arguments), context_(context), before_(before), edit_(edit), use_(use) {}

    Result<int> run() {
        auto files = file_edits(before_.source.tree(), edit_.changes);
        if (!files) return std::move(files).error();
        files_ = std::move(*files);
        LAB_TRY(check_git());
        show_edit();
        auto session = open_session();
        if (!session) return std::move(session).error();
        session_ = std::move(*session);
        LAB_TRY(plan());
        show_plan();
        if (only_shown()) return finish("shown", changes_exit());
        const bool applies = !proposes() && !arguments_.has("no-apply");
        if (applies && is_blocked())
            return Error{
                .code = ErrorCode::Denied,
                .message = fmt::format(
                    "nothing of this plan may run: {} was not begun, and nothing was written", edit_.what),
                .hint = "the plan says what lifts it; --no-apply writes the edit and leaves the machines"};
        const bool works = has_work() && applies;
        if (!files_.empty() || works) {
            auto answer = approved(arguments_, context_, question(works), kDryRunHint);
            if (!answer) return std::move(answer).error();
            if (!*answer) return kExitFailed;
        }
        if (proposes()) return propose();
        return write_and_apply();
    }

  private:
    bool only_shown() const { return use_ == EditUse::Plan || arguments_.has("dry-run"); }
    bool proposes() const { return arguments_.has("branch"); }
    bool for_people() const { return context_.form == Form::Table; }
    bool has_work() const {
        return prepared_ && std::any_of(prepared_->plan.actions.begin(), prepared_->plan.actions.end(),
                                        [](const api::Action& action) { return !action.blocked; });
    }
    bool is_blocked() const { return prepared_ && !prepared_->plan.actions.empty() && !has_work(); }
    int changes_exit() const {
        const bool changes = !files_.empty() || (prepared_ && planner::has_changes(prepared_->plan));
        return arguments_.has("detailed-exitcode") && changes ? kExitChanges : kExitDone;
    }
    std::string message() const { return arguments_.value("message").value_or(edit_.what); }

    git::CommitRequest commit_request() const {
        git::CommitRequest request{.message = message(), .stop = context_.stop};
        if (const git::Repository* repository = before_.source.repository())
            request.work_directory = repository->work_directory();
        for (const FileEdit& file : files_)
            request.paths.push_back(in_repository(file.path));
        return request;
    }
    git::BranchRequest branch_request() const {
        const git::Repository& repository = *before_.source.repository();
        git::BranchRequest request{.directory = repository.work_directory().empty()
                                                    ? repository.git_directory()
                                                    : repository.work_directory(),
                                   .branch = arguments_.value("branch").value_or(""),
                                   .base = before_.source.commit(),
                                   .message = message(),
                                   .stop = context_.stop};
        for (const auto& [path, bytes] : edit_.changes)
            request.changes.push_back({in_repository(path), bytes});
        return request;
    }
    std::string in_repository(const std::string& path) const {
        return before_.source.prefix().empty() ? path : before_.source.prefix() + "/" + path;
    }

    /// What git would refuse is said before anybody is asked.
    Result<void> check_git() const {
        if (files_.empty() || only_shown()) return {};
        if (proposes()) return git::check_new_branch(branch_request());
        if (!arguments_.has("commit")) return {};
        if (!before_.source.repository())
            return Error{.code = ErrorCode::Unsupported,
                         .message = fmt::format("'{}' is in no git repository", before_.source.name()),
                         .hint = "run `git init`, or leave out --commit"};
        return git::check_committable(commit_request());
    }

    void show_edit() {
        if (files_.empty()) return;
        if (for_people())
            context_.out.write(painted_diffs(files_, context_.paint) + "\n");
        else if (use_ == EditUse::Plan)
            context_.err.write(painted_diffs(files_, context_.err_paint));
    }

    /// What is wrong with the inventory as edited was told with places in files that are not written.
    Error with_places(Error error) const {
        if (!files_.empty() && error.code == ErrorCode::Invalid && error.hint.empty())
            error.hint = "places in changed files are those after the edit; nothing was written";
        return error;
    }

    Result<std::unique_ptr<Session>> open_session() {
        auto session = files_.empty() ? Session::open(arguments_, context_, Session::State::Open)
                                      : Session::open(before_.source.edited(edit_.changes), context_,
                                                      Session::State::Open);
        if (!session) return with_places(std::move(session).error());
        const spec::Loaded& loaded = (*session)->inventory().loaded;
        for (const FileEdit& file : files_)
            if (edit_.changes.at(file.path) && !loaded.find_file(file.path))
                return Error{
                    .code = ErrorCode::Invalid,
                    .message =
                        fmt::format("'{}' would be no part of the inventory: nothing was written", file.path),
                    .hint =
                        "files are *.yaml and *.yml, not hidden, in no module's folder or tests/, and not in "
                        "lab.ignore; name another with --in FILE"};
        return session;
    }

    /// Plans the servers the edit touches and no other: what else is waiting has its own time.
    Result<void> plan() {
        auto names = touched(before_, *session_, context_);
        if (!names) return std::move(names).error();
        std::vector<std::string> targets;
        if (*names) {
            std::set<std::string> all((*names)->begin(), (*names)->end());
            all.insert(edit_.servers.begin(), edit_.servers.end());
            if (all.empty()) return {};
            for (const std::string& name : all)
                targets.push_back("server/" + name);
        }
        if (!only_shown() && !proposes()) LAB_TRY(settle(*session_, context_));
        Progress progress(context_);
        auto prepared = prepare_targets(arguments_, context_, *session_, progress, targets);
        progress.clear();
        if (!prepared) return std::move(prepared).error();
        if (auto good = check_rendered(*prepared, *session_, context_); !good)
            return with_places(std::move(good).error());
        prepared_ = std::move(*prepared);
        return {};
    }

    void show_plan() {
        if (use_ == EditUse::Plan) {
            if (prepared_ && arguments_.value("format") == "markdown")
                context_.out.write(planner::render_markdown(prepared_->plan));
            else if (prepared_)
                print_plan(prepared_->plan, context_, arguments_.has("details"));
            return;
        }
        if (!for_people()) return;
        if (prepared_)
            print_plan(prepared_->plan, context_, arguments_.has("details"));
        else
            context_.out.write("No server is touched.\n");
    }

    std::string question(bool works) const {
        if (proposes()) return fmt::format("Commit this on the branch '{}'?", *arguments_.value("branch"));
        const std::string_view write = files_.empty()             ? ""
                                       : arguments_.has("commit") ? "Write and commit this"
                                                                  : "Write this";
        if (!works) return fmt::format("{}?", write);
        const std::string line = planner::summary_line(prepared_->plan);
        return files_.empty() ? fmt::format("Apply: {}?", line)
                              : fmt::format("{} and apply: {}?", write, line);
    }

    Result<int> propose() {
        auto commit = git::commit_to_branch(branch_request());
        if (!commit) return std::move(commit).error();
        commit_ = std::move(*commit);
        context_.note(fmt::format("{} is proposed on the branch '{}', commit {}; nothing else was touched",
                                  edit_.what, *arguments_.value("branch"),
                                  before_.source.repository()->short_id(commit_)));
        return finish("proposed", kExitDone);
    }

    Result<int> write_and_apply() {
        if (!files_.empty()) LAB_TRY(write_edit(before_, edit_, files_, context_));
        if (arguments_.has("commit") && !files_.empty()) {
            auto commit = git::commit_paths(commit_request());
            if (!commit)
                return std::move(commit).error().with_hint(
                    "the edit is written and not committed; nothing was applied");
            commit_ = std::move(*commit);
            context_.note(
                fmt::format("made commit {}: {}", before_.source.repository()->short_id(commit_), message()));
        } else if (!files_.empty()) {
            context_.note("the edit is written");
        }
        const std::string_view state = files_.empty()    ? "unchanged"
                                       : commit_.empty() ? "written"
                                                         : "committed";
        if (!prepared_ || arguments_.has("no-apply")) return finish(state, kExitDone);
        if (!commit_.empty()) {
            auto same = plan_of_commit();
            if (!same) return std::move(same).error();
            if (!*same) return finish(state, kExitFailed);
        }
        auto outcome = execute_plan(arguments_, context_, *session_,
                                    {.plan = prepared_->plan, .servers = prepared_->servers});
        if (!outcome) return std::move(outcome).error();
        run_ = outcome_value(*outcome);
        if (for_people()) print_outcome(*outcome, context_);
        return finish(state, exit_of(*outcome, context_));
    }

    /// What was shown was planned from files that no commit had. Now one has them: it is planned again, and
    /// asked for again where the machines moved meanwhile. False where that was declined.
    Result<bool> plan_of_commit() {
        const api::Plan shown = prepared_->plan;
        session_.reset(); // its lock on the state goes first
        auto session = Session::open(arguments_, context_, Session::State::Open);
        if (!session) return std::move(session).error();
        session_ = std::move(*session);
        LAB_TRY(plan());
        const auto actions = [](const api::Plan& plan) { return *api::to_value(plan).get("actions"); };
        if (!prepared_ || actions(prepared_->plan) == actions(shown)) return true;
        show_plan();
        return has_work() ? approved(arguments_, context_,
                                     fmt::format("The plan is not the one shown any more. Apply: {}?",
                                                 planner::summary_line(prepared_->plan)),
                                     kDryRunHint)
                          : Result<bool>(true);
    }

    /// The JSON form is one document of all that was done.
    int finish(std::string_view state, int exit) {
        if (for_people() || use_ == EditUse::Plan) return exit;
        ValueList files;
        for (const FileEdit& file : files_)
            files.emplace_back(ValueMap{
                {"path", Value(file.path)}, {"action", Value(file.action)}, {"diff", Value(file.diff)}});
        print_document(context_, "lab.edit/1",
                       {{"what", Value(edit_.what)},
                        {"state", Value(state)},
                        {"files", Value(std::move(files))},
                        {"commit", commit_.empty() ? Value() : Value(commit_)},
                        {"branch", proposes() ? Value(*arguments_.value("branch")) : Value()},
                        {"plan", prepared_ ? api::to_value(prepared_->plan) : Value()},
                        {"run", std::move(run_)}});
        return exit;
    }

    const Arguments& arguments_;
    Context& context_;
    const Editable& before_;
    const Edit& edit_;
    EditUse use_;
    std::vector<FileEdit> files_;
    std::unique_ptr<Session> session_;
    std::optional<reconciler::Prepared> prepared_; // none where no server is touched
    std::string commit_;
    Value run_;
};

} // namespace

Result<std::unique_ptr<Editable>> open_editable(const Arguments& arguments, Context& context, bool reading) {
    const std::string& inventory = context.settings.get("inventory", arguments).value;
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    const bool proposes = arguments.has("branch");
    if (!reading && git::is_remote(inventory) && source->folder().empty())
        return Error{.code = ErrorCode::Unsupported,
                     .message =
                         fmt::format("'{}' is another's repository: nothing is written there", inventory),
                     .hint = "clone it and run this in the clone"};
    if (!reading && !proposes && !source->is_working_tree())
        return Error{.code = ErrorCode::Unsupported,
                     .message = "a commit cannot be edited",
                     .hint = "leave out --ref, or propose the edit with --branch NAME"};
    if (proposes && source->is_working_tree()) {
        source = source->at("HEAD");
        if (!source) return std::move(source).error().during("while looking for what the branch starts from");
    }
    return reconciler::load_inventory(source->kept());
}

Result<int> carry_out_edit(const Arguments& arguments, Context& context, const Editable& before,
                           const Edit& edit, EditUse use) {
    return EditRun(arguments, context, before, edit, use).run();
}

} // namespace lab::cli
