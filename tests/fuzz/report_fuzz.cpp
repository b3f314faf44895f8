// What is read as lab.report/1 must survive being written and read again.

#include "api/report.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto report = lab::api::read_report({reinterpret_cast<const char*>(data), size});
    if (!report) return 0;
    const std::string text = lab::api::write_report(*report);
    const auto again = lab::api::read_report(text);
    LAB_CHECK(again && lab::api::write_report(*again) == text, "a report that we wrote reads differently");
    return 0;
}
