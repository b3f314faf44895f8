#include "agent/detail/packages.h"
#include "agent/detail/tools.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxStatus = 64u << 20;
constexpr std::string_view kListsStamp = "/var/lib/lab/apt-updated";
constexpr std::time_t kDay = std::time_t{24} * 60 * 60;

/// The value of `field` in a paragraph of a control file; empty where it has none.
std::string_view field_of(std::string_view paragraph, std::string_view field) {
    for (std::string_view line : split(paragraph, '\n'))
        if (line.starts_with(field) && line.substr(field.size()).starts_with(":"))
            return trim(line.substr(field.size() + 1));
    return {};
}

/// The next paragraph that begins with "Package: NAME", from `offset` on; moves `offset` behind it.
std::string_view next_paragraph(std::string_view status, std::string_view name, std::size_t& offset) {
    const std::string head = fmt::format("Package: {}\n", name);
    while (true) {
        const std::size_t begin = status.find(head, offset);
        if (begin == std::string_view::npos) return {};
        offset = begin + head.size();
        if (begin != 0 && status[begin - 1] != '\n') continue;
        const std::size_t end = std::min(status.find("\n\n", begin), status.size());
        return status.substr(begin, end - begin);
    }
}

ToolOptions apt_options() {
    return {
        .input = {}, .environment = {"DEBIAN_FRONTEND=noninteractive"}, .timeout = std::chrono::minutes(30)};
}

std::vector<std::string> apt_get(std::initializer_list<std::string_view> words) {
    // Changed configuration files stay as they are; another apt that runs is waited for.
    std::vector<std::string> argv{"apt-get",
                                  "--yes",
                                  "--quiet",
                                  "-o",
                                  "Dpkg::Options::=--force-confdef",
                                  "-o",
                                  "Dpkg::Options::=--force-confold",
                                  "-o",
                                  "DPkg::Lock::Timeout=300"};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
}

Result<void> run_apt(std::vector<std::string> argv, Host& host) {
    auto out = tool_output(std::move(argv), host.stop, apt_options());
    return out ? Result<void>() : std::move(out).error();
}

/// A killed dpkg leaves its journal behind, and apt then refuses to work until it is told to go on.
Result<void> settle_dpkg(Host& host) {
    auto folder = host.tree.open_path("/var/lib/dpkg/updates", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!folder) return {};
    DIR* entries = ::fdopendir(folder->get());
    if (!entries) return {};
    folder->release();
    bool interrupted = false;
    while (const dirent* entry = ::readdir(entries))
        interrupted |= entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
    ::closedir(entries);
    if (!interrupted) return {};
    auto out = tool_output({"dpkg", "--force-confdef", "--force-confold", "--configure", "-a"}, host.stop,
                           apt_options());
    return out ? Result<void>() : std::move(out).error();
}

bool lists_are_old(const Host& host) {
    std::time_t newest = 0;
    for (std::string_view path : {kListsStamp, std::string_view("/var/lib/apt/lists")})
        if (auto status = host.tree.status(path)) newest = std::max(newest, status->st_mtim.tv_sec);
    const std::time_t now = std::time(nullptr);
    return newest > now || now - newest > kDay;
}

/// Whether apt knows where to get it.
Result<bool> is_known(const std::string& name, const std::optional<std::string>& version, Host& host) {
    const std::string word = version ? fmt::format("{}={}", name, *version) : name;
    auto result =
        run_tool({"apt-cache", "--quiet", "show", "--no-all-versions", word}, host.stop, apt_options());
    if (!result) return std::move(result).error();
    return result->ok() && !trim(result->out).empty();
}

/// Fetches the lists when the package is not in them or they are old. Old lists that know the package still
/// serve when they cannot be fetched: no network is no reason not to install from what is reachable.
Result<void> update_lists(const std::string& name, const std::optional<std::string>& version, Host& host) {
    auto known = is_known(name, version, host);
    if (!known) return std::move(known).error();
    if (*known && !lists_are_old(host)) return {};
    auto updated = run_apt(apt_get({"update"}), host);
    if (!updated) {
        if (*known) return {};
        return std::move(updated).error().during(fmt::format("while looking for package '{}'", name));
    }
    LAB_TRY(host.tree.make_parents(kListsStamp));
    return host.tree.write(kListsStamp, "", {});
}

} // namespace

std::optional<std::string> dpkg_version(std::string_view status, std::string_view name) {
    std::string_view architecture;
    if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
        architecture = name.substr(colon + 1);
        name = name.substr(0, colon);
    }
    std::size_t offset = 0;
    while (true) {
        const std::string_view paragraph = next_paragraph(status, name, offset);
        if (paragraph.empty()) return std::nullopt;
        if (!architecture.empty() && field_of(paragraph, "Architecture") != architecture) continue;
        // "install ok installed", "hold ok installed"; triggers that wait do not make it less installed.
        const std::string_view state = field_of(paragraph, "Status");
        if (!state.ends_with(" ok installed") && !state.ends_with(" triggers-pending") &&
            !state.ends_with(" triggers-awaited"))
            continue;
        return std::string(field_of(paragraph, "Version"));
    }
}

namespace apt {

Result<std::optional<std::string>> installed_version(const std::string& name, Host& host) {
    auto status = host.tree.read("/var/lib/dpkg/status", kMaxStatus);
    if (!status) return std::move(status).error().during("while reading what is installed");
    return dpkg_version(*status, name);
}

Result<void> install(const std::string& name, const std::optional<std::string>& version, Host& host) {
    LAB_TRY(settle_dpkg(host));
    LAB_TRY(update_lists(name, version, host));
    if (!version) return run_apt(apt_get({"install", "--", name}), host);
    return run_apt(apt_get({"--allow-downgrades", "install", "--", fmt::format("{}={}", name, *version)}),
                   host);
}

Result<void> remove(const std::string& name, Host& host) {
    LAB_TRY(settle_dpkg(host));
    return run_apt(apt_get({"remove", "--", name}), host);
}

} // namespace apt
} // namespace lab::agent
