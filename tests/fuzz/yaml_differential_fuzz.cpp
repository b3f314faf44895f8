// What the scanner takes, the referee takes with the same tree: data, places and what was quoted.

#include "spec/document.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using lab::spec::Document;
using lab::spec::Node;

bool same(const Node& left, const Node& right) {
    if (left.kind() != right.kind() || left.text() != right.text() || left.plain() != right.plain() ||
        left.size() != right.size() || left.line() != right.line() || left.column() != right.column() ||
        left.span().length != right.span().length) {
        std::fprintf(stderr, "scanner %d '%.*s' %u:%u+%u plain %d, referee %d '%.*s' %u:%u+%u plain %d\n",
                     static_cast<int>(left.kind()), static_cast<int>(left.text().size()), left.text().data(),
                     left.line(), left.column(), left.span().length, left.plain(),
                     static_cast<int>(right.kind()), static_cast<int>(right.text().size()),
                     right.text().data(), right.line(), right.column(), right.span().length, right.plain());
        return false;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (left.is_list() && !same(left.item(i), right.item(i))) return false;
        if (left.is_map() && (!same(left.key(i), right.key(i)) || !same(left.value(i), right.value(i))))
            return false;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const lab::spec::YamlLimits limits{.nodes = 20'000, .aliases = 100, .scalar_bytes = 1u << 16};
    lab::Diagnostics scanned;
    const auto fast =
        Document::parse_with(Document::Reader::ScannerOnly, lab::FileName("f"), text, scanned, limits);
    if (!fast && scanned.empty()) return 0; // left to the referee
    lab::Diagnostics refereed;
    const auto full =
        Document::parse_with(Document::Reader::RefereeOnly, lab::FileName("f"), text, refereed, limits);
    if (!fast) { // the builder refused: so must the referee, be it for something it saw before
        if (!full && refereed.has_errors()) return 0;
        std::fprintf(stderr, "the scanner fails, the referee does not\n");
        std::abort();
    }
    // A value left out before a refused key 'null' is the one thing the referee may place differently.
    const bool comparable = scanned.empty() && refereed.empty();
    if (!full || scanned.errors() != refereed.errors() || (comparable && !same(fast->root(), full->root()))) {
        for (const auto* found : {&scanned, &refereed})
            for (const auto& problem : found->items())
                std::fprintf(stderr, "%s: %s\n", problem.at.text().c_str(), problem.message.c_str());
        std::abort();
    }
    return 0;
}
