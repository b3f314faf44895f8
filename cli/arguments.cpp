#include "cli/arguments.h"

#include "cli/commands.h"
#include "support/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

bool begins_with(std::string_view words, const std::vector<std::string>& beginning) {
    const auto own = split(words, ' ');
    return own.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), own.begin());
}

std::vector<const Command*> commands_beginning(const std::vector<std::string>& beginning) {
    std::vector<const Command*> found;
    for (const Command* command : commands())
        if (begins_with(command->words, beginning)) found.push_back(command);
    return found;
}

std::optional<std::int64_t> read_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string meant(std::string_view word, std::span<const std::string> candidates) {
    const auto near = nearest(word, candidates);
    return near ? fmt::format("did you mean '{}'?", *near) : std::string();
}

} // namespace

bool Arguments::has(std::string_view option) const {
    return std::any_of(options_.begin(), options_.end(),
                       [option](const auto& given) { return given.first == option; });
}

std::optional<std::string> Arguments::value(std::string_view option) const {
    for (auto given = options_.rbegin(); given != options_.rend(); ++given)
        if (given->first == option) return given->second;
    return std::nullopt;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
    std::vector<std::string> found;
    for (const auto& [name, value] : options_)
        if (name == option) found.push_back(value);
    return found;
}

std::optional<std::int64_t> Arguments::number(std::string_view option) const {
    const auto text = value(option);
    return text ? read_number(*text) : std::nullopt;
}

std::string_view Arguments::positional(std::size_t index) const {
    return index < positionals_.size() ? std::string_view(positionals_[index]) : std::string_view();
}

std::vector<const Option*> options_of(const Command* command) {
    std::vector<const Option*> found;
    if (command)
        for (const Option& option : command->options)
            found.push_back(&option);
    if (command && command->filters)
        for (const Option& option : filter_options())
            found.push_back(&option);
    for (const Option& option : global_options())
        found.push_back(&option);
    return found;
}

const Option* find_option(const Command* command, std::string_view name) {
    for (const Option* option : options_of(command))
        if (option->name == name || (!option->other.empty() && option->other == name)) return option;
    return nullptr;
}

const Option* find_option(const Command* command, char letter) {
    for (const Option* option : options_of(command))
        if (option->letter == letter) return option;
    return nullptr;
}

/// Goes through the words once, left to right.
class ArgumentReader {
  public:
    explicit ArgumentReader(const std::vector<std::string>& words) : words_(words) {
        arguments_.words_ = words;
    }

    std::variant<Arguments, UsageError> read() {
        for (at_ = 0; at_ < words_.size() && !error_; ++at_)
            take(words_[at_]);
        if (!error_) finish();
        if (error_) return std::move(*error_);
        return std::move(arguments_);
    }

  private:
    const Command* command() const { return arguments_.command_; }

    void refuse(std::string message, std::string hint = {}) {
        if (!error_) error_ = UsageError{std::move(message), std::move(hint), command()};
    }

    void take(const std::string& word) {
        if (!ended_ && word == "--") {
            ended_ = true;
        } else if (!ended_ && word.size() > 2 && word.starts_with("--")) {
            take_long(std::string_view(word).substr(2));
        } else if (!ended_ && word.size() > 1 && word.front() == '-') {
            take_letters(std::string_view(word).substr(1));
        } else if (!command() && !ended_) {
            take_command_word(word);
        } else {
            arguments_.positionals_.push_back(word);
        }
    }

    void take_command_word(const std::string& word) {
        pending_.push_back(word);
        const auto possible = commands_beginning(pending_);
        if (possible.empty()) return refuse_command();
        if (possible.size() == 1 && split(possible.front()->words, ' ').size() == pending_.size())
            arguments_.command_ = possible.front();
        if (command()) pending_.clear();
    }

    void refuse_command() {
        const std::string word = pending_.back();
        pending_.pop_back();
        std::vector<std::string> candidates;
        for (const Command* known : commands_beginning(pending_))
            if (known->section != Section::Hidden)
                candidates.emplace_back(split(known->words, ' ')[pending_.size()]);
        const std::string before =
            pending_.empty() ? std::string() : fmt::format("{} ", fmt::join(pending_, " "));
        refuse(fmt::format("'lab {}{}' is no command", before, escape_controls(word)),
               meant(word, candidates));
    }

    void take_long(std::string_view text) {
        const auto equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        const Option* option = find_option(command(), name);
        if (!option) return refuse_option(name);
        if (equals != std::string_view::npos) {
            if (option->value.empty()) return refuse(fmt::format("--{} takes no value", name));
            return keep(*option, std::string(text.substr(equals + 1)));
        }
        take_value(*option, fmt::format("--{}", name));
    }

    void refuse_option(std::string_view name) {
        std::vector<std::string> candidates;
        for (const Option* option : options_of(command())) {
            candidates.push_back(fmt::format("--{}", option->name));
            if (!option->other.empty()) candidates.push_back(fmt::format("--{}", option->other));
        }
        const std::string of =
            command() ? fmt::format(" of 'lab {}'", command()->words) : " before a command";
        refuse(fmt::format("unknown option '--{}'{}", escape_controls(name), of),
               meant(fmt::format("--{}", name), candidates));
    }

    void take_letters(std::string_view letters) {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            const Option* option = find_option(command(), letters[i]);
            if (!option) {
                const std::string of =
                    command() ? fmt::format(" of 'lab {}'", command()->words) : " before a command";
                return refuse(
                    fmt::format("unknown option '-{}'{}", escape_controls(letters.substr(i, 1)), of));
            }
            if (option->value.empty()) {
                keep(*option, {});
                continue;
            }
            const std::string_view rest = letters.substr(i + 1);
            if (rest.empty()) return take_value(*option, fmt::format("-{}", option->letter));
            return keep(*option, std::string(rest.starts_with('=') ? rest.substr(1) : rest));
        }
    }

    void take_value(const Option& option, const std::string& written) {
        if (option.value.empty()) return keep(option, {});
        if (at_ + 1 >= words_.size())
            return refuse(fmt::format("{} needs a value: {} {}", written, written, option.value));
        keep(option, words_[++at_]);
    }

    void keep(const Option& option, std::string value) {
        if (!option.value.empty() && value.empty())
            return refuse(fmt::format("--{} needs a value that is not empty", option.name));
        if (!option.choices.empty() &&
            std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end())
            return refuse(
                fmt::format("--{} takes {}, not '{}'", option.name, fmt::join(option.choices, ", "),
                            escape_controls(value)),
                meant(value, std::vector<std::string>(option.choices.begin(), option.choices.end())));
        if (option.number) {
            const auto number = read_number(value);
            if (!number || *number < option.least)
                return refuse(fmt::format("--{} takes a whole number from {} on, not '{}'", option.name,
                                          option.least, escape_controls(value)));
        }
        if (!option.repeatable && !option.value.empty() && arguments_.has(option.name))
            return refuse(fmt::format("--{} was given twice", option.name));
        arguments_.options_.emplace_back(option.name, std::move(value));
    }

    void finish() {
        arguments_.group_ = fmt::format("{}", fmt::join(pending_, " "));
        if (arguments_.has("help") || arguments_.has("version")) return;
        if (!command() && !pending_.empty()) {
            std::vector<std::string> next;
            for (const Command* known : commands_beginning(pending_))
                next.emplace_back(split(known->words, ' ')[pending_.size()]);
            return refuse(
                fmt::format("'lab {}' needs one of: {}", fmt::join(pending_, " "), fmt::join(next, ", ")));
        }
        if (command()) check_positionals();
    }

    void check_positionals() {
        const auto& wanted = command()->positionals;
        const auto& given = arguments_.positionals_;
        const bool open = !wanted.empty() && wanted.back().repeated;
        if (given.size() > wanted.size() && !open)
            return refuse(fmt::format("'{}' is one argument too many for 'lab {}'",
                                      escape_controls(given[wanted.size()]), command()->words));
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (i >= given.size()) {
                if (wanted[i].required)
                    return refuse(fmt::format("'lab {}' needs {}: {}", command()->words, wanted[i].name,
                                              wanted[i].summary));
                continue;
            }
            const auto& choices = wanted[i].choices;
            if (!choices.empty() && std::find(choices.begin(), choices.end(), given[i]) == choices.end())
                return refuse(fmt::format("{} is one of {}, not '{}'", wanted[i].name,
                                          fmt::join(choices, ", "), escape_controls(given[i])),
                              meant(given[i], std::vector<std::string>(choices.begin(), choices.end())));
        }
    }

    const std::vector<std::string>& words_;
    std::size_t at_ = 0;
    bool ended_ = false;
    std::vector<std::string> pending_; // words that may become a command
    Arguments arguments_;
    std::optional<UsageError> error_;
};

std::variant<Arguments, UsageError> parse_arguments(const std::vector<std::string>& words) {
    return ArgumentReader(words).read();
}

namespace {

/// A bare word of a partial line: a part of the command's words, or a positional.
void take_partial_word(PartialLine& line, const std::string& word) {
    if (line.command || line.options_ended) {
        line.positionals.push_back(word);
        return;
    }
    line.before.push_back(word);
    const auto possible = commands_beginning(line.before);
    if (possible.size() == 1 && split(possible.front()->words, ' ').size() == line.before.size()) {
        line.command = possible.front();
        line.before.clear();
    }
}

/// The option that `word` names and whose value is the next word; null where the value is in it or there is
/// none.
const Option* take_partial_option(PartialLine& line, std::string_view word) {
    if (word.starts_with("--")) {
        const auto equals = word.find('=');
        const Option* option =
            find_option(line.command, word.substr(2, equals == word.npos ? equals : equals - 2));
        if (!option) return nullptr;
        if (!option->value.empty() && equals == word.npos) return option;
        line.options.emplace_back(option->name,
                                  equals == word.npos ? std::string() : std::string(word.substr(equals + 1)));
        return nullptr;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
        const Option* option = find_option(line.command, word[i]);
        if (!option) return nullptr;
        if (option->value.empty()) {
            line.options.emplace_back(option->name, std::string());
            continue;
        }
        if (i + 1 == word.size()) return option;
        line.options.emplace_back(option->name, std::string(word.substr(i + 1)));
        return nullptr;
    }
    return nullptr;
}

} // namespace

PartialLine read_partial(const std::vector<std::string>& words) {
    PartialLine line;
    if (words.empty()) return line;
    const Option* awaits = nullptr;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string& word = words[i];
        if (awaits) {
            line.options.emplace_back(awaits->name, word);
            awaits = nullptr;
        } else if (!line.options_ended && word == "--") {
            line.options_ended = true;
        } else if (!line.options_ended && word.size() > 1 && word.front() == '-') {
            awaits = take_partial_option(line, word);
        } else {
            take_partial_word(line, word);
        }
    }
    line.word = words.back();
    line.awaits = awaits;
    if (awaits || line.options_ended || !line.word.starts_with("--")) return line;
    if (const auto equals = line.word.find('='); equals != std::string::npos) {
        line.awaits = find_option(line.command, std::string_view(line.word).substr(2, equals - 2));
        line.prefix = line.word.substr(0, equals + 1);
        line.word.erase(0, equals + 1);
    }
    return line;
}

} // namespace lab::cli
