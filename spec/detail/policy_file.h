#pragma once
// The sections `alerts` and `secrets` of one file.

#include "spec/alert.h"
#include "spec/document.h"
#include "spec/secret.h"

#include <vector>

namespace lab::spec::detail {

/// A map by name, or a list of maps with a `name` each.
std::vector<Alert> read_alerts(const Document& document, const Node& section, Diagnostics& diagnostics);
/// A map by path.
std::vector<Secret> read_secrets(const Node& section, Diagnostics& diagnostics);

} // namespace lab::spec::detail
