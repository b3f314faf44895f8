#include "spec/detail/parts.h"

#include "spec/detail/decode.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

template <typename T>
void report_twice(std::string_view what, const std::string& name, const T& first, const T& second,
                  Diagnostics& diagnostics) {
    add_error(diagnostics, "spec/duplicate-name", fmt::format("{} '{}' is defined twice", what, name),
              second.at, "a definition is in one place: join the two", {{"first defined here", first.at}});
}

/// Moves definitions into a map by name; the first of two with one name stays.
template <typename T, typename Name>
void merge(std::vector<T>& from, std::map<std::string, T>& into, std::string_view what, Name name,
           Diagnostics& diagnostics) {
    for (T& definition : from) {
        const auto [found, added] = into.try_emplace(name(definition), std::move(definition));
        if (!added) report_twice(what, found->first, found->second, definition, diagnostics);
    }
    from.clear();
}

} // namespace

void merge_parts(Parts&& parts, Inventory& inventory, std::vector<Server>& servers,
                 Diagnostics& diagnostics) {
    const auto by_name = [](const auto& definition) { return definition.name; };
    if (parts.settings) inventory.settings = std::move(*parts.settings);
    merge(parts.environments, inventory.environments, "environment", by_name, diagnostics);
    merge(parts.clouds, inventory.clouds, "cloud", by_name, diagnostics);
    merge(
        parts.labels, inventory.labels, "label", [](const Label& label) { return label.text(); },
        diagnostics);
    merge(parts.groups, inventory.groups, "group", by_name, diagnostics);
    merge(parts.layouts, inventory.layouts, "layout", by_name, diagnostics);
    merge(parts.sizes, inventory.sizes, "size", by_name, diagnostics);
    merge(parts.images, inventory.images, "image", by_name, diagnostics);
    merge(parts.clusters, inventory.clusters, "cluster", by_name, diagnostics);
    merge(parts.apps, inventory.apps, "app", by_name, diagnostics);
    merge(parts.roles, inventory.roles, "role", by_name, diagnostics);
    merge(parts.users, inventory.users, "user", by_name, diagnostics);
    merge(parts.module_sources, inventory.module_sources, "module", by_name, diagnostics);
    merge(parts.alerts, inventory.alerts, "alert", by_name, diagnostics);
    merge(
        parts.secrets, inventory.secrets, "secret", [](const Secret& secret) { return secret.path; },
        diagnostics);
    std::move(parts.servers.begin(), parts.servers.end(), std::back_inserter(servers));
}

void sort_servers(std::vector<Server>& servers, Diagnostics& diagnostics) {
    const auto by_name = [](const Server& a, const Server& b) { return a.name < b.name; };
    const auto out_of_order = [](const Server& a, const Server& b) { return a.name >= b.name; };
    // One look at each, in a fleet that is in order and has no name twice.
    if (std::adjacent_find(servers.begin(), servers.end(), out_of_order) == servers.end()) return;
    std::stable_sort(servers.begin(), servers.end(), by_name);
    const auto last =
        std::unique(servers.begin(), servers.end(), [&](const Server& first, const Server& second) {
            if (first.name != second.name) return false;
            report_twice("server", first.name, first, second, diagnostics);
            return true;
        });
    servers.erase(last, servers.end());
}

} // namespace lab::spec::detail
