#pragma once
// SIGINT and SIGTERM as stop tokens: the first asks to finish what runs, the second to end it.

#include "support/files.h"

#include <stop_token>
#include <thread>

namespace lab::agent {

/// Made before any other thread: it blocks the two signals in this thread and those it starts, and one thread
/// of its own waits for them. Programs that are started have them unblocked (support/process).
class Interrupts {
  public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    std::stop_token finish() const { return finish_.get_token(); }
    std::stop_token kill() const { return kill_.get_token(); }

  private:
    void wait();
    std::stop_source finish_, kill_;
    Descriptor signals_, end_;
    std::jthread thread_;
};

} // namespace lab::agent
