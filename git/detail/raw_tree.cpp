#include "git/detail/raw_tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::git {

EntryKind RawEntry::kind() const {
    if (mode == "40000") return EntryKind::Directory;
    if (mode == "120000") return EntryKind::Symlink;
    return mode == "160000" ? EntryKind::Submodule : EntryKind::File;
}

Result<RawTree> RawTree::open(git_odb* objects, const git_oid& id, std::string_view what) {
    git_odb_object* object = nullptr;
    if (const int status = git_odb_read(&object, objects, &id); status != 0)
        return git_error_as(status, fmt::format("cannot read {}", what));
    RawTree tree;
    tree.object_.reset(object, git_odb_object_free);
    tree.rest_ = {static_cast<const char*>(git_odb_object_data(object)), git_odb_object_size(object)};
    if (git_odb_object_type(object) != GIT_OBJECT_TREE)
        return Error{.code = ErrorCode::Unavailable,
                     .message = fmt::format("cannot read {}: its object is no tree", what)};
    return tree;
}

std::optional<RawEntry> RawTree::entry() const {
    const std::size_t space = rest_.find(' '), zero = rest_.find('\0');
    if (space == rest_.npos || zero == rest_.npos || space > zero || rest_.size() - zero <= GIT_OID_RAWSZ)
        return std::nullopt;
    RawEntry found{.bytes = rest_.substr(0, zero + 1 + GIT_OID_RAWSZ),
                   .mode = rest_.substr(0, space),
                   .name = rest_.substr(space + 1, zero - space - 1)};
    if (found.mode.empty() || found.mode.find_first_not_of("01234567") != found.mode.npos)
        return std::nullopt;
    if (found.name.empty() || found.name.find('/') != found.name.npos) return std::nullopt;
    // Some programs write "040000", and git reads that.
    found.mode.remove_prefix(std::min(found.mode.find_first_not_of('0'), found.mode.size()));
    std::copy_n(found.bytes.end() - GIT_OID_RAWSZ, GIT_OID_RAWSZ, std::begin(found.id.id));
    return found;
}

std::size_t RawTree::in_common(const RawTree& one, const RawTree& other) {
    const auto differ =
        std::mismatch(one.rest_.begin(), one.rest_.end(), other.rest_.begin(), other.rest_.end());
    const auto same = static_cast<std::size_t>(differ.first - one.rest_.begin());
    std::size_t whole = 0;
    for (;;) {
        const std::size_t zero = one.rest_.find('\0', whole);
        if (zero == one.rest_.npos || zero + 1 + GIT_OID_RAWSZ > same) return whole;
        whole = zero + 1 + GIT_OID_RAWSZ;
    }
}

} // namespace lab::git
