#include "spec/property.h"

#include "support/result.h"

#include <algorithm>

namespace lab::spec {

const Property* find_property(std::span<const Property> properties, std::string_view path) noexcept {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const Property& property) { return property.path == path; });
    return found == properties.end() ? nullptr : &*found;
}

std::string Record::text(std::string_view path) const {
    const Property* property = find(path);
    return property ? display(property->value) : std::string();
}

Value nested(std::span<const Property> properties, std::string_view path) {
    ValueMap root;
    for (const Property& property : properties) {
        if (property.path == path) return property.value;
        std::string_view rest = property.path;
        if (!path.empty()) {
            if (!rest.starts_with(path) || rest[path.size()] != '.') continue;
            rest.remove_prefix(path.size() + 1);
        }
        ValueMap* map = &root;
        for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
            Value* level = map->find(rest.substr(0, dot));
            if (!level) level = &map->append(std::string(rest.substr(0, dot)), Value(ValueMap()));
            LAB_CHECK(level->if_map(), "what has something below it is a map");
            map = level->if_map();
            rest.remove_prefix(dot + 1);
        }
        map->append(std::string(rest), property.value);
    }
    return root.empty() ? Value() : Value(std::move(root));
}

} // namespace lab::spec
