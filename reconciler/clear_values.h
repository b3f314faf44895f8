#pragma once
// A server's units with their values in the clear, for the machine. Applied keeps private values as
// fingerprints only: to restore one, the inventory that wrote it is asked again.

#include "reconciler/engine.h"

namespace lab::reconciler {

/// The units of the desired document, or with `applied` those that were last brought about, in the clear.
/// Unavailable where a private value is in no commit that can be read; the message names the resource and the
/// commit.
Result<std::vector<spec::ModuleUnit>>
clear_units(const Engine& engine, const Workspace& workspace, const std::string& server, bool applied,
            const std::function<Result<const Workspace*>(const std::string& commit)>& at_commit);

} // namespace lab::reconciler
