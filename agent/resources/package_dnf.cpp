#include "agent/detail/packages.h"
#include "agent/detail/tools.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::agent::dnf {
namespace {

ToolOptions dnf_options() {
    return {.input = {}, .environment = {}, .timeout = std::chrono::minutes(30)};
}

Result<ProcessResult> run_dnf(std::initializer_list<std::string_view> words, Host& host) {
    // dnf waits by itself for another one that runs, and fetches lists that are unknown or too old.
    std::vector<std::string> argv{"dnf", "--assumeyes", "--quiet"};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_tool(std::move(argv), host.stop, dnf_options());
}

Result<void> succeeded(Result<ProcessResult> result) {
    if (!result) return std::move(result).error();
    return result->ok() ? Result<void>() : tool_failed("dnf", *result);
}

/// The words are dnf 4's and dnf 5's for a package that is in none of the lists.
bool knows_none(const ProcessResult& result) {
    for (std::string_view words : {"Unable to find a match", "No match for argument"})
        if (result.err.find(words) != std::string::npos) return true;
    return false;
}

/// Lists that are young enough for dnf may still be older than the package: they are fetched before it fails.
Result<void> install_one(std::string_view package, Host& host) {
    auto result = run_dnf({"install", "--", package}, host);
    if (!result || result->ok() || !knows_none(*result)) return succeeded(std::move(result));
    auto anew = run_dnf({"--refresh", "install", "--", package}, host);
    // Where the lists cannot be had, what the old ones say is the better answer.
    const bool fetched = anew && (anew->ok() || knows_none(*anew));
    return succeeded(fetched ? std::move(anew) : std::move(result));
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
    if (!version) return install_one(name, host);
    const std::string exact = fmt::format("{}-{}", name, *version);
    LAB_TRY(install_one(exact, host));
    auto now = installed_version(name, host);
    if (!now) return std::move(now).error();
    if (*now == version) return {};
    // install leaves a newer version in place.
    return succeeded(run_dnf({"downgrade", "--", exact}, host));
}

Result<void> remove(const std::string& name, Host& host) {
    return succeeded(run_dnf({"remove", "--", name}, host));
}

} // namespace lab::agent::dnf
