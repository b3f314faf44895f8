#include "git/repository.h"

#include "git/detail/handles.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <numeric>

namespace lab::git {
namespace {

struct FreeBlame {
    void operator()(git_blame* blame) const { git_blame_free(blame); }
};
using BlameHandle = std::unique_ptr<git_blame, FreeBlame>;

/// For each line of `now`, from 0, the same line of `then`, from 1; 0: it has none.
std::vector<std::size_t> same_lines(std::string_view then, std::string_view now, std::size_t count) {
    std::vector<std::size_t> lines(count);
    if (then == now) {
        std::iota(lines.begin(), lines.end(), 1u);
        return lines;
    }
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    options.context_lines = std::numeric_limits<std::uint32_t>::max() / 2; // all of them
    options.flags = GIT_DIFF_FORCE_TEXT;
    const auto note = [](const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line,
                         void* payload) {
        auto& found = *static_cast<std::vector<std::size_t>*>(payload);
        const auto at = static_cast<std::size_t>(line->new_lineno);
        if (line->origin == GIT_DIFF_LINE_CONTEXT && at >= 1 && at <= found.size())
            found[at - 1] = static_cast<std::size_t>(line->old_lineno);
        return 0;
    };
    git_diff_buffers(then.data(), then.size(), nullptr, now.data(), now.size(), nullptr, &options, nullptr,
                     nullptr, nullptr, note, &lines);
    return lines;
}

/// The bytes of a file of a commit; no handle where it has none.
BlobHandle file_of(git_repository* repository, const git_oid& commit, const std::string& path) {
    git_object* raw = nullptr;
    if (git_revparse_single(&raw, repository, (hex(commit) + ":" + path).c_str()) != 0) return nullptr;
    ObjectHandle object(raw);
    if (git_object_type(raw) != GIT_OBJECT_BLOB) return nullptr;
    return BlobHandle(reinterpret_cast<git_blob*>(object.release()));
}

Result<BlameHandle> blame_of(git_repository* repository, const std::string& path, git_blame_options options) {
    git_blame* raw = nullptr;
    const int status = git_blame_file(&raw, repository, path.c_str(), &options);
    BlameHandle blame(raw);
    if (status != 0) return git_error_as(status, fmt::format("cannot read who wrote {}", path));
    return blame;
}

/// As `options`, for a clone whose history is cut off at `cut`: libgit2 1.5 fails beyond, and takes one
/// commit to stop at. Where there are several, the one in the line of first parents, which is then all that
/// is followed.
git_blame_options up_to_the_cut(git_repository* repository, const std::vector<std::string>& cut,
                                git_blame_options options) {
    if (cut.size() == 1) {
        git_oid_fromstr(&options.oldest_commit, cut.front().c_str());
        return options;
    }
    options.flags |= GIT_BLAME_FIRST_PARENT;
    options.oldest_commit = options.newest_commit;
    while (!std::binary_search(cut.begin(), cut.end(), hex(options.oldest_commit))) {
        git_commit* raw = nullptr;
        if (git_commit_lookup(&raw, repository, &options.oldest_commit) != 0) break;
        const CommitHandle commit(raw);
        const git_oid* parent = git_commit_parent_id(raw, 0);
        if (!parent) break;
        options.oldest_commit = *parent;
    }
    return options;
}

} // namespace

// Not by git_blame_buffer: libgit2 1.5 gives lines after the first change to the wrong commits.
Result<std::vector<std::string>> Repository::blame(std::string_view commit, const std::string& path,
                                                   std::string_view text) const {
    auto newest = parse_id(commit);
    if (!newest) return std::move(newest).error();
    std::vector<std::string> lines(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    const BlobHandle blob = file_of(handle_.get(), *newest, path);
    if (!blob) return lines; // a new file
    const std::string_view then(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                static_cast<std::size_t>(git_blob_rawsize(blob.get())));
    git_blame_options options = GIT_BLAME_OPTIONS_INIT;
    options.newest_commit = *newest;
    if (const auto cut = cut_commits(); !cut.empty()) options = up_to_the_cut(handle_.get(), cut, options);
    const auto blame = blame_of(handle_.get(), path, options);
    if (!blame) return std::move(blame).error();
    const auto before = same_lines(then, text, lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (const git_blame_hunk* hunk =
                before[i] ? git_blame_get_hunk_byline(blame->get(), before[i]) : nullptr)
            lines[i] = hex(hunk->final_commit_id);
    return lines;
}

} // namespace lab::git
