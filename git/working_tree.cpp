#include "git/working_tree.h"

#include "support/files.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lab::git {
namespace {

constexpr std::size_t kMaxDepth = 512;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

/// Where a descriptor points; empty where /proc cannot tell.
std::filesystem::path place_of(int fd) {
    std::error_code failure;
    return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), failure);
}

/// open_beneath for kernels and sandboxes without openat2: opens first and then looks where that led.
Descriptor open_and_look(int root, const char* path, std::uint64_t flags) {
    Descriptor file(::openat(root, path, static_cast<int>(flags) | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid()) return file;
    const std::string top = place_of(root).string(), found = place_of(file.get()).string();
    const bool inside = !top.empty() && (found == top || top == "/" || found.starts_with(top + "/"));
    if (inside) return file;
    errno = EXDEV;
    return {};
}

/// Opens `path` below `root`, following symlinks only as long as they stay below. errno tells of failure:
/// EXDEV where the path leaves.
Descriptor open_beneath(int root, const std::string& path, std::uint64_t flags) {
    struct open_how how {};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const char* name = path.empty() ? "." : path.c_str();
    for (int tries = 0; tries < 100; ++tries) { // EAGAIN: something was renamed meanwhile
        const long fd = ::syscall(SYS_openat2, root, name, &how, sizeof how);
        if (fd >= 0) return Descriptor(static_cast<int>(fd));
        if (errno == ENOSYS || errno == EPERM) return open_and_look(root, name, flags);
        if (errno != EAGAIN && errno != EINTR) break;
    }
    return {};
}

class WorkingTree final : public FileTree {
  public:
    WorkingTree(Descriptor root, std::filesystem::path path)
        : root_(std::move(root)), path_(std::move(path)) {}

    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune) const override {
        Descriptor start = open_beneath(root_.get(), std::string(directory), O_RDONLY | O_DIRECTORY);
        if (!start.valid()) return failure(directory, errno);
        std::vector<TreeEntry> entries;
        LAB_TRY(walk(std::move(start), std::string(directory), prune, entries, 0));
        std::sort(entries.begin(), entries.end(),
                  [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
        return entries;
    }

    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override {
        // O_NONBLOCK: a fifo that somebody put there must not hold us up.
        const Descriptor file = open_beneath(root_.get(), std::string(path), O_RDONLY | O_NONBLOCK);
        if (!file.valid()) return failure(path, errno);
        struct stat status {};
        if (::fstat(file.get(), &status) != 0) return failure(path, errno);
        if (!S_ISREG(status.st_mode))
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("'{}' is no file in {}", path, describe())};
        const auto size = static_cast<std::size_t>(status.st_size);
        if (size > max_bytes) return too_large(path, size, max_bytes);
        std::string text(size + 1, '\0'); // one more, to see that it ended
        std::size_t done = 0;
        for (;;) {
            if (done == text.size()) text.resize(text.size() + 512); // it grew
            const ssize_t got = ::read(file.get(), text.data() + done, text.size() - done);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failure(path, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
            if (done > max_bytes) return too_large(path, done, max_bytes);
        }
        text.resize(done);
        return text;
    }

    std::string describe() const override { return fmt::format("working tree of {}", path_.string()); }

  private:
    Result<void> walk(Descriptor directory, const std::string& path, const Prune& prune,
                      std::vector<TreeEntry>& entries, std::size_t depth) const {
        if (depth > kMaxDepth)
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             fmt::format("folders are nested deeper than {} in {}", kMaxDepth, describe())};
        const DirectoryStream stream(::fdopendir(directory.get()));
        if (!stream) return failure(path, errno);
        const int fd = directory.release(); // the stream's now
        while (true) {
            errno = 0;
            const dirent* found = ::readdir(stream.get());
            if (!found) return errno == 0 ? Result<void>() : Result<void>(failure(path, errno));
            const std::string name = found->d_name;
            if (name == "." || name == ".." || (path.empty() && name == ".git")) continue;
            auto entry = entry_of(fd, *found, path.empty() ? name : fmt::format("{}/{}", path, name));
            if (!entry) continue;
            const bool enter = entry->kind == EntryKind::Directory && !(prune && prune(*entry));
            const std::string below = entry->path;
            entries.push_back(std::move(*entry));
            if (!enter) continue;
            Descriptor next(::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!next.valid()) return failure(below, errno);
            LAB_TRY(walk(std::move(next), below, prune, entries, depth + 1));
        }
    }

    /// nullopt for what is gone again.
    static std::optional<TreeEntry> entry_of(int directory, const dirent& found, std::string path) {
        TreeEntry entry{.path = std::move(path)};
        unsigned char type = found.d_type;
        if (type == DT_UNKNOWN) { // a file system that does not tell
            struct stat status {};
            if (::fstatat(directory, found.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
            type = static_cast<unsigned char>(IFTODT(status.st_mode));
        }
        if (type == DT_REG) return entry;
        if (type == DT_LNK) {
            entry.kind = EntryKind::Symlink;
            return entry;
        }
        if (type != DT_DIR) {
            entry.kind = EntryKind::Other;
            return entry;
        }
        const std::string own_git = std::string(found.d_name) + "/.git";
        const bool nested = ::faccessat(directory, own_git.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        entry.kind = nested ? EntryKind::Submodule : EntryKind::Directory;
        return entry;
    }

    Error failure(std::string_view path, int why) const {
        if (why == EXDEV)
            return {.code = ErrorCode::Denied,
                    .message = fmt::format("'{}' leads out of the inventory through a symbolic link", path)};
        if (why == ELOOP)
            return {.code = ErrorCode::Invalid,
                    .message = fmt::format("'{}' goes through too many symbolic links", path)};
        if (why == ENOENT || why == ENOTDIR)
            return {.code = ErrorCode::NotFound,
                    .message = fmt::format("there is no '{}' in {}", path, describe())};
        return errno_error(fmt::format("cannot read '{}' in {}", path, describe()), why);
    }

    static Error too_large(std::string_view path, std::size_t size, std::size_t max_bytes) {
        return {.code = ErrorCode::Invalid,
                .message =
                    fmt::format("'{}' has {} bytes, more than the {} that are read", path, size, max_bytes)};
    }

    Descriptor root_;
    std::filesystem::path path_;
};

} // namespace

Result<std::unique_ptr<FileTree>> open_working_tree(const std::filesystem::path& root) {
    Descriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return errno_error(fmt::format("cannot open the folder {}", root.string()), errno);
    return std::unique_ptr<FileTree>(std::make_unique<WorkingTree>(std::move(fd), root));
}

} // namespace lab::git
