#pragma once
// The two package managers behind the package type. Which one a machine has is a fact (package_manager).

#include "agent/handler.h"

#include <optional>
#include <string>
#include <string_view>

namespace lab::agent {

/// The installed version of `name` ("NAME" or "NAME:ARCHITECTURE") in the text of /var/lib/dpkg/status;
/// nullopt where it is not installed, also while it is half installed or only its configuration is left.
std::optional<std::string> dpkg_version(std::string_view status, std::string_view name);

/// Invalid for what would be an option or more than one word to a package manager.
Result<void> check_package_word(std::string_view property, std::string_view word);

namespace apt {
Result<std::optional<std::string>> installed_version(const std::string& name, Host& host);
/// Any version, or exactly `version`, also an older one. Waits for other users of the package database.
Result<void> install(const std::string& name, const std::optional<std::string>& version, Host& host);
Result<void> remove(const std::string& name, Host& host);
} // namespace apt

namespace dnf {
Result<std::optional<std::string>> installed_version(const std::string& name, Host& host);
Result<void> install(const std::string& name, const std::optional<std::string>& version, Host& host);
Result<void> remove(const std::string& name, Host& host);
} // namespace dnf

} // namespace lab::agent
