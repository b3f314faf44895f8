#include "cli/completion.h"

#include "cli/commands.h"

#include <array>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::array kShells{std::string_view("bash"), std::string_view("zsh"), std::string_view("fish")};
constexpr Positional kPositionals[] = {
    {.name = "SHELL", .summary = "the shell to print the script for", .choices = kShells},
};
constexpr Example kExamples[] = {
    {"source <(lab completion bash)", "completion in this bash"},
    {"lab completion fish > ~/.config/fish/completions/lab.fish", "completion in every fish from now on"},
};

Result<int> print_script(const Arguments& arguments, Context& context) {
    context.out.write(*completion_script(arguments.positional(0)));
    return kExitDone;
}

constexpr Positional kWords[] = {
    {.name = "WORDS",
     .summary = "the words of a command line, the last one unfinished",
     .required = false,
     .repeated = true},
};

/// One answer a line, with its summary behind a tab; ":files" or ":directories" where the shell completes
/// paths.
Result<int> print_completions(const Arguments& arguments, Context& context) {
    const Completions found = complete(arguments.positionals(), context);
    std::string out;
    for (const Candidate& candidate : found.candidates)
        out += candidate.summary.empty() ? fmt::format("{}\n", candidate.text)
                                         : fmt::format("{}\t{}\n", candidate.text, candidate.summary);
    if (found.files) out += ":files\n";
    if (found.directories) out += ":directories\n";
    context.out.write(out);
    return kExitDone;
}

} // namespace

constinit const Command kCompletion{.words = "completion",
                                    .section = Section::Machine,
                                    .summary = "print the completion script of a shell",
                                    .positionals = kPositionals,
                                    .examples = kExamples,
                                    .run = print_script};

constinit const Command kComplete{.words = "__complete",
                                  .section = Section::Hidden,
                                  .summary = "complete a command line, for the scripts of 'lab completion'",
                                  .positionals = kWords,
                                  .run = print_completions};

} // namespace lab::cli
