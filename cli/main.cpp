// The composition root of `lab`: the only place that knows the concrete providers, the environment and the
// signals.
#include "cli/command.h"
#include "cli/program.h"
#include "providers/local/local_provider.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include <pthread.h>
#include <pwd.h>
#include <unistd.h>

extern char** environ;

namespace {

lab::cli::Variables environment() {
    lab::cli::Variables found;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != text.npos) found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    // Schedulers start programs without it, and the state must not depend on who starts them.
    std::string& home = found["HOME"];
    if (const ::passwd* user = home.empty() ? ::getpwuid(::getuid()) : nullptr) home = user->pw_dir;
    return found;
}

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request. A second one ends the program at once, as does time
/// where the command does not wind down by itself. Signals are taken by a thread of their own, so that
/// nothing runs in a signal handler.
class Interrupts {
  public:
    explicit Interrupts(bool winds_down) {
        ::sigemptyset(&signals_);
        ::sigaddset(&signals_, SIGINT);
        ::sigaddset(&signals_, SIGTERM);
        ::sigaddset(&signals_, SIGHUP);
        ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        std::thread([signals = signals_, source = source_, winds_down]() mutable {
            int number = 0;
            if (::sigwait(&signals, &number) != 0) return;
            source.request_stop();
            const ::timespec moment{.tv_sec = 2, .tv_nsec = 0}; // for children to be ended
            if (winds_down)
                ::sigwait(&signals, &number);
            else
                ::sigtimedwait(&signals, nullptr, &moment);
            ::_exit(lab::cli::kExitInterrupted);
        }).detach(); // waits for signals until the process ends; it owns nothing
    }
    std::stop_token token() const { return source_.get_token(); }

  private:
    ::sigset_t signals_{};
    std::stop_source source_;
};

int run(int count, char** words) {
    ::signal(SIGPIPE, SIG_IGN); // a reader that goes away is seen as EPIPE; children get the default back
    const std::vector<std::string> arguments(words + 1, words + count);
    Interrupts interrupts(lab::cli::winds_down(arguments));
    std::error_code failure;
    lab::cli::Surroundings surroundings{.environment = environment(),
                                        .directory = std::filesystem::current_path(failure),
                                        .program = std::filesystem::read_symlink("/proc/self/exe", failure),
                                        .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                                        .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                                        .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
                                        .stop = interrupts.token()};
    lab::providers::ProviderTable providers;
    providers.add(
        std::make_unique<lab::providers::local::LocalProvider>(lab::providers::local::LocalProvider::Options{
            .home = lab::cli::home_of(surroundings.environment),
            .agent = {.path = lab::providers::local::agent_beside_this_program()}}));
    lab::cli::DescriptorSink out(STDOUT_FILENO, "stdout"), err(STDERR_FILENO, "stderr");
    return lab::cli::run_program(arguments, out, err, surroundings, providers, lab::system_clock());
}

} // namespace

int main(int count, char** words) {
    try {
        return run(count, words);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "lab: internal error: %s\n", failure.what());
    } catch (...) {
        std::fprintf(stderr, "lab: internal error\n");
    }
    return lab::cli::kExitBug;
}
