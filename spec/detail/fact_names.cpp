#include "spec/detail/fact_names.h"

#include <algorithm>
#include <array>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kOs[] = {"id", "version_id", "codename", "name", "family"};
constexpr std::string_view kKernel[] = {"release", "arch"};
constexpr std::string_view kBoot[] = {"mode"};
constexpr std::string_view kVirtualization[] = {"kind", "container"};
constexpr std::string_view kDmi[] = {"vendor",         "product",      "version",     "serial",
                                     "uuid",           "board_vendor", "board",       "board_serial",
                                     "chassis_serial", "bios_vendor",  "bios_version"};
constexpr std::string_view kCpu[] = {"model", "vendor", "sockets", "cores", "threads"};
constexpr std::string_view kMemory[] = {"total", "swap"};
constexpr std::string_view kLvm[] = {"vgs", "lvs"};
constexpr std::string_view kVolatile[] = {"uptime", "boot_id", "load", "used"};

constexpr std::array kFacts{FactNames{"format", {}},
                            FactNames{"hostname", {}},
                            FactNames{"os", kOs},
                            FactNames{"package_manager", {}},
                            FactNames{"init", {}},
                            FactNames{"kernel", kKernel},
                            FactNames{"boot", kBoot},
                            FactNames{"virtualization", kVirtualization},
                            FactNames{"dmi", kDmi},
                            FactNames{"cpu", kCpu},
                            FactNames{"memory", kMemory},
                            FactNames{"disks", {}},
                            FactNames{"lvm", kLvm},
                            FactNames{"mounts", {}},
                            FactNames{"nics", {}},
                            FactNames{"gpus", {}},
                            FactNames{"volatile", kVolatile}};

} // namespace

const FactNames* find_fact(std::string_view name) {
    const auto* found =
        std::find_if(kFacts.begin(), kFacts.end(), [&](const FactNames& one) { return one.name == name; });
    return found == kFacts.end() ? nullptr : found;
}

std::vector<std::string_view> fact_names() {
    std::vector<std::string_view> names;
    for (const FactNames& one : kFacts)
        names.push_back(one.name);
    return names;
}

} // namespace lab::spec::detail
