#pragma once
// The small files that hold a setting of ours over a reboot (/etc/sysctl.d/60-lab-KEY.conf and the like).
// They are whole ours: read, replaced and removed as a whole.

#include "agent/tree.h"

#include <optional>
#include <string>
#include <string_view>

namespace lab::agent {

/// The file's lines without comments and blank ones; nullopt where there is no such file.
Result<std::optional<std::string>> read_managed(const Tree& tree, std::string_view path);
/// Makes missing folders above it; the first line says whose file it is. Mode 0644, owned by us.
Result<void> write_managed(const Tree& tree, std::string_view path, std::string_view lines);

} // namespace lab::agent
