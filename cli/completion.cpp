#include "cli/completion.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

std::string words_typed(const PartialLine& line) {
    std::string typed;
    for (const std::string& word : line.before)
        typed += word + ' ';
    return typed;
}

/// The next word of every command that begins as the line does.
std::vector<Candidate> command_words(const PartialLine& line) {
    const std::string typed = words_typed(line);
    std::vector<Candidate> found;
    for (const Command* command : commands()) {
        if (command->section == Section::Hidden || !command->words.starts_with(typed)) continue;
        const std::string_view rest = command->words.substr(typed.size());
        const std::string word(rest.substr(0, rest.find(' ')));
        if (!found.empty() && found.back().text == word) {
            found.back().summary.clear(); // several commands begin with this word
            continue;
        }
        found.push_back({word, std::string(command->summary)});
    }
    return found;
}

std::vector<Candidate> option_names(const PartialLine& line) {
    std::vector<Candidate> found;
    for (const Option* option : options_of(line.command)) {
        const bool given = std::any_of(line.options.begin(), line.options.end(),
                                       [option](const auto& one) { return one.first == option->name; });
        if (!given || option->repeatable)
            found.push_back({fmt::format("--{}", option->name), std::string(option->summary)});
    }
    return found;
}

const Positional* positional_at(const PartialLine& line) {
    if (!line.command) return nullptr;
    const auto wanted = line.command->positionals;
    if (line.positionals.size() < wanted.size()) return &wanted[line.positionals.size()];
    return !wanted.empty() && wanted.back().repeated ? &wanted.back() : nullptr;
}

std::vector<Candidate> as_candidates(std::span<const std::string_view> texts) {
    std::vector<Candidate> found;
    for (const std::string_view text : texts)
        found.push_back({std::string(text), {}});
    return found;
}

void offer(Completions& result, const PartialLine& line, std::vector<Candidate> candidates) {
    for (Candidate& candidate : candidates) {
        if (!candidate.text.starts_with(line.word)) continue;
        candidate.text = line.prefix + candidate.text;
        result.candidates.push_back(std::move(candidate));
    }
}

void offer_values(Completions& result, const PartialLine& line, Complete what,
                  std::span<const std::string_view> choices, Context& context) {
    if (!choices.empty()) return offer(result, line, as_candidates(choices));
    if (what == Complete::File || what == Complete::PlanFile) result.files = true;
    if (what == Complete::Directory) result.directories = true;
    offer(result, line, live_names(what, line, context));
}

} // namespace

Completions complete(const std::vector<std::string>& words, Context& context) {
    const PartialLine line = read_partial(words);
    Completions result;
    if (line.awaits) {
        offer_values(result, line, line.awaits->complete, line.awaits->choices, context);
    } else if (!line.prefix.empty()) {
        return result; // a value of an option that does not exist
    } else if (!line.options_ended && line.word.starts_with('-')) {
        offer(result, line, option_names(line));
    } else if (!line.command) {
        offer(result, line, command_words(line));
    } else if (const Positional* positional = positional_at(line)) {
        offer_values(result, line, positional->complete, positional->choices, context);
    }
    return result;
}

} // namespace lab::cli
