#include "agent/detail/tools.h"

#include "support/text.h"

#include <fmt/format.h>

#include <array>

#include <unistd.h>

namespace lab::agent {
namespace {

constexpr std::size_t kQuotedLines = 4;
constexpr std::array<std::string_view, 6> kFolders{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                   "/usr/bin",        "/sbin",          "/bin"};

/// The last lines that say something: programs write what went wrong at the end.
std::string last_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::string_view line : split(text, '\n'))
        if (!trim(line).empty()) lines.push_back(trim(line));
    std::string quoted;
    const std::size_t first = lines.size() > kQuotedLines ? lines.size() - kQuotedLines : 0;
    for (std::size_t i = first; i < lines.size(); ++i) {
        if (!quoted.empty()) quoted += "; ";
        quoted += escape_controls(lines[i]);
    }
    return quoted;
}

/// Where `program` is: the sbin folders are looked into too, which a shell of `su` leaves out of PATH.
std::string find_program(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    for (std::string_view folder : kFolders) {
        std::string path = fmt::format("{}/{}", folder, program);
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return program;
}

} // namespace

Result<ProcessResult> run_tool(std::vector<std::string> argv, std::stop_token stop, ToolOptions options) {
    argv.front() = find_program(argv.front());
    Command command;
    command.argv = std::move(argv);
    command.input = std::move(options.input);
    command.timeout = options.timeout;
    std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                         "HOME=/root", "LC_ALL=C.UTF-8"};
    environment.insert(environment.end(), options.environment.begin(), options.environment.end());
    command.environment = std::move(environment);
    return run(command, std::move(stop));
}

Error tool_failed(const std::string& program, const ProcessResult& result) {
    std::string said = last_lines(result.err);
    if (said.empty()) said = last_lines(result.out);
    if (said.empty()) said = "it said nothing";
    return Error{ErrorCode::Unavailable,
                 fmt::format("'{}' failed with exit code {}: {}", program, result.exit_code, said),
                 {},
                 {}};
}

Result<std::string> tool_output(std::vector<std::string> argv, std::stop_token stop, ToolOptions options) {
    const std::string program = argv.front();
    auto result = run_tool(std::move(argv), std::move(stop), std::move(options));
    if (!result) return std::move(result).error();
    if (!result->ok()) return tool_failed(program, *result);
    return std::move(result->out);
}

} // namespace lab::agent
