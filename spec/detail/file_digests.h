#pragma once
// One digest of many files that a change of one file does not make anew: files are dealt out to buckets by
// their paths, and the digest is that of the buckets' digests.

#include "support/digest.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

class FileDigests {
  public:
    static constexpr std::size_t kBuckets = 256;
    static std::size_t bucket_of(std::string_view path) noexcept;

    /// Paths are given once each; both must stay until finish().
    void add(std::string_view path, const Digest& digest);
    /// The digest of each bucket; the order of adding does not matter.
    std::vector<Digest> buckets();
    static Digest of_buckets(const std::vector<Digest>& buckets);
    Digest finish() { return of_buckets(buckets()); }

  private:
    struct Entry {
        std::string_view path;
        const Digest* digest = nullptr;
    };
    std::vector<Entry> entries_;
};

} // namespace lab::spec::detail
