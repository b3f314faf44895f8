// Any bytes as the files of an inventory ("=== PATH" begins one, "=== PATH -> TARGET" is a link): no crash,
// bounded time. What is found valid can be rendered, and every server's resources can be put in order.

#include "api/desired.h"
#include "tests/unit/spec/inventory_text.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace lab;

spec::test::MapTree tree_of(std::string_view text) {
    spec::test::Files files;
    std::map<std::string, std::string> links;
    std::string path = "lab.yaml";
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto arrow = line.find(" -> ");
        if (line.starts_with("=== ") && arrow != std::string_view::npos && arrow > 4)
            links.emplace(line.substr(4, arrow - 4), line.substr(arrow + 4));
        else if (line.starts_with("=== ") && line.size() > 4)
            path = line.substr(4);
        else
            files[path].append(line) += '\n';
    }
    spec::test::MapTree tree(std::move(files));
    for (auto& [from, to] : links)
        tree.link(from, to);
    return tree;
}

void check(const Diagnostics& diagnostics) {
    for (const Diagnostic& one : diagnostics.items())
        if (one.code.find('/') == std::string::npos || one.message.empty()) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto tree = tree_of({reinterpret_cast<const char*>(data), size});
    spec::Loaded loaded = spec::load(tree);
    const spec::test::TestProviders providers;
    Diagnostics& diagnostics = loaded.diagnostics;
    const auto fleet = spec::Fleet::resolve(loaded.inventory, providers, {"key"}, diagnostics);
    const spec::Inventory& inventory = loaded.inventory;
    for (const auto* records : {&inventory.sizes, &inventory.images, &inventory.apps, &inventory.users})
        for (const auto& entry : *records)
            spec::nested(entry.second.properties);
    for (const auto& entry : inventory.labels)
        spec::nested(entry.second.properties, "container");
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i) {
        spec::nested(fleet.server(i).properties, "network");
        fleet.fields(i);
        fleet.modules(i);
        for (const std::string& group : fleet.groups(i))
            fleet.explain_membership(group, i);
        Diagnostics rendering;
        std::vector<api::Resource> resources;
        for (spec::ModuleUnit& unit : fleet.units(i, rendering))
            for (api::Resource& resource : unit.resources)
                resources.push_back(std::move(resource));
        const bool good = !diagnostics.has_errors() && !rendering.has_errors();
        if (good && !api::run_order(resources)) std::abort();
        check(rendering);
    }
    check(diagnostics);
    render_text(diagnostics, loaded.lines);
    return 0;
}
