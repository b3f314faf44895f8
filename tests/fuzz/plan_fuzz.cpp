// What is read as lab.plan/1 must survive being written and read again.

#include "api/plan.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto plan = lab::api::read_plan({reinterpret_cast<const char*>(data), size});
    if (!plan) return 0;
    const std::string text = lab::api::write_plan(*plan);
    const auto again = lab::api::read_plan(text);
    LAB_CHECK(again && lab::api::write_plan(*again) == text, "a plan that we wrote reads differently");
    LAB_CHECK(lab::api::plan_id(*again) == lab::api::plan_id(*plan), "its id is another");
    return 0;
}
