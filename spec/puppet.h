#pragma once
// Puppet classes of the inventory's own manifests, as far as they say something of secrets: which they read
// with lab::secret('path'), and which other classes they bring along. Nothing is evaluated: a call counts
// wherever it stands in its class, in a branch that is never taken too.

#include "spec/written.h"

#include <vector>

namespace lab::spec {

struct PuppetClass {
    std::string name;          // "postfix", "kubernetes::worker"
    std::vector<Text> secrets; // paths, where they are called for
    std::vector<Text> brings;  // include, contain, require, inherits, class { 'x': }
    Span at;
};

} // namespace lab::spec
