#include "spec/detail/module_source.h"

#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxUrl = 2000, kMaxRef = 200;

bool is_scheme(std::string_view text) {
    constexpr std::array kSchemes{"https"sv, "http"sv, "ssh"sv, "file"sv};
    return std::find(kSchemes.begin(), kSchemes.end(), text) != kSchemes.end();
}

bool is_printable_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// SCHEME://[USER@]HOST/PATH, or [USER@]HOST:PATH.
struct UrlParts {
    std::string_view scheme, user, host, path;
    bool has_user = false;
};

std::optional<UrlParts> parts_of(std::string_view url) {
    UrlParts parts;
    const auto scheme = url.find("://");
    std::string_view authority;
    if (scheme != url.npos) {
        parts.scheme = url.substr(0, scheme);
        const auto slash = url.find('/', scheme + 3);
        authority = url.substr(scheme + 3, slash == url.npos ? url.npos : slash - scheme - 3);
        if (slash != url.npos) parts.path = url.substr(slash);
    } else {
        const auto colon = url.find(':');
        if (colon == url.npos || url.substr(0, colon).find('/') != url.npos) return std::nullopt;
        // A colon before the '@' is a password's, and the host ends at the next one.
        const auto at = url.substr(0, url.find('/')).rfind('@');
        const auto end = at != url.npos && at > colon ? url.find(':', at) : colon;
        authority = url.substr(0, end);
        if (end != url.npos) parts.path = url.substr(end + 1);
    }
    const auto at = authority.rfind('@');
    parts.has_user = at != authority.npos;
    if (parts.has_user) parts.user = authority.substr(0, at);
    parts.host = parts.has_user ? authority.substr(at + 1) : authority;
    return parts;
}

bool carries_credentials(const UrlParts& parts) {
    const bool web = parts.scheme == "http" || parts.scheme == "https";
    return (web && parts.has_user) || parts.user.find(':') != parts.user.npos;
}

} // namespace

bool has_credentials(std::string_view url) {
    const auto parts = parts_of(url);
    return parts && carries_credentials(*parts);
}

std::string url_problem(std::string_view url) {
    if (url.size() > kMaxUrl) return "is longer than 2000 characters";
    if (!is_printable_ascii(url) || url.find_first_of("\"\\<>^`{|}?#") != url.npos)
        return "has characters that no URL of a repository has";
    const auto parts = parts_of(url);
    if (!parts || url.starts_with('-')) return "is no URL";
    if (url.find("::") != url.npos && parts->host.find('[') == parts->host.npos)
        return "names a program of git's, not a repository";
    if (carries_credentials(*parts)) return "carries credentials";
    if (parts->host.starts_with('-') || parts->user.starts_with('-') || parts->path.starts_with('-'))
        return "could be taken for an option";
    if (!parts->scheme.empty() && !is_scheme(parts->scheme))
        return fmt::format("has the scheme '{}'", parts->scheme);
    // git would take https:/host/x for the path /host/x of a machine named https.
    if (parts->scheme.empty() && is_scheme(parts->host))
        return fmt::format("needs '//' after '{}:'", parts->host);
    if (parts->scheme == "file" ? !parts->host.empty() : parts->host.empty())
        return parts->scheme == "file" ? "is no file URL of this machine" : "has no host";
    if (parts->path.empty() || parts->path == "/") return "names no repository";
    return {};
}

std::string ref_problem(std::string_view ref) {
    if (ref.empty() || ref.size() > kMaxRef) return "is empty or longer than 200 characters";
    if (ref.starts_with('-')) return "could be taken for an option";
    const bool odd = !is_printable_ascii(ref) || ref.find_first_of("~^:?*[\\\"'`$;|&<>(){}!#") != ref.npos ||
                     ref.find("..") != ref.npos || ref.find("//") != ref.npos || ref.find("@{") != ref.npos ||
                     ref.find("/.") != ref.npos || ref.starts_with('.') || ref.starts_with('/') ||
                     ref.ends_with('/') || ref.ends_with('.') || ref.ends_with(".lock") || ref == "@";
    return odd ? "is no branch, tag or commit id" : "";
}

bool is_commit_id(std::string_view text) noexcept {
    return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

namespace detail {
namespace {

constexpr std::array kModuleSourceKeys{"path"sv, "git"sv, "ref"sv};

void read_url(const Node& node, ModuleSource& source, Diagnostics& diagnostics) {
    const auto url = read_text(node, "git", diagnostics);
    if (!url) return;
    const std::string problem = url_problem(url->value);
    if (problem.empty()) {
        source.git = url->value;
        return;
    }
    constexpr std::string_view help = "write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH";
    if (!has_credentials(url->value))
        return add_error(
            diagnostics, "module/bad-url",
            fmt::format("the repository '{}' of module '{}' {}", url->value, source.name, problem), url->at,
            std::string(help));
    // Without a place, and so without an excerpt: what is masked in one was found by looking at the line
    // alone.
    add_error(diagnostics, "module/bad-url",
              fmt::format("the URL of module '{}' in line {} {}", source.name, url->at.line, problem),
              {.file = url->at.file},
              "take them out and change them, for they are known to all who read the inventory: git's "
              "credential helper or ssh-agent has them at hand");
}

void read_path(const Node& node, ModuleSource& source, bool in_repository, Diagnostics& diagnostics) {
    const auto path = read_text(node, "path", diagnostics);
    if (!path) return;
    if (auto clean = clean_path(path->value)) {
        source.path = std::move(*clean);
        return;
    }
    const std::string_view where = in_repository ? "repository" : "inventory";
    add_error(diagnostics, "spec/bad-value",
              fmt::format("the path of module '{}' must lie in the {}", source.name, where), path->at,
              fmt::format("write a path relative to the {}'s root, without '..'", where));
}

void read_ref(const Node& node, ModuleSource& source, Diagnostics& diagnostics) {
    const auto ref = read_text(node, "ref", diagnostics);
    if (!ref) return;
    const std::string problem = ref_problem(ref->value);
    if (problem.empty())
        source.ref = ref->value;
    else
        add_error(diagnostics, "module/bad-ref",
                  fmt::format("the ref '{}' of module '{}' {}", ref->value, source.name, problem), ref->at,
                  "write a branch, a tag or all 40 digits of a commit's id");
}

} // namespace

ModuleSource read_module_source(Text name, const Node& body, Diagnostics& diagnostics) {
    ModuleSource source;
    source.name = std::move(name.value);
    source.at = name.at;
    const auto has = [&body](std::string_view key) { return body.is_map() && body.find(key); };
    const bool git = has("git");
    if (is_map(body, source.name, diagnostics))
        for (std::size_t i = 0; i < body.size(); ++i) {
            const std::string_view key = body.key(i).text();
            if (key == "git")
                read_url(body.value(i), source, diagnostics);
            else if (key == "ref")
                read_ref(body.value(i), source, diagnostics);
            else if (key == "path")
                read_path(body.value(i), source, git, diagnostics);
            else
                report_unknown_key(body.key(i), {"a module source", kModuleSourceKeys}, diagnostics);
        }
    if (!git && !has("path"))
        add_error(diagnostics, "spec/missing-key",
                  fmt::format("module '{}' has neither 'path' nor 'git'", source.name), source.at,
                  "say which folder of the inventory holds its module.yaml, or which repository");
    else if (git && !has("ref"))
        add_error(diagnostics, "spec/missing-key", fmt::format("module '{}' has no 'ref'", source.name),
                  source.at, "say which branch, tag or commit of the repository is meant");
    else if (!git && has("ref"))
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("module '{}' has a 'ref', but no 'git'", source.name), source.at,
                  "a folder of the inventory is read at the inventory's commit: remove it");
    if (source.git.empty() || source.ref.empty()) source.git.clear();
    if (git && source.git.empty()) source.path.clear(); // said: it is found nowhere
    return source;
}

} // namespace detail
} // namespace lab::spec
