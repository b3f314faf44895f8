// The files of an edit: shown as diffs, written whole.
#include "cli/edits.h"

#include "cli/writing_turn.h"
#include "git/working_tree.h"
#include "support/files.h"
#include "support/text.h"
#include "support/text_diff.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/stat.h>
#include <unistd.h>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = 32u << 20;

/// The bytes of a file; nullopt where there is none.
Result<std::optional<std::string>> bytes_of(const FileTree& tree, const std::string& path) {
    auto text = tree.read(path, kMaxBytes);
    if (text) return std::optional(std::move(*text));
    if (text.error().code == ErrorCode::NotFound) return std::optional<std::string>();
    return std::move(text).error();
}

/// Root that edits the inventory of another leaves it theirs.
void give_to(const fs::path& path, uid_t user, gid_t group) {
    if (::geteuid() == 0 && user != 0 && ::lchown(path.c_str(), user, group) != 0) return; // theirs to mend
}

Result<void> make_parents(const fs::path& folder, const struct stat& owner) {
    std::vector<fs::path> missing;
    std::error_code failed;
    for (fs::path at = folder; !fs::exists(at, failed); at = at.parent_path())
        missing.push_back(at);
    LAB_TRY(make_directories(folder));
    for (const fs::path& made : missing)
        give_to(made, owner.st_uid, owner.st_gid);
    return {};
}

Result<void> write_one(const fs::path& root, const std::string& path,
                       const std::optional<std::string>& bytes) {
    const fs::path file = root / path;
    struct stat status {};
    const bool there = ::lstat(file.c_str(), &status) == 0;
    if (!bytes) {
        if (there && ::unlink(file.c_str()) != 0)
            return errno_error(fmt::format("cannot remove '{}'", path), errno);
        return {};
    }
    if (!there && ::stat(root.c_str(), &status) != 0)
        return errno_error(fmt::format("cannot look at '{}'", root.string()), errno);
    LAB_TRY(make_parents(file.parent_path(), status));
    LAB_TRY(write_file_atomic(file, *bytes, {.mode = there ? status.st_mode & 0777 : 0644}));
    give_to(file, status.st_uid, status.st_gid);
    return {};
}

/// Holds the files as the edit was made from them against those that are there.
Result<void> check_unchanged(const Editable& before, const std::vector<FileEdit>& files) {
    const auto there = git::open_working_tree(before.source.folder());
    if (!there) return there.error();
    for (const FileEdit& file : files) {
        std::error_code failed;
        if (fs::is_symlink(before.source.folder() / file.path, failed))
            return Error{.code = ErrorCode::Unsupported,
                         .message = fmt::format("'{}' is a symbolic link: it would become a file", file.path),
                         .hint = "name the file it leads to with --in FILE, or edit that by hand"};
        auto now = bytes_of(**there, file.path);
        if (!now) return std::move(now).error();
        if (*now != file.before)
            return Error{.code = ErrorCode::Conflict,
                         .message = fmt::format("'{}' was changed meanwhile: nothing was written", file.path),
                         .hint = "run the command again"};
    }
    return {};
}

} // namespace

Result<std::vector<FileEdit>> file_edits(const FileTree& before, const TreeChanges& changes) {
    std::vector<FileEdit> edits;
    for (const auto& [path, bytes] : changes) {
        auto old = bytes_of(before, path);
        if (!old) return std::move(old).error();
        if (*old == bytes) continue;
        const std::string from = *old ? "a/" + path : "/dev/null", to = bytes ? "b/" + path : "/dev/null";
        edits.push_back({.path = path,
                         .action = !*old   ? "create"
                                   : bytes ? "change"
                                           : "remove",
                         .before = *old,
                         .diff = unified_diff(old->value_or(""), bytes.value_or(""),
                                              {.before_name = from, .after_name = to})});
    }
    return edits;
}

std::string painted_diffs(const std::vector<FileEdit>& edits, const Paint& paint) {
    std::string out;
    for (const FileEdit& edit : edits)
        for (std::string_view line : split(edit.diff, '\n')) {
            if (line.empty()) continue;
            const std::string shown =
                escape_controls(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line, true);
            const bool head = line.starts_with("---") || line.starts_with("+++");
            out += head                  ? paint.bold(shown)
                   : line.front() == '+' ? paint.green(shown)
                   : line.front() == '-' ? paint.red(shown)
                   : line.front() == '@' ? paint.cyan(shown)
                                         : shown;
            out += '\n';
        }
    return out;
}

Result<void> write_edit(const Editable& before, const Edit& edit, const std::vector<FileEdit>& files,
                        const Context& context) {
    const auto turn = WritingTurn::wait(before.source.folder(), context);
    if (!turn) return turn.error();
    LAB_TRY(check_unchanged(before, files));
    std::vector<std::string> order;
    for (const FileEdit& file : files)
        order.push_back(file.path);
    std::stable_partition(order.begin(), order.end(),
                          [&](const std::string& path) { return path != edit.last; });
    std::vector<std::string> written;
    for (const std::string& path : order) {
        auto done = write_one(before.source.folder(), path, edit.changes.at(path));
        if (done) {
            written.push_back(path);
            continue;
        }
        if (written.empty()) return done;
        return std::move(done).error().with_hint(
            fmt::format("{} {} written before that, and the inventory is valid as it is: run the command "
                        "again for the rest",
                        fmt::join(written, ", "), written.size() == 1 ? "was" : "were"));
    }
    return {};
}

} // namespace lab::cli
