#pragma once
// The modules of one server: each resource compared, and what of one module waits for another.

#include "planner/detail/compare.h"
#include "planner/planner.h"

#include <unordered_map>

namespace lab::planner::detail {

struct AppliedRef {
    const std::string* module = nullptr;
    const api::Resource* resource = nullptr;
};

struct DesiredRef {
    std::size_t unit = 0, index = 0;
};

/// The modules of a server, compared. Refers to `desired` and `applied`, which must outlive it.
class Units {
  public:
    Units(const DesiredServer& desired, const AppliedServer* applied, const Machine& machine);

    std::size_t size() const noexcept { return desired_->units.size(); }
    const spec::ModuleUnit& unit(std::size_t at) const { return desired_->units[at]; }
    const std::string& id(std::size_t unit, std::size_t index) const { return ids_[unit][index]; }
    const Comparison& result(std::size_t unit, std::size_t index) const { return results_[unit][index]; }
    bool differs(std::size_t unit) const;
    /// Whether nothing of the module is there and lab never made any of it.
    bool is_new(std::size_t unit) const;

    const AppliedRef* applied(std::string_view id) const;
    std::optional<DesiredRef> find(std::string_view id) const;

    /// Resources that run because a change of this module notifies them, directly or through each other;
    /// sorted.
    struct Notified {
        std::vector<std::string> ids;
        api::Risk risk = api::Risk::Safe;
    };
    Notified notified_by(std::size_t unit) const;

    /// For each module the differing modules it waits for; where modules wait for each other, neither does
    /// (their resources are ordered one by one when they run).
    std::vector<std::vector<std::size_t>> waits() const;

    Digest precondition(std::size_t unit) const;

  private:
    void remember(const AppliedServer& applied);
    const api::Resource& resource(const DesiredRef& ref) const {
        return desired_->units[ref.unit].resources[ref.index];
    }
    const DesiredServer* desired_;
    std::vector<std::vector<std::string>> ids_;
    std::vector<std::vector<Comparison>> results_;
    std::unordered_map<std::string_view, DesiredRef> desired_ids_; // into ids_
    std::unordered_map<std::string_view, AppliedRef> applied_;
    std::vector<std::string> applied_ids_;
};

} // namespace lab::planner::detail
