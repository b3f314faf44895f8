#pragma once
// Collects what is wrong with resolved servers. The same problem of many servers is said once, with the first
// of them.

#include "spec/detail/decode.h"
#include "spec/inventory.h"

#include <string>
#include <unordered_set>

namespace lab::spec::detail {

class Reporter {
  public:
    explicit Reporter(Diagnostics& diagnostics) : diagnostics_(&diagnostics) {}

    /// `server`: on which it showed; null where that says nothing.
    void error(std::string_view code, std::string message, const Span& at, std::string help = {},
               std::vector<Diagnostic::Note> notes = {}, const Server* server = nullptr);
    Diagnostics& diagnostics() noexcept { return *diagnostics_; }
    /// "did you mean 'x'?", or nothing.
    std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
        return suggestions_(word, candidates);
    }

  private:
    Diagnostics* diagnostics_;
    Suggestions suggestions_;
    std::unordered_set<std::string> said_;
};

/// Names that were meant, perhaps: the keys of a section's definitions.
template <typename Map>
std::vector<std::string_view> names_of(const Map& definitions) {
    std::vector<std::string_view> names;
    for (const auto& [name, definition] : definitions)
        names.push_back(name);
    return names;
}

} // namespace lab::spec::detail
