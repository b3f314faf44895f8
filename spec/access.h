#pragma once
// Access rules, "action:cloud:environment:server": who may do what where. A role allows and denies; deny
// wins. The last part is a server's name (a glob) or KIND/NAME; what has no cloud or environment is matched
// only by `*` there.

#include "spec/target.h"
#include "spec/written.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

/// Unlock is written `secret`: to see the value of one.
enum class Verb : std::uint8_t { Read, Exec, Apply, Destroy, Manage, Admin, Kubectl, Unlock };
std::span<const std::string_view> verb_names() noexcept; // in the order of the enum
std::string_view to_string(Verb verb) noexcept;

struct AccessRule {
    std::optional<Verb> verb;       // none: any
    std::string cloud, environment; // a name, or "*"
    std::string kind;               // "server", "cluster", "app", ...
    std::string name;               // glob
    Text written;
};

/// Why a text is no rule, and what would help.
struct BadRule {
    std::string message, help;
};
struct ParsedRule {
    std::optional<AccessRule> rule;
    BadRule problem; // where there is none
};
ParsedRule parse_access_rule(const Text& text);

/// What a rule is asked about. `cloud` and `environment` are empty where the thing has none.
struct AccessObject {
    std::string_view cloud, environment, kind, name;
};
bool covers(const AccessRule& rule, Verb verb, const AccessObject& object) noexcept;

struct Role {
    std::string name;
    std::vector<AccessRule> allow, deny;
    std::optional<Target> target; // of the servers that rules name, only these
    Span at;                      // unknown: built in
};
/// Whether the rules of the roles allow it together: what one denies, no other allows. Their targets are not
/// looked at.
bool allows(std::span<const Role* const> roles, Verb verb, const AccessObject& object) noexcept;
bool allows(const Role& role, Verb verb, const AccessObject& object) noexcept;

/// admin, operator, viewer: there without being written.
std::vector<Role> builtin_roles();

} // namespace lab::spec
