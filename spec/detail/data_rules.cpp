#include "spec/detail/data_rules.h"

#include "spec/detail/decode.h"
#include "spec/detail/selection.h"

#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {

using namespace std::string_view_literals;

void check_image(const Record& image, Diagnostics& diagnostics) {
    const Property* installer = image.find("installer");
    if (!installer || *installer->value.if_string() != "image" || image.find("archive")) return;
    add_error(diagnostics, "spec/missing-key",
              fmt::format("image '{}' has no 'archive', which its installer writes", image.name),
              installer->at, "archive: where the root file system is, or another installer");
}

void check_container(std::span<const Property> properties, Diagnostics& diagnostics) {
    const Property* image = find_property(properties, "container.image");
    const Property* build = find_property(properties, "container.build");
    if (!build) return;
    const bool is_built = *build->value.if_bool();
    if (!is_built && !image)
        add_error(diagnostics, "spec/bad-value", "a container that is not built needs an 'image'", build->at,
                  "write image: REFERENCE, or build: true");
    if (is_built && image)
        add_error(diagnostics, "spec/bad-value", "a container that is built has no 'image' besides",
                  build->at, "remove one of the two", {{"the image is named here", image->at}});
}

void check_image_files(const Inventory& inventory, std::span<const TreeEntry> entries,
                       Diagnostics& diagnostics) {
    for (const auto& [name, image] : inventory.images)
        for (const std::string_view key : std::array{"kernel"sv, "initrd"sv, "archive"sv, "repo"sv}) {
            const Property* location = image.find(key);
            if (!location || location->value.if_string()->find("://") != std::string::npos) continue;
            const std::string& path = *location->value.if_string();
            const TreeEntry* entry = find_entry(entries, clean_path(path).value_or(path));
            const bool is_folder = entry && entry->kind == EntryKind::Directory;
            if (entry && (!is_folder || key == "repo")) continue;
            add_error(diagnostics, "spec/missing-file",
                      is_folder ? fmt::format("'{}' of image '{}' is a folder", path, name)
                                : fmt::format("the inventory has no file '{}'", path),
                      location->at, "paths are relative to the inventory's root; URLs begin with https://");
        }
}

} // namespace lab::spec::detail
