#include "spec/access.h"

#include "inventory_text.h"

#include <array>
#include <gtest/gtest.h>

namespace lab::spec::test {
namespace {

std::string problem(const char* text) {
    const ParsedRule parsed = parse_access_rule({text, {}});
    return parsed.rule ? "" : parsed.problem.message + "; " + parsed.problem.help;
}

AccessRule rule(const char* text) {
    auto parsed = parse_access_rule({text, {}});
    LAB_CHECK(parsed.rule, "the test's rule is one");
    return *parsed.rule;
}

TEST(Access, ARuleHasFourParts) {
    EXPECT_EQ(problem("read:*:*:*"), "");
    EXPECT_EQ(problem("*:baremetal:lab:puppet"), "");
    EXPECT_EQ(problem("manage:*:*:app/*"), "");
    EXPECT_EQ(problem("read:*:*"), "'read:*:*' is no access rule; a rule has four parts, "
                                   "action:cloud:environment:server, each a name or *");
    EXPECT_EQ(problem("read:*:*:"), "'read:*:*:' is no access rule; a rule has four parts, "
                                    "action:cloud:environment:server, each a name or *");
    EXPECT_EQ(problem("raed:*:*:*"), "there is no action 'raed'; did you mean 'read'?");
    EXPECT_EQ(problem("read:*:*:clutser/x"), "there is no kind 'clutser'; did you mean 'cluster'?");
    EXPECT_EQ(
        problem("secret:aws:*:secret/a"),
        "a secret is in no cloud and no environment: the rule could never match; write secret:*:*:secret/a");
}

TEST(Access, DenyWinsAndWhatHasNoPlaceIsMatchedByStarsOnly) {
    Role role{
        .name = "r", .allow = {rule("exec:*:lab:*"), rule("read:*:*:*")}, .deny = {}, .target = {}, .at = {}};
    role.deny = {rule("exec:*:*:db-*")};
    EXPECT_TRUE(allows(role, Verb::Exec, {"rack", "lab", "server", "web-1"}));
    EXPECT_FALSE(allows(role, Verb::Exec, {"rack", "lab", "server", "db-1"}));
    EXPECT_FALSE(allows(role, Verb::Exec, {"rack", "prod", "server", "web-1"}));
    EXPECT_TRUE(allows(role, Verb::Read, {"", "", "secret", "mail/key"}));
    EXPECT_FALSE(allows(role, Verb::Exec, {"", "", "role", "x"}));
    EXPECT_FALSE(covers(rule("read:*:*:db-1"), Verb::Read, {"", "", "cluster", "db-1"}));
}

TEST(Access, WhatOneRoleDeniesNoOtherAllows) {
    const Role allowing{.name = "a", .allow = {rule("exec:*:*:*")}, .deny = {}, .target = {}, .at = {}};
    const Role denying{.name = "d", .allow = {}, .deny = {rule("exec:*:*:db-*")}, .target = {}, .at = {}};
    const std::array both{&allowing, &denying};
    EXPECT_TRUE(allows(both, Verb::Exec, {"rack", "lab", "server", "web-1"}));
    EXPECT_FALSE(allows(both, Verb::Exec, {"rack", "lab", "server", "db-1"}));
    EXPECT_FALSE(allows(std::span<const Role* const>(), Verb::Read, {"rack", "lab", "server", "web-1"}));
}

TEST(Access, ViewersReadOperatorsActAdministratorsDoAll) {
    for (const Role& role : builtin_roles()) {
        const AccessObject object{"rack", "lab", "server", "a"};
        EXPECT_TRUE(allows(role, Verb::Read, object));
        EXPECT_EQ(allows(role, Verb::Exec, object), role.name != "viewer");
        EXPECT_EQ(allows(role, Verb::Destroy, object), role.name == "admin");
    }
}

TEST(Access, RulesNameWhatIsThere) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("environments: {prod: {owners: [ann, bob]}}\n"
                                    "roles:\n"
                                    "  ops:\n"
                                    "    allow: [\"exec:rack:prod:*\", \"exec:local:default:a\", "
                                    "\"exec:*:*:b\", \"read:*:prodd:*\"]\n"
                                    "    deny: [\"manage:*:*:app/shop\"]\n"
                                    "    target: {labels: [x]}\n"
                                    "  admin: {allow: [\"read:*:*:*\"]}\n"
                                    "users: {ann: {roles: [ops, admin, opps]}}\n"
                                    "servers: {a: {}}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:5:37 spec/unknown-user there is no user 'bob'\n"
                          "lab.yaml:8:13 spec/unknown-cloud there is no cloud 'rack'\n"
                          "lab.yaml:8:57 spec/unknown-server there is no server 'b'\n"
                          "lab.yaml:8:71 spec/unknown-environment there is no environment 'prodd'\n"
                          "lab.yaml:9:12 spec/unknown-app there is no app 'shop'\n"
                          "lab.yaml:10:23 spec/unknown-label there is no label 'x'\n"
                          "lab.yaml:11:3 spec/duplicate-name role 'admin' is built in\n"
                          "lab.yaml:12:35 spec/unknown-role there is no role 'opps'\n");
}

} // namespace
} // namespace lab::spec::test
