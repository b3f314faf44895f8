#pragma once
// What a change proposes, by itself: the plan as if the inventory it started from were applied and observed
// everywhere. No machine is asked and no state is needed, so it is safe on a stranger's pull request.

#include "reconciler/prepare.h"

namespace lab::reconciler {

struct BaselineRequest {
    const spec::Fleet& base; // of the merge-base
    std::string base_commit;
    const providers::ProviderTable& providers;
    std::optional<spec::Target> filter;
    std::vector<std::string> targets;
    ValueMap scope;
    bool allow_destroy = false;
    /// The last known facts of a server, null where there are none.
    std::function<Value(const std::string& server)> facts;
};

/// Private values stand as {"fingerprint": "withheld"}: without a state there is no key that would keep them
/// secret.
Prepared prepare_baseline(const Workspace& workspace, const BaselineRequest& request);

// What a plan that looks at no machine supposes.

/// The units of a server, private values as fingerprints.
std::vector<spec::ModuleUnit> redacted_units(const spec::Fleet& fleet, spec::ServerIndex index,
                                             const api::FingerprintKey& key, Diagnostics& diagnostics);
/// The server with all of `units` brought about.
planner::AppliedServer applied_from(const Workspace& base, spec::ServerIndex index,
                                    const std::vector<spec::ModuleUnit>& units);
/// How a machine looks on which everything of `units` was brought about.
planner::ObservedServer observed_from(const std::vector<spec::ModuleUnit>& units, Value facts);
/// What differs between two definitions of a server though nothing is done about it: that it is protected no
/// more, or is to be on another disk.
class QuietChanges {
  public:
    void note(const spec::Server& before, const spec::Server& now);
    void tell(std::vector<std::string>& warnings) const;

  private:
    std::vector<std::string> unprotected_;
    std::map<std::string, std::vector<std::string>> of_disks_; // servers by property
};
/// Takes the fingerprints out of a plan whose key is no secret.
void withhold_fingerprints(api::Plan& plan);

} // namespace lab::reconciler
