#pragma once
// A plan on a recording: what an apply would do if the fleet were as the recording says. Pure: no machine is
// asked, no state opened or made.

#include "planner/recording.h"
#include "reconciler/baseline.h"
#include "spec/document.h"

#include <functional>

namespace lab::reconciler {

struct WhatIfRequest {
    const planner::Recording& recording;
    Digest digest; // of the recording, for the plan
    /// What servers that are recorded as in order are like; the planned inventory itself, or what it was
    /// before a change.
    const Workspace& in_order;
    const providers::ProviderTable& providers;
    std::optional<spec::Target> filter;
    std::vector<std::string> targets;
    ValueMap scope;
    bool allow_destroy = false;
    /// Plans what the recording names and nothing else; otherwise servers it does not name are planned as
    /// never observed.
    bool only_recorded = false;
};

/// As prepare_plan on a state that knew what the recording says. A server whose provider is not part of this
/// build is planned too where the recording has it as observed. Private values of the recording were
/// fingerprinted with a key that is not at hand: they count as equal to what has as many bytes.
Prepared prepare_what_if(const Workspace& workspace, const WhatIfRequest& request);

/// What a store holds of these servers, as a recording.
Result<planner::Recording> record(const store::Store& store, const std::string& inventory,
                                  const std::vector<std::string>& servers);

/// A recording as text, JSON or YAML, read and checked. Problems stand at their place in `file`.
struct RecordingText {
    planner::Recording recording;
    Digest digest;
    Diagnostics diagnostics;
    SourceLines lines;
};
/// Looks for more than a recording says by itself.
using RecordingCheck = std::function<std::vector<planner::RecordingProblem>(const planner::Recording&)>;
RecordingText read_recording(const std::string& file, std::string text, const RecordingCheck& check = {});

/// Resources written of servers that are in order, but which those have neither as they were nor as they are
/// planned: they would change nothing.
std::vector<planner::RecordingProblem> unknown_resources(const planner::Recording& recording,
                                                         const spec::Fleet& in_order,
                                                         const spec::Fleet& planned);

/// Servers of which nothing but what was seen is recorded, and that no inventory has: no plan looks at them.
std::vector<planner::RecordingProblem>
unknown_servers(const planner::Recording& recording, const spec::Fleet& in_order, const spec::Fleet& planned);

/// Problems of a recording that stands in another document, each at its place below `node`.
void add_recording_problems(const std::vector<planner::RecordingProblem>& problems, const spec::Node& node,
                            Diagnostics& diagnostics);

} // namespace lab::reconciler
