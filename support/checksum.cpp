#include "support/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace lab {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87u, kPrime2 = 0xC2B2AE3D27D4EB4Fu,
                        kPrime3 = 0x165667B19E3779F9u, kPrime4 = 0x85EBCA77C2B2AE63u,
                        kPrime5 = 0x27D4EB2F165667C5u;

template <typename Word>
Word word_at(const char* bytes) noexcept {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t word) noexcept {
    return std::rotl(lane + word * kPrime2, 31) * kPrime1;
}

/// All whole stripes of 32 bytes, which are taken off `bytes`.
std::uint64_t stripes(std::string_view& bytes) noexcept {
    std::array<std::uint64_t, 4> lanes{kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    const char* at = bytes.data();
    for (const char* const end = at + bytes.size() / 32 * 32; at != end; at += 32)
        for (std::size_t lane = 0; lane < 4; ++lane)
            lanes[lane] = round(lanes[lane], word_at<std::uint64_t>(at + 8 * lane));
    bytes.remove_prefix(bytes.size() / 32 * 32);
    std::uint64_t sum =
        std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes)
        sum = (sum ^ round(0, lane)) * kPrime1 + kPrime4;
    return sum;
}

} // namespace

std::uint64_t checksum(std::string_view bytes) noexcept {
    const std::size_t size = bytes.size();
    std::uint64_t sum = size >= 32 ? stripes(bytes) : kPrime5;
    sum += size;
    for (; bytes.size() >= 8; bytes.remove_prefix(8))
        sum = std::rotl(sum ^ round(0, word_at<std::uint64_t>(bytes.data())), 27) * kPrime1 + kPrime4;
    if (bytes.size() >= 4) {
        sum = std::rotl(sum ^ word_at<std::uint32_t>(bytes.data()) * kPrime1, 23) * kPrime2 + kPrime3;
        bytes.remove_prefix(4);
    }
    for (const char byte : bytes)
        sum = std::rotl(sum ^ static_cast<unsigned char>(byte) * kPrime5, 11) * kPrime1;
    sum = (sum ^ sum >> 33) * kPrime2;
    sum = (sum ^ sum >> 29) * kPrime3;
    return sum ^ sum >> 32;
}

} // namespace lab
