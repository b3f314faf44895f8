#pragma once
// A command line, read against the table. Our own reader rather than Boost.Program_options: the table also
// carries completers, choices and second names, half a line must be readable for completion, and Boost
// guesses abbreviations, which would turn every new option into a change of meaning for scripts.

#include "cli/command.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lab::cli {

class Arguments {
  public:
    /// Whether a switch, or any value of an option, was given.
    bool has(std::string_view option) const;
    /// The last value given.
    std::optional<std::string> value(std::string_view option) const;
    std::vector<std::string> values(std::string_view option) const;
    /// Of an option with `number`.
    std::optional<std::int64_t> number(std::string_view option) const;
    const std::vector<std::string>& positionals() const noexcept { return positionals_; }
    /// "" where fewer were given.
    std::string_view positional(std::size_t index) const;
    /// Null where none was named (`lab`, `lab --version`).
    const Command* command() const noexcept { return command_; }
    /// `config` of `lab config --help`: a beginning that several commands share; empty where there is a
    /// command.
    const std::string& group() const noexcept { return group_; }
    /// The command line as it was typed, for records.
    const std::vector<std::string>& words() const noexcept { return words_; }

  private:
    friend class ArgumentReader;
    const Command* command_ = nullptr;
    std::vector<std::pair<std::string_view, std::string>>
        options_; // by the option's own name; a switch has ""
    std::vector<std::string> positionals_;
    std::vector<std::string> words_;
    std::string group_;
};

/// Wrong usage: what was wrong and how to go on. Exit code 64.
struct UsageError {
    std::string message;
    std::string hint;                 // "did you mean ...?"; may be empty
    const Command* command = nullptr; // whose --help tells more; null: lab's own
};

/// Reads `words` (without the program's name). Options may stand anywhere; `--` ends them.
std::variant<Arguments, UsageError> parse_arguments(const std::vector<std::string>& words);

/// What is known of a line whose last word is still being typed; for completion.
struct PartialLine {
    const Command* command = nullptr;
    std::vector<std::string> before; // words of the command not yet complete: `config` in `lab config <TAB>`
    std::vector<std::string> positionals;
    std::vector<std::pair<std::string_view, std::string>> options;
    const Option* awaits = nullptr; // the option whose value is being typed
    std::string prefix;             // "--label=" where the value is part of the word
    std::string word;               // what is typed of the value, option or name
    bool options_ended = false;
};
PartialLine read_partial(const std::vector<std::string>& words);

/// The option of `command` (or a global one) named so; null where there is none. By long name, second name or
/// letter.
const Option* find_option(const Command* command, std::string_view name);
const Option* find_option(const Command* command, char letter);
/// All options `command` takes, its own first, then filters, then global ones.
std::vector<const Option*> options_of(const Command* command);

} // namespace lab::cli
