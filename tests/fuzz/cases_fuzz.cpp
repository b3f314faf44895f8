// Any bytes as a file of cases: no crash, bounded time. What is given in a case can be laid over an
// inventory, and a module's case makes an inventory that can be resolved.

#include "spec/cases.h"
#include "tests/unit/spec/inventory_text.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace lab;

const spec::Inventory& base() {
    static const spec::Loaded loaded = spec::load(spec::test::MapTree(spec::test::Files{
        {"lab.yaml", "lab: {format: 1, name: x, defaults: {cloud: local}}\nlabels: {web: {modules: [m]}}\n"
                     "groups: {g: {servers: [a]}}\nservers: {a: {root: a, labels: [web]}, b: {root: b}}\n"},
        {"modules/m/module.yaml", "name: m\nparams: {p: {type: string, default: x}}\nresources:\n"
                                  "  - file: /f\n    content: '{{ params.p }} {{ facts.os.id }}'\n"}}));
    LAB_CHECK(!loaded.diagnostics.has_errors(), render_text(loaded.diagnostics, loaded.lines));
    return loaded.inventory;
}

void resolve(const spec::Inventory& inventory) {
    const spec::test::TestProviders providers;
    Diagnostics diagnostics;
    const auto fleet = spec::Fleet::resolve(inventory, providers, {"key"}, diagnostics);
    if (!diagnostics.has_errors()) fleet.check_documents(diagnostics);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const bool of_module : {false, true}) {
        Diagnostics diagnostics;
        const spec::CaseFile file = spec::decode_cases("tests/x.yaml", text, of_module, diagnostics);
        for (const Diagnostic& one : diagnostics.items())
            if (one.message.empty()) std::abort();
        for (const spec::Case& one : file.cases) {
            Diagnostics overlaying;
            if (of_module)
                resolve(spec::inventory_of_module(base(), base().modules.at("m"), one));
            else if (one.overlay)
                resolve(spec::overlaid(base(), *one.document, one.overlay, overlaying));
        }
    }
    return 0;
}
