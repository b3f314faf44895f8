#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec::test {
namespace {

/// A layout that fits.
constexpr const char* kPartitions =
    "{partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /, size: rest, fs: xfs}]}";

std::string names(const std::vector<Provided>& all) {
    std::string out;
    for (const Provided& one : all) {
        out += one.name + "(";
        for (const Origin& origin : one.origins)
            out += origin.through + "@" + origin.at.text() + " ";
        out.back() = ')';
        out += ' ';
    }
    return out;
}

TEST(Provision, ASizeFollowsTheLevels) {
    const Resolved lab(
        Files{{"lab.yaml", "lab: {format: 1, name: t, defaults: {cloud: local, layout: l, size: lab}}\n"
                           "environments: {prod: {size: env}}\n"
                           "labels: {big: {size: big, image: debian}}\n"
                           "servers:\n"
                           "  a: {}\n"
                           "  b: {environment: prod}\n"
                           "  c: {environment: prod, labels: [big]}\n"
                           "  d: {environment: prod, labels: [big], size: own}\n"
                           "sizes: {lab: , env: , big: , own: }\n"
                           "images: {debian: {installer: preseed}}\nlayouts: {l: " +
                               std::string(kPartitions) + "}\n"}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.field("a", "size"), "lab by lab.defaults at lab.yaml:1:69");
    EXPECT_EQ(lab.field("b", "size"), "env by environment prod at lab.yaml:2:29");
    EXPECT_EQ(lab.field("c", "size"), "big by label big at lab.yaml:3:22");
    EXPECT_EQ(lab.field("d", "size"), "own by server at lab.yaml:8:47");
    EXPECT_EQ(lab.fleet().chosen(3, Provides::Size), "own");
    EXPECT_EQ(lab.fleet().chosen(3, Provides::Layout), "l");
    EXPECT_EQ(lab.fleet().chosen(0, Provides::Image), "");
    EXPECT_EQ(names(lab.fleet().provided(2, Provides::Image)), "debian(big@lab.yaml:3:34) ");
    for (const Field& field : lab.fleet().fields(3)) {
        if (field.path != "size") continue;
        ASSERT_EQ(field.effective.overrode.size(), 3u);
        EXPECT_EQ(display(field.effective.overrode[0].first), "big");
        EXPECT_EQ(display(field.effective.overrode[2].first), "lab");
    }
}

TEST(Provision, LabelsThatDisagreeAreAnErrorUnlessTheServerOrAPrioritySettlesIt) {
    const std::string head = lab_yaml("labels:\n  x: {size: small}\n  y: {size: big}\n  same: {size: small}\n"
                                      "  z: {size: huge, priority: 1}\n"
                                      "sizes: {small: , big: , huge: , own: }\n");
    const Resolved bad(
        Files{{"lab.yaml",
               head + "servers: {a: {labels: [x, y]}, b: {labels: [x, y]}, c: {labels: [y, same]}}\n"}});
    EXPECT_EQ(
        bad.said(),
        "lab.yaml:7:13 spec/provision-conflict labels 'same' and 'y' give different sizes, 'small' and "
        "'big'\n"
        "lab.yaml:7:13 spec/provision-conflict labels 'x' and 'y' give different sizes, 'small' and 'big'\n");
    const Resolved good(
        Files{{"lab.yaml", head + "servers: {a: {labels: [x, y], size: own}, b: {labels: [x, y, z]}, "
                                  "c: {labels: [x, same]}}\n"}});
    EXPECT_EQ(good.said(), "");
    EXPECT_EQ(good.fleet().chosen(0, Provides::Size), "own");
    EXPECT_EQ(good.fleet().chosen(1, Provides::Size), "huge");
    EXPECT_EQ(good.fleet().chosen(2, Provides::Size), "small");
}

TEST(Provision, WhatLabelsListIsUnited) {
    const Resolved lab(Files{{"lab.yaml", lab_yaml("labels:\n"
                                                   "  mail:\n"
                                                   "    puppet_classes: [postfix, mail::dkim]\n"
                                                   "    ports: [993, 25, 53/udp, 53/tcp]\n"
                                                   "    alerts: [smtp_connect]\n"
                                                   "    secrets: [mail/tls-cert]\n"
                                                   "  web=a: {ports: [25, 80], puppet_classes: [postfix]}\n"
                                                   "servers: {m: {labels: [mail, web=a]}, none: {}}\n"
                                                   "secrets: {mail/tls-cert: {type: static}}\n")}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(names(lab.fleet().provided(0, Provides::Ports)),
              "25(mail@lab.yaml:8:18 web=a@lab.yaml:11:19) 53(mail@lab.yaml:8:30) 53/udp(mail@lab.yaml:8:22) "
              "80(web=a@lab.yaml:11:23) 993(mail@lab.yaml:8:13) ");
    EXPECT_EQ(names(lab.fleet().provided(0, Provides::PuppetClasses)),
              "mail::dkim(mail@lab.yaml:7:31) postfix(mail@lab.yaml:7:22 web=a@lab.yaml:11:45) ");
    EXPECT_EQ(lab.field("m", "secrets.mail/tls-cert"), "true by label mail at lab.yaml:10:15");
    EXPECT_EQ(lab.field("m", "alerts.smtp_connect"), "true by label mail at lab.yaml:9:14");
    EXPECT_TRUE(lab.fleet().provided(1, Provides::Ports).empty());
}

TEST(Provision, NamesAreCheckedByTheirGrammar) {
    const Resolved lab(Files{{"lab.yaml", lab_yaml("labels:\n"
                                                   "  x:\n"
                                                   "    ports: [0, 65536, ssh, \"25\", [1], 5/sctp]\n"
                                                   "    puppet_classes: [Postfix, \"a::\", a::b]\n"
                                                   "    secrets: [/tls, a//b, a/b]\n"
                                                   "    size: [a]\n"
                                                   "servers: {s: {labels: [x], ports: [1], alerts: [a]}}\n"
                                                   "secrets: {a/b: {type: static}}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:7:13 spec/bad-value '0' is no port\n"
                          "lab.yaml:7:16 spec/bad-value '65536' is no port\n"
                          "lab.yaml:7:23 spec/bad-value 'ssh' is no port\n"
                          "lab.yaml:7:34 spec/bad-value a port must be a number, not a list\n"
                          "lab.yaml:7:39 spec/bad-value '5/sctp' is no port\n"
                          "lab.yaml:8:22 spec/bad-name 'Postfix' is no name for a Puppet class\n"
                          "lab.yaml:8:31 spec/bad-name 'a::' is no name for a Puppet class\n"
                          "lab.yaml:9:15 spec/bad-name '/tls' is no path of a secret\n"
                          "lab.yaml:9:21 spec/bad-name 'a//b' is no path of a secret\n"
                          "lab.yaml:10:11 spec/wrong-type 'size' must be a string, not a list\n"
                          "lab.yaml:11:28 spec/unknown-key a server has no key 'ports'\n"
                          "lab.yaml:11:40 spec/unknown-key a server has no key 'alerts'\n");
}

TEST(Provision, WhatAServerIsMadeOfIsPartOfItsKey) {
    const auto key = [](const std::string& more) {
        const Resolved lab(Files{
            {"lab.yaml", lab_yaml("servers: {s: {" + more +
                                  "}}\nsizes: {a: , b: }\nimages: {a: {installer: preseed}}\nlayouts: {a: " +
                                  kPartitions + "}\n")}});
        return lab.fleet().key(0);
    };
    EXPECT_EQ(key("size: a"), key("size: a"));
    EXPECT_NE(key("size: a"), key("size: b"));
    EXPECT_NE(key("size: a"), key("layout: a"));
    EXPECT_NE(key("image: a"), key(""));
}

} // namespace
} // namespace lab::spec::test
