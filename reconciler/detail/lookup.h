#pragma once
// Servers by name, for whoever goes through a sorted list of them: the one after the last is looked at before
// the whole fleet is searched.

#include "reconciler/engine.h"
#include "reconciler/rest.h"

namespace lab::reconciler::detail {

class FleetLookup {
  public:
    explicit FleetLookup(const Workspace& workspace) : workspace_(workspace) {}

    std::optional<spec::ServerIndex> find(std::string_view name) {
        const spec::Fleet& fleet = workspace_.fleet;
        if (next_ < fleet.size() && fleet.server(next_).name == name) return next_++;
        const auto found = fleet.find(name);
        if (found) next_ = *found + 1;
        return found;
    }
    /// Whether the inventory has it, read or not.
    bool contains(std::string_view name) {
        return find(name) || (workspace_.rest && workspace_.rest->has_server(name));
    }

  private:
    const Workspace& workspace_;
    spec::ServerIndex next_ = 0;
};

} // namespace lab::reconciler::detail
