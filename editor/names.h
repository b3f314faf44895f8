#pragma once
// What an inventory names: where each thing is defined, and where it is referred to.

#include "spec/inventory.h"
#include "spec/vocabulary.h"

#include <functional>

namespace lab::editor {

struct Reference {
    spec::Names names = spec::Names::Nothing;
    std::string_view text; // "k3s=server" for a label
    const Span& at;
    std::string_view module = {}; // whose param it is
};

/// Every place where something is named that is defined elsewhere.
void for_each_reference(const spec::Inventory& inventory, const std::function<void(const Reference&)>& visit);

/// The names of a kind that are defined, or where nothing defines them (regions, Puppet classes) used;
/// sorted. Of params: those of `module`.
std::vector<std::string> names_of(const spec::Inventory& inventory, spec::Names names,
                                  std::string_view module = {});

/// Where a thing is defined; unknown where it is not. A label with a value that is not declared by itself is
/// defined where its name is.
Span definition_of(const spec::Inventory& inventory, spec::Names names, std::string_view text,
                   std::string_view module = {});

} // namespace lab::editor
