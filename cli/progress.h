#pragma once
// How far something is, on stderr: one line that is written over at a terminal, a line a step elsewhere.

#include "cli/context.h"
#include "reconciler/engine.h"

#include <mutex>
#include <set>

namespace lab::cli {

class Progress {
  public:
    explicit Progress(Context& context) : context_(context) {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Callbacks into this object, which must outlive the engine that has them. `total` steps are expected.
    reconciler::Events events(std::size_t total = 0);
    /// Says at a terminal what is going on, until clear(); nothing elsewhere.
    void busy(std::string_view what);
    /// Takes the unfinished line away before other text is printed.
    void clear();

  private:
    void phase(std::string_view name, std::size_t done, std::size_t total);
    void step(const std::string& action, store::StepState state, const std::string& detail);
    void resource(const providers::Progress& progress);
    void show(std::string line);

    Context& context_;
    std::mutex mutex_; // resources are reported by several threads
    SteadyTime shown_{};
    std::size_t ended_ = 0, total_ = 0;
    std::set<std::string> running_;
    bool line_open_ = false;
};

} // namespace lab::cli
