#pragma once
// Sizes, images, clusters, apps, roles, users, containers and Puppet classes: what lists and details show of
// them.

#include "cli/details.h"

namespace lab::cli {

/// Whether `kind` is one of those.
bool is_record(Kind kind) noexcept;
/// Every one with the servers it reaches: that have the size, are nodes of the cluster, that a role may
/// touch.
Members record_members(Kind kind, const spec::Fleet& fleet);
/// The names alone, without resolving anything.
std::vector<std::string> record_names(Kind kind, const spec::Inventory& inventory);
Listing list_records(Kind kind, const spec::Fleet& fleet, const Selection& selection);
Detail record_detail(Kind kind, const Session& session, const std::string& name, WallTime now);

/// "large (8 cores, 32GB, 500GB nvme)"; the name alone where nothing more is said.
std::string size_text(const spec::Inventory& inventory, std::string_view name);

} // namespace lab::cli
