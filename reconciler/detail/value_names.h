#pragma once
// Which paths of values a server could have at all. A case that expects nothing at a path says so of what
// could be there: at a slip there never is anything, and nobody would be told.

#include "spec/fleet.h"

#include <array>

namespace lab::reconciler::detail {

class ValueNames {
  public:
    /// What a path names is in one of the two.
    ValueNames(const spec::Inventory& now, const spec::Inventory& before) : inventories_{&now, &before} {}

    /// The settings that servers of the provider have; without this, any may be there.
    void set_settings(std::vector<std::string> names) { settings_ = std::move(names); }

    /// Why nothing can be at `path`, with a suggestion; nullopt where something can.
    std::optional<std::string> unknown(std::string_view path) const;

  private:
    std::optional<std::string> unknown_param(std::string_view rest) const;
    std::vector<std::string> known(std::string_view word) const;

    std::array<const spec::Inventory*, 2> inventories_;
    std::optional<std::vector<std::string>> settings_;
};

/// The same of a property of a resource: what its type takes, `after` and `notify`.
std::optional<std::string> unknown_property(std::string_view type, std::string_view property);
/// Whether the property that a type lacks is near to one that it has.
bool is_near_property(std::string_view type, std::string_view property);

} // namespace lab::reconciler::detail
