// What parses must survive being written and parsed again, in every form of the writer.

#include "support/json.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = lab::parse_json({reinterpret_cast<const char*>(data), size});
    if (!value) return 0;
    for (const auto& text :
         {lab::write_json(*value), lab::write_json_pretty(*value), lab::write_json_canonical(*value)}) {
        const auto again = lab::parse_json(text);
        LAB_CHECK(again && *again == *value, "JSON that we wrote reads differently");
    }
    const auto canonical = lab::write_json_canonical(*value);
    LAB_CHECK(canonical == lab::write_json_canonical(*lab::parse_json(canonical)),
              "the canonical form is not stable");
    return 0;
}
