#pragma once
// How a machine is reached and asked: facts, observe, apply. Implemented by a local lab-agent process
// (providers/local); later by ssh and by connected agents.

#include "api/desired.h"
#include "api/report.h"

#include <functional>
#include <stop_token>

namespace lab::providers {

/// One machine, or one tree that stands for it.
struct Machine {
    std::string server; // name
    std::string root;   // absolute path of a tree; empty: the live system
};

/// One resource began or ended, while an apply runs. Called from the link's thread; must not block for long.
struct Progress {
    std::string server;
    std::string resource; // TYPE/NAME
    std::string status;   // running, ok, changed, failed, skipped
};
using ProgressSink = std::function<void(const Progress&)>;

struct ObserveRequest {
    Machine machine;
    api::Desired desired; // resources to look at; their values may be fingerprints
};

class MachineLink {
  public:
    virtual ~MachineLink() = default;
    /// Asks many machines; calls `done(index, report)` once for each, in any order, from the calling thread.
    /// A machine out of reach is an error for itself only. Returns early, with Cancelled for the rest, on
    /// `stop`.
    using Observed = std::function<void(std::size_t index, Result<api::Report> report)>;
    virtual void observe(const std::vector<ObserveRequest>& requests, std::size_t parallelism,
                         const Observed& done, std::stop_token stop) = 0;
    /// Makes the machine so. `create` makes the tree when it is missing. Blocks; safe from several threads.
    /// On `stop` the running resource is finished and the rest are reported skipped.
    virtual Result<api::Report> apply(const Machine& machine, const api::Desired& desired, bool create,
                                      const ProgressSink& progress, std::stop_token stop) = 0;
};

} // namespace lab::providers
