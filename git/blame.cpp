#include "git/repository.h"

#include "git/detail/handles.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::git {
namespace {

struct FreeBlame {
    void operator()(git_blame* blame) const { git_blame_free(blame); }
};
using BlameHandle = std::unique_ptr<git_blame, FreeBlame>;

} // namespace

Result<std::vector<std::string>> Repository::blame(std::string_view commit, const std::string& path,
                                                   std::string_view text) const {
    auto newest = parse_id(commit);
    if (!newest) return std::move(newest).error();
    std::vector<std::string> lines(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    git_blame_options options = GIT_BLAME_OPTIONS_INIT;
    options.newest_commit = *newest;
    git_blame* raw = nullptr;
    int status = git_blame_file(&raw, handle_.get(), path.c_str(), &options);
    const BlameHandle committed(raw);
    if (status == GIT_ENOTFOUND) return lines; // a new file
    const auto failure = [&] { return git_error_as(status, fmt::format("cannot read who wrote {}", path)); };
    if (status != 0) return failure();
    raw = nullptr;
    status = git_blame_buffer(&raw, committed.get(), text.data(), text.size());
    const BlameHandle now(raw);
    if (status != 0) return failure();
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (const git_blame_hunk* hunk = git_blame_get_hunk_byline(raw, i + 1);
            hunk && !git_oid_is_zero(&hunk->final_commit_id))
            lines[i] = hex(hunk->final_commit_id);
    return lines;
}

} // namespace lab::git
