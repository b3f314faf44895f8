#include "git/commit.h"

#include "support/process.h"
#include "support/text.h"

#include <cstdlib>
#include <fmt/format.h>

namespace lab::git {
namespace {

constexpr std::chrono::minutes kTimeout{10}; // hooks may run tests

Error no_git() {
    return {.code = ErrorCode::NotFound,
            .message = "there is no 'git' on this machine",
            .hint = "apt-get install git"};
}

struct Call {
    std::filesystem::path directory;
    std::vector<std::string> arguments;
    std::string input = {};
    std::string index = {}; // another index file
};

Result<ProcessResult> call(Call call, std::stop_token stop) {
    Command command{
        .argv = {"env", "GIT_TERMINAL_PROMPT=0"}, .input = std::move(call.input), .timeout = kTimeout};
    if (!call.index.empty()) command.argv.push_back("GIT_INDEX_FILE=" + call.index);
    for (const char* word : {"git", "--literal-pathspecs", "-C"})
        command.argv.emplace_back(word);
    command.argv.push_back(call.directory.string());
    command.argv.insert(command.argv.end(), call.arguments.begin(), call.arguments.end());
    auto result = run(command, std::move(stop));
    if (result && result->exit_code == 127) return no_git();
    return result;
}

/// Its output; Invalid with git's own words where it fails.
Result<std::string> output(Call asked, std::stop_token stop) {
    auto result = call(std::move(asked), std::move(stop));
    if (!result) return std::move(result).error();
    if (result->ok()) return std::string(trim(result->out));
    const std::string_view said = trim(result->err.empty() ? result->out : result->err);
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("git refused: {}", escape_controls(said, true))};
}

std::vector<std::string> with_paths(std::vector<std::string> arguments,
                                    const std::vector<std::string>& paths) {
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), paths.begin(), paths.end());
    return arguments;
}

/// A folder that goes with its owner.
class Scratch {
  public:
    Scratch() {
        std::error_code failed;
        std::string name = (std::filesystem::temp_directory_path(failed) / "lab-index-XXXXXX").string();
        if (!failed && ::mkdtemp(name.data())) path_ = name;
    }
    ~Scratch() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

/// Commits need an author: better said before anything is written.
Result<void> check_identity(const std::filesystem::path& directory, std::stop_token stop) {
    for (const char* who : {"GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"}) {
        auto known = call({directory, {"var", who}}, stop);
        if (!known) return std::move(known).error();
        if (!known->ok())
            return Error{.code = ErrorCode::Invalid,
                         .message = "git does not know who makes the commit",
                         .hint =
                             "git config --global user.name NAME; git config --global user.email ADDRESS"};
    }
    return {};
}

/// Puts one change into the index file.
Result<void> stage(const BranchRequest& request, const FileChange& change, const std::string& index) {
    const auto git = [&](std::vector<std::string> arguments, std::string input = {}) {
        return output({request.directory, std::move(arguments), std::move(input), index}, request.stop);
    };
    if (!change.bytes) {
        auto removed = git({"update-index", "--force-remove", "--", change.path});
        return removed ? Result<void>() : Result<void>(std::move(removed).error());
    }
    auto blob = git({"hash-object", "-w", "--path", change.path, "--stdin"}, *change.bytes);
    if (!blob) return std::move(blob).error();
    auto there = git({"ls-files", "--stage", "--", change.path});
    if (!there) return std::move(there).error();
    const std::string mode = there->empty() ? "100644" : there->substr(0, there->find(' '));
    auto added =
        git({"update-index", "--add", "--cacheinfo", fmt::format("{},{},{}", mode, *blob, change.path)});
    return added ? Result<void>() : Result<void>(std::move(added).error());
}

} // namespace

Result<void> check_committable(const CommitRequest& request) {
    if (request.work_directory.empty())
        return Error{.code = ErrorCode::Unsupported,
                     .message = "there is no working tree to commit from",
                     .hint = "--branch NAME makes a commit without one"};
    LAB_TRY(check_identity(request.work_directory, request.stop));
    auto merging =
        call({request.work_directory, {"rev-parse", "--quiet", "--verify", "MERGE_HEAD"}}, request.stop);
    if (!merging) return std::move(merging).error();
    if (merging->ok())
        return Error{.code = ErrorCode::Conflict,
                     .message = "a merge is under way: a commit now would be the merge",
                     .hint = "commit the merge first, or leave out --commit"};
    auto status = output({request.work_directory,
                          with_paths({"status", "--porcelain", "--untracked-files=all"}, request.paths)},
                         request.stop);
    if (!status) return std::move(status).error();
    if (status->empty()) return {};
    const std::string first(split(*status, '\n').front());
    return Error{
        .code = ErrorCode::Conflict,
        .message = fmt::format(
            "'{}' has changes that are not committed: --commit would take them along",
            escape_controls(trim(std::string_view(first).substr(std::min<std::size_t>(first.size(), 2))))),
        .hint = "commit or stash them first, or leave out --commit"};
}

Result<std::string> commit_paths(const CommitRequest& request) {
    const auto git = [&](std::vector<std::string> arguments) {
        return output({request.work_directory, std::move(arguments)}, request.stop);
    };
    auto added = git(with_paths({"add", "--all"}, request.paths));
    auto committed =
        added ? git(with_paths({"commit", "--quiet", "--only", "--message", request.message}, request.paths))
              : added;
    if (!committed) {
        // As it was: written, not staged. Where there is no commit yet, reset has nothing to go back to.
        if (!git(with_paths({"reset", "--quiet"}, request.paths)))
            static_cast<void>(git(with_paths({"rm", "--quiet", "--cached"}, request.paths)));
        return std::move(committed).error();
    }
    return git({"rev-parse", "HEAD"});
}

Result<void> check_new_branch(const BranchRequest& request) {
    const std::string name = "refs/heads/" + request.branch;
    auto good = call({request.directory, {"check-ref-format", name}}, request.stop);
    if (!good) return std::move(good).error();
    if (!good->ok() || request.branch.starts_with('-') || request.branch == "HEAD")
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no name for a branch", escape_controls(request.branch))};
    auto there = call({request.directory, {"show-ref", "--verify", "--quiet", name}}, request.stop);
    if (!there) return std::move(there).error();
    if (there->ok())
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("there is a branch '{}' already", request.branch),
                     .hint = "name another, or delete it with `git branch -D`"};
    return check_identity(request.directory, request.stop);
}

Result<std::string> commit_to_branch(const BranchRequest& request) {
    const Scratch scratch;
    if (scratch.path().empty()) return errno_error("cannot make a temporary folder", errno);
    const std::string index = (scratch.path() / "index").string();
    const auto git = [&](std::vector<std::string> arguments) {
        return output({request.directory, std::move(arguments), {}, index}, request.stop);
    };
    if (auto read = git({"read-tree", request.base}); !read) return read;
    for (const FileChange& change : request.changes)
        LAB_TRY(stage(request, change, index));
    auto tree = git({"write-tree"});
    if (!tree) return tree;
    std::vector<std::string> arguments{"commit-tree", *tree, "-p", request.base, "-m", request.message};
    if (const auto sign = git({"config", "--type=bool", "commit.gpgSign"}); sign && *sign == "true")
        arguments.emplace_back("-S");
    auto commit = git(std::move(arguments));
    if (!commit) return commit;
    // The old value says that there must be none: two that make one branch do not overwrite each other.
    auto made = git({"update-ref", "-m", "lab: " + request.message, "refs/heads/" + request.branch, *commit,
                     std::string(commit->size(), '0')});
    return made ? commit : made;
}

} // namespace lab::git
