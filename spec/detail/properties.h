#pragma once
// Reading what is data, by the tables of spec/keys.h.

#include "spec/document.h"
#include "spec/property.h"

namespace lab::spec::detail {

/// The value of one key that `rule` describes, as properties below `rule.key`.
std::vector<Property> read_property(const KeyRule& rule, const Node& value, Diagnostics& diagnostics);
/// A whole map: unknown keys and missing ones are reported. `what` is "a size".
std::vector<Property> read_properties(std::string_view what, std::span<const KeyRule> rules, const Node& map,
                                      Diagnostics& diagnostics);

} // namespace lab::spec::detail
