// What of a module's resources decides a server's graph: ids, edges, folders and owners.

#include "spec/detail/compiled_module.h"
#include "spec/detail/renderer.h"

#include <algorithm>

namespace lab::spec::detail {
namespace {

/// The value of a property where it is known now; null where it is not written or only facts tell.
Value known_property(Renderer& renderer, const CompiledResource& resource, std::string_view name) {
    for (const CompiledProperty& property : resource.properties)
        if (property.schema->name == name && !property.reads.facts)
            return renderer.property(resource, property).value_or(Value());
    return {};
}

std::optional<std::string> known_text(Renderer& renderer, const CompiledResource& resource,
                                      std::string_view name) {
    const Value value = known_property(renderer, resource, name);
    if (const std::string* text = value.if_string()) return *text;
    return std::nullopt;
}

void add_path(std::string_view path, IdTable& ids, ShapeEntry& entry) {
    if (!path.empty()) entry.path = ids.add(api::resource_id("directory", path));
    for (auto slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
         slash = path.rfind('/', slash - 1))
        entry.folders.push_back(ids.add(api::resource_id("directory", path.substr(0, slash))));
}

bool gives(const CompiledResource& resource, std::string_view name) {
    return std::any_of(resource.properties.begin(), resource.properties.end(),
                       [&](const auto& one) { return one.schema->name == name; });
}

void add_owners(Renderer& renderer, const CompiledResource& resource, IdTable& ids, ShapeEntry& entry) {
    const auto add = [&](std::string_view kind, std::string_view property) {
        if (const auto name = known_text(renderer, resource, property))
            entry.owners.push_back(ids.add(api::resource_id(kind, *name)));
    };
    const std::string_view type = resource.type->name;
    if (resource.type->name_is_path) {
        add("user", "owner");
        add("group", "group");
    } else if (type == "command") {
        add("user", "user");
    } else if (type == "user") {
        add("group", "group");
        const Value groups = known_property(renderer, resource, "groups");
        if (const ValueList* list = groups.if_list())
            for (const Value& group : *list)
                if (const std::string* name = group.if_string())
                    entry.owners.push_back(ids.add("group/" + *name));
    }
}

std::vector<ShapeEntry::Edge> edges_of(Renderer& renderer, const std::vector<Piece>& pieces, IdTable& ids) {
    std::vector<ShapeEntry::Edge> edges;
    for (const Piece& piece : pieces)
        if (const auto id = renderer.text(piece)) edges.push_back({ids.add(*id), &piece.at});
    return edges;
}

} // namespace

std::uint32_t IdTable::add(std::string_view id) {
    if (const auto known = find(id)) return *known;
    const auto number = size();
    const auto [entry, added] = ids_.emplace(std::string(id), number);
    texts_.push_back(&entry->first);
    return number;
}

std::optional<std::uint32_t> IdTable::find(std::string_view id) const {
    if (below_)
        if (const auto known = below_->find(id)) return known;
    const auto found = ids_.find(std::string(id));
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

const std::string& IdTable::text(std::uint32_t id) const {
    return id < first_ ? below_->text(id) : *texts_[id - first_];
}

Shape shape_of(const RenderFor& target, IdTable& ids, Reporter& reporter) {
    Shape shape;
    Renderer renderer(target, reporter);
    for (std::uint32_t i = 0; i < target.module.resources.size(); ++i) {
        const CompiledResource& resource = target.module.resources[i];
        const auto name = renderer.name(resource);
        const auto wanted = renderer.wanted(resource);
        if (!name || !wanted) continue;
        ShapeEntry entry;
        entry.id = ids.add(api::resource_id(resource.type->name, *name));
        entry.resource = i;
        if (!*wanted) {
            shape.left_out.push_back(entry.id);
            continue;
        }
        entry.absent = known_text(renderer, resource, "ensure") == "absent";
        entry.is_file = resource.type->name == "file" || resource.type->name == "template";
        entry.is_line = resource.type->name == "line";
        entry.takes_lines = entry.is_line && (entry.absent || gives(resource, "match"));
        entry.after = edges_of(renderer, resource.after, ids);
        entry.notify = edges_of(renderer, resource.notify, ids);
        entry.conditional = resource.when && resource.when->reads.facts;
        entry.has_content = resource.source || gives(resource, "content");
        if (resource.type->name_is_path)
            add_path(*name, ids, entry);
        else if (entry.is_line)
            add_path(known_text(renderer, resource, "path").value_or(""), ids, entry);
        if (!entry.absent) add_owners(renderer, resource, ids, entry);
        shape.entries.push_back(std::move(entry));
    }
    return shape;
}

} // namespace lab::spec::detail
