#pragma once
// libgit2's objects as owners, and its errors as ours.

#include "support/file_tree.h"

#include <git2.h>
#include <memory>
#include <string>
#include <string_view>

namespace lab::git {

struct Release {
    void operator()(git_object* object) const { git_object_free(object); }
    void operator()(git_tree* tree) const { git_tree_free(tree); }
    void operator()(git_commit* commit) const { git_commit_free(commit); }
    void operator()(git_blob* blob) const { git_blob_free(blob); }
    void operator()(git_odb* blob) const { git_odb_free(blob); }
    void operator()(git_odb_object* blob) const { git_odb_object_free(blob); }
    void operator()(git_index* index) const { git_index_free(index); }
    void operator()(git_tree_entry* entry) const { git_tree_entry_free(entry); }
    void operator()(git_reference_iterator* iterator) const { git_reference_iterator_free(iterator); }
};
using ObjectHandle = std::unique_ptr<git_object, Release>;
using TreeHandle = std::unique_ptr<git_tree, Release>;
using CommitHandle = std::unique_ptr<git_commit, Release>;
using BlobHandle = std::unique_ptr<git_blob, Release>;
using ObjectsHandle = std::unique_ptr<git_odb, Release>;
using RawObjectHandle = std::unique_ptr<git_odb_object, Release>;
using IndexHandle = std::unique_ptr<git_index, Release>;
using TreeEntryHandle = std::unique_ptr<git_tree_entry, Release>;
using ReferenceIteratorHandle = std::unique_ptr<git_reference_iterator, Release>;

/// Makes libgit2 ready; cheap when it is.
void start_libgit2();

/// What libgit2 said about its last failure, after `what`.
Error git_error_as(int status, std::string what);

std::string hex(const git_oid& id);
Result<git_oid> parse_id(std::string_view text);

/// What a tree's entry is; a submodule is an entry too.
EntryKind kind_of(const git_tree_entry* entry);

} // namespace lab::git
