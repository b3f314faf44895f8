#pragma once
// Which manifests there are, read into the inventory.

#include "spec/detail/selection.h"
#include "spec/load.h"

namespace lab::spec::detail {

/// Reads the manifests of the Puppet modules below `lab.puppet.path`, by Puppet's rule of where a class is,
/// and adds to `files` those that matter: PATH/MODULE/manifests/a/b.pp is MODULE::a::b.
void load_manifests(const FileTree& tree, const Selection& selection, Loaded& loaded,
                    std::vector<LoadedFile>& files, Diagnostics& diagnostics);

/// Whether a path is below one of the folders with Puppet modules: its YAML is Puppet's.
bool is_puppets(const std::vector<Text>& folders, std::string_view path);

} // namespace lab::spec::detail
