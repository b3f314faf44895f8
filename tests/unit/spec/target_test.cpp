#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::MapTree;
using test::Resolved;

const std::string kServers = "labels: {web: , db: , k3s: , old: }\n"
                             "environments: {prod: {region: eu}, test: {region: us}}\n"
                             "servers:\n"
                             "  a: {labels: [web], environment: prod}\n"
                             "  b: {labels: [web, db], environment: prod}\n"
                             "  c: {labels: [db, old], environment: test}\n"
                             "  d: {labels: [k3s=server], environment: test}\n";

/// Names of the members of group `g` with this body.
std::string members(const std::string& body, const std::string& more = "") {
    const Resolved lab(Files{{"lab.yaml", lab_yaml(kServers + "groups:\n  g: " + body + "\n" + more)}});
    if (!lab.said().empty()) return lab.said();
    std::string out;
    for (const ServerIndex index : lab.fleet().members("g"))
        out += lab.fleet().server(index).name;
    return out;
}

TEST(Target, AnyOfWithinAKeyAllOfAcrossKeys) {
    EXPECT_EQ(members("{match: {labels: [web, db]}}"), "abc");
    EXPECT_EQ(members("{match: {labels: [web, db], environment: prod}}"), "ab");
    EXPECT_EQ(members("{match: {labels: {all: [web, db]}}}"), "b");
    EXPECT_EQ(members("{match: {labels: k3s}}"), "d");
    EXPECT_EQ(members("{match: {labels: [k3s=server]}}"), "d");
    EXPECT_EQ(members("{match: {region: [eu, us], servers: ['[ac]', 'a', 'c*']}}"),
              "lab.yaml:13:43 spec/unknown-server there is no server '[ac]'\n");
    EXPECT_EQ(members("{match: {provider: local, cloud: local, servers: [a, 'c*']}}"), "ac");
}

TEST(Target, GroupsAddMembersAndExcludeIsAUnion) {
    const std::string more = "  h: {match: {labels: [web]}}\n";
    EXPECT_EQ(members("{groups: [h], servers: [d]}", more), "abd");
    EXPECT_EQ(members("{groups: [h], servers: [d], exclude: {labels: [db], servers: [d]}}", more), "a");
    EXPECT_EQ(members("{match: {groups: [h], labels: [db]}}", more), "b");
    EXPECT_EQ(members("{match: {environment: [prod, test], exclude: {labels: [old]}}}", more), "abd");
}

TEST(Target, CyclesOfGroupsArePrinted) {
    EXPECT_EQ(members("{groups: [h]}",
                      "  h: {match: {groups: [i]}}\n  i: {exclude: {groups: [g]}, servers: [a]}\n"),
              "lab.yaml:15:26 spec/group-cycle groups contain each other: g -> h -> i -> g\n");
}

TEST(Target, AnEmptyTargetIsAnError) {
    EXPECT_EQ(members("{match: {}}"),
              "lab.yaml:13:14 spec/bad-target a target that is empty selects nothing\n");
    EXPECT_EQ(members("{match: {labels: []}}"),
              "lab.yaml:13:23 spec/bad-target 'labels' names nothing, so nothing could match\n");
    EXPECT_EQ(members("{}"), "lab.yaml:13:3 spec/bad-target group 'g' says nothing about its members\n");
    EXPECT_EQ(members("{match: {lables: [web]}}"),
              "lab.yaml:13:15 spec/unknown-key a target has no key 'lables'\n");
    EXPECT_EQ(members("{match: {size: big}}"), "lab.yaml:13:21 spec/unknown-size there is no size 'big'\n");
}

TEST(Target, MembershipIsExplained) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml(kServers + "groups:\n  g: {match: {labels: [web], region: eu}, exclude: "
                                               "{labels: [db]}, servers: ['c*']}\n")}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.fleet().explain_membership("g", 0),
              std::vector<std::string>{"matched by label web and region eu (lab.yaml:13:14)"});
    EXPECT_EQ(lab.fleet().explain_membership("g", 1),
              (std::vector<std::string>{"matched by label web and region eu (lab.yaml:13:14)",
                                        "excluded by label db (lab.yaml:13:52)"}));
    EXPECT_EQ(lab.fleet().explain_membership("g", 2),
              (std::vector<std::string>{"listed as server c* (lab.yaml:13:78)",
                                        "excluded by label db (lab.yaml:13:52)"}));
}

TEST(Target, WhatHoldsASubgroupIsNotCalledUnmatched) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml(kServers + "groups:\n  sub: {match: {labels: [web], region: eu}}\n"
                                               "  g: {match: {labels: [db]}, groups: [sub]}\n")}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.fleet().explain_membership("g", 0),
              std::vector<std::string>{"by group sub (lab.yaml:14:39)"});
}

TEST(Target, FiltersAreCheckedAfterTheProvidersAreGone) {
    const MapTree tree(Files{{"lab.yaml", lab_yaml(kServers)}});
    Loaded loaded = load(tree);
    const Fleet fleet = Fleet::resolve(loaded.inventory, test::TestProviders(), {"key"}, loaded.diagnostics);
    Target target;
    target.clouds = {{"nope", {}}};
    target.providers = {{"lokal", {}}};
    Diagnostics found;
    fleet.check(target, found);
    ASSERT_EQ(found.errors(), 2u);
    EXPECT_EQ(found.items()[1].help, "did you mean 'local'?");
}

} // namespace
} // namespace lab::spec
