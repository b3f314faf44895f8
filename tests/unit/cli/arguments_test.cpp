#include "cli/arguments.h"

#include "cli/commands.h"
#include "support/text.h"

#include <gtest/gtest.h>
#include <set>

namespace lab::cli {
namespace {

Arguments parsed(const std::vector<std::string>& words) {
    auto result = parse_arguments(words);
    if (const auto* refused = std::get_if<UsageError>(&result)) ADD_FAILURE() << refused->message;
    return std::get<Arguments>(std::move(result));
}

UsageError refused(const std::vector<std::string>& words) {
    auto result = parse_arguments(words);
    if (!std::holds_alternative<UsageError>(result)) {
        ADD_FAILURE() << "was accepted";
        return {};
    }
    return std::get<UsageError>(result);
}

TEST(Arguments, CommandsOptionsAndNamesMayStandInAnyOrder) {
    const Arguments arguments = parsed({"-o", "json", "--quiet", "version"});
    EXPECT_EQ(arguments.command(), &kVersion);
    EXPECT_EQ(arguments.value("output"), "json");
    EXPECT_TRUE(arguments.has("quiet"));
    EXPECT_EQ(parsed({"completion", "--no-color", "bash"}).positional(0), "bash");
}

TEST(Arguments, ValuesMayBePartOfTheWord) {
    EXPECT_EQ(parsed({"version", "--output=yaml"}).value("output"), "yaml");
    EXPECT_EQ(parsed({"version", "-ojson"}).value("output"), "json");
    EXPECT_EQ(parsed({"version", "-qo=json"}).value("output"), "json");
}

TEST(Arguments, DashesEndTheOptions) {
    EXPECT_EQ(parsed({"__complete", "--", "get", "--label", ""}).positionals(),
              (std::vector<std::string>{"get", "--label", ""}));
}

TEST(Arguments, UnknownWordsGetTheNearestOne) {
    EXPECT_EQ(refused({"verzion"}).message, "'lab verzion' is no command");
    EXPECT_EQ(refused({"verzion"}).hint, "did you mean 'version'?");
    EXPECT_EQ(refused({"version", "--no-colour"}).message, "unknown option '--no-colour' of 'lab version'");
    EXPECT_EQ(refused({"version", "--no-colour"}).hint, "did you mean '--no-color'?");
    EXPECT_EQ(refused({"version", "-o", "jsn"}).hint, "did you mean 'json'?");
    EXPECT_EQ(refused({"completion", "bsh"}).hint, "did you mean 'bash'?");
}

TEST(Arguments, WhatIsMissingOrTooMuchIsRefused) {
    EXPECT_EQ(refused({"completion"}).message,
              "'lab completion' needs SHELL: the shell to print the script for");
    EXPECT_EQ(refused({"version", "1"}).message, "'1' is one argument too many for 'lab version'");
    EXPECT_EQ(refused({"version", "-o"}).message, "-o needs a value: -o FORMAT");
    EXPECT_EQ(refused({"version", "--quiet=1"}).message, "--quiet takes no value");
    EXPECT_EQ(refused({"version", "-o", "json", "-o", "yaml"}).message, "--output was given twice");
    EXPECT_EQ(refused({"version", "--inventory="}).message, "--inventory needs a value that is not empty");
    EXPECT_EQ(refused({"version", "-x"}).message, "unknown option '-x' of 'lab version'");
}

TEST(Arguments, HelpIsTakenBesideWhatIsMissing) {
    EXPECT_TRUE(parsed({"completion", "--help"}).has("help"));
    EXPECT_TRUE(parsed({"-h"}).has("help"));
}

TEST(Commands, TableIsConsistent) {
    std::set<std::string_view> words;
    for (const Command* command : commands()) {
        SCOPED_TRACE(command->words);
        EXPECT_TRUE(words.insert(command->words).second);
        EXPECT_FALSE(command->summary.empty());
        EXPECT_TRUE(command->run);
        if (command->section != Section::Hidden) {
            EXPECT_FALSE(command->examples.empty());
        }
        for (const Command* other : commands()) { // `lab config` and `lab config set` could not both be read
            EXPECT_FALSE(other->words.starts_with(std::string(command->words) + " "));
        }
        std::set<std::string_view> names;
        std::set<char> letters;
        for (const Option* option : options_of(command)) {
            EXPECT_TRUE(names.insert(option->name).second) << option->name;
            if (option->letter) {
                EXPECT_TRUE(letters.insert(option->letter).second) << option->letter;
            }
        }
    }
}

TEST(PartialLine, KnowsWhatIsBeingTyped) {
    EXPECT_EQ(read_partial({"completion", ""}).command, &kCompletion);
    EXPECT_EQ(read_partial({"ver"}).command, nullptr);
    EXPECT_EQ(read_partial({"version", "-o", "j"}).awaits->name, "output");
    const PartialLine line = read_partial({"version", "--output=j"});
    EXPECT_EQ(line.awaits->name, "output");
    EXPECT_EQ(line.prefix, "--output=");
    EXPECT_EQ(line.word, "j");
}

} // namespace
} // namespace lab::cli
