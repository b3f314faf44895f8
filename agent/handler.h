#pragma once
// What knows how to look at and change one resource type on this machine. The runner (agent/runner.h) does
// the rest: order, dependencies, comparison, notifications, the report.

#include "agent/tree.h"
#include "api/resource.h"
#include "support/process.h"

#include <memory>
#include <span>
#include <stop_token>

namespace lab::agent {

/// The machine as handlers see it.
struct Host {
    Tree& tree;         // every path goes through it: "/" of the live system or the root of a tree
    bool live = true;   // false: a tree; handlers of types that need a live system are never called
    const Value& facts; // lab.facts/1
    std::stop_token stop;
    api::FingerprintKey key = {}; // to know a private value by its fingerprint
};

class Handler {
  public:
    virtual ~Handler() = default;
    virtual std::string_view type() const = 0;
    /// The actual properties, by the names of the type's schema; never depends on what is desired beyond what
    /// says where to look (a line's path, a command's unless). Changes nothing. `ensure` is "absent" where it
    /// is not there.
    virtual Result<ValueMap> observe(const api::Resource& resource, Host& host) const = 0;
    /// Makes it so; called only when api::diff_resource found a difference to `observed`. Safe to repeat
    /// after a kill.
    virtual Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const = 0;
    /// A resource this one is notified by has changed: restart the service, run the command. Nothing for most
    /// types.
    virtual Result<void> refresh(const api::Resource& resource, Host& host) const = 0;
};

/// All handlers of this build, one for each of api::resource_types().
std::span<const std::unique_ptr<Handler>> handlers();

} // namespace lab::agent
