#include "git/remote.h"

#include "git/detail/git_program.h"
#include "support/digest.h"
#include "support/text.h"
#include "support/url_mask.h"

#include <fmt/format.h>

namespace lab::git {
namespace {

constexpr std::string_view kHead = "refs/lab/head";
constexpr std::string_view kStamp = "lab-fetched"; // when the copy was last brought up to date

Result<void> update(std::string_view url, const std::filesystem::path& folder, std::stop_token stop) {
    if (!std::filesystem::exists(folder / "HEAD"))
        LAB_TRY(run_git({.folder = folder, .arguments = {"init", "--quiet", "--bare"}}, stop));
    LAB_TRY(run_git({.folder = folder,
                     .arguments = {"fetch", "--quiet", "--force", "--prune", "--no-tags", "--",
                                   std::string(url), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
                                   fmt::format("+HEAD:{}", kHead)}},
                    stop));
    return {};
}

/// What to do about git's own words.
Error with_hint(Error error, std::string_view url) {
    if (error.code == ErrorCode::Unavailable && error.hint.empty())
        error.hint =
            fmt::format("check the URL, and that `git ls-remote {}` can read it", mask_url_secrets(url));
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
                std::move(updated).error().during(fmt::format("while fetching {}", mask_url_secrets(url))),
                url);
        warning = fmt::format("{} could not be fetched, so the copy is used that is {}: {}",
                              mask_url_secrets(url), age_of(folder, clock), updated.error().message);
    }
    auto repository = Repository::open(folder);
    if (!repository)
        return std::move(repository).error().during(fmt::format("in the copy of {}", mask_url_secrets(url)));
    return RemoteCopy{std::move(*repository), std::string(kHead), std::move(warning)};
}

} // namespace lab::git
