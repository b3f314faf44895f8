#include "git/detail/git_program.h"

#include "support/process.h"
#include "support/text.h"
#include "support/url_mask.h"

#include <fmt/format.h>
#include <thread>

namespace lab::git {
namespace {

/// `git rev-parse --local-env-vars`, but for those of configuration; and what changes how objects are kept.
constexpr std::string_view kForeign[] = {
    "GIT_DIR",         "GIT_WORK_TREE",    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",  "GIT_NAMESPACE",    "GIT_OBJECT_DIRECTORY",   "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_GRAFT_FILE",  "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE",   "GIT_PREFIX",
    "GIT_DEFAULT_HASH"};

constexpr std::string_view kGuards[] = {"core.hooksPath=/dev/null",      "core.fsmonitor=false",
                                        "fetch.recurseSubmodules=false", "fetch.unpackLimit=1",
                                        "fetch.writeCommitGraph=false",  "transfer.bundleURI=false",
                                        "maintenance.auto=false",        "gc.auto=0"};

Command command_of(GitRun run) {
    Command command{.argv = {"env"}, .timeout = run.timeout};
    for (const std::string_view name : kForeign) {
        command.argv.emplace_back("-u");
        command.argv.emplace_back(name);
    }
    for (const char* set : {"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=force"})
        command.argv.emplace_back(set);
    if (run.guarded) command.argv.emplace_back("GIT_ALLOW_PROTOCOL=https:http:ssh:file");
    command.argv.emplace_back("git");
    if (!run.folder.empty()) {
        command.argv.emplace_back("--git-dir");
        command.argv.push_back(run.folder.string());
    }
    if (run.guarded)
        for (const std::string_view guard : kGuards) {
            command.argv.emplace_back("-c");
            command.argv.emplace_back(guard);
        }
    for (std::string& argument : run.arguments)
        command.argv.push_back(std::move(argument));
    command.max_file_bytes = run.max_file_bytes;
    return command;
}

} // namespace

Result<std::string> run_git(GitRun request, std::stop_token stop) {
    const std::uint64_t most = request.max_file_bytes;
    auto result = run(command_of(std::move(request)), stop);
    if (!result && result.error().code == ErrorCode::NotFound) // not what git was asked for: a program
        result.error().code = ErrorCode::Unsupported;
    if (!result) return std::move(result).error();
    if (result->ok()) return std::move(result->out);
    if (result->exit_code == 127)
        return Error{.code = ErrorCode::Unsupported,
                     .message = "there is no 'git' on this machine",
                     .hint = "apt-get install git"};
    std::string said = mask_url_secrets(trim(result->err));
    if (most > 0 && (said.find("index-pack") != said.npos || said.find("signal 25") != said.npos)) // SIGXFSZ
        said += fmt::format(" (lab fetches at most {} bytes at once)", most);
    return Error{.code = ErrorCode::Unavailable, .message = std::move(said)};
}

Result<FileLock> wait_for_lock(const std::filesystem::path& file, const Clock& clock, std::stop_token stop) {
    const auto deadline = clock.steady() + kFetchTimeout;
    for (;;) {
        auto lock = FileLock::try_acquire(file, "fetching");
        if (lock || lock.error().code != ErrorCode::Conflict) return lock;
        if (stop.stop_requested()) return Error{.code = ErrorCode::Cancelled, .message = "interrupted"};
        if (clock.steady() > deadline) return lock;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

} // namespace lab::git
