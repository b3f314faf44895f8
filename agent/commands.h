#pragma once
// The command line of lab-agent.

#include <span>
#include <string>
#include <string_view>

namespace lab::agent {

/// Runs the command that `words` (without the program's name) ask for and returns the exit code: 0 done and
/// as it should be; 1 failed or refused; 2 check found differences; 64 wrong usage; 130 interrupted.
int run_command(std::span<const std::string> words, std::string_view version);

} // namespace lab::agent
