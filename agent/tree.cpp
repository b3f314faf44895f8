#include "agent/tree.h"

#include "support/text.h"

#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lab::agent {
namespace {

std::string in_quotes(std::string_view path) {
    return fmt::format("'{}'", escape_controls(path));
}

Result<void> require_absolute(std::string_view path) {
    if (path.starts_with('/') && path.find('\0') == std::string_view::npos) return {};
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("{} is no absolute path", in_quotes(path))};
}

int open_in_root(int root, const char* path, int flags, mode_t mode) {
    struct open_how how {};
    how.flags = static_cast<unsigned>(flags);
    how.mode = mode;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    // The kernel gives up (EAGAIN) when something is renamed while it looks for "..".
    for (int attempt = 0; attempt < 100; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN) return static_cast<int>(fd);
    }
    return -1;
}

/// The path through which a descriptor's file can be reached again, whatever it was opened for.
std::string descriptor_path(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

/// Split at the last '/': "/etc/motd" is "/etc" and "motd".
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    const auto slash = path.rfind('/');
    return {slash == 0 ? std::string_view("/") : path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace

Result<Tree> Tree::open(std::string root) {
    const bool live = root.empty() || root == "/";
    if (live) root = "/";
    LAB_TRY(require_absolute(root));
    Descriptor fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR))
        return Error{.code = ErrorCode::NotFound, .message = fmt::format("no tree at {}", in_quotes(root))};
    if (!fd.valid()) return errno_error(fmt::format("cannot open the tree {}", in_quotes(root)), errno);
    if (live) return Tree(std::move(root), std::move(fd), true);

    struct stat here {};
    struct stat machine {};
    if (::fstat(fd.get(), &here) == 0 && ::stat("/", &machine) == 0 && here.st_dev == machine.st_dev &&
        here.st_ino == machine.st_ino)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{} is the root of the live system, not a tree", in_quotes(root)),
                     .hint = "leave the root out to manage the live system"};
    const Descriptor probe(open_in_root(fd.get(), "/", O_PATH | O_CLOEXEC, 0));
    if (!probe.valid() && errno == ENOSYS)
        return Error{.code = ErrorCode::Unsupported,
                     .message = "this kernel cannot keep paths inside a tree (openat2, Linux 5.6)"};
    return Tree(std::move(root), std::move(fd), false);
}

Result<Descriptor> Tree::open_path(std::string_view path, int flags, mode_t mode) const {
    LAB_TRY(require_absolute(path));
    const std::string name(path);
    flags |= O_CLOEXEC;
    Descriptor fd(live_ ? ::open(name.c_str(), flags, mode)
                        : open_in_root(fd_.get(), name.c_str(), flags, mode));
    if (!fd.valid()) return errno_error(fmt::format("cannot open {}", in_quotes(path)), errno);
    return fd;
}

Result<Tree::Parent> Tree::open_parent(std::string_view path) const {
    LAB_TRY(require_absolute(path));
    const auto [folder, name] = split_last(path);
    if (name.empty() || name == "." || name == "..")
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{} names nothing inside a directory", in_quotes(path))};
    auto directory = open_path(folder, O_RDONLY | O_DIRECTORY);
    if (!directory) return std::move(directory).error();
    return Parent{.directory = *std::move(directory), .name = std::string(name)};
}

Result<std::string> Tree::resolve(std::string_view path) const {
    auto fd = open_path(path, O_PATH);
    if (!fd) return std::move(fd).error();
    std::array<char, 4096> buffer;
    const auto read_back = [&](int descriptor) -> std::optional<std::string> {
        const ssize_t size = ::readlink(descriptor_path(descriptor).c_str(), buffer.data(), buffer.size());
        if (size <= 0 || static_cast<std::size_t>(size) == buffer.size()) return std::nullopt;
        return std::string(buffer.data(), static_cast<std::size_t>(size));
    };
    const auto found = read_back(fd->get());
    const auto root = read_back(fd_.get());
    const std::string prefix = live_ || !root ? "" : *root;
    if (!found || !found->starts_with(prefix))
        return Error{.code = ErrorCode::Unavailable,
                     .message = fmt::format("cannot tell where {} leads", in_quotes(path))};
    return found->substr(prefix.size());
}

Result<struct stat> Tree::status(std::string_view path) const {
    auto fd = open_path(path, O_PATH | O_NOFOLLOW);
    if (!fd) return std::move(fd).error();
    struct stat status {};
    if (::fstat(fd->get(), &status) != 0)
        return errno_error(fmt::format("cannot look at {}", in_quotes(path)), errno);
    return status;
}

Result<std::string> Tree::read(std::string_view path, std::size_t max_bytes) const {
    // Non-blocking: a FIFO must be refused, not waited for.
    auto fd = open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) return std::move(fd).error();
    struct stat status {};
    if (::fstat(fd->get(), &status) != 0)
        return errno_error(fmt::format("cannot read {}", in_quotes(path)), errno);
    if (!S_ISREG(status.st_mode))
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{} is no regular file", in_quotes(path))};
    // Files of /proc say that they are empty: the size is only a first guess.
    std::string bytes(std::min(max_bytes, static_cast<std::size_t>(status.st_size)) + 1, '\0');
    std::size_t have = 0;
    while (true) {
        if (have == bytes.size()) bytes.resize(std::min(max_bytes + 1, have * 2 + 4096));
        const ssize_t got = ::read(fd->get(), bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error(fmt::format("cannot read {}", in_quotes(path)), errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
        if (have > max_bytes)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("{} is larger than the limit of {} bytes", in_quotes(path),
                                                max_bytes)};
    }
    bytes.resize(have);
    return bytes;
}

Result<std::string> Tree::read_link(std::string_view path) const {
    auto fd = open_path(path, O_PATH | O_NOFOLLOW);
    if (!fd) return std::move(fd).error();
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(fd->get(), "", target.data(), target.size());
    if (size < 0) return errno_error(fmt::format("cannot read the link {}", in_quotes(path)), errno);
    target.resize(static_cast<std::size_t>(size));
    return target;
}

bool Tree::exists(std::string_view path) const {
    return status(path).has_value();
}

const Tree::Names& Tree::names(std::string_view path, Names& cache) const {
    auto fd = open_path(path, O_PATH);
    struct stat now {};
    if (!fd || ::fstat(fd->get(), &now) != 0) {
        cache = {};
        return cache;
    }
    const std::int64_t stamp[4] = {static_cast<std::int64_t>(now.st_dev),
                                   static_cast<std::int64_t>(now.st_ino), now.st_mtim.tv_sec,
                                   now.st_mtim.tv_nsec};
    if (std::equal(std::begin(stamp), std::end(stamp), std::begin(cache.stamp))) return cache;
    cache = {};
    const auto text = read(path, 64u << 20);
    if (!text) return cache;
    for (const std::string_view line : split(*text, '\n')) {
        const auto fields = split(line, ':');
        std::uint32_t id = 0;
        if (fields.size() < 3 || fields[0].empty()) continue;
        const auto parsed = std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), id);
        if (parsed.ec != std::errc() || parsed.ptr != fields[2].data() + fields[2].size()) continue;
        cache.entries.emplace_back(std::string(fields[0]), id);
    }
    std::copy(std::begin(stamp), std::end(stamp), std::begin(cache.stamp));
    return cache;
}

Result<std::uint32_t> Tree::id_of(std::string_view name, std::string_view path, Names& cache,
                                  std::string_view kind) const {
    for (const auto& [known, id] : names(path, cache).entries)
        if (known == name) return id;
    if (name == "root") return 0; // also in a tree that has no accounts yet
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() && number != UINT32_MAX)
        return number;
    return Error{.code = ErrorCode::NotFound,
                 .message = fmt::format("there is no {} '{}' in {}", kind, escape_controls(name), path)};
}

std::string Tree::name_of(std::uint32_t id, std::string_view path, Names& cache) const {
    for (const auto& [name, known] : names(path, cache).entries)
        if (known == id) return name;
    return id == 0 ? "root" : std::to_string(id);
}

Result<uid_t> Tree::user_id(std::string_view name) const {
    return id_of(name, "/etc/passwd", users_, "user");
}
Result<gid_t> Tree::group_id(std::string_view name) const {
    return id_of(name, "/etc/group", groups_, "group");
}
std::string Tree::user_name(uid_t id) const {
    return name_of(id, "/etc/passwd", users_);
}
std::string Tree::group_name(gid_t id) const {
    return name_of(id, "/etc/group", groups_);
}

} // namespace lab::agent
