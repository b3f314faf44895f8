#pragma once
// Files: whole reads with a limit, writes that are there whole or not at all, locks that die with their
// holder.

#include "support/result.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace lab {

/// A file descriptor that is closed when its owner goes.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const noexcept { return fd_; }
    bool valid() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }

  private:
    int fd_ = -1;
};

/// The whole file. NotFound, Denied, or Invalid where it is no regular file or larger than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

struct WriteOptions {
    mode_t mode = 0644;
    bool durable = true; // fsync of file and folder before returning: survives a power cut, not only a kill
};
/// Writes a temporary file beside `path` and renames it over: readers see the old bytes or the new ones.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                               const WriteOptions& options = {});

Result<void> make_directories(const std::filesystem::path& path, mode_t mode = 0755);
/// Writes all of `bytes`, across EINTR and short writes.
Result<void> write_all(int fd, std::string_view bytes);

/// An exclusive kernel lock (flock) on a file: gone when the process is, whatever killed it.
class FileLock {
  public:
    /// Conflict, naming the holder's note, where another process has it. `note` is written into the file for
    /// it.
    static Result<FileLock> try_acquire(const std::filesystem::path& path, std::string_view note);

  private:
    explicit FileLock(Descriptor fd) : fd_(std::move(fd)) {}
    Descriptor fd_;
};

} // namespace lab
