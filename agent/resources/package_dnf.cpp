#include "agent/detail/packages.h"
#include "agent/detail/tools.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::agent::dnf {
namespace {

ToolOptions dnf_options() {
    return {.input = {}, .environment = {}, .timeout = std::chrono::minutes(30)};
}

Result<void> run_dnf(std::vector<std::string> words, Host& host) {
    // dnf waits by itself for another one that runs, and fetches lists that are unknown or too old.
    std::vector<std::string> argv{"dnf", "--assumeyes", "--quiet"};
    argv.insert(argv.end(), words.begin(), words.end());
    auto out = tool_output(std::move(argv), host.stop, dnf_options());
    return out ? Result<void>() : std::move(out).error();
}

} // namespace

Result<std::optional<std::string>> installed_version(const std::string& name, Host& host) {
    auto result =
        run_tool({"rpm", "--query", "--queryformat", "%{EVR}\\n", "--", name}, host.stop, dnf_options());
    if (!result) return std::move(result).error();
    if (!result->ok()) {
        if (result->out.find("is not installed") != std::string::npos) return std::optional<std::string>();
        return tool_failed("rpm", *result);
    }
    // Kernels stay installed side by side; the newest comes last.
    std::string_view version;
    for (std::string_view line : split(result->out, '\n'))
        if (!trim(line).empty()) version = trim(line);
    return std::optional(std::string(version));
}

Result<void> install(const std::string& name, const std::optional<std::string>& version, Host& host) {
    if (!version) return run_dnf({"install", "--", name}, host);
    const std::string exact = fmt::format("{}-{}", name, *version);
    LAB_TRY(run_dnf({"install", "--", exact}, host));
    auto now = installed_version(name, host);
    if (!now) return std::move(now).error();
    if (*now == version) return {};
    // install leaves a newer version in place.
    return run_dnf({"downgrade", "--", exact}, host);
}

Result<void> remove(const std::string& name, Host& host) {
    return run_dnf({"remove", "--", name}, host);
}

} // namespace lab::agent::dnf
