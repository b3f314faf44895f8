#pragma once
// A copy of a remote repository, brought up to date by the system's `git`: credentials, proxies and ssh
// settings of the user then just work.

#include "git/repository.h"

#include <stop_token>

namespace lab::git {

/// Whether `location` names a remote repository rather than a folder: URL://..., or host:path as ssh takes
/// it.
bool is_remote(std::string_view location);

struct RemoteCopy {
    Repository repository; // bare
    std::string head;      // name of the remote's HEAD in it, for resolve()
    std::string warning;   // why it could not be brought up to date and how old it is; empty when it was
};

/// Fetches branches and tags of `url` into a folder of `cache`. Where fetching fails and an earlier copy is
/// there, that is given with a warning; else Unavailable with what git said.
Result<RemoteCopy> fetch_remote(std::string_view url, const std::filesystem::path& cache, const Clock& clock,
                                std::stop_token stop);

} // namespace lab::git
