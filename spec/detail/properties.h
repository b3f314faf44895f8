#pragma once
// Reading what is data, by the tables of spec/keys.h.

#include "spec/document.h"
#include "spec/property.h"

namespace lab::spec::detail {

/// The value of one key that `rule` describes, as properties below `rule.key`.
std::vector<Property> read_property(const KeyRule& rule, const Node& value, Diagnostics& diagnostics);
/// A whole map: unknown keys and missing ones are reported. `what` is "a size". At least one of `some_of`
/// must be there.
std::vector<Property> read_properties(std::string_view what, std::span<const KeyRule> rules, const Node& map,
                                      Diagnostics& diagnostics,
                                      std::span<const std::string_view> some_of = {});

} // namespace lab::spec::detail
