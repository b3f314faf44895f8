#include "reconciler/module_pins.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler {
namespace {

using State = ModuleRepositories::State;

const spec::ModulePin* pin_of(const spec::ModuleLock& lock, const std::string& name) {
    const auto found = lock.pins.find(name);
    return found == lock.pins.end() ? nullptr : &found->second;
}

void learn_history(PinMove& move, const git::CommitCache& cache, std::size_t commits) {
    const auto repository = cache.open(move.source.git);
    if (!repository || !repository->commit(move.before)) return;
    auto history = repository->history(move.before, move.after, commits);
    if (!history) return;
    move.history = std::move(*history);
    move.history_known = true;
}

Error no_module_yaml(const spec::ModuleSource& source, std::string_view commit) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("there is no {}module.yaml in commit {} of {}",
                                   source.path.empty() ? "" : source.path + "/", spec::short_commit(commit),
                                   source.git),
            .hint = "`path` names the module's folder in the repository"};
}

/// The pin of what the source's ref names now.
Result<spec::ModulePin> pin_now(const spec::ModuleSource& source, const ModuleRepositories& repositories) {
    const auto named = git::ask_remote(source.git, source.ref, repositories.stop());
    if (!named) return named.error();
    spec::ModulePin pin{.git = source.git,
                        .ref = source.ref,
                        .path = source.path,
                        .commit = named->commit,
                        .digest = {},
                        .at = {}};
    // The digest is not known yet: whatever is there is what is pinned.
    auto found = repositories.obtain(source, pin);
    switch (found.state) {
    case State::Good:
    case State::Changed: break;
    case State::Unfit:
    case State::NotCached:
    case State::Damaged:
    case State::Away: return std::move(found.why);
    }
    if (!found.tree->read("module.yaml", spec::LoadLimits{}.file_bytes))
        return no_module_yaml(source, pin.commit);
    pin.digest = found.digest;
    return pin;
}

bool same_pin(const spec::ModulePin& one, const spec::ModulePin& other) {
    return one.git == other.git && one.ref == other.ref && one.path == other.path &&
           one.commit == other.commit && one.digest == other.digest;
}

/// What is wrong where a repository could not be asked for its commit or ref.
PinProblem problem_of(const Error& why, std::string_view gone_help) {
    if (why.code == ErrorCode::NotFound) return {"gone", fmt::format("{}{}", one_line(why), gone_help)};
    if (why.retryable()) return {"unreachable", one_line(why)};
    return {"unverified", fmt::format("{}; {}; the pin may be good", one_line(why),
                                      why.hint.empty() ? "that is to be mended on this machine" : why.hint)};
}

void add_state(PinVerdict& verdict, const ModuleRepositories::Found& found) {
    const auto add = [&](std::string code, std::string message) {
        verdict.problems.push_back({std::move(code), std::move(message)});
    };
    switch (found.state) {
    case State::Good: return;
    case State::Changed:
        return add("changed", fmt::format("its digest is {}, not the pinned {}", found.digest.text(),
                                          verdict.pin->digest.text()));
    case State::Unfit: return add("unfit", one_line(found.why));
    case State::NotCached: return add("not-cached", "it is not in the cache");
    case State::Damaged:
        return add("damaged", fmt::format("the cache cannot be read: {}; it is fetched anew when it is "
                                          "next used",
                                          one_line(found.why)));
    case State::Away:
        verdict.problems.push_back(
            problem_of(found.why, fmt::format(": `lab modules update {}` pins another", verdict.name)));
        return;
    }
}

void ask_whether_moved(PinVerdict& verdict, const ModuleRepositories& repositories) {
    const auto now = git::ask_remote(verdict.source.git, verdict.source.ref, repositories.stop());
    if (!now) {
        PinProblem problem = problem_of(now.error(), "");
        const bool said = problem.code != "gone" && !verdict.problems.empty() &&
                          verdict.problems.back().code == problem.code;
        if (!said) verdict.problems.push_back(std::move(problem));
        return;
    }
    if (now->commit == verdict.pin->commit) return;
    if (now->kind == git::RefKind::Tag)
        verdict.problems.push_back(
            {"moved", fmt::format("the tag '{}' names {} now, and was pinned at {}", verdict.source.ref,
                                  spec::short_commit(now->commit), spec::short_commit(verdict.pin->commit))});
    else
        verdict.behind = now->commit;
}

PinVerdict verify_one(const spec::ModuleSource& source, const spec::ModulePin* pin,
                      const ModuleRepositories& repositories, bool offline) {
    PinVerdict verdict{.name = source.name, .source = source, .pin = pin, .problems = {}, .behind = {}};
    if (std::string problem = spec::pin_problem(pin, source); !problem.empty()) {
        verdict.problems.push_back({"unpinned", std::move(problem)});
        return verdict;
    }
    auto found = repositories.look(source, *pin);
    // A damaged cache is told of before anything mends it.
    if (found.state == State::NotCached && !offline) found = repositories.obtain(source, *pin);
    add_state(verdict, found);
    if (!offline) ask_whether_moved(verdict, repositories);
    return verdict;
}

} // namespace

PinUpdate update_pins(const spec::Loaded& loaded, const std::set<std::string>& names,
                      const ModuleRepositories& repositories, std::size_t commits) {
    PinUpdate update{.lock = loaded.lock, .moves = {}, .dropped = {}, .failures = {}};
    const auto& sources = loaded.inventory.module_sources;
    for (const auto& [name, source] : sources) {
        if (!source.from_git() || (!names.empty() && !names.contains(name))) continue;
        auto pin = pin_now(source, repositories);
        if (!pin) {
            update.failures.emplace_back(name, std::move(pin).error());
            continue;
        }
        const spec::ModulePin* old = pin_of(loaded.lock, name);
        PinMove move{.source = source,
                     .before = old && old->git == source.git ? old->commit : "",
                     .after = pin->commit,
                     .history = {},
                     .history_known = false,
                     .changed = !old || !same_pin(*old, *pin)};
        if (!move.before.empty() && move.before != move.after)
            learn_history(move, repositories.cache(), commits);
        update.moves.push_back(std::move(move));
        update.lock.pins[name] = std::move(*pin);
    }
    for (const auto& [name, pin] : loaded.lock.pins) {
        const auto source = sources.find(name);
        if (names.empty() && (source == sources.end() || !source->second.from_git())) {
            update.dropped.push_back(name);
            update.lock.pins.erase(name);
        }
    }
    return update;
}

std::vector<PinVerdict> verify_pins(const spec::Loaded& loaded, const ModuleRepositories& repositories,
                                    bool offline) {
    std::vector<PinVerdict> verdicts;
    const auto& sources = loaded.inventory.module_sources;
    for (const auto& [name, source] : sources)
        if (source.from_git())
            verdicts.push_back(verify_one(source, pin_of(loaded.lock, name), repositories, offline));
    for (const auto& [name, pin] : loaded.lock.pins) {
        const auto source = sources.find(name);
        if (source == sources.end() || !source->second.from_git())
            verdicts.push_back(
                {.name = name,
                 .source = {},
                 .pin = &pin,
                 .problems = {{"unused", "no module of the inventory comes from git under this name"}},
                 .behind = {}});
    }
    std::sort(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return verdicts;
}

} // namespace lab::reconciler
