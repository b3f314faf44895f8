#include "editor/template_spot.h"

#include "spec/param_uses.h"

#include <algorithm>

namespace lab::editor {
namespace {

constexpr std::string_view kParams = "params.";

/// The module that a file of the inventory is part of.
const spec::Module* module_of(const Question& question) {
    if (!question.snapshot.inventory) return nullptr;
    for (const auto& [name, module] : question.snapshot.inventory->loaded.inventory.modules)
        if (module.commit.empty() && question.file.starts_with(module.root)) return &module;
    return nullptr;
}

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// Whether what follows `before` in its line is inside of {{ }} or {% %}, or in a `when`.
bool is_in_template(std::string_view before) {
    const auto last = [&](std::string_view one, std::string_view other) {
        const auto left = before.rfind(one), right = before.rfind(other);
        return left == before.npos ? right : right == before.npos ? left : std::max(left, right);
    };
    const auto open = last("{{", "{%"), close = last("}}", "%}");
    if (open != before.npos) return close == before.npos || close < open;
    const auto text = before.find_first_not_of(" -");
    return text != before.npos && before.substr(text).starts_with("when:");
}

} // namespace

std::optional<Named> param_read_at(const Question& question) {
    const spec::Module* module = module_of(question);
    if (!module) return std::nullopt;
    std::optional<Named> found;
    spec::for_each_param_use(
        question.snapshot.inventory->loaded.inventory, *module, [&](std::string_view param, const Span& at) {
            if (found || *at.file != question.file) return;
            const Range range = question.buffer.range(at.line, at.column, at.length);
            const std::size_t begin = question.buffer.offset(range.start);
            const std::size_t end = question.buffer.offset(range.end);
            const std::string_view there =
                std::string_view(question.buffer.text()).substr(begin, end - begin);
            // The text may be newer than the places.
            if (question.offset >= begin && question.offset <= end && there == param)
                found = Named{spec::Names::Param, std::string(param), module->name, begin, end};
        });
    return found;
}

std::optional<Named> param_typed_at(const Question& question) {
    const spec::Module* module = module_of(question);
    const std::string_view text = question.buffer.text();
    std::size_t begin = question.offset, end = question.offset;
    while (begin > 0 && is_name(text[begin - 1]))
        --begin;
    while (end < text.size() && is_name(text[end]))
        ++end;
    if (!module || !text.substr(0, begin).ends_with(kParams)) return std::nullopt;
    const auto line = text.substr(0, begin).rfind('\n') + 1; // npos + 1: the first line
    if (!is_in_template(text.substr(line, begin - line))) return std::nullopt;
    return Named{spec::Names::Param, std::string(text.substr(begin, end - begin)), module->name, begin, end};
}

} // namespace lab::editor
