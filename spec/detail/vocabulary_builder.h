#pragma once
// Puts shapes together for spec/vocabulary.cpp.

#include "spec/property.h"
#include "spec/vocabulary.h"

namespace lab::spec::detail {

class VocabularyBuilder {
  public:
    explicit VocabularyBuilder(std::deque<Shape>& shapes) : shapes_(shapes) {}

    Shape& add(Shape::Kind kind, std::string_view what = {}) {
        shapes_.emplace_back();
        shapes_.back().kind = kind;
        shapes_.back().what = what;
        return shapes_.back();
    }
    Shape& map(std::string_view what) { return add(Shape::Kind::Map, what); }
    const Shape* any() { return &add(Shape::Kind::Any); }
    const Shape* text() { return &add(Shape::Kind::String); }
    const Shape* boolean() { return &add(Shape::Kind::Boolean); }
    const Shape* integer(std::int64_t min, std::int64_t max);
    const Shape* choice(std::span<const std::string_view> words);
    /// The name of something, by the grammar of its kind.
    const Shape* name(Names names);
    const Shape* list(const Shape* each);
    const Shape* either(std::vector<const Shape*> alternatives);
    const Shape* one_or_list(const Shape* each) { return either({each, list(each)}); }
    /// A map by names that it defines.
    Shape& named(std::string_view what, Names names, const Shape* each);

  private:
    std::deque<Shape>& shapes_;
};

/// Of a target or, with `exclude` false, without that key.
const Shape* target_shape(VocabularyBuilder& builder, bool exclude = true);
const Shape* alerts_shape(VocabularyBuilder& builder); // the section: a map or a list
const Shape* secret_shape(VocabularyBuilder& builder);
const Shape* disk_shape(VocabularyBuilder& builder);
const Shape* layout_shape(VocabularyBuilder& builder);
const Shape* role_shape(VocabularyBuilder& builder);
/// What is data, by a table of spec/keys.h.
void add_rules(VocabularyBuilder& builder, Shape& shape, std::span<const KeyRule> rules);
const Shape* rules_shape(VocabularyBuilder& builder, std::string_view what, std::span<const KeyRule> rules,
                         std::span<const std::string_view> some_of = {});
const Shape* inventory_shape(VocabularyBuilder& builder);
const Shape* module_shape(VocabularyBuilder& builder);

} // namespace lab::spec::detail
