// What a machine's tools print must never bring the agent down, and a disk that is read has a name.

#include "agent/detail/fact_readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto devices = lab::agent::parse_lsblk(text)) {
        for (const lab::Value& disk : devices->disks)
            LAB_CHECK(disk.get("name") && disk.get("partitions"),
                      "a disk without a name or a list of partitions");
    }
    for (const char* section : {"vg", "lv"})
        (void)lab::agent::parse_lvm_report(text, section);
    return 0;
}
