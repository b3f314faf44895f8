#include "support/digest.h"

#include "support/result.h"
#include "support/text.h"

#include <cerrno>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sys/random.h>

namespace lab {
namespace {

/// Looked up once: OpenSSL 3 searches its providers each time EVP_sha256() is used.
const EVP_MD* algorithm() {
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    LAB_CHECK(sha256 != nullptr, "OpenSSL has no SHA-256");
    return sha256;
}

} // namespace

std::string Digest::hex() const {
    return hex_encode(view());
}
std::string Digest::text() const {
    return "sha256:" + hex();
}

std::optional<Digest> parse_digest(std::string_view text) noexcept {
    constexpr std::string_view kPrefix = "sha256:";
    if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return std::nullopt;
    text.remove_prefix(kPrefix.size());
    Digest digest;
    for (std::size_t i = 0; i < 64; ++i) {
        const char c = text[i];
        const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0) return std::nullopt;
        digest.bytes[i / 2] = static_cast<std::uint8_t>(digest.bytes[i / 2] << 4 | value);
    }
    return digest;
}

Digest sha256(std::string_view bytes) {
    Digest digest;
    const int done =
        EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, algorithm(), nullptr);
    LAB_CHECK(done == 1, "SHA-256 failed");
    return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
    LAB_CHECK(key.size() < (1u << 20), "the key is no key");
    Digest digest;
    // An empty view may point nowhere, which HMAC() takes as "the key of the last call".
    const void* const done = HMAC(algorithm(), key.empty() ? "" : key.data(), static_cast<int>(key.size()),
                                  reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                  digest.bytes.data(), nullptr);
    LAB_CHECK(done != nullptr, "HMAC-SHA-256 failed");
    return digest;
}

struct Hasher::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() { restart(); }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    void restart() {
        LAB_CHECK(context && EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1, "SHA-256 failed");
    }
    void add(std::string_view bytes) {
        LAB_CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "SHA-256 failed");
    }
    void add_number(std::uint64_t number) {
        char bytes[8];
        for (std::size_t i = 0; i < sizeof bytes; ++i)
            bytes[i] = static_cast<char>(number >> (8 * i) & 0xff);
        add({bytes, sizeof bytes});
    }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;

Hasher& Hasher::part(std::string_view bytes) {
    state_->add_number(bytes.size());
    state_->add(bytes);
    return *this;
}

Hasher& Hasher::part(std::uint64_t number) {
    state_->add_number(sizeof number);
    state_->add_number(number);
    return *this;
}

Digest Hasher::finish() {
    Digest digest;
    LAB_CHECK(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr) == 1, "SHA-256 failed");
    state_->restart();
    return digest;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        const ssize_t got = getrandom(out.data() + have, count - have, 0);
        LAB_CHECK(got > 0 || errno == EINTR, "the operating system gives no random bytes");
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    return out;
}

} // namespace lab
