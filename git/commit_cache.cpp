#include "git/commit_cache.h"

#include "git/detail/git_program.h"
#include "support/digest.h"
#include "support/text.h"
#include "support/url_mask.h"

#include <fmt/format.h>

namespace lab::git {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kAskTimeout{2};
constexpr std::uint64_t kMaxPackBytes = 1u << 30; // of one fetch
constexpr std::string_view kTips = "refs/lab";    // a ref for each commit fetched, for git to build upon

bool is_full_id(std::string_view text) {
    return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// "ID\tNAME" lines of ls-remote.
std::vector<std::pair<std::string_view, std::string_view>> remote_refs(std::string_view text) {
    std::vector<std::pair<std::string_view, std::string_view>> refs;
    for (const std::string_view line : split(text, '\n')) {
        const auto tab = line.find('\t');
        if (tab != line.npos && is_full_id(line.substr(0, tab)))
            refs.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    return refs;
}

Result<std::string> list_remote(std::string_view url, std::vector<std::string> patterns,
                                std::stop_token stop) {
    std::vector<std::string> arguments{"ls-remote", "--quiet", "--", std::string(url)};
    arguments.insert(arguments.end(), patterns.begin(), patterns.end());
    return run_git({.folder = {}, .arguments = std::move(arguments), .timeout = kAskTimeout, .guarded = true},
                   stop);
}

Error no_such_ref(std::string_view url, std::string_view ref, std::stop_token stop) {
    Error error{.code = ErrorCode::NotFound,
                .message = fmt::format("{} has no branch or tag '{}'", mask_url_secrets(url), ref)};
    if (ref.size() >= 7 && ref.find_first_not_of("0123456789abcdef") == ref.npos)
        return std::move(error).with_hint("a commit is named by all 40 digits of its id");
    const auto all = list_remote(url, {"refs/heads/*", "refs/tags/*"}, stop);
    if (!all) return error;
    std::vector<std::string> names;
    for (const auto& [id, name] : remote_refs(*all))
        if (!name.ends_with("^{}")) names.emplace_back(name.substr(name.find('/', 5) + 1));
    if (const auto near = nearest(ref, names)) error.hint = fmt::format("did you mean '{}'?", *near);
    return error;
}

/// Of trouble on this machine: NotFound and what is worth another try speak of the repository at the URL.
Error of_this_machine(Error error) {
    if (error.code == ErrorCode::NotFound || error.retryable()) error.code = ErrorCode::Unsupported;
    return error;
}
Result<void> of_this_machine(Result<void> done) {
    if (done) return done;
    return of_this_machine(std::move(done).error());
}

Result<void> make_bare(const fs::path& folder, std::stop_token stop) {
    auto made = run_git({.folder = folder,
                         .arguments = {"init", "--quiet", "--bare", "--template=", "--object-format=sha1"},
                         .guarded = true},
                        stop);
    if (!made) return of_this_machine(std::move(made).error());
    return {};
}

/// What a fetch that was killed left lying about.
void sweep(const fs::path& repository) {
    std::error_code ignored;
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (const auto& entry : fs::directory_iterator(repository / "objects/pack", ignored))
        if (entry.path().filename().string().starts_with("tmp_") && entry.last_write_time(ignored) < old)
            fs::remove(entry.path(), ignored);
}

Result<void> fetch_refs(const fs::path& repository, std::string_view url, std::vector<std::string> what,
                        std::stop_token stop) {
    std::vector<std::string> arguments{
        "fetch", "--quiet",       "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--",    std::string(url)};
    arguments.insert(arguments.end(), what.begin(), what.end());
    auto fetched = run_git({.folder = repository,
                            .arguments = std::move(arguments),
                            .guarded = true,
                            .max_file_bytes = kMaxPackBytes},
                           stop);
    if (!fetched) return std::move(fetched).error();
    return {};
}

/// A server that speaks the old protocol gives only what a ref names: then all of them are fetched, into refs
/// of ours that are removed first, for a lock that a kill left in them would be in the way.
Result<void> fetch_all(const fs::path& repository, std::string_view url, std::stop_token stop) {
    std::error_code ignored;
    fs::remove_all(repository / "refs/remote", ignored);
    fs::remove(repository / "packed-refs.lock", ignored);
    return fetch_refs(repository, url,
                      {"+refs/heads/*:refs/remote/heads/*", "+refs/tags/*:refs/remote/tags/*"}, stop);
}

Result<void> fetch_commit(const fs::path& repository, std::string_view url, const std::string& commit,
                          std::stop_token stop) {
    auto fetched = fetch_refs(repository, url, {commit}, stop);
    if (fetched) return {};
    const std::string& said = fetched.error().message;
    const bool refused = said.find("unadvertised") != said.npos || said.find("not our ref") != said.npos;
    if (!refused) return fetched;
    LAB_TRY(fetch_all(repository, url, stop));
    auto opened = Repository::open(repository);
    if (!opened) return of_this_machine(std::move(opened).error());
    if (opened->commit(commit)) return {};
    return Error{
        .code = ErrorCode::NotFound,
        .message = fmt::format("{} has no commit {} any more", mask_url_secrets(url), commit.substr(0, 12))};
}

/// Fetches into a repository, made where there is none.
Result<void> fill(const fs::path& repository, std::string_view url, const std::string& commit,
                  std::stop_token stop) {
    if (!fs::exists(repository / "HEAD")) LAB_TRY(make_bare(repository, stop));
    LAB_TRY(fetch_commit(repository, url, commit, stop));
    LAB_TRY(of_this_machine(make_directories(repository / kTips)));
    return of_this_machine(write_file_atomic(repository / kTips / commit, commit + "\n"));
}

} // namespace

Result<RemoteRef> ask_remote(std::string_view url, std::string_view ref, std::stop_token stop) {
    if (is_full_id(ref)) return RemoteRef{std::string(ref), RefKind::Commit};
    const bool full = ref == "HEAD" || ref.starts_with("refs/");
    const std::string tag = full ? std::string(ref) : fmt::format("refs/tags/{}", ref);
    const std::string branch = full ? std::string(ref) : fmt::format("refs/heads/{}", ref);
    auto listed = list_remote(url, {tag, tag + "^{}", branch}, stop);
    if (!listed) return std::move(listed).error();
    const auto refs = remote_refs(*listed);
    // An annotated tag is listed twice, the commit it names under NAME^{}.
    for (const std::string& wanted : {tag + "^{}", tag, branch})
        for (const auto& [id, name] : refs)
            if (name == wanted)
                return RemoteRef{std::string(id),
                                 name.starts_with("refs/tags/") ? RefKind::Tag : RefKind::Branch};
    return no_such_ref(url, ref, stop);
}

fs::path CommitCache::place(std::string_view url) const {
    return folder_ / (sha256(url).hex().substr(0, 20) + ".git");
}

Result<Repository> CommitCache::open(std::string_view url) const {
    const fs::path folder = place(url);
    std::error_code failed;
    if (!fs::exists(folder / "HEAD", failed))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("nothing of {} has been fetched yet", mask_url_secrets(url))};
    return Repository::open(folder);
}

bool CommitCache::has(std::string_view url, std::string_view commit) const {
    std::error_code failed;
    return fs::exists(place(url) / kTips / commit, failed);
}

Result<void> CommitCache::fetch(std::string_view url, const std::string& commit, Fetch how,
                                std::stop_token stop) const {
    LAB_CHECK(is_full_id(commit), "a commit has a full id");
    LAB_TRY(of_this_machine(make_directories(folder_, 0700)));
    const fs::path kept = place(url), fresh = kept.string() + ".new", old = kept.string() + ".old";
    auto lock = wait_for_lock(kept.string() + ".lock", *clock_, stop);
    if (!lock) return of_this_machine(std::move(lock).error());
    if (how == Fetch::Missing && has(url, commit)) return {}; // by another while we waited
    std::error_code failed;
    const bool anew = how == Fetch::Anew || !fs::exists(kept / "HEAD", failed);
    const fs::path& into = anew ? fresh : kept;
    fs::remove_all(fresh, failed);
    fs::remove_all(old, failed);
    if (!anew) sweep(kept);
    if (auto filled = fill(into, url, commit, stop); !filled) {
        fs::remove_all(fresh, failed);
        return filled;
    }
    if (!anew) return {};
    if (fs::exists(kept, failed)) fs::rename(kept, old, failed);
    if (!failed) fs::rename(fresh, kept, failed);
    if (failed)
        return of_this_machine(
            errno_error(fmt::format("cannot put {} into its place", kept.string()), failed.value())
                .with_hint("see what lies there and remove it: it is fetched anew"));
    fs::remove_all(old, failed);
    return {};
}

} // namespace lab::git
