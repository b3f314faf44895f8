#pragma once
// Looks at each resource of a document and, in an apply, makes it so: order, dependencies, comparison,
// notifications. The one place where check and apply are the same code up to the moment of change.

#include "agent/handler.h"
#include "agent/records.h"
#include "api/desired.h"
#include "api/report.h"
#include "support/clock.h"

#include <functional>
#include <stop_token>
#include <string_view>

namespace lab::agent {

struct RunOptions {
    bool apply = false; // false: nothing is changed
    /// A resource's state became "running", "ok", "changed", "failed" or "skipped". Only in an apply.
    std::function<void(std::string_view id, std::string_view status)> progress = {};
    /// The running resource is finished, the rest are skipped.
    std::stop_token stop = {};
};

struct RunResult {
    std::vector<api::ResourceReport> resources;  // in the order of the document
    std::vector<const api::Resource*> as_wanted; // ok or changed by an apply; into the document
    bool interrupted = false;
};

/// Order: the list's, but for `after` and `notify`. A resource that fails skips only what depends on it. A
/// target is told once, at its own turn, which comes after all its notifiers; what it owes is on the disk
/// before the first change that tells it, and stays there until it was told. In an apply `records` was begun.
RunResult run_resources(const api::Desired& desired, Host& host, Records& records, const Clock& clock,
                        const RunOptions& options);

} // namespace lab::agent
