#pragma once
// Servers whose machine is elsewhere than where they were applied: another tree, or no tree any more. A
// machine is found by its settings; those of another are another machine.

#include "planner/planner.h"
#include "providers/provider.h"

namespace lab::reconciler {

/// Whether the settings by which the provider finds its machine are others than those that were applied.
bool is_moved(const planner::ServerInput& server);

/// What a plan that asks no machine supposes of a moved server: a tree is not there yet, and this machine is
/// nobody's.
void suppose_new_place(const providers::ProviderTable& providers, planner::ServerInput& server);

class Moves {
  public:
    explicit Moves(const providers::ProviderTable& providers) : providers_(providers) {}

    /// Once its provider was asked. Gives what is to be said of it.
    std::optional<std::string> note(const planner::ServerInput& server);
    /// Nobody means by accident the machine they sit at: an edit that loses a server's tree does.
    void block_this_machine(api::Plan& plan) const;

  private:
    const providers::ProviderTable& providers_;
    std::vector<std::string> now_live_; // servers that were trees
};

} // namespace lab::reconciler
