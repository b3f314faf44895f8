// A recording that is read without problems, from YAML or JSON, must survive being written and read again.

#include "planner/recording.h"
#include "spec/document.h"
#include "support/json.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lab;
    const std::string text(reinterpret_cast<const char*>(data), size);
    Diagnostics diagnostics;
    const auto document = spec::Document::parse("recording.yaml", text, diagnostics);
    if (!document || diagnostics.has_errors()) return 0;
    const auto read = planner::recording_from_value(document->root().as_value());
    for (const planner::RecordingProblem& problem : read.problems)
        if (problem.message.empty()) std::abort();
    if (!read.problems.empty()) return 0;
    const std::string written = write_json(planner::to_value(read.recording));
    const auto value = parse_json(written, {.bytes = std::size_t{1} << 30, .depth = 128});
    LAB_CHECK(value, "a recording that we wrote is no JSON");
    const auto again = planner::recording_from_value(*value);
    LAB_CHECK(again.problems.empty(), "a recording that we wrote has problems");
    LAB_CHECK(write_json(planner::to_value(again.recording)) == written, "it reads differently");
    return 0;
}
