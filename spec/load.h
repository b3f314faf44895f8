#pragma once
// From a file tree to an Inventory. Pure over the tree: the same files give the same inventory and the same diagnostics,
// wherever they come from and in whatever order.

#include "spec/inventory.h"
#include "support/file_tree.h"

#include <functional>

namespace lab::spec {

/// What the language must know of providers, given by whoever has them.
class ProviderRules {
  public:
    virtual ~ProviderRules() = default;
    struct Problem {
        std::string setting, message, help;
    };
    /// Whether this build has the provider; one it lacks still validates, its settings unchecked.
    virtual bool present(std::string_view provider) const = 0;
    virtual std::vector<std::string> names() const = 0;
    virtual std::vector<Problem> validate(std::string_view provider, const ValueMap& settings, bool on_server) const = 0;
};

struct LoadLimits {
    std::size_t files = 500'000;
    std::size_t file_bytes = 32u << 20;
    std::size_t total_bytes = std::size_t{1} << 30;
    std::size_t module_file_bytes = 8u << 20;
};

/// A load with any error has no inventory to plan from: `inventory` then holds what could be decoded, for validate to go on.
struct Loaded {
    Inventory inventory;
    Diagnostics diagnostics;
    std::vector<std::string> files; // that were read as part of the inventory, sorted
    /// Excerpts for the renderer, from the texts that were read.
    SourceLines lines;
};

Loaded load(const FileTree& tree, const ProviderRules& providers, const LoadLimits& limits = {});

} // namespace lab::spec
