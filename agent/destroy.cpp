#include "agent/destroy.h"

#include "agent/nested.h"
#include "api/resource.h"
#include "support/digest.h"
#include "support/text.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace lab::agent {
namespace {

Error denied(std::string message) {
    return Error{.code = ErrorCode::Denied, .message = std::move(message)};
}

/// The name that the tree has while it is removed. Only a tree of this identity ever gets it.
std::string name_aside(const std::string& name, const Identity& identity) {
    const Digest who = Hasher().part(identity.inventory).part(identity.server_id).finish();
    return fmt::format(".{}.lab-destroy-{}", name.substr(0, 180), who.hex().substr(0, 32));
}

Result<void> check_identity(const std::string& root, const Identity& identity) {
    auto tree = Tree::open(root);
    if (!tree) return std::move(tree).error();
    const auto found = read_identity(*tree);
    if (!found) return found.error();
    if (found->server_id.empty())
        return denied(
            fmt::format("'{}' has no machine.json: it is not a machine of lab's", escape_controls(root)));
    if (found->server_id != identity.server_id || found->inventory != identity.inventory)
        return denied(fmt::format("'{}' is server '{}' ({}) of the inventory '{}', not '{}' ({}) of '{}'",
                                  escape_controls(root), escape_controls(found->server),
                                  escape_controls(found->server_id), escape_controls(found->inventory),
                                  escape_controls(identity.server), escape_controls(identity.server_id),
                                  escape_controls(identity.inventory)));
    const auto inside = find_machine_inside(root);
    if (!inside) return inside.error();
    if (*inside)
        return denied(fmt::format("the tree of another machine lies in it: '{}'", escape_controls(**inside)));
    // An apply that runs there holds a lock on its records.
    const auto records = tree->open_path(api::kRecordsFolder, O_RDONLY | O_DIRECTORY);
    if (!records) return records.error();
    if (::flock(records->get(), LOCK_EX | LOCK_NB) != 0)
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("an apply runs in '{}'", escape_controls(root))};
    return {};
}

/// Needs no fsync: what a power cut brings back has the name by which the next call finds it.
Result<void> remove_rest(const std::string& parent, const std::string& aside) {
    auto holder = Tree::open(parent);
    if (!holder) return std::move(holder).error();
    return holder->remove_all("/" + aside);
}

} // namespace

Result<void> destroy_tree(const std::string& root, const Identity& identity) {
    const std::filesystem::path path = std::filesystem::path(root).lexically_normal();
    const std::string name = path.filename().native();
    if (!path.is_absolute() || path == "/" || name.empty() || name == "..")
        return denied(fmt::format("'{}' is no tree that can be removed", escape_controls(root)));
    if (identity.server_id.empty() || identity.inventory.empty())
        return denied("without a server id and an inventory it is not known whose tree may be removed");

    const std::string parent_path = path.parent_path().native();
    const Descriptor parent(::open(parent_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.valid() && errno == ENOENT) return {};
    if (!parent.valid())
        return errno_error(fmt::format("cannot open '{}'", escape_controls(parent_path)), errno);
    const std::string aside = name_aside(name, identity);
    struct stat status {};
    if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISDIR(status.st_mode))
            return denied(fmt::format("'{}' is no directory", escape_controls(root)));
        LAB_TRY(check_identity(path.native(), identity));
        // The rest of a tree that was destroyed before has the same name; it goes first.
        LAB_TRY(remove_rest(parent_path, aside));
        if (::renameat(parent.get(), name.c_str(), parent.get(), aside.c_str()) != 0)
            return errno_error(fmt::format("cannot move '{}' aside", escape_controls(root)), errno);
        if (::fsync(parent.get()) != 0)
            return errno_error(fmt::format("cannot write '{}'", escape_controls(parent_path)), errno);
    } else if (errno != ENOENT) {
        return errno_error(fmt::format("cannot look at '{}'", escape_controls(root)), errno);
    }
    return remove_rest(parent_path, aside);
}

} // namespace lab::agent
