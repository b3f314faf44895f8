#include "git/repository.h"

#include "git/detail/commit_tree.h"
#include "git/detail/handles.h"
#include "git/working_tree.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>

namespace lab::git {
namespace {

Error open_failure(int status, const std::filesystem::path& path) {
    const git_error* last = git_error_last();
    const std::string_view said = last && last->message ? last->message : "";
    if (said.find("object format") != said.npos || said.find("extension") != said.npos ||
        said.find("repository format") != said.npos)
        return {.code = ErrorCode::Unsupported,
                .message = fmt::format("the git repository of {} is in a format that lab cannot read: {}",
                                       path.string(), said),
                .hint = "lab reads repositories with SHA-1 objects, which 'git init' makes by default"};
    if (status == GIT_ENOTFOUND)
        return {.code = ErrorCode::NotFound,
                .message = fmt::format("{} is in no git repository", path.string())};
    return git_error_as(status, fmt::format("cannot open the git repository of {}", path.string()));
}

Result<std::shared_ptr<git_repository>> open_handle(const std::filesystem::path& path, unsigned flags) {
    start_libgit2();
    git_repository* repository = nullptr;
    if (const int status = git_repository_open_ext(&repository, path.c_str(), flags, nullptr); status != 0)
        return open_failure(status, path);
    return std::shared_ptr<git_repository>(repository, git_repository_free);
}

/// "it is near": up to three names that the revision may have meant.
std::string nearest_names(std::string_view revision, std::vector<std::string> names) {
    std::vector<std::string> near;
    while (near.size() < 3) {
        const auto next = nearest(revision, std::span<const std::string>(names));
        if (!next) break;
        near.push_back(*next);
        names.erase(std::find(names.begin(), names.end(), *next));
    }
    if (!near.empty()) return fmt::format("did you mean '{}'?", fmt::join(near, "', '"));
    if (names.empty()) return {};
    if (names.size() > 8) names.resize(8);
    return fmt::format("there are: {}", fmt::join(names, ", "));
}

Result<CommitHandle> open_commit(git_repository* repository, std::string_view id) {
    auto parsed = parse_id(id);
    if (!parsed) return std::move(parsed).error();
    git_commit* commit = nullptr;
    if (const int status = git_commit_lookup(&commit, repository, &*parsed); status != 0)
        return git_error_as(status, fmt::format("cannot read commit {}", id));
    return CommitHandle(commit);
}

} // namespace

Repository::Repository(std::shared_ptr<git_repository> handle) : handle_(std::move(handle)) {
    std::error_code failure;
    if (const char* directory = git_repository_workdir(handle_.get()))
        work_directory_ = std::filesystem::canonical(directory, failure);
    git_directory_ = std::filesystem::canonical(git_repository_path(handle_.get()), failure);
}

Result<Repository> Repository::discover(const std::filesystem::path& path) {
    auto handle = open_handle(path, 0);
    if (!handle) return std::move(handle).error();
    return Repository(std::move(*handle));
}

Result<Repository> Repository::open(const std::filesystem::path& path) {
    auto handle = open_handle(path, GIT_REPOSITORY_OPEN_NO_SEARCH);
    if (!handle) return std::move(handle).error();
    return Repository(std::move(*handle));
}

bool Repository::shallow() const {
    return git_repository_is_shallow(handle_.get()) == 1;
}

std::vector<std::string> Repository::cut_commits() const {
    std::ifstream file(std::filesystem::path(git_repository_commondir(handle_.get())) / "shallow");
    std::vector<std::string> commits;
    for (std::string line; std::getline(file, line);)
        commits.push_back(std::move(line));
    std::sort(commits.begin(), commits.end());
    return commits;
}

Result<std::string> Repository::resolve(std::string_view revision) const {
    git_object* raw = nullptr;
    const std::string text(revision);
    const int status = git_revparse_single(&raw, handle_.get(), text.c_str());
    const ObjectHandle object(raw);
    if (status == GIT_ENOTFOUND || status == GIT_EINVALIDSPEC || status == GIT_EAMBIGUOUS) {
        Error error{.code = ErrorCode::NotFound,
                    .message =
                        fmt::format("there is no revision '{}' in {}", escape_controls(revision),
                                    (work_directory_.empty() ? git_directory_ : work_directory_).string()),
                    .hint = nearest_names(revision, names())};
        if (status == GIT_EAMBIGUOUS)
            error.message = fmt::format("'{}' is the beginning of several ids", escape_controls(revision));
        if (shallow() && !error.hint.starts_with("did you mean"))
            error.hint = "the clone is shallow: 'git fetch --unshallow' brings its whole history";
        return error;
    }
    if (status != 0)
        return git_error_as(status, fmt::format("cannot resolve '{}'", escape_controls(revision)));
    git_object* commit = nullptr;
    const int peeled = git_object_peel(&commit, object.get(), GIT_OBJECT_COMMIT);
    const ObjectHandle owner(commit);
    if (peeled != 0)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no commit", escape_controls(revision))};
    return hex(*git_object_id(commit));
}

Result<std::optional<std::string>> Repository::head() const {
    git_oid id;
    const int status = git_reference_name_to_id(&id, handle_.get(), "HEAD");
    if (status == GIT_ENOTFOUND) return std::optional<std::string>();
    if (status != 0) return git_error_as(status, "cannot read HEAD");
    return std::optional<std::string>(hex(id));
}

Result<CommitInfo> Repository::commit(std::string_view id) const {
    auto commit = open_commit(handle_.get(), id);
    if (!commit) return std::move(commit).error();
    CommitInfo info{.id = std::string(id)};
    if (const char* subject = git_commit_summary(commit->get())) info.subject = subject;
    if (const git_signature* author = git_commit_author(commit->get())) {
        info.author = author->name;
        info.email = author->email;
        info.time = WallTime(std::chrono::seconds(author->when.time));
    }
    return info;
}

std::string Repository::short_id(std::string_view id) const {
    constexpr std::size_t kLeast = 7;
    for (std::size_t length = kLeast; length < id.size(); ++length) {
        git_oid prefix;
        git_object* found = nullptr;
        const std::string text(id.substr(0, length));
        if (git_oid_fromstrn(&prefix, text.data(), text.size()) != 0) break;
        const int status = git_object_lookup_prefix(&found, handle_.get(), &prefix, length, GIT_OBJECT_ANY);
        const ObjectHandle owner(found);
        if (status != GIT_EAMBIGUOUS) return text;
    }
    return std::string(id);
}

Result<std::string> Repository::merge_base(std::string_view one, std::string_view other) const {
    auto left = parse_id(one), right = parse_id(other);
    if (!left) return std::move(left).error();
    if (!right) return std::move(right).error();
    git_oid base;
    const int status = git_merge_base(&base, handle_.get(), &*left, &*right);
    if (status == 0) return hex(base);
    if (status != GIT_ENOTFOUND && !shallow())
        return git_error_as(status, fmt::format("cannot find where {} and {} part", one, other));
    return Error{
        .code = ErrorCode::NotFound,
        .message = fmt::format("commits {} and {} have no history in common", short_id(one), short_id(other)),
        .hint = shallow() ? "the clone is shallow: 'git fetch --unshallow' brings its whole history" : ""};
}

std::vector<std::string> Repository::names() const {
    std::vector<std::string> found;
    git_reference_iterator* raw = nullptr;
    if (git_reference_iterator_new(&raw, handle_.get()) != 0) return found;
    const ReferenceIteratorHandle iterator(raw);
    const char* name = nullptr;
    while (git_reference_next_name(&name, iterator.get()) == 0) {
        const std::string_view full(name);
        for (const std::string_view kind : {"refs/heads/", "refs/remotes/", "refs/tags/"})
            if (full.starts_with(kind) && !full.ends_with("/HEAD"))
                found.emplace_back(full.substr(kind.size()));
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Result<std::unique_ptr<FileTree>> Repository::tree(std::string_view commit, std::string_view prefix,
                                                   const TreeLimits& limits) const {
    auto handle = open_commit(handle_.get(), commit);
    if (!handle) return std::move(handle).error();
    git_oid root = *git_commit_tree_id(handle->get());
    std::string description =
        fmt::format("commit {} of {}", short_id(commit),
                    (work_directory_.empty() ? git_directory_ : work_directory_ / prefix).string());
    if (!prefix.empty()) {
        git_tree* whole = nullptr;
        if (const int status = git_tree_lookup(&whole, handle_.get(), &root); status != 0)
            return git_error_as(status, fmt::format("cannot read {}", description));
        const TreeHandle owner(whole);
        git_tree_entry* raw = nullptr;
        const std::string path(prefix);
        const int status = git_tree_entry_bypath(&raw, whole, path.c_str());
        const TreeEntryHandle entry(raw);
        if (status != 0 || git_tree_entry_type(raw) != GIT_OBJECT_TREE)
            return Error{.code = ErrorCode::NotFound,
                         .message =
                             fmt::format("there is no folder '{}' in commit {}", prefix, short_id(commit))};
        root = *git_tree_entry_id(raw);
    }
    return make_commit_tree(handle_, root, std::move(description), limits);
}

} // namespace lab::git
