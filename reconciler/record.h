#pragma once
// What an apply writes down of one server: which resources are now as desired, and whether all of it is.

#include "reconciler/observe.h"

namespace lab::reconciler {

/// Applied and Observed of a server after something was done to it, or after nothing had to be.
struct Record {
    store::Store::Application application;
    store::Store::Observation observation;
};

/// `before` is the server's input when it was looked at; `report` what an apply then answered (none: nothing
/// was done). What the report calls ok or changed becomes Applied; so does what is as desired already; what
/// left the document is released. The keys are set when nothing is left to do. `itself`: the action of the
/// server itself was carried out.
Record record_of(const Engine& engine, const Workspace& workspace, planner::ServerInput before,
                 const api::Report* report, bool drift_only, bool itself);

/// Records as applied what already is as desired although lab never brought it about, and releases what left,
/// for those of `servers` that no step of a run has touched.
Result<void> record_settled(const Engine& engine, const Workspace& workspace,
                            const std::vector<std::string>& servers);

} // namespace lab::reconciler
