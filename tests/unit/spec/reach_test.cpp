#include "spec/reach.h"

#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::lab_yaml;
using test::Resolved;

const std::string kServers = "servers:\n"
                             "  a: {root: m/a, labels: [k, n]}\n"
                             "  b: {root: m/b, labels: [n]}\n"
                             "labels: {k: , n: }\n";

/// What would reach further, a line each.
std::string wider(const std::string& before, const std::string& after) {
    const Resolved old({{"lab.yaml", lab_yaml()}, {"x.yaml", before}});
    const Resolved now({{"lab.yaml", lab_yaml()}, {"x.yaml", after}});
    EXPECT_EQ(old.said() + now.said(), "");
    Diagnostics diagnostics;
    check_reach(old.fleet(), now.fleet(), diagnostics);
    std::string text;
    for (const Diagnostic& one : diagnostics.sorted())
        text += one.message + "\n";
    return text;
}
std::string wider_with(const std::string& before, const std::string& after) {
    return wider(kServers + before, kServers + after);
}

TEST(Reach, NothingChangedIsNothingToSay) {
    const std::string more = "groups: {g: {match: {labels: [k]}}}\n"
                             "roles: {q: {allow: [\"exec:*:*:*\"], target: {groups: [g]}}}\n"
                             "users: {u: {roles: [q]}}\n";
    EXPECT_EQ(wider_with(more, more), "");
    EXPECT_EQ(wider_with(more, ""), "");
}

TEST(Reach, AFilterThatLosesAKeySelectsMoreThoughNobodyIsThereYet) {
    EXPECT_EQ(wider_with("groups: {g: {match: {labels: [k], servers: [a]}}}\n",
                         "groups: {g: {match: {servers: [a]}}}\n"),
              "group 'g' would lose 'labels' of its match, and select more\n");
    EXPECT_EQ(wider_with("groups: {g: {match: {labels: {all: [k, n]}}}}\n",
                         "groups: {g: {match: {labels: {all: [k]}}}}\n"),
              "group 'g' would lose one of all the labels that its match asks for, and select more\n");
    EXPECT_EQ(wider_with("clusters: {c: {target: {labels: [k], servers: [\"*\"]}}}\n",
                         "clusters: {c: {target: {servers: [\"*\"]}}}\n"),
              "cluster 'c' would lose 'labels' of its target, and select more\n");
}

TEST(Reach, ANameLessInAListSelectsLess) {
    EXPECT_EQ(wider_with("groups: {g: {match: {labels: [k, n]}, servers: [a, b]}}\n",
                         "groups: {g: {match: {labels: [k]}, servers: [a]}}\n"),
              "");
    EXPECT_EQ(
        wider_with("secrets: {s: {type: static, target: {labels: [k]}}}\n", "secrets: {s: {type: static}}\n"),
        "");
    EXPECT_EQ(
        wider_with("alerts: {x: {condition: up == 0, target: {labels: [k], exclude: {servers: [b]}}}}\n",
                   "alerts: {x: {condition: up == 0, target: {exclude: {servers: [b]}}}}\n"),
        "");
}

TEST(Reach, WhomAnExcludeKeptOutComesIn) {
    const std::string secret = "secrets: {s: {type: static, target: {groups: [h]}}}\n";
    EXPECT_EQ(wider_with("groups: {h: {servers: [\"*\"], exclude: {labels: [k]}}}\n" + secret,
                         "groups: {h: {servers: [\"*\"]}}\n" + secret),
              "group 'h' would also select server 'a'\n"
              "secret 's' would also be readable on server 'a'\n");
    EXPECT_EQ(wider_with("alerts: {cert_expiry: {target: {exclude: {labels: [n]}}}}\n",
                         "alerts: {cert_expiry: {severity: info}}\n"),
              "alert 'cert_expiry' would also fire on servers 'a' and 'b'\n");
    EXPECT_EQ(wider("servers: {a: {root: m/a}, b: {root: m/b}}\n"
                    "alerts: {cert_expiry: {target: {exclude: {servers: [a]}}}}\n",
                    "servers: {b: {root: m/b}}\nalerts: {cert_expiry: {severity: info}}\n"),
              "");
    // Nobody is in it, so nobody comes in.
    EXPECT_EQ(
        wider_with("groups: {e: {match: {labels: {all: [k]}, servers: [b]}}, h: {servers: [\"*\"], exclude: "
                   "{groups: [e]}}}\n",
                   "groups: {h: {servers: [\"*\"]}}\n"),
        "");
}

TEST(Reach, ARegionThatWasLeftOutMayComeAgain) {
    const std::string servers = "servers: {a: {root: m/a, region: eu}, b: {root: m/b}}\n";
    EXPECT_EQ(wider(servers + "groups: {h: {servers: [\"*\"], exclude: {region: eu}}}\n",
                    "servers: {b: {root: m/b}}\ngroups: {h: {servers: [\"*\"]}}\n"),
              "group 'h' would lose region 'eu' of those that its exclude leaves out, and select more\n");
}

TEST(Reach, ATargetThatNarrowsMustNotGo) {
    const std::string role = "roles: {q: {allow: [\"exec:*:*:*\"]";
    EXPECT_EQ(wider_with(role + ", target: {labels: [k]}}}\n", role + "}}\n"),
              "role 'q' would lose its target, and speak of more\n");
    EXPECT_EQ(wider_with("alerts: {cert_expiry: {severity: info, target: {servers: [a]}}}\n",
                         "alerts: {cert_expiry: {severity: info}}\n"),
              "alert 'cert_expiry' would lose its target, and select more\n");
}

TEST(Reach, WhatIsDeniedStaysDenied) {
    EXPECT_EQ(wider_with("roles: {q: {allow: [\"exec:*:*:*\"], deny: [\"exec:*:*:a\", \"read:*:*:b\"]}}\n",
                         "roles: {q: {allow: [\"exec:*:*:*\"], deny: [\"read:*:*:b\"]}}\n"),
              "role 'q' would no longer deny 'exec' on server 'a'\n");
    EXPECT_EQ(wider_with("roles: {q: {deny: [\"exec:*:*:*\"], target: {servers: [a, b]}}}\n",
                         "roles: {q: {deny: [\"exec:*:*:*\"], target: {servers: [b]}}}\n"),
              "role 'q' would no longer deny 'exec' on server 'a'\n");
    const std::string cluster = "roles: {q: {deny: [\"kubectl:*:e:*\"]}}\n"
                                "environments: {e: }\napps: {s: {cluster: c, namespace: s}}\n"
                                "clusters: {c: {target: {labels: [k]}";
    EXPECT_EQ(wider_with(cluster + ", environment: e}}\n", cluster + "}}\n"),
              "role 'q' would no longer deny 'kubectl' on cluster 'c', and on 1 more\n");
    const std::string roles = "roles: {r: {allow: [\"exec:*:*:*\"]}";
    EXPECT_EQ(wider_with(roles + ", q: {deny: [\"exec:*:*:a\"]}}\nusers: {u: {roles: [q, r]}}\n",
                         roles + "}\nusers: {u: {roles: [r]}}\n"),
              "user 'u' would lose role 'q', which denies, and keep 'r'\n");
    EXPECT_EQ(wider_with(roles + ", q: {deny: [\"exec:*:*:a\"]}}\nusers: {u: {roles: [q]}}\n",
                         roles + "}\nusers: {u: {ssh_keys: []}}\n"),
              "");
}

TEST(Reach, AServerStaysTheMachineItIs) {
    const std::string sizes =
        "sizes: {s: {abstract: {cores: 4, memory: 8GB}}, t: {abstract: {cores: 4, memory: "
        "8GB}}}\n";
    EXPECT_EQ(wider("clouds: {rack: {provider: local}}\nservers: {a: {cloud: rack, root: m/a}}\n",
                    "servers: {a: {root: m/a}}\n"),
              "server 'a' would have the cloud 'local' instead of 'rack'\n");
    EXPECT_EQ(wider("environments: {e: {region: eu}}\n"
                    "servers: {a: {environment: e, root: m/a}, b: {environment: e, root: m/b}}\n",
                    "servers: {a: {root: m/a}, b: {root: m/b}}\n"),
              "servers 'a' and 'b' would have the environment 'default' instead of 'e'\n");
    EXPECT_EQ(wider("environments: {default: {puppet: off}}\nservers: {a: {root: m/a}}\n",
                    "servers: {a: {root: m/a}}\n"),
              "server 'a' would have nothing of what environment 'default' gives it\n");
    EXPECT_EQ(wider("servers: {a: {root: m/a}}\n", "servers: {a: {root: m/b}}\n"),
              "server 'a' would have another setting 'root' for its provider\n");
    EXPECT_EQ(
        wider(sizes + "environments: {e: {size: t}}\nservers: {a: {environment: e, root: m/a, size: s}}\n",
              sizes + "environments: {e: {size: t}}\nservers: {a: {environment: e, root: m/a}}\n"),
        "server 'a' would have the size 't' instead of 's'\n");
    EXPECT_EQ(wider(sizes + "servers: {a: {root: m/a, size: s}}\n", sizes + "servers: {a: {root: m/a}}\n"),
              "");
}

} // namespace
} // namespace lab::spec
