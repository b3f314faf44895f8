#pragma once
// Reading what a level gives by name.

#include "spec/document.h"
#include "spec/provision.h"
#include "support/diagnostics.h"

#include <optional>
#include <vector>

namespace lab::spec::detail {

/// The value of the key `size`, `ports`, ...: each name checked by the grammar of what it names.
std::vector<Given> read_given(Provides what, const Node& node, Diagnostics& diagnostics);

/// 25, or "53/udp"; "25/tcp" is 25.
std::optional<Text> read_port(const Node& node, Diagnostics& diagnostics);

/// `kubernetes::worker`: small letters, digits and '_' in parts divided by "::", each beginning with a
/// letter.
bool is_puppet_class(std::string_view text) noexcept;
/// `mail/tls-cert`: names divided by '/'.
bool is_secret_path(std::string_view text) noexcept;

} // namespace lab::spec::detail
