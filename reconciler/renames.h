#pragma once
// Servers that have another name in the inventory than in the state: one is gone while a new one is the same
// machine (its tree, say). What is known of it, its protection included, goes on under the new name.

#include "reconciler/engine.h"

namespace lab::reconciler {

/// Equal for two servers that cannot but be one machine: one that is gone from the inventory while a new one
/// has its machine was renamed.
std::string machine_text(std::string_view provider, const ValueMap& settings);

/// By the name in the inventory the name in the state. `known`: every server of the state.
using Renames = std::map<std::string, std::string>;
Result<Renames> find_renames(const Engine& engine, const Workspace& workspace,
                             const std::vector<store::ServerKeys>& known);

/// The same between two inventories, where all of the first was applied.
Renames renames_between(const spec::Fleet& before, const spec::Fleet& now,
                        const providers::ProviderTable& providers);

/// What a plan says of it.
std::string told_rename(const std::string& now, const std::string& before);

/// `known` as it will be once that is recorded; sorted by name.
std::vector<store::ServerKeys> renamed(std::vector<store::ServerKeys> known, const Renames& renames);

/// Gives servers of the state the names they have in the inventory. Only what changes machines does that: a
/// plan leaves the state as it is, so that the next one says the same.
Result<void> record_renames(const Engine& engine, const Workspace& workspace);

} // namespace lab::reconciler
