#pragma once
// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104) through OpenSSL.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lab {

/// 32 bytes that stand for some content. Compared, hashed, printed as "sha256:<hex>".
struct Digest {
    std::array<std::uint8_t, 32> bytes{};

    std::string text() const; // "sha256:" + 64 hex digits
    std::string hex() const;
    std::string_view view() const noexcept {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    friend bool operator==(const Digest&, const Digest&) = default;
    friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// A digest as `text()` writes it; nullopt for anything else.
std::optional<Digest> parse_digest(std::string_view text) noexcept;

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// Digest of several parts; each part is framed by its length, so that ("ab","c") differs from ("a","bc").
class Hasher {
  public:
    Hasher();
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    Hasher& part(std::string_view bytes);
    Hasher& part(const Digest& digest) { return part(digest.view()); }
    Hasher& part(std::uint64_t number);
    /// The digest of all parts so far; the hasher is empty again.
    Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// `count` bytes from the operating system's generator.
std::string random_bytes(std::size_t count);

} // namespace lab

template <>
struct std::hash<lab::Digest> {
    std::size_t operator()(const lab::Digest& digest) const noexcept {
        std::size_t value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i)
            value = value << 8 | digest.bytes[i];
        return value;
    }
};
