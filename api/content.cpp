#include "api/content.h"

#include "support/json.h"

#include <cstdint>

namespace lab::api {

namespace {

std::int64_t size_of(std::string_view bytes) {
    return static_cast<std::int64_t>(bytes.size());
}

bool is_form(const Value& value, std::string_view key) noexcept {
    const ValueMap* map = value.if_map();
    if (!map || map->size() != 2) return false;
    const Value* name = map->find(key);
    const Value* bytes = map->find("bytes");
    return name && name->if_string() && bytes && bytes->if_int();
}

constexpr std::string_view kRecorded = "recorded:", kHmac = "hmac-sha256:";

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// How many bytes a value stands for.
std::optional<std::int64_t> bytes_of(const Value& value) {
    if (is_fingerprint(value) || is_summary(value)) return *value.get("bytes")->if_int();
    const auto bytes = content_bytes(value);
    return bytes ? std::optional(size_of(*bytes)) : std::nullopt;
}

} // namespace

Value summary(std::string_view bytes) {
    return ValueMap{{"sha256", Value(sha256(bytes).hex())}, {"bytes", Value(size_of(bytes))}};
}

bool is_summary(const Value& value) noexcept {
    return is_form(value, "sha256");
}

std::optional<std::string> wrong_form(const Value& value) {
    const bool digest = is_summary(value);
    if (!digest && !is_fingerprint(value)) return std::nullopt;
    if (*value.get("bytes")->if_int() < 0) return "'bytes' must not be negative";
    std::string_view text = *value.get(digest ? "sha256" : "fingerprint")->if_string();
    if (digest && text != kNotRead && !is_digest(text)) return "'sha256' must be 64 hexadecimal digits";
    if (digest) return std::nullopt;
    if (text.starts_with(kRecorded)) text.remove_prefix(kRecorded.size());
    if (text.starts_with(kHmac) && is_digest(text.substr(kHmac.size()))) return std::nullopt;
    return "'fingerprint' must be hmac-sha256: and 64 hexadecimal digits";
}

Value fingerprint(const FingerprintKey& key, std::string_view text) {
    return ValueMap{{"fingerprint", Value(std::string(kHmac) + hmac_sha256(key.bytes, text).hex())},
                    {"bytes", Value(size_of(text))}};
}

bool is_fingerprint(const Value& value) noexcept {
    return is_form(value, "fingerprint");
}

Value recorded_fingerprint(const Value& fingerprint) {
    if (is_recorded_fingerprint(fingerprint)) return fingerprint;
    return ValueMap{
        {"fingerprint", Value(std::string(kRecorded) + *fingerprint.get("fingerprint")->if_string())},
        {"bytes", *fingerprint.get("bytes")}};
}

bool is_recorded_fingerprint(const Value& value) noexcept {
    return is_fingerprint(value) && value.get("fingerprint")->if_string()->starts_with(kRecorded);
}

Value shown(std::string_view bytes, bool is_private, const FingerprintKey& key) {
    if (is_private) return fingerprint(key, bytes);
    if (bytes.size() > kShownBytes) return summary(bytes);
    return encode_bytes(bytes);
}

std::optional<std::string> content_bytes(const Value& value) {
    if (value.is_null() || is_fingerprint(value) || is_summary(value)) return std::nullopt;
    if (const std::string* text = value.if_string()) return *text;
    if (const Value* encoded = value.get("base64");
        encoded && encoded->if_string() && value.if_map()->size() == 1) {
        if (auto bytes = decode_bytes(value)) return *std::move(bytes);
    }
    return write_json_canonical(value);
}

bool same_content(const Value& left, const Value& right, const FingerprintKey& key) {
    if (left == right) return true;
    if (is_recorded_fingerprint(left) != is_recorded_fingerprint(right)) {
        const auto bytes = bytes_of(left);
        return bytes && bytes == bytes_of(right);
    }
    if (is_fingerprint(left)) {
        const auto bytes = content_bytes(right);
        return bytes && left == fingerprint(key, *bytes);
    }
    if (is_summary(left)) {
        const auto bytes = content_bytes(right);
        return bytes && left == summary(*bytes);
    }
    if (is_fingerprint(right) || is_summary(right)) return same_content(right, left, key);
    const auto left_bytes = content_bytes(left);
    const auto right_bytes = content_bytes(right);
    return left_bytes && right_bytes && *left_bytes == *right_bytes;
}

} // namespace lab::api
