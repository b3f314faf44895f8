#include "editor/spot.h"

#include "editor/template_spot.h"

#include <algorithm>

namespace lab::editor {
namespace {

using Shapes = std::vector<const spec::Shape*>;

/// Of several maps that may stand there, those that the keys which do stand there speak for: a resource's
/// properties are those of its type.
void keep_what_fits(Shapes& shapes, const std::vector<std::string>& siblings, std::string_view own) {
    const auto is_there = [&](std::string_view key) {
        return key == own || std::find(siblings.begin(), siblings.end(), key) != siblings.end();
    };
    const auto has_what_it_requires = [&](const spec::Shape* shape) {
        const auto& keys = shape->keys;
        return std::any_of(keys.begin(), keys.end(), [](const spec::Word& key) { return key.required; }) &&
               std::all_of(keys.begin(), keys.end(),
                           [&](const spec::Word& key) { return !key.required || is_there(key.name); });
    };
    // `group` is a type, and a property of a file.
    const auto knows_its_siblings = [&](const spec::Shape* shape) {
        return has_what_it_requires(shape) &&
               std::all_of(siblings.begin(), siblings.end(),
                           [&](const std::string& key) { return shape->find(key); });
    };
    const auto keep = [&](const auto& fits) {
        if (std::none_of(shapes.begin(), shapes.end(), fits)) return false;
        std::erase_if(shapes, [&](const spec::Shape* shape) { return !fits(shape); });
        return true;
    };
    if (!keep(knows_its_siblings)) keep(has_what_it_requires);
}

/// What may stand at the place, or as the value of the key there.
Shapes shapes_at(const Place& place, const spec::Shape& root, const spec::Vocabulary& vocabulary) {
    const auto& path = place.path;
    if (place.key || path.empty() || path.back() == kItem) {
        Shapes shapes = vocabulary.at(root, path);
        if (place.key) keep_what_fits(shapes, place.siblings, place.word);
        return shapes;
    }
    Shapes maps = vocabulary.at(root, {path.data(), path.size() - 1}), shapes;
    keep_what_fits(maps, place.siblings, path.back());
    for (const spec::Shape* map : maps) {
        const Shapes values = vocabulary.at(*map, {&path.back(), 1});
        shapes.insert(shapes.end(), values.begin(), values.end());
    }
    return shapes;
}

/// The module that a module.yaml of the inventory defines; empty where it cannot be read.
std::string module_of(const Question& question) {
    if (!question.snapshot.inventory) return {};
    for (const auto& [name, module] : question.snapshot.inventory->loaded.inventory.modules)
        if (module.at.known() && *module.at.file == question.file) return name;
    return {};
}

} // namespace

Spot spot_of(const Question& question, const spec::Vocabulary& vocabulary) {
    Spot spot;
    spot.in_module = std::filesystem::path(question.file).filename() == "module.yaml";
    spot.place = place_at(question.buffer.text(), question.offset);
    // Cases of `lab test` are no part of the inventory.
    if (question.file.starts_with("tests/")) spot.place.nothing = true;
    if (spot.place.nothing) return spot;
    const spec::Shape& root = spot.in_module ? vocabulary.module() : vocabulary.inventory();
    spot.shapes = shapes_at(spot.place, root, vocabulary);
    const auto& path = spot.place.path;
    if (spot.in_module) spot.module = module_of(question);
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

Named named(const Question& question, const Spot& spot) {
    if (auto param = param_read_at(question)) return *std::move(param);
    if (spot.place.nothing) return {};
    const auto& path = spot.place.path;
    spec::Names names = named_at(spot);
    // The names of a module and of its params, where they are defined.
    if (spot.in_module && path.size() == 1) {
        if (!spot.place.key && path[0] == "name") names = spec::Names::Module;
        if (spot.place.key && path[0] == "params") names = spec::Names::Param;
    }
    return {names, spot.place.word, spot.module, spot.place.begin, spot.place.end};
}

const spec::Word* word_at(const Spot& spot) {
    if (!spot.place.key) return nullptr;
    for (const spec::Shape* shape : spot.shapes)
        if (const spec::Word* word = shape->find(spot.place.word)) return word;
    return nullptr;
}

} // namespace lab::editor
