// Files of a tree that anybody may have written: os-release, passwd and the like of dpkg.

#include "agent/detail/fact_readers.h"
#include "agent/detail/kernel_settings.h"
#include "agent/detail/packages.h"
#include "agent/detail/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    for (const auto& entry : lab::agent::parse_os_release(text))
        LAB_CHECK(!entry.first.empty() && entry.second.if_string(), "an entry without a name or a value");
    (void)lab::agent::dpkg_version(text, "libc6:amd64");
    (void)lab::agent::parse_unit_state(text);
    (void)lab::agent::lists_builtin(text, "ext4");
    if (const auto path = lab::agent::sysctl_path(text))
        LAB_CHECK(("/" + *path + "/").find("/../") == std::string::npos,
                  "a sysctl key that leaves its folder");
    return 0;
}
