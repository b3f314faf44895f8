#pragma once
// The forms in which a property's value stands in documents: as it is, as a digest where it is large, as a
// fingerprint where it is private; and whether two forms stand for the same bytes.

#include "api/resource.h"

namespace lab::api {

/// Bytes shown as they are; what is larger stands as its summary.
inline constexpr std::size_t kShownBytes = std::size_t{64} * 1024;

/// {"sha256": HEX, "bytes": N}: stands for public content too large to carry.
Value summary(std::string_view bytes);
bool is_summary(const Value& value) noexcept;
/// What stands as the digest of a file that is too large to read.
inline constexpr std::string_view kNotRead = "not read";
/// What is wrong with a fingerprint or a summary that somebody wrote: "'sha256' must be 64 hexadecimal
/// digits".
std::optional<std::string> wrong_form(const Value& value);

/// What `bytes` look like outside the machine: a fingerprint where they are private, else text, {"base64":
/// ...} or a summary.
Value shown(std::string_view bytes, bool is_private, const FingerprintKey& key);

/// The bytes a value stands for: text as it is, {"base64": ...} decoded, lists, maps and scalars as canonical
/// JSON; nullopt for null, a fingerprint or a summary.
std::optional<std::string> content_bytes(const Value& value);

/// A fingerprint made with a key that is not at hand, as a recording brings it. It equals another such by its
/// text, and anything else of as many bytes: nobody can tell more.
Value recorded_fingerprint(const Value& fingerprint);
bool is_recorded_fingerprint(const Value& value) noexcept;

/// Whether two forms stand for the same bytes. A fingerprint and a summary cannot be compared: not the same.
bool same_content(const Value& left, const Value& right, const FingerprintKey& key);

} // namespace lab::api
