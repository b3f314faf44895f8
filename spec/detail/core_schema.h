#pragma once
// What a plain scalar means by YAML 1.2's core schema, with the exceptions documented at Node::scalar.

#include "support/value.h"

#include <optional>
#include <string_view>

namespace lab::spec::detail {

/// "", "~", "null", "Null" and "NULL".
bool is_core_null(std::string_view text) noexcept;

/// The boolean, integer or number that `text` is; nullopt where it is a string.
std::optional<Value> core_value(std::string_view text);

/// Whether `text` is written as a number that no double holds: too large, or too close to 0.
bool is_beyond_numbers(std::string_view text);

} // namespace lab::spec::detail
