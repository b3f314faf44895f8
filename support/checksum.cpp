#include "support/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lab {

std::uint64_t checksum(std::string_view bytes) noexcept {
    return XXH64(bytes.data(), bytes.size(), 0);
}

} // namespace lab
