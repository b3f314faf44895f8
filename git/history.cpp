#include "git/repository.h"

#include "git/detail/handles.h"

#include <fmt/format.h>

namespace lab::git {
namespace {

struct FreeWalk {
    void operator()(git_revwalk* walk) const { git_revwalk_free(walk); }
};

} // namespace

Result<History> Repository::history(std::string_view older, std::string_view newer, std::size_t most) const {
    auto from = parse_id(older), to = parse_id(newer);
    if (!from) return std::move(from).error();
    if (!to) return std::move(to).error();
    const auto failure = [&](int status) {
        return git_error_as(status, fmt::format("cannot read the history from {} to {}", older, newer));
    };
    History history;
    int status = git_graph_ahead_behind(&history.added, &history.dropped, handle_.get(), &*to, &*from);
    if (status != 0) return failure(status);
    git_revwalk* raw = nullptr;
    if (status = git_revwalk_new(&raw, handle_.get()); status != 0) return failure(status);
    const std::unique_ptr<git_revwalk, FreeWalk> walk(raw);
    git_revwalk_sorting(raw, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    status = git_revwalk_push(raw, &*to);
    if (status == 0) status = git_revwalk_hide(raw, &*from);
    if (status != 0) return failure(status);
    git_oid id;
    while (history.commits.size() < most && git_revwalk_next(&id, raw) == 0) {
        auto info = commit(hex(id));
        if (!info) return std::move(info).error();
        history.commits.push_back(std::move(*info));
    }
    return history;
}

} // namespace lab::git
