#pragma once
// file: URIs (RFC 8089), which is how editors name files.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lab::editor {

/// The absolute path; nullopt for other schemes, other hosts and paths with NUL.
std::optional<std::filesystem::path> path_of(std::string_view uri);
std::string uri_of(const std::filesystem::path& path);

} // namespace lab::editor
