#include "spec/inventory.h"

#include "spec/provider_rules.h"

#include <algorithm>
#include <iterator>

namespace lab::spec {

const ParamSchema* Module::find_param(std::string_view param) const {
    const auto found =
        std::find_if(params.begin(), params.end(), [&](const ParamSchema& p) { return p.name == param; });
    return found == params.end() ? nullptr : &*found;
}

const Server* Inventory::find_server(std::string_view name) const {
    const auto found =
        std::lower_bound(servers.begin(), servers.end(), name,
                         [](const Server& server, std::string_view wanted) { return server.name < wanted; });
    return found != servers.end() && found->name == name ? &*found : nullptr;
}

bool is_known_provider(std::string_view name) noexcept {
    return std::find(std::begin(kKnownProviders), std::end(kKnownProviders), name) !=
           std::end(kKnownProviders);
}

} // namespace lab::spec
