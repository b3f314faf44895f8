#pragma once
// What one Puppet manifest says of secrets.

#include "spec/puppet.h"

#include <string_view>
#include <vector>

namespace lab::spec::detail {

/// Whether a manifest may call for a secret at all: only then its problems matter.
bool mentions_secrets(std::string_view text) noexcept;

/// The classes of a manifest, nested ones by their whole name. What cannot be known from the text alone (a
/// path that is no literal, a call outside of a class) and what cannot be read are errors.
std::vector<PuppetClass> scan_manifest(std::string_view path, std::string_view text,
                                       Diagnostics& diagnostics);

/// The class that Puppet looks for in `file`, a path below a module's folder `manifests/`: "server/config.pp"
/// of module postgresql is postgresql::server::config. Empty: none.
std::string autoloaded_class(std::string_view module, std::string_view file);

} // namespace lab::spec::detail
