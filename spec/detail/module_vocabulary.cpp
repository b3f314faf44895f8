#include "api/resource_types.h"
#include "spec/detail/vocabulary_builder.h"
#include "spec/inventory.h"

#include <array>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

/// A value or a template that becomes one: "{{ params.port }}".
const Shape* or_template(VocabularyBuilder& builder, const Shape* shape) {
    Shape& text = builder.add(Shape::Kind::String);
    text.pattern = "[{][{]";
    return builder.either({shape, &text});
}

const Shape* property_shape(VocabularyBuilder& builder, const api::PropertySchema& property) {
    switch (property.kind) {
    case api::PropertyKind::Text:
    case api::PropertyKind::Words:
    case api::PropertyKind::Mode:
    case api::PropertyKind::Path:
    case api::PropertyKind::Duration:
    case api::PropertyKind::Content: return builder.any(); // numbers are taken as text
    case api::PropertyKind::Integer: return or_template(builder, builder.integer(property.min, property.max));
    case api::PropertyKind::Boolean: return or_template(builder, builder.boolean());
    case api::PropertyKind::StringList: return or_template(builder, builder.list(builder.any()));
    case api::PropertyKind::StringMap:
        return or_template(builder, &builder.named("a map", Names::Nothing, builder.any()));
    case api::PropertyKind::Choice: return or_template(builder, builder.choice(property.choices));
    }
    return builder.any();
}

const Shape* resource_shape(VocabularyBuilder& builder, const api::ResourceType& type) {
    Shape& resource = builder.map(type.name);
    resource.keys.push_back({type.name, type.summary, builder.text(), /*required=*/true});
    for (const api::PropertySchema& property : type.properties)
        resource.keys.push_back({property.name, property.summary, property_shape(builder, property)});
    const Shape* ids = builder.list(builder.text());
    resource.keys.push_back({"after", "resources that come first, by TYPE/NAME", ids});
    resource.keys.push_back({"notify", "resources that act when this one changed, by TYPE/NAME", ids});
    resource.keys.push_back(
        {"when", "a comparison of params and facts: without it the resource is left out", builder.text()});
    resource.keys.push_back({"sensitive", "its values are private", builder.boolean()});
    return &resource;
}

const Shape* param_shape(VocabularyBuilder& builder) {
    Shape& param = builder.map("a param");
    const Shape* number = &builder.add(Shape::Kind::Number);
    param.keys = {{"type", "of its values; string where it is not written", builder.choice(kParamTypes)},
                  {"default", "where nobody gives a value", builder.any()},
                  {"required", "somebody must give a value", builder.boolean()},
                  {"min", "least number, or length of a string or list", number},
                  {"max", "greatest number, or length of a string or list", number},
                  {"enum", "the values it may have", builder.list(builder.any())},
                  {"summary", "what it is for", builder.text()},
                  {"sensitive", "its values are private", builder.boolean()}};
    return &param;
}

} // namespace

const Shape* module_shape(VocabularyBuilder& builder) {
    std::vector<const Shape*> resources;
    for (const api::ResourceType& type : api::resource_types())
        resources.push_back(resource_shape(builder, type));
    Shape& health = builder.map("a health check");
    health.keys = {{"command", "program and arguments; exits 0 where all is well",
                    builder.list(builder.text()), /*required=*/true}};
    Shape& module = builder.map("a module");
    module.keys = {
        {"name", "of the module", builder.name(Names::Module), /*required=*/true},
        {"version", "of the module, quoted", builder.text()},
        {"summary", "what it is for", builder.text()},
        {"targets", "servers that may have it; not written: any", target_shape(builder)},
        {"deps", "modules it needs", builder.list(builder.name(Names::Module))},
        {"params", "what it can be told", &builder.named("params", Names::Nothing, param_shape(builder))},
        {"resources", "what it puts on a server, in order",
         builder.list(builder.either(std::move(resources)))},
        {"health", "commands that tell whether it works", builder.list(&health)},
        {"secrets", "paths of those its machines may read", builder.list(builder.name(Names::Secret))},
        {"tests", "folder with its cases", builder.text()}};
    return &module;
}

} // namespace lab::spec::detail
