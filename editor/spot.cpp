#include "editor/spot.h"

#include <algorithm>

namespace lab::editor {

Spot spot_of(const Question& question, const spec::Vocabulary& vocabulary) {
    Spot spot;
    spot.in_module = std::filesystem::path(question.file).filename() == "module.yaml";
    spot.place = place_at(question.buffer.text(), question.offset);
    // Cases of `lab test` are no part of the inventory.
    if (question.file.starts_with("tests/")) spot.place.nothing = true;
    if (spot.place.nothing) return spot;
    const spec::Shape& root = spot.in_module ? vocabulary.module() : vocabulary.inventory();
    spot.shapes = vocabulary.at(root, spot.place.path);
    const auto& path = spot.place.path;
    const auto params = std::find(path.begin(), path.end(), "params");
    if (!spot.in_module && params != path.end() && params + 1 != path.end()) spot.module = *(params + 1);
    return spot;
}

spec::Names named_at(const Spot& spot) {
    for (const spec::Shape* shape : spot.shapes) {
        const bool key = spot.place.key && shape->kind == spec::Shape::Kind::Named;
        if (key || shape->kind == spec::Shape::Kind::String)
            if (shape->names != spec::Names::Nothing) return shape->names;
    }
    return spec::Names::Nothing;
}

const spec::Word* word_at(const Spot& spot) {
    if (!spot.place.key) return nullptr;
    for (const spec::Shape* shape : spot.shapes)
        if (const spec::Word* word = shape->find(spot.place.word)) return word;
    return nullptr;
}

} // namespace lab::editor
