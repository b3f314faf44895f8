#pragma once
// Commits of other people's repositories, kept for use without a network: one bare repository a URL, to which
// commits are only added. Nothing is ever checked out.
//
// A kill at any instant leaves a cache that works: a repository appears under its name when its first fetch
// is complete, git adds a pack when it is whole, and no ref's lock can stay behind because fetching writes
// none.

#include "git/repository.h"

#include <filesystem>
#include <stop_token>

namespace lab::git {

enum class RefKind { Branch, Tag, Commit };

struct RemoteRef {
    std::string commit;
    RefKind kind = RefKind::Commit;
};
/// What `ref` (branch, tag, HEAD, full name or full commit id) names in the repository at `url` now; a commit
/// id names itself, whether or not it is there. A name that is a tag and a branch is the tag. NotFound where
/// there is none; Unavailable with what git said, or Timeout; other codes are troubles of this machine.
Result<RemoteRef> ask_remote(std::string_view url, std::string_view ref, std::stop_token stop);

class CommitCache {
  public:
    CommitCache(std::filesystem::path folder, const Clock& clock)
        : folder_(std::move(folder)), clock_(&clock) {}

    const std::filesystem::path& folder() const noexcept { return folder_; }
    /// The repository kept for `url`. NotFound where there is none.
    Result<Repository> open(std::string_view url) const;
    /// Whether a fetch of the commit was completed once.
    bool has(std::string_view url, std::string_view commit) const;

    enum class Fetch { Missing, Anew }; // Anew: what is kept of the URL is replaced, once that is complete
    /// Brings the commit and its history; others that fetch the same wait. NotFound where the repository does
    /// not have it; Unavailable with what git said, or Timeout; other codes are troubles of this machine.
    Result<void> fetch(std::string_view url, const std::string& commit, Fetch how,
                       std::stop_token stop) const;

  private:
    std::filesystem::path place(std::string_view url) const;
    std::filesystem::path folder_;
    const Clock* clock_;
};

} // namespace lab::git
