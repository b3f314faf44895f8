#pragma once
// What every step of the loop works with. A value of references: the caller owns the parts.

#include "planner/planner.h"
#include "providers/provider.h"
#include "spec/fleet.h"
#include "store/store.h"

#include <functional>
#include <stop_token>

namespace lab::reconciler {

class Rest;

/// What happens while something runs, for whoever shows progress. Called from several threads, one call at a
/// time.
struct Events {
    /// "observing", 12, 400: how far a phase is.
    std::function<void(std::string_view phase, std::size_t done, std::size_t total)> phase;
    /// A step of a run changed its state; `detail` says why it failed, was skipped or blocked.
    std::function<void(const std::string& action, store::StepState state, const std::string& detail)> step;
    /// A resource of a running step began or ended.
    std::function<void(const providers::Progress& progress)> resource;
};

struct Engine {
    store::Store& store;
    const providers::ProviderTable& providers;
    const Clock& clock;
    std::size_t parallelism = 10; // machines at once
    std::stop_token stop;
    Events events;
};

/// A loaded inventory and where it came from; made by reconciler/inventory_source.h.
struct Workspace {
    const spec::Fleet& fleet;
    api::Plan::Inventory origin;
    const Rest* rest = nullptr; // the servers that `fleet` leaves out; null: it has all
};

} // namespace lab::reconciler
