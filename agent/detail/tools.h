#pragma once
// The system's own programs (systemctl, apt-get, useradd), run with a fixed environment so that what they
// print can be read and nothing they do waits for a person.

#include "support/process.h"

namespace lab::agent {

struct ToolOptions {
    std::string input;                         // on stdin
    std::vector<std::string> environment = {}; // "NAME=value", beside the fixed ones
    std::chrono::milliseconds timeout = std::chrono::minutes(2);
};

/// Runs to the end, whatever the exit code.
Result<ProcessResult> run_tool(std::vector<std::string> argv, std::stop_token stop, ToolOptions options = {});

/// The same, where any exit code but 0 is an error (Unavailable) that quotes the last lines the program
/// wrote.
Result<std::string> tool_output(std::vector<std::string> argv, std::stop_token stop,
                                ToolOptions options = {});

/// The error for a program that ended with another exit code than 0.
Error tool_failed(const std::string& program, const ProcessResult& result);

} // namespace lab::agent
