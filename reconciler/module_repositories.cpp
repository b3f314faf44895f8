#include "reconciler/module_repositories.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::reconciler {
namespace {

using State = ModuleRepositories::State;
using Found = ModuleRepositories::Found;

constexpr spec::ModuleLimits kLimits;

Found failed(State state, Error why) {
    return {.state = state, .tree = nullptr, .digest = {}, .why = std::move(why)};
}

Diagnostic diagnostic_of(const spec::ModuleSource& source, const spec::ModulePin& pin, const Found& found,
                         const std::filesystem::path& cache) {
    const auto commit = spec::short_commit(pin.commit);
    Diagnostic problem{
        .code = "module/unavailable", .message = {}, .at = source.at, .help = found.why.hint, .notes = {}};
    switch (found.state) {
    case State::Good: break;
    case State::Changed:
        problem.code = "module/changed";
        problem.message = fmt::format("module '{}' at {} is not what lab.lock has pinned: its digest is {}",
                                      source.name, commit, found.digest.text());
        problem.help =
            fmt::format("nothing of it is used. Either lab.lock was changed, which `git log lab.lock` "
                        "shows, or the cache was: then remove {}",
                        cache.string());
        problem.notes.push_back({fmt::format("pinned here is {}", pin.digest.text()), pin.at});
        break;
    case State::Unfit:
        problem.code = "module/unfit";
        problem.message = fmt::format("module '{}' at {} of {} cannot be used: {}", source.name, commit,
                                      source.git, one_line(found.why));
        break;
    case State::NotCached:
        problem.message = fmt::format("module '{}' at {} is not in the cache", source.name, commit);
        problem.help = "`lab validate` fetches it";
        break;
    case State::Damaged:
        problem.message =
            fmt::format("the cache of module '{}' cannot be read: {}", source.name, one_line(found.why));
        break;
    case State::Away:
        problem.message = fmt::format("module '{}' at {} cannot be fetched from {}: {}", source.name, commit,
                                      source.git, one_line(found.why));
        if (!problem.help.empty()) break;
        if (found.why.code == ErrorCode::NotFound)
            problem.help = fmt::format("`lab modules update {}` pins another commit", source.name);
        else if (!found.why.retryable())
            problem.help = "that is to be mended on this machine; the pin may be good";
        else
            problem.help = fmt::format("check that `git ls-remote {}` can read it", source.git);
        break;
    }
    return problem;
}

} // namespace

std::string one_line(const Error& error) {
    constexpr std::size_t kMost = 400;
    const std::string whole = error.text();
    std::string text;
    for (const std::string_view line : split(whole, '\n'))
        if (!trim(line).empty()) text += fmt::format("{}{}", text.empty() ? "" : "; ", trim(line));
    if (text.size() > kMost) text = text.substr(0, kMost) + " …";
    return text;
}

ModuleRepositories::ModuleRepositories(const std::filesystem::path& home, const Clock& clock,
                                       ModuleAccess access, std::stop_token stop)
    : cache_(home / "cache/modules", clock), access_(std::move(access)), stop_(std::move(stop)) {}

Found ModuleRepositories::look(const spec::ModuleSource& source, const spec::ModulePin& pin) const {
    const auto repository = cache_.open(source.git);
    const bool fetched = cache_.has(source.git, pin.commit);
    if (!repository) return failed(fetched ? State::Damaged : State::NotCached, repository.error());
    if (const auto commit = repository->commit(pin.commit); !commit)
        return failed(fetched ? State::Damaged : State::NotCached, commit.error());
    auto tree = repository->tree(pin.commit, source.path, {.entries = kLimits.entries, .sizes_first = true});
    if (!tree)
        return failed(tree.error().code == ErrorCode::NotFound ? State::Unfit : State::Damaged, tree.error());
    const auto digest = spec::module_digest(**tree, kLimits);
    if (!digest)
        return failed(digest.error().code == ErrorCode::Invalid ? State::Unfit : State::Damaged,
                      digest.error());
    return {.state = *digest == pin.digest ? State::Good : State::Changed,
            .tree = std::move(*tree),
            .digest = *digest,
            .why = {}};
}

void ModuleRepositories::say(const spec::ModuleSource& source, std::string_view commit) const {
    if (access_.progress)
        access_.progress(fmt::format("fetching module {} from {} at {}", source.name, source.git,
                                     spec::short_commit(commit)));
}

Found ModuleRepositories::obtain(const spec::ModuleSource& source, const spec::ModulePin& pin) const {
    Found found = look(source, pin);
    // What was fetched once and cannot be read is fetched anew; so is what a fetch did not mend.
    auto how =
        found.state == State::Damaged ? git::CommitCache::Fetch::Anew : git::CommitCache::Fetch::Missing;
    while (found.state == State::NotCached || found.state == State::Damaged) {
        say(source, pin.commit);
        if (auto fetched = cache_.fetch(source.git, pin.commit, how, stop_); !fetched)
            return failed(State::Away, std::move(fetched).error());
        found = look(source, pin);
        if (how == git::CommitCache::Fetch::Anew) break;
        how = git::CommitCache::Fetch::Anew;
    }
    return found;
}

std::shared_ptr<const FileTree> ModuleRepositories::open(const spec::ModuleSource& source,
                                                         const spec::ModulePin& pin,
                                                         Diagnostics& diagnostics) const {
    Found found = access_.fetch ? obtain(source, pin) : look(source, pin);
    if (found.state == State::Good) return std::move(found.tree);
    diagnostics.add(diagnostic_of(source, pin, found, cache_.folder()));
    return nullptr;
}

} // namespace lab::reconciler
