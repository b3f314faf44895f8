#pragma once
// A folder on disk as a FileTree, whether or not git knows it. Symlinks that leave the folder are refused by
// the kernel (openat2 RESOLVE_BENEATH). Hidden entries are listed, but for the root's own .git; a folder with
// a .git of its own is reported as a Submodule and not entered. Devices, sockets and fifos are left out.

#include "support/file_tree.h"

#include <filesystem>
#include <memory>

namespace lab::git {

/// NotFound where `root` is no folder.
Result<std::unique_ptr<FileTree>> open_working_tree(const std::filesystem::path& root);

} // namespace lab::git
