#pragma once
// The agent double as a program for the link, and what it wrote down.

#include "providers/local/agent_link.h"

#include "temporary_folder.h"
#include "two_files.h"

#include <sstream>
#include <vector>

namespace lab::providers::local {

inline AgentProgram fake_agent(const std::filesystem::path& log = {}) {
    AgentProgram program;
    program.path = "/usr/bin/env";
    program.arguments = {"FAKE_AGENT_LOG=" + log.native(), "python3",
                         std::string(LAB_TESTDATA) + "/fake_agent.py"};
    program.check_silence = std::chrono::seconds(20);
    program.apply_silence = std::chrono::seconds(20);
    return program;
}

/// How often a line of the double's log is `what`.
inline int count_in_log(const std::filesystem::path& log, const std::string& what) {
    std::istringstream lines(read_file(log));
    int count = 0;
    for (std::string line; std::getline(lines, line);)
        count += line == what ? 1 : 0;
    return count;
}

} // namespace lab::providers::local
