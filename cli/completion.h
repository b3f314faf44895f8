#pragma once
// Completion for shells: the scripts they load, and the answers that `lab __complete` gives them.

#include "cli/arguments.h"
#include "cli/context.h"

namespace lab::cli {

struct Candidate {
    std::string text;
    std::string summary; // may be empty
};

struct Completions {
    std::vector<Candidate> candidates;       // that begin with what was typed
    bool files = false, directories = false; // the shell completes paths itself
};

/// What could stand in place of the last of `words`.
Completions complete(const std::vector<std::string>& words, Context& context);
/// The names that complete a value of this sort. Never fails: what cannot be read completes to nothing.
std::vector<Candidate> live_names(Complete what, const PartialLine& line, Context& context);

/// The script for "bash", "zsh" or "fish"; nullopt for another shell.
std::optional<std::string_view> completion_script(std::string_view shell);

} // namespace lab::cli
