#include "spec/access.h"

#include "support/result.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::spec {
namespace {

constexpr std::array<std::string_view, 8> kVerbs{"read",   "exec",  "apply",   "destroy",
                                                 "manage", "admin", "kubectl", "secret"};
constexpr std::string_view kKinds[] = {"server", "environment", "cloud",  "label", "group",
                                       "module", "size",        "layout", "image", "alert",
                                       "secret", "cluster",     "app",    "role",  "user"};

/// Things that stand somewhere: the others are matched only by `*` in cloud and environment.
bool has_place(std::string_view kind) {
    return kind == "server" || kind == "cluster" || kind == "app";
}

ParsedRule bad(std::string message, std::string help) {
    return {.rule = std::nullopt, .problem = {std::move(message), std::move(help)}};
}

std::string near_or(std::string_view word, std::span<const std::string_view> known, std::string otherwise) {
    const auto found = nearest(word, known);
    return found ? fmt::format("did you mean '{}'?", *found) : std::move(otherwise);
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
    return pattern == "*" || (!text.empty() && pattern == text);
}

Role role(std::string name, std::initializer_list<std::string_view> allow) {
    Role role{.name = std::move(name), .allow = {}, .deny = {}, .target = std::nullopt, .at = {}};
    for (const std::string_view text : allow) {
        ParsedRule parsed = parse_access_rule({std::string(text), {}});
        LAB_CHECK(parsed.rule, "a built-in rule is one");
        role.allow.push_back(*std::move(parsed.rule));
    }
    return role;
}

} // namespace

std::span<const std::string_view> verb_names() noexcept {
    return kVerbs;
}
std::string_view to_string(Verb verb) noexcept {
    return kVerbs[static_cast<std::size_t>(verb)];
}

ParsedRule parse_access_rule(const Text& text) {
    const auto parts = split(text.value, ':');
    if (parts.size() != 4 || std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); }))
        return bad(fmt::format("'{}' is no access rule", escape_controls(text.value)),
                   "a rule has four parts, action:cloud:environment:server, each a name or *");
    AccessRule rule;
    rule.written = text;
    if (parts[0] != "*") {
        const auto verb = std::find(kVerbs.begin(), kVerbs.end(), parts[0]);
        if (verb == kVerbs.end())
            return bad(fmt::format("there is no action '{}'", escape_controls(parts[0])),
                       near_or(parts[0], kVerbs, fmt::format("actions are {}", fmt::join(kVerbs, ", "))));
        rule.verb = static_cast<Verb>(verb - kVerbs.begin());
    }
    rule.cloud = parts[1];
    rule.environment = parts[2];
    const auto slash = parts[3].find('/');
    // `*` alone is everything, whatever its kind; `db-*` are servers.
    rule.kind = slash != std::string_view::npos ? parts[3].substr(0, slash)
                : parts[3] == "*"               ? "*"
                                                : "server";
    rule.name = slash == std::string_view::npos ? parts[3] : parts[3].substr(slash + 1);
    if (slash == std::string_view::npos) return {.rule = std::move(rule), .problem = {}};
    if (std::find(std::begin(kKinds), std::end(kKinds), rule.kind) == std::end(kKinds))
        return bad(fmt::format("there is no kind '{}'", escape_controls(rule.kind)),
                   near_or(rule.kind, kKinds, fmt::format("kinds are {}", fmt::join(kKinds, ", "))));
    if (rule.name.empty())
        return bad(fmt::format("'{}' names no {}", escape_controls(text.value), rule.kind),
                   "write KIND/NAME, or KIND/*");
    if (!has_place(rule.kind) && (rule.cloud != "*" || rule.environment != "*"))
        return bad(fmt::format("{} is in no cloud and no environment: the rule could never match",
                               with_article(rule.kind)),
                   fmt::format("write {}:*:*:{}", parts[0], parts[3]));
    return {.rule = std::move(rule), .problem = {}};
}

bool covers(const AccessRule& rule, Verb verb, const AccessObject& object) noexcept {
    return (!rule.verb || *rule.verb == verb) && matches(rule.cloud, object.cloud) &&
           matches(rule.environment, object.environment) && matches(rule.kind, object.kind) &&
           glob_match(rule.name, object.name);
}

bool allows(std::span<const Role* const> roles, Verb verb, const AccessObject& object) noexcept {
    const auto any = [&](std::vector<AccessRule> Role::*rules) {
        return std::any_of(roles.begin(), roles.end(), [&](const Role* role) {
            return std::any_of((role->*rules).begin(), (role->*rules).end(),
                               [&](const AccessRule& rule) { return covers(rule, verb, object); });
        });
    };
    return any(&Role::allow) && !any(&Role::deny);
}

bool allows(const Role& role, Verb verb, const AccessObject& object) noexcept {
    const Role* const one = &role;
    return allows(std::span(&one, 1), verb, object);
}

std::vector<Role> builtin_roles() {
    return {role("admin", {"*:*:*:*"}),
            role("operator", {"read:*:*:*", "exec:*:*:*", "apply:*:*:*", "kubectl:*:*:*"}),
            role("viewer", {"read:*:*:*"})};
}

} // namespace lab::spec
