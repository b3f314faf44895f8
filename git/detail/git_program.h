#pragma once
// The system's `git`, run without a terminal of its own and without what the user's surroundings say about
// another repository (GIT_DIR and its like, which are set below a git hook).

#include "support/clock.h"
#include "support/files.h"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace lab::git {

constexpr std::chrono::minutes kFetchTimeout{10};

struct GitRun {
    std::filesystem::path folder; // the repository's own; empty: none is needed
    std::vector<std::string> arguments;
    std::chrono::milliseconds timeout = kFetchTimeout;
    /// Only https, http, ssh and file may be spoken, whatever configuration or a server's redirect says; no
    /// hook, submodule or maintenance is run.
    bool guarded = false;
    std::uint64_t max_file_bytes = 0; // of a file it writes; 0: any
};

/// What it printed. Unavailable with what it said where it failed, without the secrets of URLs in it;
/// Unsupported where there is no git to run.
Result<std::string> run_git(GitRun run, std::stop_token stop);

/// Waits for another lab that has the lock of a copy.
Result<FileLock> wait_for_lock(const std::filesystem::path& file, const Clock& clock, std::stop_token stop);

} // namespace lab::git
