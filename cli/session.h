#pragma once
// What commands that plan, act or ask the state work with: the inventory, the fleet made of it, the state,
// the engine.

#include "cli/arguments.h"
#include "cli/context.h"
#include "reconciler/engine.h"
#include "reconciler/fleet_cache.h"
#include "reconciler/inventory_source.h"
#include "reconciler/prepare.h"

#include <mutex>

namespace lab::cli {

/// An inventory that loaded without errors, and the fleet it means.
class Session {
  public:
    /// Reads what --inventory and --ref name. Diagnostics go to stderr; with errors among them this fails and
    /// says what was not done. `with_state` opens (or makes) the state of LAB_HOME.
    /// IfThere: a state that is not there is not made, and one that cannot be opened is only warned of.
    enum class State { None, IfThere, Open };
    static Result<std::unique_ptr<Session>> open(const Arguments& arguments, Context& context, State state) {
        return open(arguments, context, state, {});
    }
    /// A command that needs only some servers says which. It may get a fleet with others in it and, where
    /// what is kept of the inventory allows it, without the rest.
    struct Wanted {
        std::vector<std::string> servers;
        std::string path; // of one: its name, or NAME.FIELD
        std::optional<spec::Target> filter;
        bool unsettled = false; // those that a plan from what is known has something to say of
        bool any() const { return !servers.empty() || !path.empty() || filter || unsettled; }
    };
    static Result<std::unique_ptr<Session>> open(const Arguments& arguments, Context& context, State state,
                                                 const Wanted& wanted);
    /// The same from a source that was found already (a saved plan's commit).
    static Result<std::unique_ptr<Session>> open(reconciler::InventorySource source, Context& context,
                                                 State state);

    const reconciler::LoadedInventory& inventory() const noexcept { return *inventory_; }
    const spec::Fleet& fleet() const noexcept { return *fleet_; }
    store::Store& store() const noexcept { return *store_; }
    bool has_store() const noexcept { return store_ != nullptr; }
    bool observe_all() const noexcept { return notes_.observe_all; }
    reconciler::Workspace workspace() const {
        return {.fleet = *fleet_, .origin = inventory_->origin, .rest = inventory_->rest.get()};
    }
    /// What the state knows of servers, where opening needed it; else null.
    const std::shared_ptr<const std::vector<store::ServerKeys>>& known() const noexcept { return known_; }
    reconciler::Engine engine(Context& context) const;
    /// The same inventory at another commit, loaded once and kept. For values that only that commit has.
    Result<const reconciler::Workspace*> at_commit(const std::string& commit, Context& context);

    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

  private:
    Session() = default;
    Result<void> read(reconciler::InventorySource source, Context& context, State state,
                      bool with_known = false);
    bool nothing_to_settle() const;
    void forget_what_changed();
    bool read_part(const reconciler::InventorySource& source, Context& context, State state,
                   const Wanted& wanted, const reconciler::FleetCache& cache);
    Result<void> open_state(const std::string& inventory, Context& context, State state);
    api::FingerprintKey key() const;

    std::unique_ptr<reconciler::LoadedInventory> inventory_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<spec::Fleet> fleet_;
    store::OpenNotes notes_;
    bool clean_ = false;   // nothing was said of the whole inventory
    std::string state_of_; // the inventory that the state was opened for
    std::shared_ptr<const std::vector<store::ServerKeys>> known_;
    std::string known_at_; // the state's moment before it was read
    struct Other {
        std::unique_ptr<reconciler::LoadedInventory> inventory;
        std::unique_ptr<spec::Fleet> fleet;
        std::unique_ptr<reconciler::Workspace> workspace;
    };
    std::mutex mutex_;                    // workers of a run ask for commits at the same time
    std::map<std::string, Other> others_; // by commit
};

/// The key where there is no state: nothing that depends on it is kept or compared beyond this process.
api::FingerprintKey key_without_state();

/// Whether there is a state in this home.
bool has_state(const std::filesystem::path& home);

/// The source that --inventory and --ref name.
Result<reconciler::InventorySource> open_source(const Arguments& arguments, Context& context);

/// The filters of the command line as one target, as written; nullopt where there are none.
std::optional<spec::Target> target_of(const Arguments& arguments);
/// The same with its names looked up. Unknown ones are an error.
Result<std::optional<spec::Target>> filter_of(const Arguments& arguments, const spec::Fleet& fleet,
                                              Context& context);
/// --target and the filters as they were written, for the plan document.
ValueMap scope_of(const Arguments& arguments);

} // namespace lab::cli
