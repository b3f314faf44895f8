#pragma once
// Files of a working tree compared with those of HEAD, by what the index remembers of them.

#include "git/detail/handles.h"
#include "support/files.h"

#include <filesystem>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace lab::git {

/// Of one folder of a working tree; paths are relative to it.
class Comparison {
  public:
    /// `folder` is relative to the working tree's root ("" is all of it). `head` is that folder in HEAD;
    /// null: there is none.
    static Result<std::unique_ptr<Comparison>> make(git_repository* repository,
                                                    const std::filesystem::path& work_directory,
                                                    std::string_view folder, const FileTree* head);

    /// A symlink somewhere on the way makes the answer Doubtful: what it leads to must be compared by its
    /// bytes.
    enum class Answer : std::uint8_t { Same, Different, Doubtful };
    /// In the order of `paths`; quickest where they are sorted. One lstat each, on all cores.
    std::vector<Answer> compare(std::span<const std::string_view> paths) const;

    /// Everything in HEAD that is no folder, sorted by path.
    const std::vector<TreeEntry>& head() const { return head_; }
    bool gone(const std::string& path) const; // or no file any more

  private:
    Comparison() = default;
    /// Where the next file is likely to be, after that of the path before.
    struct Next {
        std::size_t head = 0, entry = 0;
    };
    Answer compare(std::string_view path, Next& next) const;
    const TreeEntry* head_file(std::string_view path, Next& next) const;
    const git_index_entry* index_entry(const std::string& path, Next& next) const;

    git_repository* repository_ = nullptr;
    std::string below_; // "folder/" or ""
    Descriptor folder_; // not valid: there is none
    std::vector<TreeEntry> head_;
    IndexHandle index_;
    struct stat index_status_ {};
    mutable std::mutex hashing_; // libgit2's attributes are for one thread at a time
};

} // namespace lab::git
