#include "spec/policy.h"

#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::Resolved;

Files mail(const std::string& more = "") {
    return {
        {"lab.yaml",
         "lab: {format: 1, name: t, defaults: {cloud: local}, puppet: {path: [own, other]}}\n"
         "environments: {prod: , test: }\n"
         "labels:\n"
         "  mail: {puppet_classes: [profile], ports: [25, 4190, 53/udp], alerts: [queue], secrets: [m/key]}\n"
         "  plain: {modules: [relay]}\n"
         "  big: {size: large}\n"
         "servers:\n"
         "  a: {labels: [mail, big], environment: prod}\n"
         "  b: {labels: [mail], environment: test}\n"
         "  c: {labels: [plain], environment: test}\n" +
             more},
        {"modules/relay/module.yaml", "name: relay\nsecrets: [m/relay]\n"},
        {"own/profile/manifests/init.pp", "class profile { include postfix }\n"},
        {"own/postfix/manifests/init.pp", "class postfix { lab::secret('m/relay') lab::secret('m/none') }\n"},
        {"own/postfix/data/common.yaml", "not: an inventory\n"},
        {"other/postfix/manifests/more.pp", "class postfix::more { lab::secret('m/hidden') }\n"}};
}

const std::string kSizes = "sizes: {large: {abstract: {cores: 8, memory: 32GB}}}\n";
const std::string kSecrets = "secrets: {m/key: {type: static}, m/relay: {type: static}}\n";
const std::string kAlerts = "alerts: {queue: {condition: q > 1}}\n";

std::string text(const std::vector<ServerSecret>& secrets) {
    std::string out;
    for (const ServerSecret& secret : secrets) {
        out += secret.path + ":";
        for (const Chain& chain : secret.chains)
            out += " [" + chain_text(chain, secret.path) + "]";
        out += "\n";
    }
    return out;
}

std::string text(const std::vector<ServerAlert>& alerts) {
    std::string out;
    for (const ServerAlert& alert : alerts) {
        out += alert.name + ":";
        for (const Chain& chain : alert.chains)
            out += " [" + chain_text(chain) + "]";
        out += "\n";
    }
    return out;
}

TEST(Policy, SecretsFollowFromWhatRefersToThem) {
    const Resolved lab(mail(kSizes + kSecrets + kAlerts));
    EXPECT_EQ(lab.said(),
              "own/postfix/manifests/init.pp:1:52 spec/undefined-secret class 'postfix' calls for a secret "
              "'m/none' that is not defined\n");
    EXPECT_EQ(text(secrets_of(lab.fleet(), 0)),
              "m/key: [label mail]\n"
              "m/relay: [label mail → class profile → class postfix → lab::secret('m/relay')]\n");
    EXPECT_EQ(text(secrets_of(lab.fleet(), 2)), "m/relay: [label plain → module relay]\n");
    EXPECT_EQ(readers_of(lab.fleet(), "m/relay"), (std::vector<ServerIndex>{0, 1, 2}));
    EXPECT_TRUE(readers_of(lab.fleet(), "m/none").empty());
    EXPECT_EQ(ways_to_secret(lab.fleet(), "m/none").size(), 1u);
}

TEST(Policy, AGrantIsPartOfTheKey) {
    const auto key = [](const std::string& secrets, ServerIndex index) {
        return Resolved(mail(kAlerts + secrets)).fleet().key(index);
    };
    const std::string wider =
        "secrets: {m/key: {type: static, target: {servers: [c]}}, m/relay: {type: static}}\n";
    const std::string none =
        "secrets: {m/key: {type: static}, m/relay: {type: static}, m/none: {type: static}}\n";
    EXPECT_EQ(key(kSecrets, 0), key(kSecrets, 0));
    EXPECT_EQ(key(kSecrets, 0), key(wider, 0));
    EXPECT_NE(key(kSecrets, 2), key(wider, 2));
    EXPECT_NE(key(kSecrets, 0), key(none, 0)); // what the class calls for is defined now
    EXPECT_EQ(key(kSecrets, 2), key(none, 2));
}

TEST(Policy, AlertsAreGeneratedFromWhatAServerHas) {
    const Resolved lab(mail(kSizes + kSecrets + kAlerts));
    EXPECT_EQ(text(alerts_of(lab.fleet(), 0)),
              "cert_expiry: [identity]\n"
              "cpu_threshold: [size large]\n"
              "disk_threshold: [size large]\n"
              "dns_resolve: [label mail → port 53/udp]\n"
              "mail_queue_length: [label mail → class profile → class postfix]\n"
              "memory_threshold: [size large]\n"
              "port_connect: [label mail → port 4190]\n"
              "puppet_run_failed: [label mail → class profile]\n"
              "queue: [label mail]\n"
              "smtp_connect: [label mail → port 25]\n");
    EXPECT_EQ(text(alerts_of(lab.fleet(), 2)), "cert_expiry: [identity]\nconfig_failed: [module relay]\n");
}

TEST(Policy, TargetsAddAndExclude) {
    const Resolved lab(mail(kSecrets +
                            "alerts:\n"
                            "  - {name: queue, condition: q > 1, target: {environment: test, exclude: "
                            "{labels: [big], servers: [c]}}}\n"
                            "  - {name: cert_expiry, target: {environment: prod}}\n"
                            "  - {name: smtp_connect, severity: info}\n"));
    const Fleet& fleet = lab.fleet();
    EXPECT_EQ(servers_with_alert(fleet, "queue"), (std::vector<ServerIndex>{1}));
    std::string out;
    for (const char* name : {"queue", "cert_expiry"})
        for (const NotHere& one : servers_without_alert(fleet, name))
            out += fleet.server(one.server).name + " " + one.why + "\n";
    EXPECT_EQ(out, "a excluded by label big (lab.yaml:13:74)\n"
                   "c excluded by server c (lab.yaml:13:74)\n"
                   "b kept for environment prod (lab.yaml:14:33)\n"
                   "c kept for environment prod (lab.yaml:14:33)\n");
    EXPECT_EQ(servers_with_alert(fleet, "cert_expiry"), (std::vector<ServerIndex>{0}));
    EXPECT_EQ(alert_definition(fleet.inventory(), "smtp_connect")->severity, AlertSeverity::Info);
    EXPECT_EQ(alert_definition(fleet.inventory(), "smtp_connect")->condition,
              "probe_success{probe=\"smtp\"} == 0");
    EXPECT_FALSE(alert_definition(fleet.inventory(), "nothing"));
}

/// What is said for each server one by one is what is said of all at once.
TEST(Policy, BothDirectionsAgree) {
    const Resolved lab(
        mail(kSecrets + kAlerts + "groups: {g: {match: {labels: [mail], exclude: {servers: [b]}}}}\n"));
    const Fleet& fleet = lab.fleet();
    for (const std::string& name : alert_names(fleet)) {
        const auto servers = servers_with_alert(fleet, name);
        for (ServerIndex i = 0; i < fleet.size(); ++i)
            EXPECT_EQ(std::count(servers.begin(), servers.end(), i),
                      why_alert(fleet, name, i).empty() ? 0 : 1)
                << name << " on " << fleet.server(i).name;
    }
}

TEST(Policy, TheAuditFindsWhatIsWrong) {
    const Resolved lab(mail("secrets:\n"
                            "  m/key: {type: static}\n"
                            "  m/relay: {type: static}\n"
                            "  m/old: {type: static}\n"
                            "  m/hidden: {type: static}\n"
                            "  m/own: {type: static, target: {servers: [\"*\"]}}\n"
                            "  k8s/config: {type: static}\n"
                            "clusters: {home: {kubeconfig: k8s/config}}\n" +
                            kAlerts));
    std::string out;
    for (const Finding& finding : audit_secrets(lab.fleet()))
        out += std::string(to_string(finding.kind)) + " " + finding.path + " " +
               std::to_string(finding.servers.size()) + "\n";
    EXPECT_EQ(out, "orphaned m/hidden 0\n"
                   "environments m/key 2\n"
                   "undefined m/none 2\n"
                   "orphaned m/old 0\n"
                   "every-server m/relay 3\n");
}

TEST(Policy, AGrantBeyondCodeIsFound) {
    const Resolved lab(mail(
        "secrets: {m/key: {type: static, per_machine: true}, m/relay: {type: static, per_machine: true}, "
        "m/none: {type: static, per_machine: true}}\n" +
        kAlerts + "groups: {g: {servers: [c]}}\n"));
    EXPECT_TRUE(audit_secrets(lab.fleet()).empty());
    const Resolved wide(Files{{"lab.yaml", lab_yaml("labels: {x: {modules: [m]}, y: {secrets: [s]}}\n"
                                                    "servers: {a: {labels: [x]}, b: {labels: [y]}}\n"
                                                    "secrets: {s: {type: static, per_machine: true}}\n")},
                              {"modules/m/module.yaml", "name: m\nsecrets: [s]\n"}});
    const auto findings = audit_secrets(wide.fleet());
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].kind, Finding::Kind::BeyondCode);
    EXPECT_EQ(findings[0].servers, (std::vector<ServerIndex>{1}));
}

} // namespace
} // namespace lab::spec
