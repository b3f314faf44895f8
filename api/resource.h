#pragma once
// A resource: one thing on a machine that should be in a certain way ("file /etc/motd with this content").

#include "support/diagnostics.h"
#include "support/digest.h"
#include "support/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::api {

/// A value that only the machine can work out, because it reads facts: template or expression text with the
/// params and server values it refers to. In properties it stands as {"$template": TEXT, "with": {...}}.
struct Deferred {
    std::string text;
    ValueMap scope; // top-level names it may read besides facts: "params", "server"
};
Value to_value(const Deferred& deferred);
/// Null where `value` is an ordinary value.
std::optional<Deferred> as_deferred(const Value& value);

/// TYPE/NAME; a path brings its own slash: "file/etc/motd", "service/ssh".
inline std::string resource_id(std::string_view type, std::string_view name) {
    return std::string(type) + (name.starts_with('/') ? "" : "/") + std::string(name);
}

struct Resource {
    std::string type;    // a key of resource_types()
    std::string name;    // what the type makes of it: a path, a package, a free word
    std::string module;  // that declared it
    ValueMap properties; // by the type's schema, defaults filled in, in schema order
    std::vector<std::string>
        after; // ids in the same document this one waits for, written and implied; sorted
    std::vector<std::string> notify; // ids in the same document told when this one changed; sorted
    std::optional<Deferred> when;    // an expression on facts; false skips the resource
    bool sensitive = false;          // its values never leave the machine as text
    Span source;                     // where it was written; no part of any digest

    std::string id() const { return resource_id(type, name); }
};

/// The key of a state's fingerprints: 32 random bytes that never leave lab and the machines it manages.
struct FingerprintKey {
    std::string bytes;
};

/// {"fingerprint": "hmac-sha256:HEX", "bytes": N}: stands for a value that may not be shown.
Value fingerprint(const FingerprintKey& key, std::string_view text);
bool is_fingerprint(const Value& value) noexcept;

/// Whether the resource's values must not leave the machine: it says so, or its mode keeps others from
/// reading (a mode that is not known yet counts as one). What was observed may make it private too: see
/// is_private_mode.
bool is_private(const Resource& resource) noexcept;
/// Whether a file of this mode is private: a file that is so now was so with its old content.
bool is_private_mode(std::string_view mode) noexcept;

/// The resource with every private value replaced by its fingerprint; unchanged where nothing is private.
/// Idempotent.
Resource redacted(Resource resource, const FingerprintKey& key);

/// Invalid where the type is unknown, the name or a property does not fit the type's schema, or a rule over
/// several properties is broken (a command without `unless`, `creates` or `only_notified`). Deferred values
/// and fingerprints pass for any property. Canonical values and defaults are filled in: the resource as
/// documents hold it.
Result<Resource> checked(Resource resource);

/// The folder on a machine where its agent keeps whose it is and what was applied.
inline constexpr std::string_view kRecordsFolder = "/var/lib/lab";
/// Denied where the resource would change or remove what is in that folder: no agent does. A path that reads
/// facts is not known before it is on the machine.
Result<void> spares_records(const Resource& resource);

/// Digest of everything that decides what the resource does on the machine; not of its module and source
/// place. Callers pass a redacted resource where the digest leaves the process.
Digest digest(const Resource& resource);

/// One resource as in lab.desired/1: {type, name, module, properties, after, notify, when, sensitive,
/// source}; what is empty or false is left out.
Value to_value(const Resource& resource);
/// Refuses unknown keys, and what `checked` refuses.
Result<Resource> resource_from_value(const Value& value);

/// {file, line, column, length}; null where the place is not known.
Value to_value(const Span& span);
Result<Span> span_from_value(const Value& value);

} // namespace lab::api
