#pragma once
// Reading the typed properties of a resource, desired or observed. What is missing or of another kind is "not
// set": the schema has been checked before a handler sees a resource.

#include "api/resource.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::agent {

std::optional<std::string> text_property(const ValueMap& properties, std::string_view name);
std::optional<std::int64_t> integer_property(const ValueMap& properties, std::string_view name);
std::optional<bool> boolean_property(const ValueMap& properties, std::string_view name);
std::vector<std::string> list_property(const ValueMap& properties, std::string_view name);

/// `ensure: absent`.
bool wants_absent(const api::Resource& resource);
/// The observed `ensure` says that it is there.
bool is_present(const ValueMap& observed);

} // namespace lab::agent
