#pragma once
// The one language that selects servers: `match`, `target`, `targets`, `exclude` in YAML and the CLI's
// filters. Any of within a key, all of across keys; labels: {all: [a, b]} asks for all. `exclude` is a union.

#include "support/diagnostics.h"

#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

class Node;

/// A name in a filter, with its place (none when it came from the command line).
struct Term {
    std::string text;
    Span at;
};

/// One filter. Empty lists do not filter; a Target with all lists empty selects nothing and is refused when
/// parsed.
struct Target {
    std::vector<Term> labels;     // any of: "k3s" (any value), "k3s=server"
    std::vector<Term> all_labels; // labels: {all: [...]}
    std::vector<Term> environments, regions, clouds, providers, sizes, groups;
    std::vector<Term> servers; // globs
    /// exclude: what any of its keys names is out.
    std::vector<Target> exclude; // none or one
    Span at;

    bool empty() const noexcept;
    /// Whether it says only whom not to take: it narrows what is selected otherwise, and names nobody by
    /// itself.
    bool only_excludes() const noexcept;
};

/// Decodes a `match`, `target` or `targets` map, or with `is_exclude` an exclude map (which takes no exclude
/// of its own).
Target parse_target(const Node& node, Diagnostics& diagnostics, bool is_exclude = false);

} // namespace lab::spec
