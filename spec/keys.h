#pragma once
// The tables of keys of what is data in the language (spec/property.h). A new key is a line in spec/keys.cpp.

#include "spec/property.h"

namespace lab::spec {

// Sections, by the name of a definition.
std::span<const KeyRule> size_keys() noexcept;
std::span<const KeyRule> image_keys() noexcept;
std::span<const KeyRule> cluster_keys() noexcept;
std::span<const KeyRule> app_keys() noexcept;
std::span<const KeyRule> user_keys() noexcept;

/// Of which a cluster has at least one: else nothing says where it is.
std::span<const std::string_view> cluster_needs() noexcept;

// Keys among others.
std::span<const KeyRule> machine_keys() noexcept;     // of a server: address, mac, network, bmc, disk
std::span<const KeyRule> environment_keys() noexcept; // network, reconcile, owners, puppet
std::span<const KeyRule> policy_keys() noexcept;      // of `lab`: reconcile, rollout
std::span<const KeyRule> workload_keys() noexcept;    // of a label: container, suggest

const KeyRule* find_rule(std::span<const KeyRule> rules, std::string_view key) noexcept;

} // namespace lab::spec
