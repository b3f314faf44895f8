#include "reconciler/prepare.h"

#include "reconciler/decisions.h"
#include "reconciler/detail/lookup.h"
#include "reconciler/moves.h"
#include "reconciler/observe.h"
#include "reconciler/rebuild.h"
#include "reconciler/renames.h"
#include "reconciler/rest.h"
#include "reconciler/scope.h"
#include "reconciler/server_input.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace lab::reconciler {
namespace {

/// Servers whose documents are in memory at once while asking. Large enough to keep every agent busy.
constexpr std::size_t kChunk = 256;

bool is_quiet(const planner::Planned& planned) {
    const api::Plan& plan = planned.plan;
    return plan.actions.empty() && plan.drift.empty() && plan.released.empty() && planned.settled.empty() &&
           plan.summary.not_observed == 0;
}

/// Collects the inputs of one plan, passing over what is settled.
class Gathering {
  public:
    Gathering(const Engine& engine, const Workspace& workspace, const PlanRequest& request)
        : engine_(engine), workspace_(workspace), request_(request), lookup_(workspace),
          moves_(engine.providers) {
        input_.inventory = workspace.origin;
        input_.scope = request.scope;
        input_.targets = request.targets;
        input_.allow_destroy = request.allow_destroy;
        input_.drift_only = request.drift_only;
        input_.key = engine.store.key();
    }

    Result<Prepared> run() {
        known_ = request_.known;
        if (!known_) LAB_TRY(read_known());
        LAB_TRY(follow_renames());
        count_rest();
        auto all = scope_of(workspace_, *known_, request_.filter,
                            [this](const std::string& name) { return engine_.store.server(name); });
        if (!all) return std::move(all).error();
        Scope scope = narrowed(std::move(*all));
        LAB_TRY(read_guard());
        input_.applied_servers += static_cast<std::size_t>(
            std::count_if(known_->begin(), known_->end(), [](const auto& server) { return server.applied; }));
        if (request_.refresh == Refresh::Never)
            LAB_TRY(gather_known(scope.servers));
        else
            LAB_TRY(gather_asking(scope.servers));
        if (engine_.stop.stop_requested())
            return Error{.code = ErrorCode::Cancelled, .message = "interrupted while planning"};
        return finish(std::move(scope));
    }

  private:
    Result<void> read_known() {
        auto known = engine_.store.servers();
        if (!known) return std::move(known).error();
        known_ = std::make_shared<const std::vector<store::ServerKeys>>(std::move(*known));
        return {};
    }

    /// Servers that were not read are settled, or they would have been.
    void count_rest() {
        if (!workspace_.rest) return;
        const Settled& settled = workspace_.rest->settled();
        input_.settled_servers = input_.applied_servers = settled.servers;
        input_.settled_units = settled.units;
        input_.settled_skipped = settled.skipped;
        note_age(settled.oldest);
    }

    /// In the plan only: the state keeps the names it has until something is applied.
    Result<void> follow_renames() {
        auto found = find_renames(engine_, workspace_, *known_);
        if (!found) return std::move(found).error();
        if (found->empty()) return {};
        renames_ = std::move(*found);
        for (const auto& [now, before] : renames_)
            input_.warnings.push_back(told_rename(now, before));
        known_ = std::make_shared<const std::vector<store::ServerKeys>>(renamed(*known_, renames_));
        return {};
    }

    const std::string& name_in_state(const std::string& name) const {
        const auto found = renames_.find(name);
        return found == renames_.end() ? name : found->second;
    }

    Result<planner::ServerInput> input_of(const std::string& name,
                                          std::optional<planner::ObservedServer> observed) {
        auto input = server_input(engine_, workspace_,
                                  {.name = name,
                                   .known_as = name_in_state(name),
                                   .observed = std::move(observed),
                                   .drift_only = request_.drift_only},
                                  diagnostics_);
        if (input) LAB_TRY(note_claim(*input));
        return input;
    }

    /// A machine may say that it is another server of this inventory: a copied tree, or names that were
    /// swapped.
    Result<void> note_claim(planner::ServerInput& input) const {
        if (!input.observed) return {};
        const std::string& machine = input.observed->state.server_id;
        if (input.applied && input.applied->spec.server_id == machine) return {};
        auto other = server_of_machine(machine);
        if (!other) return std::move(other).error();
        if (*other && **other != input.name) input.claims = **other;
        return {};
    }

    /// Name of the applied server that a machine is known as. Those that were not read have the names that
    /// the state has.
    Result<std::optional<std::string>> server_of_machine(std::string_view server_id) const {
        if (server_id.empty()) return std::optional<std::string>();
        const auto found = std::find_if(known_->begin(), known_->end(), [&](const store::ServerKeys& known) {
            return known.applied && known.server_id == server_id;
        });
        if (found != known_->end()) return std::optional(found->name);
        return workspace_.rest ? engine_.store.applied_as(server_id) : std::optional<std::string>();
    }

    /// As lookup_, in what the state knows.
    const store::ServerKeys* find_known(std::string_view name) {
        if (next_known_ < known_->size() && (*known_)[next_known_].name == name)
            return &(*known_)[next_known_++];
        const auto found = std::lower_bound(
            known_->begin(), known_->end(), name,
            [](const auto& server, std::string_view wanted) { return server.name < wanted; });
        if (found == known_->end() || found->name != name) return nullptr;
        next_known_ = static_cast<std::size_t>(found - known_->begin()) + 1;
        return &*found;
    }

    /// Only the servers that --target names.
    Scope narrowed(Scope scope) const {
        if (request_.targets.empty()) return scope;
        std::set<std::string, std::less<>> wanted;
        for (const std::string& target : request_.targets) {
            const std::string_view rest = std::string_view(target).substr(std::string_view("server/").size());
            wanted.emplace(rest.substr(0, rest.find('/')));
        }
        const std::size_t before = scope.servers.size();
        std::erase_if(scope.servers, [&](const std::string& name) { return !wanted.contains(name); });
        scope.outside += before - scope.servers.size();
        return scope;
    }

    Result<void> read_guard() {
        auto applied = engine_.store.fully_applied();
        if (!applied) return std::move(applied).error();
        input_.guard_source = "built-in";
        if (!*applied) return {};
        input_.max_destroy = (*applied)->max_destroy;
        input_.max_destructive_percent = (*applied)->max_destructive_percent;
        input_.guard_source = fmt::format("commit {}", (*applied)->commit.substr(0, 12));
        return {};
    }

    /// The key that `known` is settled by: the desired document's, or in drift-only mode the applied one's.
    std::optional<Digest> wanted_key(const store::ServerKeys* known, const std::string& name) {
        if (request_.drift_only) return known ? known->applied_key : std::nullopt;
        const auto index = lookup_.find(name);
        return index ? std::optional(workspace_.fleet.key(*index)) : std::nullopt;
    }

    void count_settled(const store::ServerKeys& known) {
        ++input_.settled_servers;
        input_.settled_units += known.units;
        input_.settled_skipped += known.skipped;
    }

    void note_age(std::optional<WallTime> at) {
        if (!at || *at == WallTime{}) return; // it never answered
        if (!oldest_ || *at < *oldest_) oldest_ = at;
    }

    Result<void> gather_known(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            const store::ServerKeys* known = find_known(name);
            if (request_.drift_only && !(known && known->applied)) {
                pass_over(name);
                continue;
            }
            if (known) note_age(known->observed_at);
            const auto key = wanted_key(known, name);
            if (known && key && is_settled(*known, *key)) {
                count_settled(*known);
                continue;
            }
            auto input = input_of(name, std::nullopt);
            if (!input) return std::move(input).error();
            keep(std::move(*input));
        }
        return {};
    }

    Result<void> gather_asking(const std::vector<std::string>& names) {
        if (engine_.events.phase) engine_.events.phase("observing", 0, names.size());
        for (std::size_t begin = 0; begin < names.size() && !engine_.stop.stop_requested(); begin += kChunk)
            LAB_TRY(ask(std::vector<std::string>(
                names.begin() + static_cast<std::ptrdiff_t>(begin),
                names.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kChunk, names.size())))));
        return {};
    }

    Result<void> ask(const std::vector<std::string>& names) {
        std::vector<planner::ServerInput> inputs;
        std::vector<Question> questions;
        for (const std::string& name : names) {
            const store::ServerKeys* known = find_known(name);
            if (request_.drift_only && !(known && known->applied)) {
                pass_over(name);
                continue;
            }
            auto question = question_for(name, known);
            if (!question) return std::move(question).error();
            questions.push_back(std::move(*question));
        }
        std::vector<store::Store::Observation> seen;
        std::optional<Error> failed;
        observe(engine_, questions, [&](std::size_t index, Answer answer) {
            if (failed) return;
            auto noted = take(questions[index].server.name, std::move(answer));
            if (!noted)
                failed = std::move(noted).error();
            else if (*noted)
                seen.push_back(std::move(**noted));
        });
        if (failed) return std::move(*failed);
        return engine_.store.record_observed(seen);
    }

    Result<Question> question_for(const std::string& name, const store::ServerKeys* known) {
        Question question;
        question.known_as = name_in_state(name);
        const auto index = workspace_.fleet.find(name);
        if (index && !request_.drift_only) {
            question.server = server_spec(workspace_, *index);
            if (known) question.server.server_id = known->server_id;
            question.desired = document(engine_, workspace_.origin, question.server,
                                        workspace_.fleet.units(*index, diagnostics_));
            ask_for_record(question, known);
            return question;
        }
        auto applied = engine_.store.applied(question.known_as);
        if (!applied) return std::move(applied).error();
        if (!*applied) return changed_meanwhile(name);
        (*applied)->spec.name = name;
        question.server = (*applied)->spec;
        question.desired = document(engine_, **applied);
        ask_for_record(question, known);
        return question;
    }

    /// To one who does not know it a machine tells what was brought about on it.
    static void ask_for_record(Question& question, const store::ServerKeys* known) {
        if (known && known->applied && known->stale) question.desired.server_id.clear();
    }

    /// Plans one answered server by itself: what is settled is counted and dropped, the rest is kept for the
    /// plan.
    Result<std::optional<store::Store::Observation>> take(const std::string& name, Answer answer) {
        const bool seen = answer.observed.fresh && !answer.observed.has_failed(); // all of it
        const store::ServerKeys* known = find_known(name);
        LAB_TRY(rebuild_applied(name, known, answer));
        std::optional<store::Store::Observation> record;
        if (answer.observed.fresh)
            record = {.name = name_in_state(name),
                      .observed = answer.observed,
                      .in_sync_key = {},
                      .skipped = answer.skipped};
        auto input = input_of(name, std::move(answer.observed));
        if (!input) return std::move(input).error();
        planner::Planned planned = plan_one(engine_, workspace_, *input, request_.drift_only);
        const bool equal =
            seen && planned.plan.actions.empty() && planned.plan.drift.empty() && input->desired;
        if (record && equal) record->in_sync_key = wanted_key(known, name);
        if (is_quiet(planned) && seen) {
            ++input_.settled_servers;
            input_.settled_units += planned.plan.summary.unchanged;
            input_.settled_skipped += answer.skipped;
            note_age(record->observed.at);
        } else {
            keep(std::move(*input));
        }
        return record;
    }

    /// What a machine keeps of itself stands in for a state that was lost.
    Result<void> rebuild_applied(const std::string& name, const store::ServerKeys* known,
                                 const Answer& answer) {
        const auto index = workspace_.fleet.find(name);
        const std::string& machine = answer.observed.state.server_id;
        if (answer.applied.is_null()) return {};
        if (known && known->applied) return renew_applied(name, *known, answer);
        if (!index) return {};
        const auto other = server_of_machine(machine);
        if (!other) return other.error();
        if (*other) return {};
        auto server = rebuild(workspace_, *index, machine, answer.applied);
        if (!server) return {};
        ++rebuilt_;
        return engine_.store.record_applied(
            {{.server = *std::move(server), .modules_gone = {}, .applied_key = {}}});
    }

    /// A state from a snapshot may be older than what was brought about since: the machine knows better.
    Result<void> renew_applied(const std::string& name, const store::ServerKeys& known,
                               const Answer& answer) {
        if (!known.stale || answer.observed.state.server_id != known.server_id) return {};
        auto before = engine_.store.applied(name_in_state(name));
        if (!before) return std::move(before).error();
        auto renewed = *before ? renew(std::move(**before), answer.applied) : std::nullopt;
        if (!renewed) return {};
        ++rebuilt_;
        return engine_.store.record_applied({{.server = std::move(renewed->server),
                                              .modules_gone = std::move(renewed->modules_gone),
                                              .applied_key = {}}});
    }

    /// Before its first apply: that this is meant is not for granted.
    void warn_of_this_machine(const planner::ServerInput& input) {
        if (input.desired && !input.applied && input.provider_present && input.live)
            input_.warnings.push_back(fmt::format("server/{} is the machine that lab runs on", input.name));
    }

    void keep(planner::ServerInput input) {
        if (auto told = moves_.note(input)) input_.warnings.push_back(*std::move(told));
        warn_of_this_machine(input);
        if (input.observed) note_age(input.observed->at);
        input_.servers.push_back(std::move(input));
    }

    /// What was never applied cannot have drifted from that; who asks is told so.
    void pass_over(const std::string& name) {
        const auto index = workspace_.fleet.find(name);
        not_looked_at_.push_back({.server = name,
                                  .reason = lacks_provider(name)
                                                ? fmt::format("provider '{}' is not part of this build",
                                                              workspace_.fleet.provider(*index))
                                                : std::string("never applied")});
    }

    /// Such servers are not planned, inside or outside of what was asked for.
    bool lacks_provider(const std::string& name) const {
        const auto index = workspace_.fleet.find(name);
        return index && !engine_.providers.find(workspace_.fleet.provider(*index));
    }

    Result<std::size_t> differing_outside(const Scope& scope) {
        if (scope.outside == 0) return std::size_t{0};
        const std::set<std::string_view> inside(scope.servers.begin(), scope.servers.end());
        const auto everything = scope_of(workspace_, *known_, std::nullopt, {});
        if (!everything) return everything.error();
        return static_cast<std::size_t>(std::count_if(everything->servers.begin(), everything->servers.end(),
                                                      [&](const std::string& name) {
                                                          if (inside.contains(name) || lacks_provider(name))
                                                              return false;
                                                          const store::ServerKeys* known = find_known(name);
                                                          const auto key = wanted_key(known, name);
                                                          return !(known && key && is_settled(*known, *key));
                                                      }));
    }

    Result<Prepared> finish(Scope scope) {
        Prepared prepared;
        prepared.diagnostics = std::move(diagnostics_);
        if (prepared.diagnostics.has_errors()) return prepared;
        std::sort(input_.servers.begin(), input_.servers.end(),
                  [](const auto& left, const auto& right) { return left.name < right.name; });
        input_.state.serial = engine_.store.serial();
        if (oldest_) input_.state.observed_at = format_time(*oldest_);
        const auto outside = differing_outside(scope);
        if (!outside) return outside.error();
        input_.outside_scope = *outside;
        if (rebuilt_ > 0)
            input_.warnings.push_back(fmt::format("what was applied to {} was read back from the machines",
                                                  counted(rebuilt_, "server")));
        prepared.plan = planner::make_plan(input_).plan;
        moves_.block_this_machine(prepared.plan);
        if (!request_.drift_only) point_at_decisions(prepared.plan, workspace_.fleet);
        if (request_.refresh == Refresh::Only) prepared.plan.actions.clear();
        prepared.servers = std::move(scope.servers);
        prepared.not_looked_at = std::move(not_looked_at_);
        return prepared;
    }

    const Engine& engine_;
    const Workspace& workspace_;
    const PlanRequest& request_;
    planner::PlanInput input_;
    std::shared_ptr<const std::vector<store::ServerKeys>> known_;
    detail::FleetLookup lookup_;
    Moves moves_;
    std::size_t next_known_ = 0;
    Renames renames_;
    Diagnostics diagnostics_;
    std::optional<WallTime> oldest_;
    std::vector<NotLookedAt> not_looked_at_;
    std::size_t rebuilt_ = 0; // servers whose applied state came back from their machines
};

} // namespace

Result<Prepared> prepare_plan(const Engine& engine, const Workspace& workspace, const PlanRequest& request) {
    return Gathering(engine, workspace, request).run();
}

} // namespace lab::reconciler
