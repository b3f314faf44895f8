#pragma once
// The modules of other repositories, at the commits that lab.lock pins: out of the cache below LAB_HOME, and
// fetched into it where they are not there yet.

#include "git/commit_cache.h"
#include "spec/module_trees.h"

#include <functional>

namespace lab::reconciler {

/// How an inventory's modules from git may be had.
struct ModuleAccess {
    bool fetch = true; // false: only what is in the cache, for what may not wait for a network
    /// "fetching module motd from https://... at 1a2b3c4": for whoever shows progress.
    std::function<void(const std::string&)> progress;
};

class ModuleRepositories final : public spec::ModuleTrees {
  public:
    ModuleRepositories(const std::filesystem::path& home, const Clock& clock, ModuleAccess access,
                       std::stop_token stop);

    std::shared_ptr<const FileTree> open(const spec::ModuleSource& source, const spec::ModulePin& pin,
                                         Diagnostics& diagnostics) const override;

    enum class State {
        Good,
        Changed,   // the folder at this commit has another digest than the pin
        Unfit,     // the commit has no such folder, or it is larger than a module may be
        NotCached, // never fetched
        Damaged,   // the cache had it and cannot be read
        Away       // it could not be fetched
    };
    struct Found {
        State state = State::Good;
        std::shared_ptr<const FileTree> tree; // of Good and Changed
        Digest digest;                        // likewise
        Error why;                            // of the others
    };
    /// What the cache has.
    Found look(const spec::ModuleSource& source, const spec::ModulePin& pin) const;
    /// The same after fetching what is missing or damaged.
    Found obtain(const spec::ModuleSource& source, const spec::ModulePin& pin) const;

    const git::CommitCache& cache() const noexcept { return cache_; }
    const std::stop_token& stop() const noexcept { return stop_; }

  private:
    void say(const spec::ModuleSource& source, std::string_view commit) const;
    git::CommitCache cache_;
    ModuleAccess access_;
    std::stop_token stop_;
};

/// What git said, on one line and not too long.
std::string one_line(const Error& error);

} // namespace lab::reconciler
