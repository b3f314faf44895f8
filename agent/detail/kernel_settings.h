#pragma once
// Names and texts of sysctl keys and kernel modules.

#include "support/result.h"

#include <string>
#include <string_view>

namespace lab::agent {

/// "net/ipv4/ip_forward" for "net.ipv4.ip_forward". As in sysctl.d(5): where the first separator is '/',
/// slashes separate and dots are part of names; else the other way round. Invalid for what cannot be a key.
Result<std::string> sysctl_path(std::string_view key);
/// The file that keeps the key: "/etc/sysctl.d/60-lab-KEY.conf", a '/' in the key as ':'.
std::string sysctl_file(std::string_view key);
/// One blank between the parts, none around: the kernel writes tabs where people write blanks.
std::string sysctl_value(std::string_view text);

/// The kernel takes '-' and '_' for the same and shows '_'.
std::string module_name(std::string_view name);
Result<void> check_module_name(std::string_view name);
/// Whether a list as in /proc/modules (first word of a line) names it.
bool lists_module(std::string_view proc_modules, std::string_view name);
/// Whether /lib/modules/RELEASE/modules.builtin ("kernel/fs/ext4/ext4.ko") names it.
bool lists_builtin(std::string_view modules_builtin, std::string_view name);

} // namespace lab::agent
