// What an agent answers: a program that may be anything must not hurt lab.
#include "providers/local/detail/agent_protocol.h"
#include "support/text.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto answer = lab::providers::local::detail::read_answer(line);
    if (!answer) return 0;
    if (const auto* error = std::get_if<lab::Error>(&answer->event)) {
        // It is shown to people: nothing in it may drive a terminal.
        LAB_CHECK(lab::escape_controls(error->message) == error->message, "messages are safe to print");
        LAB_CHECK(lab::escape_controls(error->hint) == error->hint, "hints are safe to print");
    }
    return 0;
}
