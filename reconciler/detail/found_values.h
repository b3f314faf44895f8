#pragma once
// What a server has at the paths that `lab explain server/NAME` knows, compared with what a case expects.

#include "providers/provider.h"
#include "reconciler/detail/value_names.h"
#include "spec/cases.h"

#include <map>

namespace lab::reconciler::detail {

class FoundValues {
  public:
    /// `resources`: the server's, for paths such as file/etc/motd.mode. `base`: the inventory of which the
    /// fleet's is a part or a change; what a path names is in one of the two.
    FoundValues(const spec::Fleet& fleet, spec::ServerIndex server,
                const std::vector<spec::ModuleUnit>& resources, const spec::Inventory& base,
                const providers::ProviderTable& providers, api::FingerprintKey key);

    /// Why the value at `path` is not `expected`, as what was found; nullopt where it is.
    std::optional<std::string> difference(std::string_view path, const Value& expected) const;

  private:
    /// Values below the path, by the rest of their paths.
    std::vector<std::pair<std::string, Value>> below(std::string_view path) const;
    std::optional<std::string> names_differ(std::string_view path, const ValueList& expected) const;
    std::optional<std::string> members_differ(std::string_view path, const ValueMap& expected) const;
    /// Why nothing can be at the path, neither here nor elsewhere.
    std::optional<std::string> names_nothing(std::string_view path) const;
    bool is_resource(std::string_view path) const;

    std::map<std::string, Value, std::less<>> values_;
    ValueNames names_;
    api::FingerprintKey key_;
};

/// A value in a message; what is private is not shown.
std::string shown(const Value& value);

} // namespace lab::reconciler::detail
