// Edits of any bytes that are YAML: no crash, bounded time, and what comes out means what was asked for or is
// refused.

#include "spec/edit.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using lab::Value;
using lab::spec::DocumentEdit;

/// Where `choice` leads to: some node's path.
lab::spec::EditPath path_to(lab::spec::Node node, std::uint8_t choice) {
    lab::spec::EditPath path;
    while ((node.is_map() || node.is_list()) && node.size() > 0) {
        const std::size_t index = choice % node.size();
        if (node.is_map())
            path.emplace_back(std::string(node.key(index).text()));
        else
            path.emplace_back(index);
        node = node.is_map() ? node.value(index) : node.item(index);
        choice = static_cast<std::uint8_t>(choice / 3);
        if (path.size() > 1 && choice % 5 == 0) break;
    }
    return path;
}

DocumentEdit edit_of(lab::spec::EditPath path, std::uint8_t what) {
    const Value values[] = {Value("text"), Value("two\nlines\n"),
                            Value(lab::ValueList{Value(1), Value("- #")}),
                            Value(lab::ValueMap{{"k", Value("x: y")}, {"l", Value(lab::ValueList{})}})};
    const Value& value = values[what % 4];
    if (path.empty()) path.emplace_back("new");
    switch (what / 4 % 4) {
    case 0: return {DocumentEdit::Kind::Set, std::move(path), value};
    case 1: return {DocumentEdit::Kind::Append, std::move(path), value};
    case 2: return {DocumentEdit::Kind::Remove, std::move(path), {}};
    default: path.emplace_back("new"); return {DocumentEdit::Kind::Set, std::move(path), value};
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > (1u << 16)) return 0;
    const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
    lab::Diagnostics diagnostics;
    const auto document = lab::spec::Document::parse("fuzz.yaml", text, diagnostics);
    if (!document || diagnostics.has_errors()) return 0;
    const DocumentEdit edit = edit_of(path_to(document->root(), data[0]), data[1]);
    const Value before = document->root().as_value();
    const auto wanted = lab::spec::edit_value(before, {&edit, 1});
    const auto edited = lab::spec::edit_document("fuzz.yaml", text, {&edit, 1});
    if (!edited && edited.error().code == lab::ErrorCode::Internal) std::abort();
    if (!edited) return 0;
    if (!wanted) std::abort();
    const auto after = lab::spec::Document::parse("fuzz.yaml", *edited, diagnostics);
    if (!after || diagnostics.has_errors()) std::abort();
    const Value meant = after->root().as_value();
    if (meant != *wanted && !meant.is_null()) std::abort();
    return 0;
}
