// What changes a tree. Looking at it is in tree.cpp.

#include "agent/tree.h"

#include "support/text.h"

#include <cerrno>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace lab::agent {
namespace {

constexpr const char* kContext = "security.selinux";
constexpr std::size_t kDeepest = 1000; // of folders removed: deeper is somebody's trap

Error cannot(std::string_view what, std::string_view path, int errno_value) {
    return errno_error(fmt::format("cannot {} '{}'", what, escape_controls(path)), errno_value);
}

/// A file or link that is not yet where it belongs. One name for each target: what a kill leaves behind is
/// removed by the next write of the same path. NAME_MAX is 255 nearly everywhere, so a long name is cut.
class Temporary {
  public:
    explicit Temporary(const Tree::Parent& parent)
        : parent_(parent), name_(fmt::format(".{}.lab-new", parent.name.substr(0, 200))) {
        ::unlinkat(parent.directory.get(), name_.c_str(), 0);
    }
    ~Temporary() {
        if (!renamed_) ::unlinkat(parent_.directory.get(), name_.c_str(), 0);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    const char* name() const { return name_.c_str(); }
    bool rename() {
        renamed_ = ::renameat(parent_.directory.get(), name_.c_str(), parent_.directory.get(),
                              parent_.name.c_str()) == 0;
        return renamed_;
    }

  private:
    const Tree::Parent& parent_;
    std::string name_;
    bool renamed_ = false;
};

void keep_context(int from, int to) {
    char context[256];
    const ssize_t size =
        ::getxattr(fmt::format("/proc/self/fd/{}", from).c_str(), kContext, context, sizeof context);
    // Where there is no SELinux there is nothing to keep; where the policy refuses, the new file has its
    // default.
    if (size > 0) static_cast<void>(::fsetxattr(to, kContext, context, static_cast<std::size_t>(size), 0));
}

/// Owner first: changing it clears the set-user-id bit that the mode may ask for.
Result<void> dress(int fd, mode_t mode, uid_t uid, gid_t gid, std::string_view path) {
    struct stat now {};
    if (::fstat(fd, &now) != 0) return cannot("write", path, errno);
    if ((now.st_uid != uid || now.st_gid != gid) && ::fchown(fd, uid, gid) != 0)
        return cannot("set the owner of", path, errno);
    if (::fchmod(fd, mode) != 0) return cannot("set the mode of", path, errno);
    return {};
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Result<void> remove_below(Descriptor folder, dev_t device, std::size_t depth);

Result<void> remove_entry(int folder, const char* name, dev_t device, std::size_t depth) {
    if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return cannot("remove", name, errno);
    Descriptor child(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child.valid()) return cannot("remove", name, errno);
    LAB_TRY(remove_below(std::move(child), device, depth + 1));
    if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT) return cannot("remove", name, errno);
    return {};
}

Result<void> remove_below(Descriptor folder, dev_t device, std::size_t depth) {
    struct stat status {};
    if (::fstat(folder.get(), &status) != 0) return errno_error("cannot remove a folder", errno);
    if (status.st_dev != device)
        return Error{.code = ErrorCode::Conflict,
                     .message = "another file system is mounted below it",
                     .hint = "unmount it first"};
    if (depth > kDeepest)
        return Error{.code = ErrorCode::Invalid, .message = "its folders are nested too deep"};
    const Directory listing(::fdopendir(folder.release()));
    if (!listing) return errno_error("cannot list a folder", errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
    for (const std::string& name : names)
        LAB_TRY(remove_entry(::dirfd(listing.get()), name.c_str(), device, depth));
    return {};
}

} // namespace

Result<void> Tree::sync_directory(const Parent& parent) const {
    if (live_ && ::fsync(parent.directory.get()) != 0)
        return cannot("write the folder of", parent.name, errno);
    return {};
}

Result<void> Tree::write(std::string_view path, std::string_view bytes, const FileOptions& options) const {
    auto parent = open_parent(path);
    if (!parent) return std::move(parent).error();
    Temporary temporary(*parent);
    // Readable for nobody else until its mode is set.
    const Descriptor file(::openat(parent->directory.get(), temporary.name(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return cannot("write", path, errno);
    if (auto written = write_all(file.get(), bytes); !written)
        return std::move(written).error().during(fmt::format("while writing '{}'", escape_controls(path)));

    const Descriptor old(
        ::openat(parent->directory.get(), parent->name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat before {};
    const bool replaces = old.valid() && ::fstat(old.get(), &before) == 0 && S_ISREG(before.st_mode);
    if (replaces) keep_context(old.get(), file.get());
    const mode_t mode = options.mode.value_or(replaces ? before.st_mode & mode_t{07777} : mode_t{0644});
    const uid_t uid = options.uid.value_or(replaces ? before.st_uid : ::geteuid());
    const gid_t gid = options.gid.value_or(replaces ? before.st_gid : ::getegid());
    LAB_TRY(dress(file.get(), mode, uid, gid, path));

    const bool durable = live_ || options.at_once;
    if (durable && ::fsync(file.get()) != 0) return cannot("write", path, errno);
    if (!temporary.rename()) return cannot("write", path, errno);
    if (durable && ::fsync(parent->directory.get()) != 0) return cannot("write the folder of", path, errno);
    return {};
}

Result<void> Tree::sync() const {
    if (live_) return {};
    auto root = open_path("/", O_RDONLY | O_DIRECTORY);
    if (!root) return std::move(root).error();
    if (::syncfs(root->get()) != 0) return cannot("write out the tree", root_, errno);
    return {};
}

Result<void> Tree::make_parents(std::string_view path) const {
    for (auto slash = path.find('/', 1); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        const std::string_view folder = path.substr(0, slash);
        if (auto there = open_path(folder, O_PATH | O_DIRECTORY)) continue;
        auto made = make_directory(folder, 0755);
        if (!made)
            return std::move(made).error().during(
                fmt::format("while making the folders above '{}'", escape_controls(path)));
    }
    return {};
}

Result<void> Tree::make_directory(std::string_view path, mode_t mode) const {
    auto parent = open_parent(path);
    if (!parent) return std::move(parent).error();
    if (::mkdirat(parent->directory.get(), parent->name.c_str(), mode & 0777) != 0)
        return cannot("make the folder", path, errno);
    // mkdir's mode passes the umask, which can only close it further; so a kill right here leaves nothing
    // open.
    LAB_TRY(set_ownership(path, mode, std::nullopt, std::nullopt));
    return sync_directory(*parent);
}

Result<void> Tree::remove(std::string_view path) const {
    auto parent = open_parent(path);
    if (!parent && parent.error().code == ErrorCode::NotFound) return {};
    if (!parent) return std::move(parent).error();
    const int folder = parent->directory.get();
    if (::unlinkat(folder, parent->name.c_str(), 0) != 0 && errno != ENOENT) {
        const int why = errno;
        if (why != EISDIR && why != EPERM) return cannot("remove", path, why);
        if (::unlinkat(folder, parent->name.c_str(), AT_REMOVEDIR) != 0)
            return cannot("remove", path, errno == ENOTDIR ? why : errno);
    }
    return sync_directory(*parent);
}

Result<void> Tree::remove_all(std::string_view path) const {
    auto parent = open_parent(path);
    if (!parent && parent.error().code == ErrorCode::NotFound) return {};
    if (!parent) return std::move(parent).error();
    auto found = status(path);
    if (!found) return remove(path);
    if (auto removed = remove_entry(parent->directory.get(), parent->name.c_str(), found->st_dev, 0);
        !removed)
        return std::move(removed).error().during(fmt::format("while removing '{}'", escape_controls(path)));
    return sync_directory(*parent);
}

Result<void> Tree::link(std::string_view path, const std::string& target) const {
    auto parent = open_parent(path);
    if (!parent) return std::move(parent).error();
    Temporary temporary(*parent);
    if (::symlinkat(target.c_str(), parent->directory.get(), temporary.name()) != 0)
        return cannot("make the link", path, errno);
    if (!temporary.rename()) return cannot("make the link", path, errno);
    return sync_directory(*parent);
}

Result<void> Tree::set_ownership(std::string_view path, std::optional<mode_t> mode, std::optional<uid_t> uid,
                                 std::optional<gid_t> gid) const {
    auto fd = open_path(path, O_PATH | O_NOFOLLOW);
    if (!fd) return std::move(fd).error();
    struct stat now {};
    if (::fstat(fd->get(), &now) != 0) return cannot("look at", path, errno);
    if (S_ISLNK(now.st_mode))
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("'{}' is a symbolic link", escape_controls(path))};
    const mode_t wanted = mode.value_or(now.st_mode & mode_t{07777});
    const uid_t owner = uid.value_or(now.st_uid);
    const gid_t group = gid.value_or(now.st_gid);
    // Owner first: changing it clears the set-user-id bit that the mode may ask for.
    if ((owner != now.st_uid || group != now.st_gid) &&
        ::fchownat(fd->get(), "", owner, group, AT_EMPTY_PATH) != 0)
        return cannot("set the owner of", path, errno);
    // fchmod() takes no O_PATH descriptor, and opening the file otherwise may not be allowed or have effects.
    if (::chmod(fmt::format("/proc/self/fd/{}", fd->get()).c_str(), wanted) != 0)
        return cannot("set the mode of", path, errno);
    return {};
}

} // namespace lab::agent
