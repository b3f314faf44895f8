#pragma once
// Asking providers what is there, many servers at once, with a server out of reach failing only itself.

#include "reconciler/engine.h"

namespace lab::reconciler {

struct Question {
    api::ServerSpec server;
    api::Desired desired;
    std::string known_as; // the server's name in the state, for what was last seen of it
};

struct Answer {
    planner::ObservedServer observed;
    std::uint32_t skipped = 0; // resources that need a live system
    Value applied;             // lab.applied/1 of a machine that was asked without its id; else null
};

/// Calls `done(index, answer)` once for each question, in any order, from the calling thread. A server out of
/// reach comes with its last known observation and presence Unreachable; a provider this build lacks
/// likewise.
using Answered = std::function<void(std::size_t index, Answer answer)>;
void observe(const Engine& engine, const std::vector<Question>& questions, const Answered& done);

/// The one-server form.
Answer observe(const Engine& engine, Question question);

/// What a report tells of a server.
Answer answer_from(api::ServerState state, WallTime at);

} // namespace lab::reconciler
