#include "spec/detail/file_digests.h"

#include <algorithm>

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
    std::vector<std::vector<Entry>> dealt(kBuckets);
    for (const Entry& entry : entries_)
        dealt[bucket_of(entry.path)].push_back(entry);
    entries_.clear();
    std::vector<Digest> digests;
    Hasher hasher;
    for (std::vector<Entry>& bucket : dealt) {
        std::sort(bucket.begin(), bucket.end(),
                  [](const Entry& a, const Entry& b) { return a.path < b.path; });
        for (const Entry& entry : bucket)
            hasher.part(entry.path).part(*entry.digest);
        digests.push_back(hasher.finish());
    }
    return digests;
}

Digest FileDigests::of_buckets(const std::vector<Digest>& buckets) {
    Hasher hasher;
    for (const Digest& bucket : buckets)
        hasher.part(bucket);
    return hasher.finish();
}

} // namespace lab::spec::detail
