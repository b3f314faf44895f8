// Any bytes on the language server's stdin: messages come out the same however the bytes are cut, or the
// stream is refused.

#include "editor/frames.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

struct Seen {
    std::vector<std::string> messages;
    std::string error;
    bool operator==(const Seen&) const = default;
};

Seen read(std::string_view bytes, std::size_t step) {
    lab::editor::FrameReader reader({.header_bytes = 256, .body_bytes = 4096});
    Seen seen;
    for (std::size_t at = 0; at < bytes.size() && seen.error.empty(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (true) {
            auto message = reader.next();
            if (!message) {
                seen.error = message.error().message;
                break;
            }
            if (!*message) break;
            if ((*message)->size() > 4096) std::abort();
            seen.messages.push_back(**message);
        }
    }
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Seen whole = read(bytes, size + 1), pieces = read(bytes, 7);
    if (whole.messages != pieces.messages || whole.error.empty() != pieces.error.empty()) std::abort();
    return 0;
}
