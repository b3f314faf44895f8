#include "support/files.h"

#include "support/digest.h"
#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lab {
namespace {

std::string quoted(const std::filesystem::path& path) {
    return fmt::format("'{}'", escape_controls(path.native()));
}

/// Reads on until `limit` bytes or the end. Files of /proc say that they are empty, so sizes are not trusted.
Result<std::string> read_up_to(int fd, std::size_t limit, std::size_t expected) {
    std::string bytes;
    std::size_t have = 0;
    while (have < limit) {
        if (have == bytes.size())
            bytes.resize(std::min(limit, std::max({expected + 1, have * 2, std::size_t{4096}})));
        const ssize_t got = ::read(fd, bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error("cannot read", errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

/// A file that is not yet where it belongs; removed again unless it was renamed there.
class Temporary {
  public:
    Temporary(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
    ~Temporary() {
        if (!name_.empty()) ::unlinkat(directory_, name_.c_str(), 0);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    bool rename_to(const std::string& target) {
        if (::renameat(directory_, name_.c_str(), directory_, target.c_str()) != 0) return false;
        name_.clear();
        return true;
    }

  private:
    int directory_;
    std::string name_;
};

/// NAME_MAX is 255 nearly everywhere: a long name is cut so that what is added still fits.
std::string temporary_name(const std::string& name) {
    constexpr std::size_t kKept = 200;
    return fmt::format(".{}.{}.tmp", name.substr(0, kKept), hex_encode(random_bytes(8)));
}

Result<void> make_directory(const std::filesystem::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) return {};
    const int why = errno;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno_error("cannot make the folder " + quoted(path), why);
    if (S_ISDIR(status.st_mode)) return {};
    return Error{.code = ErrorCode::Conflict, .message = quoted(path) + " is in the way: it is no folder"};
}

/// What is no file can never be locked, and is no Conflict, for that is waited out.
Result<void> check_lock_place(const std::filesystem::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return {};
    return Error{.code = ErrorCode::Invalid,
                 .message = quoted(path) + " is in the way: a lock is a regular file",
                 .hint = "move it away"};
}

} // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
    // Non-blocking: a FIFO must be refused, not waited for.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.valid()) return errno_error("cannot read " + quoted(path), errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return errno_error("cannot read " + quoted(path), errno);
    if (!S_ISREG(status.st_mode))
        return Error{.code = ErrorCode::Invalid, .message = quoted(path) + " is no regular file"};
    const auto size = static_cast<std::size_t>(status.st_size);
    const auto too_large = [&] {
        return Error{.code = ErrorCode::Invalid,
                     .message =
                         fmt::format("{} is larger than the limit of {} bytes", quoted(path), max_bytes)};
    };
    if (size > max_bytes) return too_large();
    auto bytes = read_up_to(file.get(), max_bytes + 1, size);
    if (!bytes) return std::move(bytes).error().during("while reading " + quoted(path));
    if (bytes->size() > max_bytes) return too_large();
    return bytes;
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno_error("cannot write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                               const WriteOptions& options) {
    const std::string failed = "cannot write " + quoted(path);
    const std::string name = path.filename().native();
    if (name.empty() || name == "." || name == "..")
        return Error{.code = ErrorCode::Invalid, .message = failed + ": it names no file"};
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid()) return errno_error(failed, errno);

    const std::string temporary = temporary_name(name);
    // Readable for nobody else until its mode is set.
    const Descriptor file(::openat(directory.get(), temporary.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return errno_error(failed, errno);
    Temporary guard(directory.get(), temporary);
    if (auto written = write_all(file.get(), bytes); !written)
        return std::move(written).error().during("while writing " + quoted(path));
    if (::fchmod(file.get(), options.mode) != 0) return errno_error(failed, errno);
    if (options.durable && ::fsync(file.get()) != 0) return errno_error(failed, errno);
    if (!guard.rename_to(name)) return errno_error(failed, errno);
    if (options.durable && ::fsync(directory.get()) != 0) return errno_error(failed, errno);
    return {};
}

Result<void> make_directories(const std::filesystem::path& path, mode_t mode) {
    std::filesystem::path walked;
    for (const auto& part : path) {
        walked /= part;
        if (part.empty() || part == "." || part == ".." || part == "/") continue;
        LAB_TRY(make_directory(walked, mode));
    }
    return {};
}

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path, std::string_view note) {
    constexpr std::size_t kLongestNote = 4096;
    LAB_TRY(check_lock_place(path));
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file.valid()) return errno_error("cannot open the lock " + quoted(path), errno);
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return errno_error("cannot lock " + quoted(path), errno);
        const auto holder = read_up_to(file.get(), kLongestNote, 0);
        const std::string_view who = holder ? trim(*holder) : std::string_view();
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("{} is locked by {}", quoted(path),
                                            who.empty() ? "another process" : escape_controls(who))};
    }
    // The note is for people; the lock holds without it, on a full disk too.
    if (::ftruncate(file.get(), 0) == 0)
        static_cast<void>(write_all(file.get(), note.substr(0, kLongestNote)));
    return FileLock(std::move(file));
}

} // namespace lab
