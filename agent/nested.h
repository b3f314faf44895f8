#pragma once
// Machines inside of machines: trees that lie below another's root.

#include "support/result.h"

#include <filesystem>
#include <optional>
#include <string>

namespace lab::agent {

/// The first folder below `root` that is a machine's tree (it has a machine.json), relative to it; nothing
/// where there is none. Follows no symlink and leaves no file system, as removing does not.
Result<std::optional<std::string>> find_machine_inside(const std::filesystem::path& root);

} // namespace lab::agent
