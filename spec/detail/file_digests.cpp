#include "spec/detail/file_digests.h"

#include "support/parallel.h"

#include <algorithm>
#include <array>

namespace lab::spec::detail {

std::size_t FileDigests::bucket_of(std::string_view path) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
    for (const char c : path)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return (hash >> 32) % kBuckets;
}

void FileDigests::add(std::string_view path, const Digest& digest) {
    entries_.push_back({path, &digest});
}

std::vector<Digest> FileDigests::buckets() {
    std::array<std::vector<Entry>, kBuckets> dealt;
    for (const Entry& entry : entries_)
        dealt[bucket_of(entry.path)].push_back(entry);
    entries_.clear();
    std::vector<Digest> digests(kBuckets);
    in_parallel(kBuckets, kBuckets / 16, [&](std::size_t begin, std::size_t end) {
        Hasher hasher;
        for (std::size_t i = begin; i < end; ++i) {
            std::sort(dealt[i].begin(), dealt[i].end(),
                      [](const Entry& a, const Entry& b) { return a.path < b.path; });
            for (const Entry& entry : dealt[i])
                hasher.part(entry.path).part(*entry.digest);
            digests[i] = hasher.finish();
        }
    });
    return digests;
}

Digest FileDigests::of_buckets(const std::vector<Digest>& buckets) {
    Hasher hasher;
    for (const Digest& bucket : buckets)
        hasher.part(bucket);
    return hasher.finish();
}

} // namespace lab::spec::detail
