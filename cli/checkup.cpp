#include "cli/checkup.h"

#include "reconciler/caches.h"
#include "reconciler/unfinished.h"
#include "store/store.h"
#include "support/files.h"
#include "support/process.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

/// The package manager of this machine, for the commands that mend.
std::string install_command(const Context& context, std::string_view package) {
    const std::string_view sudo = ::geteuid() == 0 ? "" : "sudo ";
    if (!find_program(context, "apt-get").empty()) return fmt::format("{}apt-get install {}", sudo, package);
    if (!find_program(context, "dnf").empty()) return fmt::format("{}dnf install {}", sudo, package);
    return fmt::format("install the package '{}'", package);
}

/// The nearest folder upwards that exists.
fs::path existing(fs::path path) {
    std::error_code failed;
    while (!path.empty() && !fs::exists(path, failed) && path != path.root_path())
        path = path.parent_path();
    return path;
}

std::string first_line(const std::string& text) {
    return std::string(trim(text.substr(0, text.find('\n'))));
}

} // namespace

fs::path find_program(const Context& context, std::string_view name) {
    const auto path = context.environment.find("PATH");
    const std::string_view folders =
        path == context.environment.end() ? "/usr/bin:/bin" : std::string_view(path->second);
    for (const std::string_view folder : split(folders, ':')) {
        fs::path file = fs::path(folder) / name;
        if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
    }
    // Where root's programs are, also for users who have it not in PATH.
    for (const char* folder : {"/usr/sbin", "/sbin"})
        if (fs::path file = fs::path(folder) / name; ::access(file.c_str(), X_OK) == 0) return file;
    return {};
}

Finding check_git(const Context& context) {
    const auto asked = run({.argv = {"git", "--version"}}, context.stop);
    if (asked && asked->ok()) return {.name = "git", .detail = first_line(asked->out), .fix = {}};
    return {.name = "git",
            .health = Health::Warning,
            .detail = "not found: inventories at a URL cannot be fetched, and 'lab init' makes no repository",
            .fix = install_command(context, "git")};
}

Finding check_agent(const Context& context) {
    const fs::path agent = context.program.parent_path() / "lab-agent";
    const auto asked = run({.argv = {agent.string(), "--version"}}, context.stop);
    if (asked && asked->ok())
        return {.name = "lab-agent",
                .detail = fmt::format("{}, {}", first_line(asked->out), agent.string()),
                .fix = {}};
    const std::string why = asked ? fmt::format("ends with {}: {}", asked->exit_code, first_line(asked->err))
                                  : asked.error().message;
    return {.name = "lab-agent",
            .health = Health::Broken,
            .detail = fmt::format("{} does not run: {}", agent.string(), why),
            .fix = fmt::format("put lab-agent of the same build beside {}", context.program.string())};
}

Finding check_home(const Context& context) {
    const fs::path home = context.settings.home(), there = existing(home);
    Finding finding{.name = "LAB_HOME", .detail = home.string(), .fix = {}};
    if (::access(there.c_str(), W_OK | X_OK) != 0) {
        finding.health = Health::Broken;
        finding.detail = fmt::format("{} cannot be written to", there.string());
        finding.fix = fmt::format("sudo chown -R \"$(id -un)\" '{}', or set LAB_HOME to a folder of yours",
                                  there.string());
        return finding;
    }
    if (there != home) finding.detail += " (made when it is first needed)";
    struct statvfs space {};
    if (::statvfs(there.c_str(), &space) != 0) return finding;
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
    finding.detail += fmt::format(", {} free", format_size(free));
    constexpr std::uint64_t kEnough = 100'000'000;
    if (free < kEnough) {
        finding.health = Health::Warning;
        finding.fix = fmt::format("make room on the file system of {}", there.string());
    }
    return finding;
}

Finding check_settings(const Context& context) {
    const auto settings = Settings::load(context.environment);
    const std::string file = context.settings.file().string();
    if (!settings)
        return {
            .name = "settings",
            .health = Health::Broken,
            .detail = settings.error().text(),
            .fix = fmt::format("mend {} in an editor, or set the setting again with 'lab config set'", file)};
    std::error_code failed;
    return {.name = "settings", .detail = fs::exists(file, failed) ? file : "all defaults", .fix = {}};
}

Finding check_state(const Context& context, const std::string& inventory) {
    const fs::path home = context.settings.home();
    std::error_code failed;
    if (!fs::exists(home / "state.db", failed) && !fs::exists(home / "state.id", failed))
        return {.name = "state", .detail = "none yet: the first 'lab apply' makes it", .fix = {}};
    if (inventory.empty())
        return {.name = "state",
                .detail = fmt::format("{} is there; it is looked into inside an inventory",
                                      (home / "state.db").string()),
                .fix = {}};
    store::OpenNotes notes;
    const auto opened =
        store::Store::open({.home = home, .inventory = inventory, .clock = &context.clock}, notes);
    if (!opened)
        return {.name = "state",
                .health = Health::Broken,
                .detail = opened.error().text(),
                .fix = opened.error().hint.empty() ? std::string("see the message") : opened.error().hint};
    if (!notes.warnings.empty())
        return {.name = "state",
                .health = Health::Warning,
                .detail = fmt::format("{}", fmt::join(notes.warnings, "; ")),
                .fix = "lab drift"};
    const auto run = reconciler::resumable_run(**opened);
    if (run && *run &&
        ((*run)->state == store::RunState::Interrupted || (*run)->state == store::RunState::Dead))
        return {.name = "state",
                .health = Health::Warning,
                .detail = fmt::format("run {} is unfinished", (*run)->id),
                .fix = "lab apply --resume"};
    return {.name = "state",
            .detail = fmt::format("{} opens, serial {}", (home / "state.db").string(), (*opened)->serial()),
            .fix = {}};
}

Finding check_cache(const Context& context) {
    std::uint64_t bytes = 0;
    std::vector<std::string> parts;
    for (const reconciler::Cache cache : reconciler::kCaches) {
        const reconciler::Kept kept = look_into(cache, context.settings.home());
        bytes += kept.bytes;
        if (kept.entries > 0)
            parts.push_back(fmt::format("{} {}", to_string(cache), format_size(kept.bytes)));
    }
    if (parts.empty()) return {.name = "cache", .detail = "nothing is kept", .fix = {}};
    return {.name = "cache",
            .detail = fmt::format("{} below {}: {}; 'lab cache clear' removes it", format_size(bytes),
                                  (context.settings.home() / "cache").string(), fmt::join(parts, ", ")),
            .fix = {}};
}

Finding check_clock(const Context& context) {
    const WallTime now = context.clock.wall();
    Finding finding{.name = "clock", .detail = format_time(now), .fix = {}};
    const auto wrong = [&finding](std::string why) {
        finding.health = Health::Warning;
        finding.detail += ": " + std::move(why);
        finding.fix = "sudo timedatectl set-ntp true";
    };
    const WallTime built =
        *parse_time("2026-01-01T00:00:00Z"); // before lab itself: no machine's clock is right there
    if (now < built) wrong("the clock is behind the time lab was written");
    struct stat status {};
    if (::stat((context.settings.home() / "state.db").c_str(), &status) == 0) {
        const WallTime written{std::chrono::seconds(status.st_mtim.tv_sec)};
        if (written > now + std::chrono::minutes(5))
            wrong(fmt::format("the state was written at {}, which is still to come", format_time(written)));
    }
    return finding;
}

std::vector<Finding> check_live_tools(const Context& context) {
    struct Tool {
        std::string_view name, purpose, package;
    };
    constexpr Tool kTools[] = {{"lsblk", "facts about disks", "util-linux"},
                               {"systemctl", "resources of type service", "systemd"},
                               {"useradd", "resources of type user", "passwd"},
                               {"groupadd", "resources of type group", "passwd"},
                               {"sysctl", "resources of type sysctl", "procps"},
                               {"modprobe", "resources of type kernel_module", "kmod"}};
    std::vector<Finding> findings;
    for (const Tool& tool : kTools) {
        const fs::path found = find_program(context, tool.name);
        Finding finding{.name = std::string(tool.name), .detail = found.string(), .fix = {}};
        if (found.empty()) {
            finding.health = Health::Warning;
            finding.detail =
                fmt::format("not found: needed for {} when this machine itself is managed", tool.purpose);
            finding.fix = install_command(context, tool.package);
        }
        findings.push_back(std::move(finding));
    }
    const bool apt = !find_program(context, "apt-get").empty(), dnf = !find_program(context, "dnf").empty();
    findings.push_back(
        {.name = "packages",
         .health = apt || dnf ? Health::Good : Health::Warning,
         .detail =
             apt   ? "apt-get"
             : dnf ? "dnf"
                   : "neither apt-get nor dnf: resources of type package cannot be managed on this machine",
         .fix = {}});
    return findings;
}

} // namespace lab::cli
