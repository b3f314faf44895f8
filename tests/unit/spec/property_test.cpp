#include "spec/keys.h"

#include "inventory_text.h"
#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::spec::test {
namespace {

TEST(Property, WhatTheTablesDescribeIsReadInItsCanonicalForm) {
    const Resolved lab(
        Files{{"lab.yaml",
               lab_yaml("sizes:\n"
                        "  medium:\n"
                        "    abstract: {cores: 4, memory: 8GB, disk: 100GB}\n"
                        "    providers:\n"
                        "      aws: {instance_type: t3.large}\n"
                        "      xcpng: {cores: 4, memory: 8192MB}\n"
                        "      baremetal: {min_cores: 4, min_memory: 8GB, maas_tag: medium}\n"
                        "      local: {anything: [1]}\n"
                        "servers:\n"
                        "  a:\n"
                        "    mac: AA-BB-CC-00-11-22\n"
                        "    address: 10.0.0.7\n"
                        "    size: medium\n"
                        "    disk: {size: 1TB, type: nvme}\n"
                        "    network:\n"
                        "      interfaces: {eth0: {address: 10.0.0.7/24}, eth1: {address: dhcp, vlan: 7}}\n"
                        "      dns: [10.0.0.1, \"fd00::1\"]\n")}});
    EXPECT_EQ(lab.said(), "");
    const Record& size = lab.fleet().inventory().sizes.at("medium");
    EXPECT_EQ(size.text("abstract.disk.size"), "100GB");
    EXPECT_EQ(write_json(nested(size.properties)),
              "{\"abstract\":{\"cores\":4,\"memory\":\"8GB\",\"disk\":{\"size\":\"100GB\"}},"
              "\"providers\":{\"aws\":{\"instance_type\":\"t3.large\"},\"xcpng\":{\"cores\":4,\"memory\":"
              "\"8192MB\"},"
              "\"baremetal\":{\"min_cores\":4,\"min_memory\":\"8GB\",\"maas_tag\":\"medium\"},"
              "\"local\":{\"anything\":[1]}}}");
    EXPECT_EQ(lab.field("a", "mac"), "aa:bb:cc:00:11:22 by server at lab.yaml:15:10");
    EXPECT_EQ(lab.field("a", "network.interfaces.eth1.address"), "dhcp by server at lab.yaml:20:66");
    EXPECT_EQ(lab.field("a", "network.dns"), "[\"10.0.0.1\",\"fd00::1\"] by server at lab.yaml:21:12");
}

TEST(Property, EachFormIsChecked) {
    const Resolved lab(Files{
        {"lab.yaml", lab_yaml("sizes: {s: {abstract: {cores: 0, memory: lots, disk: 5}, provider: {}}}\n"
                              "images:\n"
                              "  i: {arch: amd65, kernel: \"ftp://x\", checksums: {kernel: \"sha256:12\"}}\n"
                              "servers:\n"
                              "  a:\n"
                              "    mac: aa:bb:cc\n"
                              "    address: 10.0.0.300\n"
                              "    network: {gateway: [x], vlan: 5000, bond: {mode: best}}\n"
                              "    bmc: {type: ipmy, secret: a//b}\n"
                              "    disk: /dev/sda\n")}});
    EXPECT_EQ(lab.said(),
              "lab.yaml:5:31 spec/bad-value 'cores' must be from 1 to 2147483647, not 0\n"
              "lab.yaml:5:42 spec/bad-value 'memory' must be an amount of bytes, not 'lots'\n"
              "lab.yaml:5:54 spec/bad-value 'size' must be an amount of bytes, not '5'\n"
              "lab.yaml:5:58 spec/unknown-key a size has no key 'provider'\n"
              "lab.yaml:7:6 spec/missing-key an image has no 'installer'\n"
              "lab.yaml:7:13 spec/bad-value 'arch' cannot be 'amd65'\n"
              "lab.yaml:7:28 spec/bad-value 'kernel' must be a location, not 'ftp://x'\n"
              "lab.yaml:7:59 spec/bad-value 'kernel' must be a checksum, not 'sha256:12'\n"
              "lab.yaml:10:10 spec/bad-value 'mac' must be the MAC address of one card, not 'aa:bb:cc'\n"
              "lab.yaml:11:14 spec/bad-value 'address' must be an address, not '10.0.0.300'\n"
              "lab.yaml:12:24 spec/wrong-type 'gateway' must be a string, not a list\n"
              "lab.yaml:12:35 spec/bad-value 'vlan' must be from 1 to 4094, not 5000\n"
              "lab.yaml:12:47 spec/missing-key 'bond' has no 'interfaces'\n"
              "lab.yaml:12:54 spec/bad-value 'mode' cannot be 'best'\n"
              "lab.yaml:13:10 spec/missing-key 'bmc' has no 'address'\n"
              "lab.yaml:13:17 spec/bad-value 'type' cannot be 'ipmy'\n"
              "lab.yaml:13:31 spec/bad-value 'secret' must be the path of a secret, not 'a//b'\n"
              "lab.yaml:14:11 spec/bad-value 'size' must be an amount of bytes, not '/dev/sda'\n");
}

TEST(Property, AServersNetworkGoesOverItsEnvironments) {
    const Resolved lab(Files{
        {"lab.yaml", "lab: {format: 1, name: t, defaults: {cloud: local}, reconcile: {mode: plan}, "
                     "rollout: {canary: 1, batch: 25%, health_gate: 5m}}\n"
                     "environments: {e: {network: {gateway: 10.0.0.1, vlan: 3}, reconcile: {mode: apply}}}\n"
                     "servers: {a: {environment: e, network: {vlan: 4}}, b: {}}\n"}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.field("a", "network.gateway"), "10.0.0.1 by environment e at lab.yaml:2:39");
    EXPECT_EQ(lab.field("a", "network.vlan"), "4 by server at lab.yaml:3:47");
    EXPECT_EQ(lab.field("a", "reconcile.mode"), "apply by environment e at lab.yaml:2:77");
    EXPECT_EQ(lab.field("b", "reconcile.mode"), "plan by lab.defaults at lab.yaml:1:71");
    EXPECT_EQ(lab.field("b", "rollout.canary"), "1 by lab.defaults at lab.yaml:1:96");
}

TEST(Property, WhatDefinitionsNameMustBeThere) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("sizes: {m: {providers: {asw: {instance_type: x}}}}\n"
                                    "labels: {l: {size: mm, image: i}}\n"
                                    "clusters: {c: {target: {labels: [x]}, cloud: far, environment: e}}\n"
                                    "apps: {shop: {cluster: cc}, blog: {}}\n"
                                    "groups: {g: {match: {size: [m, big]}}}\n"
                                    "servers: {s: {mac: \"00:00:00:00:00:01\"}, "
                                    "t: {network: {interfaces: {e: {mac: \"00-00-00-00-00-01\"}}}}}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:5:30 spec/unknown-provider there is no provider 'asw'\n"
                          "lab.yaml:6:20 spec/unknown-size there is no size 'mm'\n"
                          "lab.yaml:6:31 spec/unknown-image there is no image 'i'\n"
                          "lab.yaml:7:34 spec/unknown-label there is no label 'x'\n"
                          "lab.yaml:7:46 spec/unknown-cloud there is no cloud 'far'\n"
                          "lab.yaml:7:64 spec/unknown-environment there is no environment 'e'\n"
                          "lab.yaml:8:24 spec/unknown-cluster there is no cluster 'cc'\n"
                          "lab.yaml:8:35 spec/missing-key an app has no 'cluster'\n"
                          "lab.yaml:9:32 spec/unknown-size there is no size 'big'\n"
                          "lab.yaml:10:78 spec/same-machine servers 's' and 't' have the same MAC address\n");
}

TEST(Property, ATargetSelectsByEffectiveSize) {
    const Resolved lab(Files{
        {"lab.yaml",
         lab_yaml("sizes: {small: , big: }\n"
                  "labels: {l: {size: big}}\n"
                  "groups: {g: {match: {size: big}}, no: {match: {labels: [l]}, exclude: {size: big}}}\n"
                  "servers: {a: {labels: [l]}, b: {labels: [l], size: small}, c: {size: big}, d: {}}\n")}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.fleet().members("g"), (std::vector<ServerIndex>{0, 2}));
    EXPECT_EQ(lab.fleet().members("no"), (std::vector<ServerIndex>{1}));
    EXPECT_EQ(lab.fleet().explain_membership("g", 0)[0], "matched by size big (lab.yaml:7:21)");
}

TEST(Property, ClassesWherePuppetIsOffAreAnError) {
    const Resolved lab(Files{
        {"lab.yaml",
         lab_yaml("environments: {bare: {puppet: \"off\"}, full: {puppet: apply}}\n"
                  "labels: {mail: {puppet_classes: [postfix]}}\n"
                  "servers: {a: {environment: bare, labels: [mail]}, b: {environment: full, labels: [mail]}, "
                  "c: {labels: [mail]}}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:6:34 spec/puppet-off label 'mail' gives Puppet classes, and environment "
                          "'bare' has Puppet off\n");
}

TEST(Property, AMisspelledKeyIsNoSettingOfAProviderThatIsNotHere) {
    const Resolved lab(Files{
        {"lab.yaml", "lab: {format: 1, name: t, defaults: {cloud: aws}}\n"
                     "servers: {a: {enviroment: x, netwrk: {}, instance_type: t3.large, subnet: s}}\n"}});
    EXPECT_EQ(lab.said(), "lab.yaml:2:15 spec/unknown-key a server has no key 'enviroment'\n"
                          "lab.yaml:2:30 spec/unknown-key a server has no key 'netwrk'\n");
}

} // namespace
} // namespace lab::spec::test
