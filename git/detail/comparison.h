#pragma once
// Files of a working tree compared with those of HEAD, by what the index remembers of them.

#include "git/detail/handles.h"

#include <filesystem>
#include <unordered_map>

#include <sys/stat.h>

namespace lab::git {

struct HeadFile {
    git_oid id;
    git_filemode_t mode;
};
using HeadFiles = std::unordered_map<std::string, HeadFile>; // by path from the repository's root

/// Files below `below` ("prefix/" or ""); none while there is no commit.
Result<HeadFiles> files_of_head(git_repository* repository, const std::string& below);

class Comparison {
  public:
    Comparison(git_repository* repository, std::filesystem::path root, HeadFiles head);

    /// A symlink somewhere on the way makes the answer Doubtful: what it leads to must be compared by its
    /// bytes.
    enum class Answer { Same, Different, Doubtful };
    Answer compare(const std::string& path) const;
    const HeadFiles& head() const { return head_; }
    bool gone(const std::string& path) const;

  private:
    git_repository* repository_;
    std::filesystem::path root_;
    HeadFiles head_;
    IndexHandle index_;
    struct stat index_status_ {};
};

} // namespace lab::git
