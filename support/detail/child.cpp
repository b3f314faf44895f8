#include "support/detail/child.h"

#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lab::detail {
namespace {

struct Pipe {
    Descriptor read, write;
};

/// Above 2: in a process started without standard streams a pipe would otherwise land on 0, 1 or 2 and be
/// overwritten by the child's own streams.
Result<Descriptor> above_standard(Descriptor fd) {
    if (fd.get() > 2) return fd;
    Descriptor moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!moved.valid()) return errno_error("cannot make a pipe", errno);
    return moved;
}

Result<Pipe> make_pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return errno_error("cannot make a pipe", errno);
    Descriptor first(fds[0]), second(fds[1]); // both owned before anything can fail
    auto read = above_standard(std::move(first));
    auto write = above_standard(std::move(second));
    if (!read) return std::move(read).error();
    if (!write) return std::move(write).error();
    return Pipe{std::move(*read), std::move(*write)};
}

void set_nonblocking(const Descriptor& fd) {
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

class Actions {
  public:
    Actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    posix_spawn_file_actions_t* get() { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
  public:
    Attributes() {
        ::posix_spawnattr_init(&attributes_);
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all); // we ignore SIGPIPE, children must not
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    const posix_spawnattr_t* get() const { return &attributes_; }

  private:
    posix_spawnattr_t attributes_{};
};

/// A null-terminated array for exec; points into `strings`.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (const auto& text : strings)
        out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

/// By its number: the header of glibc 2.36 declares pidfd_open() without C linkage.
Descriptor open_pidfd(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Error spawn_error(const Command& command, int why) {
    const std::string program = escape_controls(command.argv.front());
    if (!command.directory.empty() && !is_directory(command.directory))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("cannot start '{}': there is no folder '{}'", program,
                                            escape_controls(command.directory))};
    return errno_error(fmt::format("cannot start '{}'", program), why);
}

Result<void> check(const Command& command) {
    const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    const bool bad = command.argv.empty() || command.argv.front().empty() ||
                     std::any_of(command.argv.begin(), command.argv.end(), has_nul) ||
                     (command.environment &&
                      std::any_of(command.environment->begin(), command.environment->end(), has_nul));
    if (bad)
        return Error{.code = ErrorCode::Invalid,
                     .message = "a command needs a program and arguments without NUL"};
    return {};
}

} // namespace

Child::Child(Child&& other) noexcept
    : in(std::move(other.in)), out(std::move(other.out)), err(std::move(other.err)),
      pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        std::swap(in, other.in);
        std::swap(out, other.out);
        std::swap(err, other.err);
        std::swap(pid_, other.pid_);
        std::swap(pidfd_, other.pidfd_);
        std::swap(status_, other.status_);
    }
    return *this;
}

Child::~Child() {
    if (!running()) return;
    signal(SIGKILL);
    reap();
}

Result<Child> Child::spawn(const Command& command) {
    LAB_TRY(check(command));
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!in) return std::move(in).error();
    if (!out) return std::move(out).error();
    if (!err) return std::move(err).error();

    Actions actions;
    const Attributes attributes;
    int failed = ::posix_spawn_file_actions_adddup2(actions.get(), in->read.get(), 0);
    if (failed == 0) failed = ::posix_spawn_file_actions_adddup2(actions.get(), out->write.get(), 1);
    if (failed == 0) failed = ::posix_spawn_file_actions_adddup2(actions.get(), err->write.get(), 2);
    if (failed == 0 && !command.directory.empty())
        failed = ::posix_spawn_file_actions_addchdir_np(actions.get(), command.directory.c_str());
    if (failed == 0) failed = ::posix_spawn_file_actions_addclosefrom_np(actions.get(), 3);
    if (failed != 0) return spawn_error(command, failed);

    const auto argv = pointers(command.argv);
    const auto environment = command.environment ? pointers(*command.environment) : std::vector<char*>();
    Child child;
    failed = ::posix_spawnp(&child.pid_, argv.front(), actions.get(), attributes.get(), argv.data(),
                            command.environment ? environment.data() : environ);
    if (failed != 0) {
        child.pid_ = 0;
        return spawn_error(command, failed);
    }
    child.pidfd_ = open_pidfd(child.pid_);
    // From here, because posix_spawn cannot: a program needs longer to write that much.
    if (command.max_file_bytes > 0) {
        const rlimit limit{command.max_file_bytes, command.max_file_bytes};
        ::prlimit(child.pid_, RLIMIT_FSIZE, &limit, nullptr);
    }
    child.in = std::move(in->write);
    child.out = std::move(out->read);
    child.err = std::move(err->read);
    set_nonblocking(child.in);
    set_nonblocking(child.out);
    set_nonblocking(child.err);
    return child;
}

bool Child::ended() const {
    if (!running()) return true;
    siginfo_t info{};
    // WNOWAIT leaves the zombie: until it is reaped no other process can get its number.
    const int done = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return done != 0 || info.si_pid == pid_;
}

void Child::signal(int number) const noexcept {
    if (running()) ::kill(-pid_, number);
}

int Child::reap() {
    if (status_) return *status_;
    int status = 0;
    pid_t waited = 0;
    do {
        waited = ::waitpid(pid_, &status, 0);
    } while (waited < 0 && errno == EINTR);
    if (waited != pid_)
        status_ = 255; // someone ignores SIGCHLD: how it ended is lost
    else
        status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return *status_;
}

StopSignal::StopSignal(std::stop_token stop)
    : event_(stop.stop_possible() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1),
      callback_(std::move(stop), Raise{event_.get()}) {}

void StopSignal::Raise::operator()() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

ssize_t write_quietly(int fd, std::string_view bytes) {
    sigset_t pipe_signal, before, pending;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::sigpending(&pending);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    const int why = errno;
    if (written < 0 && why == EPIPE && ::sigismember(&pending, SIGPIPE) == 0) {
        const timespec no_wait{};
        while (::sigtimedwait(&pipe_signal, nullptr, &no_wait) < 0 && errno == EINTR) {
        }
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = why;
    return written;
}

ReadState read_some(int fd, std::string& bytes) {
    char buffer[64 * 1024];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0) {
        bytes.append(buffer, static_cast<std::size_t>(got));
        return ReadState::Data;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return ReadState::Nothing;
    return ReadState::End;
}

int poll_timeout(std::chrono::steady_clock::time_point deadline) {
    using std::chrono::milliseconds;
    const auto now = std::chrono::steady_clock::now();
    if (deadline <= now) return 0;
    if (deadline - now > std::chrono::minutes{1}) return 60'000;
    return static_cast<int>(std::chrono::ceil<milliseconds>(deadline - now).count());
}

} // namespace lab::detail
