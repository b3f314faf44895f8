#pragma once
// What a command of `lab` is: one value from which the parser, --help, the man page and completion all come.
// The table of them all is cli/commands.h; nothing registers itself.

#include "support/result.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lab::cli {

class Arguments;
struct Context;

/// What a shell offers for a value. Names are live: read from the inventory or the state when the shell asks.
enum class Complete {
    Nothing,
    File,
    Directory,
    PlanFile,  // a file, or server/NAME
    Kind,      // get, describe: servers, labels, ...
    Reference, // KIND/NAME, or a NAME after a KIND
    Server,
    ServerPath, // server/NAME
    Label,
    Group,
    Environment,
    Cloud,
    Region,
    Provider,
    Module,
    GitModule, // whose source is a repository
    Run,
    Revision, // branches and tags of the inventory's repository
    Setting,
    SettingValue,
    Command, // names of commands and help topics
};

struct Option {
    std::string_view name;    // without dashes: "output"
    char letter = 0;          // 0: none
    std::string_view value;   // "FORMAT"; empty: a switch
    std::string_view summary; // lower case, no full stop
    std::span<const std::string_view> choices = {};
    bool repeatable = false;
    Complete complete = Complete::Nothing;
    bool number = false; // a whole number, at least `least`
    std::int64_t least = 0;
    std::string_view other = {}; // a second long name: "env" of "environment"
};

struct Positional {
    std::string_view name; // "KIND"
    std::string_view summary;
    bool required = true;
    bool repeated = false; // takes all that follow; only the last may
    Complete complete = Complete::Nothing;
    std::span<const std::string_view> choices = {};
};

/// A command line that works as it stands in an inventory made by `lab init`, and what it does.
struct Example {
    std::string_view line;
    std::string_view does;
};

/// Forms of -o that a command can print; others are refused.
struct Forms {
    bool table = false, wide = false, json = false, yaml = false, name = false;
};
constexpr Forms kNoForms{};
constexpr Forms kDocument{.table = true, .json = true, .yaml = true};
constexpr Forms kListing{.table = true, .wide = true, .json = true, .yaml = true, .name = true};

/// Their names as -o takes them.
std::vector<std::string_view> form_names(const Forms& forms);

/// Groups in `lab help`, in this order.
enum class Section { Start, Change, Look, Machine, Hidden };

struct Command {
    std::string_view words; // "get", "config set"
    Section section = Section::Look;
    std::string_view summary;
    std::span<const Positional> positionals = {};
    std::span<const Option> options = {};
    /// On Ctrl-C it ends by itself, however long that takes; others are ended a moment after.
    bool winds_down = false;
    bool filters = false; // takes --label, --group, ...: see kFilterOptions
    Forms forms = {};
    std::span<const Example> examples = {};
    std::string_view help =
        {}; // file of cli/help/ with the long text, without ".md"; empty: the words with '-' between
    /// An Error is printed and ends with 1; else the number is the exit code.
    Result<int> (*run)(const Arguments& arguments, Context& context) = nullptr;
};

// Exit codes (contract; `lab help exit-codes`).
constexpr int kExitDone = 0, kExitFailed = 1, kExitChanges = 2, kExitUsage = 64, kExitBug = 70,
              kExitInterrupted = 130;

/// Options that every command takes.
std::span<const Option> global_options();
/// Options of commands with `filters`: the target language on the command line.
std::span<const Option> filter_options();

} // namespace lab::cli
