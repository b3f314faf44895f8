#include "git/remote.h"

#include "support/digest.h"
#include "support/files.h"
#include "support/process.h"
#include "support/text.h"

#include <fmt/format.h>
#include <thread>

namespace lab::git {
namespace {

constexpr std::string_view kHead = "refs/lab/head";
constexpr std::chrono::minutes kTimeout{10};
constexpr std::string_view kStamp = "lab-fetched"; // when the copy was last brought up to date

/// The URL as it may be printed: without the password that it may carry.
std::string printable(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == url.npos) return std::string(url);
    const auto host = url.find('@', scheme), slash = url.find('/', scheme + 3);
    if (host == url.npos || (slash != url.npos && slash < host)) return std::string(url);
    return fmt::format("{}***{}", url.substr(0, scheme + 3), url.substr(host));
}

/// git, told to fail rather than to ask: we run it without a terminal of its own.
Command git_command(std::vector<std::string> arguments, const std::filesystem::path& folder) {
    Command command{.argv = {"env", "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=force", "git", "--git-dir",
                             folder.string()},
                    .timeout = kTimeout};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
}

Result<void> run_git(std::vector<std::string> arguments, const std::filesystem::path& folder,
                     std::stop_token stop) {
    auto result = run(git_command(std::move(arguments), folder), stop);
    if (!result) return std::move(result).error();
    if (result->ok()) return {};
    if (result->exit_code == 127)
        return Error{.code = ErrorCode::NotFound,
                     .message = "there is no 'git' on this machine",
                     .hint = "apt-get install git"};
    return Error{.code = ErrorCode::Unavailable, .message = std::string(trim(result->err))};
}

/// Waits for another lab that is fetching the same copy.
Result<FileLock> wait_for_lock(const std::filesystem::path& file, const Clock& clock, std::stop_token stop) {
    const auto deadline = clock.steady() + kTimeout;
    for (;;) {
        auto lock = FileLock::try_acquire(file, "fetching");
        if (lock || lock.error().code != ErrorCode::Conflict) return lock;
        if (stop.stop_requested()) return Error{.code = ErrorCode::Cancelled, .message = "interrupted"};
        if (clock.steady() > deadline) return lock;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

Result<void> update(std::string_view url, const std::filesystem::path& folder, std::stop_token stop) {
    if (!std::filesystem::exists(folder / "HEAD"))
        LAB_TRY(run_git({"init", "--quiet", "--bare"}, folder, stop));
    return run_git({"fetch", "--quiet", "--force", "--prune", "--no-tags", "--", std::string(url),
                    "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", fmt::format("+HEAD:{}", kHead)},
                   folder, stop);
}

/// What to do about git's own words.
Error with_hint(Error error, std::string_view url) {
    if (error.code == ErrorCode::Unavailable && error.hint.empty())
        error.hint = fmt::format("check the URL, and that `git ls-remote {}` can read it", printable(url));
    return error;
}

/// "2 h old", or "of unknown age".
std::string age_of(const std::filesystem::path& folder, const Clock& clock) {
    const auto stamp = read_file(folder / kStamp, 64);
    const auto time = stamp ? parse_time(trim(*stamp)) : Result<WallTime>(Error{});
    return time ? fmt::format("{} old", format_age(clock.wall() - *time)) : "of unknown age";
}

} // namespace

bool is_remote(std::string_view location) {
    if (location.find("://") != location.npos) return true;
    const auto colon = location.find(':');
    return colon != location.npos && colon > 0 && location.substr(0, colon).find('/') == location.npos;
}

Result<RemoteCopy> fetch_remote(std::string_view url, const std::filesystem::path& cache, const Clock& clock,
                                std::stop_token stop) {
    if (url.starts_with('-'))
        return Error{.code = ErrorCode::Invalid, .message = fmt::format("'{}' is no URL", url)};
    const std::filesystem::path folder = cache / sha256(url).hex().substr(0, 20);
    LAB_TRY(make_directories(cache, 0700));
    auto lock = wait_for_lock(folder.string() + ".lock", clock, stop);
    if (!lock) return std::move(lock).error();
    std::string warning;
    if (auto updated = update(url, folder, stop); updated) {
        LAB_TRY(write_file_atomic(folder / kStamp, format_time(clock.wall()) + "\n", {.durable = false}));
    } else {
        if (!std::filesystem::exists(folder / kStamp) || updated.error().code == ErrorCode::Cancelled)
            return with_hint(
                std::move(updated).error().during(fmt::format("while fetching {}", printable(url))), url);
        warning = fmt::format("{} could not be fetched, so the copy is used that is {}: {}", printable(url),
                              age_of(folder, clock), updated.error().message);
    }
    auto repository = Repository::open(folder);
    if (!repository)
        return std::move(repository).error().during(fmt::format("in the copy of {}", printable(url)));
    return RemoteCopy{std::move(*repository), std::string(kHead), std::move(warning)};
}

} // namespace lab::git
