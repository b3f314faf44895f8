#pragma once
// What is known of servers that were left out of an Inventory on purpose, because nothing about them changed:
// names that others may refer to.

#include <cstdint>
#include <string_view>

namespace lab::spec {

/// What a set of servers has in common.
enum class SetKind : std::uint8_t { Label, Group, Environment, Region, Cloud, Provider };

class Elsewhere {
  public:
    virtual ~Elsewhere() = default;
    virtual bool has_server(std::string_view name) const = 0;
    /// Whether a server that was left out is in the set.
    virtual bool in_use(SetKind kind, std::string_view name) const = 0;
};

} // namespace lab::spec
