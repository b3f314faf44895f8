#include "spec/detail/access_file.h"

#include "spec/detail/decode.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kRoleKeys{"allow"sv, "deny"sv, "target"sv};

std::vector<AccessRule> read_rules(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    std::vector<AccessRule> rules;
    for (const Text& text : read_texts(node, key, diagnostics)) {
        ParsedRule parsed = parse_access_rule(text);
        if (parsed.rule)
            rules.push_back(*std::move(parsed.rule));
        else
            add_error(diagnostics, "spec/bad-rule", std::move(parsed.problem.message), text.at,
                      std::move(parsed.problem.help));
    }
    return rules;
}

} // namespace

Role read_role(Text name, const Node& body, Diagnostics& diagnostics) {
    Role role;
    role.name = std::move(name.value);
    role.at = name.at;
    const std::vector<Role> builtin = builtin_roles();
    if (std::any_of(builtin.begin(), builtin.end(),
                    [&](const Role& other) { return other.name == role.name; }))
        add_error(diagnostics, "spec/duplicate-name", fmt::format("role '{}' is built in", role.name),
                  role.at, "give this one another name");
    if (!is_map(body, role.name, diagnostics) && !body.is_null()) return role;
    for (std::size_t i = 0; body.is_map() && i < body.size(); ++i) {
        const std::string_view key = body.key(i).text();
        if (key == "allow")
            role.allow = read_rules(body.value(i), key, diagnostics);
        else if (key == "deny")
            role.deny = read_rules(body.value(i), key, diagnostics);
        else if (key == "target")
            role.target = parse_target(body.value(i), diagnostics);
        else
            report_unknown_key(body.key(i), {"a role", kRoleKeys}, diagnostics);
    }
    const auto says = [&](std::string_view key) {
        const Node rules = body.is_map() ? body.find(key) : Node();
        return rules && !rules.is_null() && !(rules.is_list() && rules.size() == 0);
    };
    if (!says("allow") && !says("deny"))
        add_error(diagnostics, "spec/missing-key",
                  fmt::format("role '{}' allows nothing and denies nothing", role.name), role.at,
                  "allow: [\"read:*:*:*\"]");
    return role;
}

} // namespace lab::spec::detail
