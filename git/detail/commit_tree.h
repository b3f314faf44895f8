#pragma once
// The files of a commit as a FileTree.

#include "git/repository.h"

#include <git2.h>
#include <memory>

namespace lab::git {

/// `description` is what describe() gives.
std::unique_ptr<FileTree> make_commit_tree(std::shared_ptr<git_repository> repository, const git_oid& tree,
                                           std::string description, const TreeLimits& limits);

} // namespace lab::git
