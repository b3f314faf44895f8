#pragma once
// Rules over several keys of what is data, which the tables of spec/keys.h cannot say.

#include "spec/inventory.h"
#include "support/file_tree.h"

#include <span>

namespace lab::spec::detail {

/// What its installer needs.
void check_image(const Record& image, Diagnostics& diagnostics);
/// Of a label: a container has an image or is built.
void check_container(std::span<const Property> properties, Diagnostics& diagnostics);
/// Files of the inventory that images name. `entries` are all of the tree, sorted by path.
void check_image_files(const Inventory& inventory, std::span<const TreeEntry> entries,
                       Diagnostics& diagnostics);

} // namespace lab::spec::detail
