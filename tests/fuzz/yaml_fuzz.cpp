// Any bytes as a YAML file: no crash, bounded time, and a document or a diagnostic whose place is in the
// file.

#include "spec/document.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void walk(const lab::spec::Node& node) {
    if (node.line() == 0 && !node.is_null()) std::abort();
    if (node.is_list())
        for (std::size_t i = 0; i < node.size(); ++i)
            walk(node.item(i));
    if (node.is_map())
        for (std::size_t i = 0; i < node.size(); ++i) {
            const lab::spec::Node found = node.find(node.key(i).text());
            if (!found || found.line() != node.value(i).line()) std::abort();
            walk(node.value(i));
        }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lab::Diagnostics diagnostics;
    const lab::spec::YamlLimits limits{.nodes = 20'000, .aliases = 100, .scalar_bytes = 1u << 16};
    const auto document = lab::spec::Document::parse(
        "fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size), diagnostics, limits);
    if (!document && !diagnostics.has_errors()) std::abort();
    for (const lab::Diagnostic& problem : diagnostics.items())
        if (problem.code.rfind("yaml/", 0) != 0 || problem.message.empty() || problem.at.length == 0)
            std::abort();
    if (document) walk(document->root());
    return 0;
}
