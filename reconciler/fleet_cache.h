#pragma once
// Images of fleets (spec/fleet_image.h) below LAB_HOME/cache/fleets: one an inventory, the newest few kept,
// each written at once or not at all. One that is damaged, of another program or of no use is as good as
// none.

#include "reconciler/inventory_source.h"
#include "reconciler/rest.h"

#include <functional>

namespace lab::reconciler {

struct FleetCache {
    std::filesystem::path folder; // empty: nothing is kept or looked for
    Digest program;               // of all besides files and keys that decides what a fleet is
};

/// LAB_HOME/cache/fleets, for what `program` (the path of this binary) makes with these providers.
FleetCache fleet_cache(const std::filesystem::path& home, const std::filesystem::path& program,
                       const providers::ProviderTable& providers);

/// Null where there is none.
std::shared_ptr<const KeptImage> find_image(const FleetCache& cache, const InventorySource& source);

/// The image where it is of the inventory as it is now; null where anything may be different.
std::shared_ptr<const KeptImage> current_image(const FleetCache& cache, const InventorySource& source);

/// Keeps what is known of a fleet that had no problem, for the next run. What cannot be written is not kept,
/// and no LAB_HOME is made for it. Without the key of a state, an image that was made with one stays.
void keep_image(const FleetCache& cache, const LoadedInventory& inventory, const spec::Fleet& fleet,
                const api::FingerprintKey* key);

/// What a command needs of an inventory: some servers, and what they are made of. Everything that changed
/// since the image was made comes with it.
struct PartRequest {
    std::vector<std::string> servers;   // by name
    std::string path;                   // of one: its name, and after a dot whatever else
    std::optional<spec::Target> filter; // those it selects
    /// Those that it does not know as settled; null: none of them.
    const store::Store* state = nullptr;
};

struct Part {
    std::unique_ptr<LoadedInventory> inventory;
    std::unique_ptr<spec::Fleet> fleet;
    std::vector<store::ServerKeys> known; // of the fleet's servers, where a state was asked
};

/// Reads a part, which has no problem. Nothing where it cannot be told from the whole: whoever asked then
/// reads everything.
using PartReader = std::function<std::optional<Part>(
    const PartRequest& request, const providers::ProviderTable& providers, const api::FingerprintKey& key)>;

/// Looks at what changed since the image was made. Empty where the whole must be read; else lab.yaml, and so
/// the inventory's id, is as it was.
PartReader begin_part(const InventorySource& source, std::shared_ptr<const KeptImage> kept);

} // namespace lab::reconciler
