#pragma once
// Definitions that are data: keys with values of a known form, checked where they are written. What each kind
// takes is a table of spec/keys.h; reading, listing, describing, explaining and an editor's schema all go by
// it.

#include "spec/written.h"
#include "support/value.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

/// What the value of a key looks like.
enum class Form : std::uint8_t {
    String,   // a string that is not empty
    Name,     // of something lab knows: letters, digits, '_', '-', '.'
    Choice,   // one of `choices`
    DnsLabel, // letters, digits and '-' as Kubernetes has names
    Integer,  // from `min` to `max`
    Boolean,
    Bytes,      // "8GB", "4GiB"; more than nothing
    Cpu,        // cores: 2, "500m"
    Duration,   // "5m"
    Share,      // a number of things or a part of them: 1, "25%"
    Host,       // an IP address or a host name
    Address,    // an IP address, with or without the length of its network
    Mac,        // of one card: "aa:bb:cc:dd:ee:ff", in small letters once read
    Port,       // 443, "53/udp"
    Location,   // a URL, or a path in the inventory
    Url,        // of a service
    SshKey,     // a public key, as in authorized_keys
    Checksum,   // "sha256:HEX", "sha512:HEX"
    SecretPath, // the path of a secret
    DataMap,    // a map of anything: somebody else checks it
    Data,       // anything
    Map,        // keys of `keys`
    MapOf,      // names, each with a map of `keys`
    Servers,    // selects servers (spec/target.h): no property
};

struct KeyRule {
    std::string_view key;
    Form form = Form::String;
    std::string_view summary;
    bool list = false;     // of such values
    bool required = false; // in its map
    std::span<const KeyRule> keys = {};
    std::span<const std::string_view> choices = {};
    std::int64_t min = 0, max = 0;
    /// Of a Map: the key that a single value stands for (disk: 1TB is disk: {size: 1TB}).
    std::string_view shorthand = {};
    /// Of a Map: keys that `keys` does not have are taken as data.
    bool open = false;
    /// Of a Map: at least one of these keys must be in it.
    std::span<const std::string_view> some_of = {};
    /// A word besides what the form takes: "dhcp" where an address may be.
    std::string_view word = {};
};

/// A value below its definition: "abstract.memory", "network.interfaces.eth0.address". Lists are one value.
struct Property {
    std::string path;
    Value value; // in its canonical form
    Span at;
    std::vector<Span> items = {}; // of a list
};

/// Null where nothing gives it.
const Property* find_property(std::span<const Property> properties, std::string_view path) noexcept;
/// Those below `path`, as they were nested; null where there are none.
Value nested(std::span<const Property> properties, std::string_view path = {});

/// A size, image, cluster, app or user.
struct Record {
    std::string name;
    std::vector<Property> properties; // in written order
    Span at;

    const Property* find(std::string_view path) const noexcept { return find_property(properties, path); }
    /// The value as text; empty where nothing gives it.
    std::string text(std::string_view path) const;
};

} // namespace lab::spec
