#include "spec/vocabulary.h"

namespace lab::spec {
namespace {

Value schema_of(const Shape& shape);

/// A list or a map that is left out behind its key is an empty one.
Value or_null(std::string_view type) {
    return ValueList{Value(type), Value("null")};
}

ValueMap schema_of_map(const Shape& shape) {
    ValueMap properties;
    ValueList required;
    for (const Word& word : shape.keys) {
        Value below = schema_of(*word.shape);
        if (ValueMap* map = below.if_map()) map->set("description", Value(word.summary));
        properties.append(std::string(word.name), std::move(below));
        if (word.required) required.emplace_back(word.name);
    }
    const bool may_be_empty = required.empty() && shape.some_of.empty();
    ValueMap schema{{"type", may_be_empty ? or_null("object") : Value("object")}};
    schema.append("properties", Value(std::move(properties)));
    if (!required.empty()) schema.append("required", Value(std::move(required)));
    if (!shape.some_of.empty()) {
        ValueList ways;
        for (const std::string_view key : shape.some_of)
            ways.push_back(ValueMap{{"required", Value(ValueList{Value(key)})}});
        schema.append("anyOf", Value(std::move(ways)));
    }
    if (!shape.open) schema.append("additionalProperties", Value(false));
    return schema;
}

ValueMap schema_of_text(const Shape& shape) {
    ValueMap schema{{"type", Value("string")}};
    if (shape.choices.empty()) schema.append("minLength", Value(1));
    if (!shape.pattern.empty()) schema.append("pattern", Value(shape.pattern));
    if (!shape.choices.empty()) {
        ValueList choices;
        for (const std::string_view choice : shape.choices)
            choices.emplace_back(choice);
        schema.append("enum", Value(std::move(choices)));
    }
    return schema;
}

ValueMap schema_of_names(const Shape& shape) {
    ValueMap schema{{"type", or_null("object")}};
    if (!shape.pattern.empty())
        schema.append("propertyNames", Value(ValueMap{{"pattern", Value(shape.pattern)}}));
    schema.append("additionalProperties", schema_of(*shape.each));
    return schema;
}

Value schema_of(const Shape& shape) {
    switch (shape.kind) {
    case Shape::Kind::String: return schema_of_text(shape);
    case Shape::Kind::Integer: {
        ValueMap schema{{"type", Value("integer")}};
        if (shape.min) schema.append("minimum", Value(*shape.min));
        if (shape.max) schema.append("maximum", Value(*shape.max));
        return schema;
    }
    case Shape::Kind::Number: return ValueMap{{"type", Value("number")}};
    case Shape::Kind::Boolean: return ValueMap{{"type", Value("boolean")}};
    case Shape::Kind::Any: return ValueMap{};
    case Shape::Kind::List: return ValueMap{{"type", or_null("array")}, {"items", schema_of(*shape.each)}};
    case Shape::Kind::Map: return schema_of_map(shape);
    case Shape::Kind::Named: return schema_of_names(shape);
    case Shape::Kind::Either: {
        ValueList alternatives;
        for (const Shape* alternative : shape.alternatives)
            alternatives.push_back(schema_of(*alternative));
        return ValueMap{{"anyOf", Value(std::move(alternatives))}};
    }
    }
    return {};
}

Value document(const Shape& root, std::string_view title) {
    ValueMap schema{{"$schema", Value("https://json-schema.org/draft/2020-12/schema")},
                    {"title", Value(title)}};
    for (auto& [key, value] : schema_of_map(root))
        schema.append(key, value);
    return schema;
}

} // namespace

Value inventory_schema(const Vocabulary& vocabulary) {
    return document(vocabulary.inventory(), "a file of a lab inventory");
}

Value module_schema(const Vocabulary& vocabulary) {
    return document(vocabulary.module(), "module.yaml of a lab module");
}

} // namespace lab::spec
