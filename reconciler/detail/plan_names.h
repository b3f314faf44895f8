#pragma once
// Which units a plan could act on at all: what an action that must not be there names.

#include "planner/recording.h"
#include "spec/fleet.h"

#include <set>

namespace lab::reconciler::detail {

class PlanNames {
  public:
    void add(const spec::Fleet& fleet);
    void add(const planner::Recording& recording);

    /// Why no plan can act on `unit`, a glob of server/NAME, server/NAME/layout or server/NAME/module/MODULE;
    /// nullopt where one can.
    std::optional<std::string> unknown(std::string_view unit) const;

  private:
    bool has_any(std::string_view pattern) const;
    std::optional<std::string> unknown_server(std::string_view server) const;
    std::optional<std::string> unknown_module(std::string_view module) const;

    std::set<std::string> servers_, modules_;
};

} // namespace lab::reconciler::detail
