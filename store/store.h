#pragma once
// The state of one lab home: what was observed and applied, plans, runs with their journal, locks. SQLite in
// WAL mode. Everything belongs to one inventory, named when the store is opened; nothing of another is read.
//
// Safe to use from several threads: calls take turns. Equal documents are kept once, by digest. A server's
// two keys (desired it was last brought to, desired it was last seen equal to) let a plan pass over settled
// servers without reading their documents.
//
// Errors: Unavailable (full disk, busy), Denied (no right to write), Invalid (a damaged database; the next
// open restores).

#include "api/plan.h"
#include "planner/state.h"

#include <filesystem>
#include <memory>

namespace lab::store {

/// What is said to the user about the database when it was opened: restored, rebuilt, migrated.
struct OpenNotes {
    std::vector<std::string> warnings;
    bool created = false;
    bool observe_all = false; // after a restore or loss nothing observed is trusted until seen again
};

/// One row of the narrow table that every plan reads in full.
struct ServerKeys { // many in memory: small members together
    std::string name, server_id;
    std::optional<WallTime> observed_at;
    std::uint32_t units = 0;           // modules applied
    std::uint32_t skipped = 0;         // resources skipped because they need a live system
    std::optional<Digest> applied_key; // key of the desired document Applied equals
    std::optional<Digest> in_sync_key; // key of the desired document the last observation was equal to
    api::Presence presence = api::Presence::Unreachable;
    bool applied = false; // false: observed only
    bool stale = false;   // see Store::distrust(); the machine has not answered since
};

/// The row of one server, as applied.
struct KnownServer : ServerKeys {
    std::string provider, environment, cloud, region;
    std::vector<std::string> labels;
    bool protect = false;
};

enum class RunState { Running, Done, Failed, Interrupted, Dead };
enum class StepState { Planned, Started, Done, Failed, Skipped, Blocked };

struct Step {
    std::int64_t sequence = 0;
    std::string action; // id of the plan's action
    StepState state = StepState::Planned;
    std::string detail; // why it failed or was skipped
    std::string idempotency_key;
    std::optional<WallTime> started_at, ended_at;
};

struct Run {
    std::string id;   // "r-20261120T101500-3f9a"
    std::string kind; // apply, sync
    std::string plan_id;
    std::string commit; // empty: dirty
    bool full = false;  // covered the whole inventory, nothing blocked or failed: counts for the guard
    std::string who, host;
    RunState state = RunState::Running;
    WallTime started_at;
    std::optional<WallTime> ended_at;
    api::PlanSummary planned;
    std::vector<Step> steps; // only from run()
};

/// Holds what a run may change, from Store::lock() until it goes. A kernel lock: gone with its process,
/// whatever ends it.
class Lock {
  public:
    virtual ~Lock() = default;
    virtual const std::string& id() const noexcept = 0;
};

class Store {
  public:
    struct Options {
        std::filesystem::path home; // LAB_HOME
        std::string inventory;      // id
        const Clock* clock = nullptr;
    };
    /// Opens or makes HOME/state.db: migrates after a snapshot, sets a corrupt file aside and restores the
    /// newest good snapshot, notices a lost one by HOME/state.id. Never silently empty: `notes` says what
    /// happened.
    static Result<std::unique_ptr<Store>> open(const Options& options, OpenNotes& notes);
    ~Store();

    const api::FingerprintKey& key() const noexcept;
    std::int64_t serial() const; // grows with each change of applied or observed state

    Result<std::vector<ServerKeys>> servers() const; // sorted by name
    /// Another with each write to any of these rows, whoever writes it, and never the same again: what was
    /// worked out from them holds for as long. Empty: nothing was written yet.
    Result<std::string> moment() const;
    /// Name of the applied server that a machine is known as.
    Result<std::optional<std::string>> applied_as(std::string_view server_id) const;
    Result<std::optional<KnownServer>> server(std::string_view name) const;
    Result<std::optional<planner::AppliedServer>> applied(std::string_view name) const;
    Result<std::optional<planner::ObservedServer>> observed(std::string_view name) const;

    struct Observation {
        std::string name;
        planner::ObservedServer observed; // kept without `fresh` and `state.report`
        std::optional<Digest> in_sync_key;
        std::uint32_t skipped = 0;
    };
    Result<void> record_observed(const std::vector<Observation>& observations); // one transaction
    /// Replaces what is known as applied of the server's modules given; `modules_gone` are released. Key: see
    /// ServerKeys.
    struct Application {
        planner::AppliedServer server; // `modules` holds those to replace
        std::vector<std::string> modules_gone;
        std::optional<Digest> applied_key;
    };
    Result<void> record_applied(const std::vector<Application>& applications);
    Result<void> remove_server(std::string_view name); // destroyed or forgotten; not there is no error
    /// What was recorded of these servers may be older than what was brought about on them: nothing of it
    /// counts as settled, and it is stale, until they answer.
    Result<void> distrust(const std::vector<std::string>& servers);

    // Plans: an id is registered when saved and spent when its first action starts.
    Result<void> register_plan(std::string_view plan_id);
    enum class PlanUse { Unknown, Ready, Spent };
    Result<PlanUse> plan_use(std::string_view plan_id) const;

    // Runs. Each write is durable (synchronous=FULL) when the call returns.
    /// Starts a run over the plan's actions and spends the plan in the same transaction. Filled in here: an
    /// empty `id`, state, times, summary and steps. The run counts as alive while `lock` is held (null where
    /// it changes nothing).
    Result<Run> begin_run(const Run& run, const api::Plan& plan, const Lock* lock);
    /// Goes on with a run that ended before it was done: Running again, its steps as they were journaled.
    /// Conflict where a living process still runs it.
    Result<Run> resume_run(std::string_view run, const Lock* lock);
    Result<void> steps_started(std::string_view run, const std::vector<std::string>& actions,
                               std::string_view idempotency_key);
    /// Also settles a step whose outcome was not known.
    Result<void> step_ended(std::string_view run, std::string_view action, StepState state,
                            std::string_view detail);
    /// The outcome of a step and what it brought about, together.
    Result<void> step_done(std::string_view run, const std::vector<std::string>& actions,
                           const Application& application, const Observation& observation);
    Result<void> end_run(std::string_view run, RunState state, bool full);
    Result<std::vector<Run>> runs(std::size_t limit) const;    // newest first; Dead where its process is gone
    Result<std::optional<Run>> run(std::string_view id) const; // with steps
    /// JSON, for resume and show run. Kept for the newest runs only.
    Result<std::optional<std::string>> plan_document(std::string_view run) const;
    /// What the newest fully applied commit said, for the rules that a commit may not loosen for itself.
    struct FullyApplied {
        std::string commit;
        std::int64_t max_destroy = 0, max_destructive_percent = 0;
    };
    Result<std::optional<FullyApplied>> fully_applied() const;
    Result<void> record_fully_applied(const FullyApplied& what);
    /// Runs that were Running when their process died, newest first, with steps. Started ones have an unknown
    /// outcome.
    Result<std::vector<Run>> unfinished_runs() const;

    /// Conflict, naming the holder and what it holds, when a living process holds an overlapping scope.
    /// `servers` empty: everything.
    Result<std::unique_ptr<Lock>> lock(const std::vector<std::string>& servers, std::string_view what);

    /// A consistent copy beside the database, the newest few kept. Before each apply; migrations take their
    /// own. Nothing is copied where nothing was recorded since the last one.
    Result<void> snapshot(std::string_view reason);

  private:
    struct State;
    explicit Store(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lab::store
