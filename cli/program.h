#pragma once
// `lab` from its words to its exit code, with everything of the outside world as an argument.

#include "cli/context.h"

namespace lab::cli {

/// What main found around the program.
struct Surroundings {
    Variables environment;
    std::filesystem::path directory; // the current one
    std::filesystem::path program;   // this binary
    bool out_is_terminal = false, err_is_terminal = false, in_is_terminal = false;
    std::stop_token stop;
};

/// Whether the command line is of a command that winds down by itself when it is interrupted.
bool winds_down(const std::vector<std::string>& words);

/// Runs one command line (without the program's name) and gives its exit code.
int run_program(const std::vector<std::string>& words, Sink& out, Sink& err, const Surroundings& surroundings,
                const providers::ProviderTable& providers, const Clock& clock);

} // namespace lab::cli
