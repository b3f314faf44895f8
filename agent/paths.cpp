#include "agent/detail/paths.h"

#include "agent/detail/properties.h"

#include <charconv>

#include <fmt/format.h>

namespace lab::agent {

std::string_view kind_name(mode_t mode) noexcept {
    if (S_ISREG(mode)) return "file";
    if (S_ISDIR(mode)) return "directory";
    if (S_ISLNK(mode)) return "link";
    return "other";
}

Result<PathState> observe_path(const Tree& tree, std::string_view path, std::string_view kind) {
    const auto status = tree.status(path);
    if (!status && status.error().code == ErrorCode::NotFound)
        return PathState{.observed = {{"ensure", "absent"}}};
    if (!status) return status.error();
    const std::string_view found = kind_name(status->st_mode);
    if (found != kind) return PathState{.observed = {{"ensure", Value(found)}}};
    PathState state{.observed = {{"ensure", "present"}}, .size = static_cast<std::size_t>(status->st_size)};
    if (kind == "link") return state;
    state.observed.append("mode", Value(fmt::format("{:04o}", status->st_mode & 07777u)));
    state.observed.append("owner", Value(tree.user_name(status->st_uid)));
    state.observed.append("group", Value(tree.group_name(status->st_gid)));
    state.observed.append("uid", Value(std::int64_t{status->st_uid}));
    state.observed.append("gid", Value(std::int64_t{status->st_gid}));
    return state;
}

Result<Ownership> wanted_ownership(const api::Resource& resource, const Tree& tree) {
    Ownership wanted;
    if (const auto mode = text_property(resource.properties, "mode")) {
        unsigned bits = 0;
        std::from_chars(mode->data(), mode->data() + mode->size(), bits, 8);
        wanted.mode = static_cast<mode_t>(bits);
    }
    if (const auto owner = text_property(resource.properties, "owner")) {
        auto uid = tree.user_id(*owner);
        if (!uid) return std::move(uid).error();
        wanted.uid = *uid;
    }
    if (const auto group = text_property(resource.properties, "group")) {
        auto gid = tree.group_id(*group);
        if (!gid) return std::move(gid).error();
        wanted.gid = *gid;
    }
    return wanted;
}

Error other_kind(const api::Resource& resource, std::string_view found) {
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("'{}' is a {}, not a {}: it is left alone", resource.name,
                                        found == "other" ? "device, socket or pipe" : found, resource.type)};
}

Result<void> clear_directory(const Tree& tree, std::string_view path) {
    auto removed = tree.remove(path);
    if (removed || removed.error().code != ErrorCode::Conflict) return removed;
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("'{}' is a directory that is not empty", path),
                 .hint = "move away what is in it, or manage it as a directory"};
}

} // namespace lab::agent
