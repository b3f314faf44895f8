// An inventory with some definitions in the place of others, and the small one a module is tested in.

#include "spec/cases.h"

#include "spec/detail/decode.h"
#include "spec/detail/parts.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using detail::add_error;

/// A section whose definitions can be replaced, what one of it is called, and how it is taken out.
struct Replaceable {
    std::string_view section, one;
    bool (*erase)(Inventory& inventory, const std::string& name);
};

bool erase_server(Inventory& inventory, const std::string& name) {
    return std::erase_if(inventory.servers, [&](const Server& server) { return server.name == name; }) != 0;
}

constexpr std::array kReplaceable{
    Replaceable{"servers", "server", erase_server},
    Replaceable{"labels", "label",
                [](Inventory& i, const std::string& name) { return i.labels.erase(name) != 0; }},
    Replaceable{"groups", "group",
                [](Inventory& i, const std::string& name) { return i.groups.erase(name) != 0; }},
    Replaceable{"environments", "environment",
                [](Inventory& i, const std::string& name) { return i.environments.erase(name) != 0; }},
    Replaceable{"clouds", "cloud",
                [](Inventory& i, const std::string& name) { return i.clouds.erase(name) != 0; }},
    Replaceable{"layouts", "layout",
                [](Inventory& i, const std::string& name) { return i.layouts.erase(name) != 0; }},
    Replaceable{"sizes", "size",
                [](Inventory& i, const std::string& name) { return i.sizes.erase(name) != 0; }},
    Replaceable{"images", "image",
                [](Inventory& i, const std::string& name) { return i.images.erase(name) != 0; }},
    Replaceable{"clusters", "cluster",
                [](Inventory& i, const std::string& name) { return i.clusters.erase(name) != 0; }},
    Replaceable{"apps", "app", [](Inventory& i, const std::string& name) { return i.apps.erase(name) != 0; }},
    Replaceable{"roles", "role",
                [](Inventory& i, const std::string& name) { return i.roles.erase(name) != 0; }},
    Replaceable{"users", "user",
                [](Inventory& i, const std::string& name) { return i.users.erase(name) != 0; }},
    Replaceable{"alerts", "alert",
                [](Inventory& i, const std::string& name) { return i.alerts.erase(name) != 0; }},
    Replaceable{"secrets", "secret",
                [](Inventory& i, const std::string& name) { return i.secrets.erase(name) != 0; }},
};

/// What a definition of a section is called; alerts may stand in a list.
std::string name_of(const Node& section, std::size_t index) {
    if (section.is_map()) return std::string(section.key(index).text());
    const Node item = section.is_list() ? section.item(index) : Node();
    const Node name = item && item.is_map() ? item.find("name") : Node();
    return name && name.is_scalar() ? std::string(name.text()) : std::string();
}

void remove_named(Inventory& inventory, const Node& list, Diagnostics& diagnostics) {
    for (const Text& reference : detail::read_texts(list, "remove", diagnostics)) {
        const auto slash = reference.value.find('/');
        const std::string_view kind = std::string_view(reference.value).substr(0, slash);
        const auto found = std::find_if(kReplaceable.begin(), kReplaceable.end(),
                                        [&](const Replaceable& one) { return one.one == kind; });
        if (slash == std::string::npos || found == kReplaceable.end())
            add_error(diagnostics, "spec/bad-value",
                      fmt::format("'{}' is nothing to remove", escape_controls(reference.value)),
                      reference.at, "write KIND/NAME, such as server/web-1 or label/web");
        else if (const std::string name = reference.value.substr(slash + 1); !found->erase(inventory, name))
            add_error(diagnostics, "spec/bad-value",
                      fmt::format("there is no {} '{}' to remove", kind, escape_controls(name)),
                      reference.at);
    }
}

} // namespace

Inventory overlaid(const Inventory& base, const Document& document, const Node& overlay,
                   Diagnostics& diagnostics) {
    Inventory inventory = base;
    detail::Parts parts;
    for (std::size_t i = 0; i < overlay.size(); ++i) {
        const Node key = overlay.key(i), body = overlay.value(i);
        if (key.text() == "remove") {
            remove_named(inventory, body, diagnostics);
            continue;
        }
        if (key.text() == "modules") { // nobody fetches or reads them here: servers would get nothing of them
            add_error(
                diagnostics, "spec/bad-value", "a case brings no modules", key.span(),
                "put the section into the inventory; a case can give its modules to servers and labels");
            continue;
        }
        detail::decode_section(document, key, body, /*is_root_file=*/false, parts, diagnostics);
        const auto found = std::find_if(kReplaceable.begin(), kReplaceable.end(),
                                        [&](const Replaceable& one) { return one.section == key.text(); });
        for (std::size_t j = 0; found != kReplaceable.end() && j < body.size(); ++j)
            if (const std::string name = name_of(body, j); !name.empty()) found->erase(inventory, name);
    }
    detail::merge_parts(std::move(parts), inventory, inventory.servers, diagnostics);
    detail::sort_servers(inventory.servers, diagnostics);
    return inventory;
}

} // namespace lab::spec
