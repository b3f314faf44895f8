#pragma once
// Where an inventory is read from: a folder while it is edited, or a commit straight from git's object store.
// Both give the same inventory.

#include "git/repository.h"
#include "providers/provider.h"
#include "reconciler/engine.h"
#include "reconciler/module_repositories.h"
#include "reconciler/rest.h"
#include "spec/load.h"
#include "support/overlay_tree.h"

#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace lab::reconciler {

struct InventoryRequest {
    std::filesystem::path
        directory; // the current one: searched upwards for a lab.yaml where `inventory` is empty
    /// Folder, bare repository, or URL; URL//FOLDER where the inventory is not at the repository's root.
    std::string inventory;
    std::string revision;           // empty: the working tree (of a URL: its default branch)
    std::filesystem::path home;     // LAB_HOME, for clones and for modules from git
    std::optional<uid_t> sudo_user; // who became root to run this; an inventory of theirs may be found
    std::stop_token stop;
    ModuleAccess modules;
};

/// One tree of files that holds an inventory.
class InventorySource {
  public:
    /// NotFound where no lab.yaml is found; the hint says how to make one. Denied where one is found, not
    /// named, that belongs to another user: its commands would be run as us.
    static Result<InventorySource> open(const InventoryRequest& request);
    /// The same inventory in another commit of its repository.
    Result<InventorySource> at(std::string_view revision) const;
    /// The same inventory with edits that nobody has written yet (paths relative to its root). What is
    /// planned from it is dirty, as if they were.
    InventorySource edited(TreeChanges changes) const;
    /// The same inventory, of which each file stays as it is when it is first read: what is told and written
    /// of it later was made from the same bytes.
    InventorySource kept() const;

    const FileTree& tree() const noexcept { return *tree_; }
    /// Where its modules from git are, for spec::load.
    const ModuleRepositories& modules() const noexcept { return *modules_; }
    /// For people: the folder or URL.
    const std::string& name() const noexcept { return name_; }
    /// Null where the folder is in no repository.
    const git::Repository* repository() const noexcept { return repository_ ? &*repository_ : nullptr; }
    /// Hex id of the commit read, or of HEAD below a working tree; empty where there is none.
    const std::string& commit() const noexcept { return commit_; }
    /// What the user should know about how it was read: an old copy of a remote; empty where all is well.
    const std::string& warning() const noexcept { return warning_; }
    bool is_working_tree() const noexcept { return working_tree_; }
    /// The folder of a working tree; empty otherwise.
    const std::filesystem::path& folder() const noexcept { return folder_; }
    bool is_edited() const noexcept { return edited_; }
    /// The inventory's folder inside its repository; "" is the root.
    const std::string& prefix() const noexcept { return prefix_; }

  private:
    InventorySource() = default;
    std::string name_, commit_, prefix_, warning_;
    std::shared_ptr<git::Repository> repository_;       // shared with the same inventory at other commits
    std::shared_ptr<const FileTree> tree_;              // shared with what was edited over it
    std::shared_ptr<const ModuleRepositories> modules_; // shared with the same inventory at other commits
    std::filesystem::path folder_;
    bool working_tree_ = true, edited_ = false;
};

/// spec's view of the providers of this build; for Fleet::resolve.
class TableRules final : public spec::ProviderRules {
  public:
    explicit TableRules(const providers::ProviderTable& table) : table_(table) {}
    bool present(std::string_view provider) const override;
    std::vector<std::string> names() const override;
    std::vector<Problem> validate(std::string_view provider, const ValueMap& settings,
                                  bool on_server) const override;
    std::vector<FleetProblem> validate_fleet(std::string_view provider,
                                             std::span<const FleetServer> servers) const override;

  private:
    const providers::ProviderTable& table_;
};

/// An inventory with what it was read from. Stays where it is: the fleet made from it refers to it.
struct LoadedInventory {
    InventorySource source;
    spec::Loaded loaded;
    api::Plan::Inventory origin;
    // Where only a part of it was read (reconciler/fleet_cache.h):
    std::unique_ptr<const FileTree> subset = nullptr;
    std::unique_ptr<const Rest> rest = nullptr; // what is known of the others
};
/// Reads and decodes; problems are in `loaded.diagnostics`. Errors: the tree or repository cannot be read.
Result<std::unique_ptr<LoadedInventory>> load_inventory(InventorySource source);

/// What the inventory means, with the providers of this build as the referees of their settings.
spec::Fleet resolve_fleet(const LoadedInventory& inventory, const providers::ProviderTable& providers,
                          const api::FingerprintKey& key, Diagnostics& diagnostics);

} // namespace lab::reconciler
