#include "cli/help.h"

#include "cli/arguments.h"
#include "cli/help_texts.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Topic kTopics[] = {
    {"exit-codes", "what the exit codes mean"},
    {"environment", "the environment variables and settings that lab reads"},
    {"inventories", "where an inventory is read from"},
    {"filters", "how servers are selected, in YAML and on the command line"},
    {"output", "the forms in which results are printed"},
};

std::string_view title_of(Section section) {
    switch (section) {
    case Section::Start: return "Start";
    case Section::Change: return "Plan and apply";
    case Section::Look: return "Look";
    case Section::Machine: return "This machine";
    case Section::Hidden: return "";
    }
    return "";
}

/// "-o, --output FORMAT"
std::string option_title(const Option& option) {
    std::string title = option.letter ? fmt::format("-{}, ", option.letter) : std::string("    ");
    title += fmt::format("--{}", option.name);
    if (!option.other.empty()) title += fmt::format(", --{}", option.other);
    if (!option.value.empty()) title += fmt::format(" {}", option.value);
    return title;
}

std::string option_summary(const Option& option) {
    std::string text(option.summary);
    if (!option.choices.empty()) text += fmt::format(": {}", fmt::join(option.choices, ", "));
    if (option.repeatable) text += "; may be repeated";
    return text;
}

/// Two columns; the right one is wrapped at 100.
std::string listing(const std::vector<std::pair<std::string, std::string>>& rows, const Paint& paint) {
    constexpr std::size_t kWidth = 100, kMaxLeft = 30;
    std::size_t left = 0;
    for (const auto& row : rows)
        if (row.first.size() <= kMaxLeft) left = std::max(left, row.first.size());
    std::string out;
    for (const auto& [title, text] : rows) {
        out += fmt::format("  {}", paint.bold(title));
        std::size_t column = title.size();
        if (column > left) {
            out += '\n';
            column = 0;
            out += "  ";
        }
        out.append(left - column, ' ');
        column = left + 2;
        for (const std::string_view word : split(text, ' ')) {
            if (column > left + 2 && column + 1 + word.size() > kWidth) {
                out += '\n';
                out.append(left + 2, ' ');
                column = left + 2;
            }
            out += column == left + 2 ? "  " : " ";
            out += word;
            column += word.size() + (column == left + 2 ? 2 : 1);
        }
        out += '\n';
    }
    return out;
}

std::string options_text(std::span<const Option> options, const Paint& paint) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Option& option : options)
        rows.emplace_back(option_title(option), option_summary(option));
    return listing(rows, paint);
}

/// The global options as `command` takes them: of -o only the forms it prints.
std::string global_options_text(const Command& command, const Paint& paint) {
    const auto forms = form_names(command.forms);
    std::vector<std::pair<std::string, std::string>> rows;
    for (Option option : global_options()) {
        if (option.name == "output" && forms.empty()) continue;
        if (option.name == "output") option.choices = forms;
        rows.emplace_back(option_title(option), option_summary(option));
    }
    return listing(rows, paint);
}

std::string examples_text(const Command& command, const Paint& paint) {
    std::string out;
    for (const Example& example : command.examples)
        out += fmt::format("  {}\n      {}\n", paint.dim(fmt::format("# {}", example.does)), example.line);
    return out;
}

} // namespace

std::span<const Topic> topics() {
    return kTopics;
}

std::optional<std::string_view> help_text(std::string_view name) {
    for (const HelpText& text : help_texts())
        if (text.name == name) return text.markdown;
    return std::nullopt;
}

std::string help_name(const Command& command) {
    std::string name(command.help.empty() ? command.words : command.help);
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

std::string synopsis(const Command& command) {
    std::string line = fmt::format("lab {}", command.words);
    if (!command.options.empty() || command.filters) line += " [options]";
    for (const Positional& positional : command.positionals) {
        const std::string name = fmt::format("{}{}", positional.name, positional.repeated ? "..." : "");
        line += positional.required ? fmt::format(" {}", name) : fmt::format(" [{}]", name);
    }
    return line;
}

std::string command_help(const Command& command, const Paint& paint) {
    std::string out =
        fmt::format("{}\n\n{}\n  {}\n", command.summary, paint.bold("Usage"), synopsis(command));
    if (!command.positionals.empty()) {
        std::vector<std::pair<std::string, std::string>> rows;
        for (const Positional& positional : command.positionals) {
            std::string text(positional.summary);
            if (!positional.choices.empty()) text += fmt::format(": {}", fmt::join(positional.choices, ", "));
            rows.emplace_back(std::string(positional.name), std::move(text));
        }
        out += '\n' + listing(rows, paint);
    }
    if (const auto text = help_text(help_name(command))) out += '\n' + markdown_to_text(*text, paint);
    if (!command.options.empty())
        out += fmt::format("\n{}\n{}", paint.bold("Options"), options_text(command.options, paint));
    if (command.filters)
        out += fmt::format("\n{}\n{}", paint.bold("Filters (any of one kind, all kinds together)"),
                           options_text(filter_options(), paint));
    out += fmt::format("\n{}\n{}", paint.bold("Global options"), global_options_text(command, paint));
    if (!command.examples.empty())
        out += fmt::format("\n{}\n{}", paint.bold("Examples"), examples_text(command, paint));
    return out;
}

std::string group_help(std::string_view group, const Paint& paint) {
    std::vector<std::pair<std::string, std::string>> rows;
    std::string_view help;
    for (const Command* command : commands())
        if (command->words.starts_with(group) && command->words.substr(group.size()).starts_with(' ')) {
            rows.emplace_back(command->words, command->summary);
            help = command->help;
        }
    if (rows.empty()) return {};
    std::string out = fmt::format("{}\n  lab {} COMMAND [options] [arguments]\n\n{}\n{}", paint.bold("Usage"),
                                  group, paint.bold("Commands"), listing(rows, paint));
    if (const auto text = help_text(help)) out += '\n' + markdown_to_text(*text, paint);
    out += fmt::format("\n'lab {} COMMAND --help' tells more about each.\n", group);
    return out;
}

std::string overview(const Paint& paint) {
    std::string out = "lab manages a fleet of machines from YAML in a git repository.\n\n";
    out += fmt::format("{}\n  lab [global options] COMMAND [options] [arguments]\n", paint.bold("Usage"));
    for (const Section section : {Section::Start, Section::Change, Section::Look, Section::Machine}) {
        std::vector<std::pair<std::string, std::string>> rows;
        for (const Command* command : commands())
            if (command->section == section) rows.emplace_back(command->words, command->summary);
        if (!rows.empty())
            out += fmt::format("\n{}\n{}", paint.bold(title_of(section)), listing(rows, paint));
    }
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Topic& topic : topics())
        rows.emplace_back(topic.name, topic.summary);
    out += fmt::format("\n{}\n{}", paint.bold("Topics of 'lab help'"), listing(rows, paint));
    out += fmt::format("\n{}\n{}", paint.bold("Global options"), options_text(global_options(), paint));
    out += "\n'lab COMMAND --help' tells more about a command, with examples.\n";
    return out;
}

} // namespace lab::cli
