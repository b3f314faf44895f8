#pragma once
// Runs that ended before they were done, and those that are still going: what they have begun is no drift.

#include "reconciler/engine.h"

#include <map>

namespace lab::reconciler {

/// The inventory at another commit.
using AtCommit = std::function<Result<const Workspace*>(const std::string& commit)>;

/// Closes runs whose process died: looks at every server they had begun to change, and records as applied
/// what they did bring about there, by the inventory that they had. Returns their ids.
Result<std::vector<std::string>> settle_dead_runs(const Engine& engine, const Workspace& workspace,
                                                  const AtCommit& at_commit);

/// The newest run, when it ended before it was done; what --resume goes on with. A sync that was done since
/// is passed over: it changed nothing that was planned.
Result<std::optional<store::Run>> resumable_run(const store::Store& store);

/// A run that was interrupted or died and that a later one has taken the resume from, without covering the
/// whole inventory itself.
struct Overtaken {
    store::Run run, by;
};
Result<std::optional<Overtaken>> overtaken_run(const store::Store& store);

/// Servers that runs worked on at `since` or after it, with the id of the run.
Result<std::map<std::string, std::string>> at_work(const store::Store& store, WallTime since);

} // namespace lab::reconciler
