#pragma once
// The readers behind collect_facts. Each takes its sources as an argument, so that a recorded machine can be
// read like a live one.

#include "agent/tree.h"
#include "support/value.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace lab::agent {

struct FileSystemSpace {
    std::uint64_t size = 0; // bytes
    std::uint64_t used = 0;
};

struct InterfaceAddress {
    std::string interface;
    std::string address; // "10.0.0.5/24"
};

/// Where facts come from.
struct FactSources {
    std::string root; // before /proc, /sys, /run and /dev; empty on a live machine
    std::string arch; // as uname(2) says it
    /// stdout of a program; nullopt where it is missing or fails.
    std::function<std::optional<std::string>(const std::vector<std::string>& argv)> output;
    std::function<std::optional<FileSystemSpace>(const std::string& target)> space;
    std::function<std::vector<InterfaceAddress>()> addresses;
    /// The 12 letters in which a hypervisor names itself (CPUID leaf 0x40000000); empty where it does not.
    std::function<std::string()> hypervisor;
};

FactSources live_sources(const std::stop_token& stop);
Value collect_facts(const Tree& tree, const FactSources& sources);

/// A file below sources.root without surrounding white space; nullopt where it cannot be read or is empty.
std::optional<std::string> source_text(const FactSources& sources, std::string_view path);
/// Names in a folder below sources.root, sorted; empty where there is none.
std::vector<std::string> source_names(const FactSources& sources, std::string_view path);
bool source_exists(const FactSources& sources, std::string_view path);
/// The last part of what a symbolic link points to ("e1000e" of .../device/driver).
std::optional<std::string> source_link_name(const FactSources& sources, std::string_view path);
/// Sets `key` where there is a value.
void set_text(ValueMap& map, std::string key, std::optional<std::string> text);

/// NAME=VALUE lines of os-release(5), quotes undone. Lines that are none are left out.
ValueMap parse_os_release(std::string_view text);
Value read_os(const Tree& tree);
std::optional<std::string> read_package_manager(const Tree& tree, const Value& os);
std::optional<std::string> read_init(const FactSources& sources);
Value read_dmi(const FactSources& sources);
std::optional<std::string> read_boot_mode(const FactSources& sources, bool container);
/// {"kind": ..., "container": bool}; null where it cannot be told.
Value read_virtualization(const FactSources& sources, const Value& dmi);

Value read_cpu(const FactSources& sources);
Value read_memory(const FactSources& sources);
ValueList read_gpus(const FactSources& sources);

/// What lsblk tells of block devices.
struct BlockDevices {
    ValueList disks; // with their partitions
    /// Of logical volumes that are active, by their path: "/dev/mapper/labvg-home", "xfs".
    std::map<std::string, std::string, std::less<>> volume_fs;
};
/// Of the output of `lsblk --json --bytes`. Invalid where the text is not what lsblk writes.
Result<BlockDevices> parse_lsblk(std::string_view json);
/// Rows of an lvm report ({"report": [{"vg": [...]}]}), by the names of lvm's columns.
Result<ValueList> parse_lvm_report(std::string_view json, std::string_view section);
BlockDevices read_block_devices(const FactSources& sources);
/// Null where the machine has no LVM.
Value read_lvm(const FactSources& sources, const BlockDevices& devices);
struct Mounts {
    ValueList mounts; // target, source, fs, size
    ValueMap used;    // bytes by target
};
Mounts read_mounts(const FactSources& sources);

ValueList read_nics(const FactSources& sources);

} // namespace lab::agent
