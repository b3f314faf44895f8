#pragma once
// Commits, made by the system's `git`: the user's identity, hooks, filters and signing then just work.

#include "git/repository.h"

#include <stop_token>

namespace lab::git {

struct CommitRequest {
    std::filesystem::path work_directory; // of the repository
    std::vector<std::string> paths;       // relative to it
    std::string message;
    std::stop_token stop;
};

/// Whether a commit of exactly these paths would hold nothing but what is about to be written to them.
/// Conflict where one of them has changes that are not committed, or a merge is under way; Unsupported
/// without a working tree.
Result<void> check_committable(const CommitRequest& request);
/// Commits the paths as they are in the working tree, and nothing else that is staged or changed. Gives the
/// id of the commit. Invalid with git's own words where it refuses (a hook, no identity): the files then stay
/// written and unstaged.
Result<std::string> commit_paths(const CommitRequest& request);

/// A file as it is to be; nullopt: gone.
struct FileChange {
    std::string path; // relative to the root of the repository
    std::optional<std::string> bytes;
};
struct BranchRequest {
    std::filesystem::path directory; // the working tree, or a bare repository
    std::string branch;              // new
    std::string base;                // id of the commit it starts from
    std::vector<FileChange> changes;
    std::string message;
    std::stop_token stop;
};
/// Conflict where there is such a branch; Invalid where it is no name for one, or git does not know who the
/// user is.
Result<void> check_new_branch(const BranchRequest& request);
/// Makes the branch with one commit on top of `base`. Neither the working tree, the index nor HEAD is
/// touched, so hooks of `git commit` do not run. Gives the id of the commit.
Result<std::string> commit_to_branch(const BranchRequest& request);

} // namespace lab::git
