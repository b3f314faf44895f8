// Any text with the cursor anywhere: a place within it.

#include "editor/place.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t offset = (std::size_t{data[0]} << 8 | data[1]) % (text.size() + 1);
    const lab::editor::Place place = lab::editor::place_at(text, offset);
    if (place.begin > place.end || place.end > text.size() || place.path.size() > 101) std::abort();
    return 0;
}
