#include "agent/detail/properties.h"

namespace lab::agent {

std::optional<std::string> text_property(const ValueMap& properties, std::string_view name) {
    const Value* value = properties.find(name);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? std::optional(*text) : std::nullopt;
}

std::optional<std::int64_t> integer_property(const ValueMap& properties, std::string_view name) {
    const Value* value = properties.find(name);
    const std::int64_t* number = value ? value->if_int() : nullptr;
    return number ? std::optional(*number) : std::nullopt;
}

std::optional<bool> boolean_property(const ValueMap& properties, std::string_view name) {
    const Value* value = properties.find(name);
    const bool* flag = value ? value->if_bool() : nullptr;
    return flag ? std::optional(*flag) : std::nullopt;
}

std::vector<std::string> list_property(const ValueMap& properties, std::string_view name) {
    std::vector<std::string> items;
    const Value* value = properties.find(name);
    const ValueList* list = value ? value->if_list() : nullptr;
    if (!list) return items;
    for (const Value& item : *list)
        if (const std::string* text = item.if_string()) items.push_back(*text);
    return items;
}

bool wants_absent(const api::Resource& resource) {
    return text_property(resource.properties, "ensure") == "absent";
}

bool is_present(const ValueMap& observed) {
    return text_property(observed, "ensure") == "present";
}

} // namespace lab::agent
