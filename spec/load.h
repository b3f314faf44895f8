#pragma once
// From a file tree to an Inventory. Pure over the tree: the same files give the same inventory and the same
// diagnostics, wherever they come from and in whatever order.

#include "spec/inventory.h"
#include "spec/module_trees.h"
#include "support/file_tree.h"

namespace lab::spec {

struct LoadLimits {
    std::size_t files = 500'000;
    std::size_t file_bytes = 32u << 20;
    std::size_t total_bytes = std::size_t{1} << 30;
    std::size_t module_file_bytes = 8u << 20;
};

struct LoadedFile {
    enum class Holds : std::uint8_t { Servers, Definitions, Module }; // Servers: nothing but the section
    FileName path;
    Digest digest; // of its bytes
    std::optional<BlobId> blob;
    Holds holds = Holds::Definitions;
};

/// A load with any error has no inventory to plan from: `inventory` then holds what could be decoded, for
/// validate to go on with Fleet::resolve and report everything at once.
struct Loaded {
    Inventory inventory;
    Diagnostics diagnostics;
    /// Of the tree, that were read as part of the inventory, sorted.
    std::shared_ptr<const std::vector<LoadedFile>> files;
    /// Every entry of the tree that is not hidden and no file of servers alone.
    std::vector<TreeEntry> others;
    ModuleLock lock; // of lab.lock; empty where there is none
    /// Folders of the modules from git that could be had, by name.
    std::map<std::string, std::shared_ptr<const FileTree>> module_trees;
    /// Excerpts for the renderer. Reads the tree again, which must live as long; gives nothing of a file that
    /// has changed since.
    SourceLines lines;

    const LoadedFile* find_file(std::string_view path) const; // null: no part of the inventory
};

/// `modules` gives the folders of modules from git. Null: those modules are left out, and what refers to them
/// is not complained of.
Loaded load(const FileTree& tree, const LoadLimits& limits = {}, const ModuleTrees* modules = nullptr);

} // namespace lab::spec
