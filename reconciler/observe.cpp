#include "reconciler/observe.h"

#include <fmt/format.h>
#include <map>

namespace lab::reconciler {
namespace {

constexpr std::string_view kNeedsLive = "needs a live system";

Answer last_known(const Engine& engine, const std::string& server, std::string detail) {
    Answer answer;
    if (auto known = engine.store.observed(server); known && *known) answer.observed = std::move(**known);
    answer.observed.fresh = false;
    answer.observed.state.presence = api::Presence::Unreachable;
    answer.observed.state.detail = std::move(detail);
    return answer;
}

} // namespace

Answer answer_from(api::ServerState state, WallTime at) {
    Answer answer;
    answer.observed.at = at;
    answer.observed.fresh = true;
    if (state.report) {
        answer.observed.facts = std::move(state.report->facts);
        answer.applied = std::move(state.report->applied);
        for (api::ResourceReport& resource : state.report->resources) {
            planner::ObservedResource& seen = answer.observed.resources[resource.id];
            seen.properties = std::move(resource.observed);
            seen.skipped = resource.status == api::ResourceStatus::Skipped;
            seen.failed = resource.status == api::ResourceStatus::Failed;
            seen.reason = std::move(resource.reason);
            if (seen.skipped && seen.reason == kNeedsLive) ++answer.skipped;
        }
        state.report.reset();
    }
    answer.observed.state = std::move(state);
    return answer;
}

void observe(const Engine& engine, const std::vector<Question>& questions, const Answered& done) {
    std::map<std::string, std::vector<std::size_t>> by_provider;
    for (std::size_t i = 0; i < questions.size(); ++i)
        by_provider[questions[i].server.provider].push_back(i);

    std::size_t answered = 0;
    const auto finish = [&](std::size_t index, Answer answer) {
        done(index, std::move(answer));
        if (engine.events.phase) engine.events.phase("observing", ++answered, questions.size());
    };
    for (const auto& [name, indexes] : by_provider) {
        providers::Provider* provider = engine.providers.find(name);
        if (!provider) {
            for (const std::size_t index : indexes)
                finish(index, last_known(engine, questions[index].known_as,
                                         fmt::format("this build of lab has no provider '{}'", name)));
            continue;
        }
        std::vector<providers::ObserveServer> servers;
        servers.reserve(indexes.size());
        for (const std::size_t index : indexes)
            servers.push_back({.spec = questions[index].server, .desired = questions[index].desired});
        provider->observe(
            servers, engine.parallelism,
            [&, &indexes = indexes](std::size_t position, api::ServerState state) {
                const std::size_t index = indexes[position];
                if (state.presence == api::Presence::Unreachable)
                    finish(index, last_known(engine, questions[index].known_as, std::move(state.detail)));
                else
                    finish(index, answer_from(std::move(state), engine.clock.wall()));
            },
            engine.stop);
    }
}

Answer observe(const Engine& engine, Question question) {
    std::vector<Question> questions;
    questions.push_back(std::move(question));
    Answer answer;
    Engine quiet = engine;
    quiet.events.phase = nullptr;
    observe(quiet, questions, [&](std::size_t, Answer one) { answer = std::move(one); });
    return answer;
}

} // namespace lab::reconciler
