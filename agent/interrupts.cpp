#include "agent/detail/interrupts.h"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace lab::agent {

Interrupts::Interrupts() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    end_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
    if (signals_.valid() && end_.valid()) thread_ = std::jthread([this] { wait(); });
}

Interrupts::~Interrupts() {
    if (end_.valid()) ::eventfd_write(end_.get(), 1);
}

void Interrupts::wait() {
    pollfd waits[2] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                       {.fd = end_.get(), .events = POLLIN, .revents = 0}};
    while (true) {
        if (::poll(waits, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (waits[1].revents != 0) return;
        signalfd_siginfo info{};
        if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
        if (!finish_.request_stop()) kill_.request_stop();
    }
}

} // namespace lab::agent
