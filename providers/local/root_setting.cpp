#include "providers/local/root_setting.h"

#include "api/resource.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>

namespace lab::providers::local {
namespace {

constexpr std::string_view kExample = "a path below lab's home such as \"trees/web-1\"";

/// What lab keeps in its home itself; a tree there would be taken for it, and destroyed over it.
constexpr std::array<std::string_view, 5> kTaken = {"config.yaml", "cache", "locks", "snapshots", "run"};

bool is_taken(std::string_view first_part) {
    return first_part.starts_with("state.") ||
           std::find(kTaken.begin(), kTaken.end(), first_part) != kTaken.end();
}

} // namespace

std::optional<RootProblem> check_root(const Value& root) {
    const auto* text = root.if_string();
    if (!text)
        return RootProblem{.message =
                               fmt::format("'root' must be a path, not {}", with_article(root.type_name())),
                           .help = std::string(kExample)};
    const auto refuse = [text](std::string_view why) {
        return RootProblem{.message = fmt::format("'root' {}, found '{}'", why, escape_controls(*text)),
                           .help = std::string(kExample)};
    };
    if (text->find('\0') != std::string::npos || !is_utf8(*text)) return refuse("must be plain text");
    if (text->starts_with('/')) return refuse("must be relative: it is below lab's home");
    constexpr std::size_t kLongest = 1024;
    if (text->size() > kLongest) return refuse(fmt::format("must not be longer than {} bytes", kLongest));
    bool any = false;
    for (const std::string_view part : split(*text, '/')) {
        if (part == "..") return refuse("must stay below lab's home, without '..'");
        if (part.empty() || part == ".") continue;
        if (!any && is_taken(part))
            return refuse(fmt::format("must not be in '{}', which lab uses itself", part));
        any = true;
    }
    if (!any) return refuse("must name a folder below lab's home");
    return std::nullopt;
}

std::string normal_root(std::string_view root) {
    std::string normal;
    for (const std::string_view part : split(root, '/')) {
        if (part.empty() || part == ".") continue;
        if (!normal.empty()) normal += '/';
        normal += part;
    }
    return normal;
}

Result<RootPlace> find_root(const std::filesystem::path& home, std::string_view root) {
    const std::string normal = normal_root(root);
    RootPlace place{.path = std::filesystem::absolute(home) / normal, .exists = true};
    std::filesystem::path walked = std::filesystem::absolute(home);
    for (const std::string_view part : split(normal, '/')) {
        walked /= part;
        const std::string name = fmt::format("'{}'", escape_controls(walked.native()));
        struct stat status {};
        if (::lstat(walked.c_str(), &status) != 0) {
            if (errno != ENOENT) return errno_error("cannot look at " + name, errno);
            place.exists = false;
            return place;
        }
        if (S_ISLNK(status.st_mode))
            return Error{.code = ErrorCode::Denied,
                         .message = name + " is a symlink; a root must be a folder below lab's home itself"};
        if (!S_ISDIR(status.st_mode))
            return Error{.code = ErrorCode::Conflict, .message = name + " is in the way: it is no folder"};
        const auto record = walked / api::kRecordsFolder.substr(1) / "machine.json";
        if (walked != place.path && ::lstat(record.c_str(), &status) == 0)
            return Error{.code = ErrorCode::Conflict,
                         .message = name + " is the tree of another machine",
                         .hint = "give the server a root outside of it"};
    }
    return place;
}

} // namespace lab::providers::local
