#pragma once
// The servers that a plan is about: which of them the filters take, and which of those there is nothing to
// look at.

#include "reconciler/engine.h"

namespace lab::reconciler {

/// Whether Applied and Observed were equal to the desired document `key` when last seen: nothing to look at.
bool is_settled(const store::ServerKeys& known, const Digest& key) noexcept;

/// The servers a plan is about, desired or only applied, sorted.
struct Scope {
    std::vector<std::string> servers;
    std::size_t outside = 0; // servers of the inventory or the state that the filter leaves out
};
/// `row` gives what is known of one server; asked of those that left the inventory, where there is a filter.
using KnownRow = std::function<Result<std::optional<store::KnownServer>>(const std::string& name)>;
Result<Scope> scope_of(const Workspace& workspace, const std::vector<store::ServerKeys>& known,
                       const std::optional<spec::Target>& filter, const KnownRow& row);

} // namespace lab::reconciler
