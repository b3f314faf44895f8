#pragma once
// A set of servers: one bit each.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lab::spec::detail {

class Bitset {
  public:
    Bitset() = default;
    explicit Bitset(std::size_t size, bool all = false)
        : size_(size), words_((size + 63) / 64, all ? ~std::uint64_t{0} : 0) {
        if (all && size % 64) words_.back() = (std::uint64_t{1} << size % 64) - 1;
    }

    void set(std::size_t i) { words_[i / 64] |= std::uint64_t{1} << i % 64; }
    bool test(std::size_t i) const { return words_[i / 64] >> i % 64 & 1; }
    Bitset& operator|=(const Bitset& other) {
        for (std::size_t i = 0; i < words_.size(); ++i)
            words_[i] |= other.words_[i];
        return *this;
    }
    Bitset& operator&=(const Bitset& other) {
        for (std::size_t i = 0; i < words_.size(); ++i)
            words_[i] &= other.words_[i];
        return *this;
    }
    Bitset& operator-=(const Bitset& other) {
        for (std::size_t i = 0; i < words_.size(); ++i)
            words_[i] &= ~other.words_[i];
        return *this;
    }
    std::vector<std::uint32_t> members() const {
        std::vector<std::uint32_t> out;
        for (std::size_t i = 0; i < words_.size(); ++i)
            for (std::uint64_t word = words_[i]; word; word &= word - 1)
                out.push_back(static_cast<std::uint32_t>(i * 64) +
                              static_cast<std::uint32_t>(__builtin_ctzll(word)));
        return out;
    }
    std::size_t size() const noexcept { return size_; }
    const std::vector<std::uint64_t>& words() const noexcept { return words_; }

  private:
    std::size_t size_ = 0;
    std::vector<std::uint64_t> words_;
};

} // namespace lab::spec::detail
