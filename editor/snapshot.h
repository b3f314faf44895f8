#pragma once
// An inventory as it is with what editors have not saved: what every answer is made of. Immutable, so that an
// answer can be given from the last one while the next is made.

#include "reconciler/inventory_source.h"
#include "spec/fleet.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace lab::editor {

struct Snapshot {
    std::filesystem::path root;
    std::uint64_t generation = 0; // of the request it answers
    /// Null where the folder could not be read, or where there were too many errors to make sense of it.
    std::unique_ptr<reconciler::LoadedInventory> inventory;
    /// Of an inventory with errors: what could be made of it.
    std::unique_ptr<spec::Fleet> fleet;
    std::vector<std::string> providers; // of this build
    Diagnostics diagnostics;
    std::optional<Error> failure;
};

/// What snapshots are made with.
struct SnapshotSources {
    const providers::ProviderTable& providers;
    std::filesystem::path home; // LAB_HOME: modules from git that were fetched
};

struct SnapshotRequest {
    std::filesystem::path root; // folder with a lab.yaml
    TreeChanges changes;        // texts that are not saved, by path below it
    std::uint64_t generation = 0;
};

std::shared_ptr<const Snapshot> take_snapshot(const SnapshotRequest& request, const SnapshotSources& sources);

} // namespace lab::editor
