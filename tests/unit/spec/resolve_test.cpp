#include "inventory_text.h"

#include <gtest/gtest.h>

#include <set>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::Resolved;

const std::string kMotd = "name: motd\nversion: 1.0.0\nparams:\n  banner: {type: string, default: hello}\n"
                          "  port: {type: integer, min: 1, max: 9, default: 1}\n"
                          "resources:\n  - file: /etc/motd\n    content: \"{{ params.banner }}\\n\"\n";

/// An inventory with the module motd.
Files with_motd(std::string lab) {
    return {{"lab.yaml", std::move(lab)}, {"modules/motd/module.yaml", kMotd}};
}

TEST(Resolve, ScalarsComeFromTheNearestLevel) {
    const Resolved lab(
        Files{{"lab.yaml",
               "lab:\n  format: 1\n  name: t\n  domain: example.org\n  defaults: {cloud: local, region: eu}\n"
               "clouds:\n  rack: {provider: baremetal, site: b1}\n"
               "environments:\n  prod: {cloud: rack, region: us, domain: prod.org}\n"
               "servers:\n  a: {}\n  b: {environment: prod}\n  c: {environment: prod, region: asia, "
               "provider: local}\n"}});
    EXPECT_EQ(lab.said(), "");
    const Fleet& fleet = lab.fleet();
    EXPECT_EQ(fleet.environment(0), "default");
    EXPECT_EQ(fleet.provider(0), "local");
    EXPECT_EQ(fleet.region(0), "eu");
    EXPECT_EQ(fleet.domain(0), "example.org");
    EXPECT_EQ(fleet.cloud(1), "rack");
    EXPECT_EQ(fleet.provider(1), "baremetal");
    EXPECT_EQ(fleet.domain(1), "prod.org");
    EXPECT_EQ(fleet.cloud(2), "local");
    EXPECT_EQ(fleet.region(2), "asia");
    EXPECT_EQ(display(fleet.settings(1)), R"({"site":"b1"})");
    EXPECT_EQ(lab.field("c", "region"), "asia by server at lab.yaml:13:34");
    EXPECT_EQ(lab.field("b", "region"), "us by environment prod at lab.yaml:9:31");
    EXPECT_EQ(lab.field("b", "settings.site"), "b1 by implicit cloud rack at lab.yaml:7:31");
}

TEST(Resolve, WhatIsNamedMustExist) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("clouds: {x: {provider: locl}}\n"
                                    "environments: {prod: {cloud: nowhere}}\n"
                                    "labels: {web: {modules: [gone]}}\n"
                                    "groups: {g: {servers: [zz], groups: [h], match: {labels: [wbe]}}}\n"
                                    "servers: {a: {environment: prd, labels: [webb], params: {motd: {x: "
                                    "1}}}, b: {provider: aw}}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:5:24 spec/unknown-provider there is no provider 'locl'\n"
                          "lab.yaml:6:30 spec/unknown-cloud there is no cloud 'nowhere'\n"
                          "lab.yaml:7:26 spec/unknown-module there is no module 'gone'\n"
                          "lab.yaml:8:24 spec/unknown-server there is no server 'zz'\n"
                          "lab.yaml:8:38 spec/unknown-group there is no group 'h'\n"
                          "lab.yaml:8:59 spec/unknown-label there is no label 'wbe'\n"
                          "lab.yaml:9:28 spec/unknown-environment there is no environment 'prd'\n"
                          "lab.yaml:9:42 spec/unknown-label there is no label 'webb'\n"
                          "lab.yaml:9:58 spec/unknown-module there is no module 'motd'\n"
                          "lab.yaml:9:88 spec/unknown-provider there is no provider 'aw'\n");
}

TEST(Resolve, AServerWithoutACloudSaysHowToWriteOne) {
    const Resolved lab(Files{{"lab.yaml", "lab: {format: 1, name: t}\nservers: {a: {}}\n"}});
    EXPECT_EQ(lab.said(), "lab.yaml:2:11 spec/no-cloud nothing says where server 'a' runs\n");
    EXPECT_NE(lab.diagnostics().items()[0].help.find("provider: local"), std::string::npos);
}

TEST(Resolve, ProvidersCheckSettingsAtTheirOwnPlace) {
    const Resolved lab(Files{{"lab.yaml", lab_yaml("servers:\n  a: {rot: x}\n  b: {root: /abs}\n  c: "
                                                   "{provider: aws, instance: any, enviroment: x}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:6:7 spec/bad-setting provider 'local' has no setting 'rot'\n"
                          "lab.yaml:7:7 spec/bad-setting 'root' must be a relative path\n"
                          "lab.yaml:8:37 spec/unknown-key a server has no key 'enviroment'\n");
}

TEST(Resolve, TwoServersThatWouldBeOneMachineAreShownBoth) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("clouds: {here: {provider: local}}\nservers:\n  a: {root: x}\n"
                                    "  b: {root: y}\n  c: {cloud: here, root: x}\n")}});
    EXPECT_EQ(lab.said(), "lab.yaml:9:20 spec/same-machine 'root' is given twice\n");
    const auto& notes = lab.diagnostics().items().at(0).notes;
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_EQ(notes[0].message, "server 'a' is here");
    EXPECT_EQ(notes[0].at.text(), "lab.yaml:7:7");
}

TEST(Resolve, LabelsOfAllLevelsAreUnited) {
    const Resolved lab(Files{
        {"lab.yaml",
         "lab: {format: 1, name: t, defaults: {cloud: local, labels: [base]}}\n"
         "environments: {prod: {labels: [k3s, logs]}}\n"
         "labels: {base: , k3s: , k3s=server: , logs: , only=one: }\n"
         "servers: {a: {environment: prod, labels: [k3s=server]}, b: {labels: [only=one, k3s=free]}}\n"}});
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.fleet().labels(0), (std::vector<std::string>{"base", "k3s=server", "logs"}));
    EXPECT_EQ(lab.fleet().labels(1), (std::vector<std::string>{"base", "k3s=free", "only=one"}));
    EXPECT_EQ(lab.fleet().with_label("k3s").size(), 2u);
    EXPECT_EQ(lab.fleet().with_label("k3s=server").size(), 1u);
    EXPECT_EQ(lab.field("a", "labels.k3s"), "server by server at lab.yaml:4:43");
}

TEST(Resolve, ALabelHasOneValueOnAServer) {
    const Resolved lab(
        Files{{"lab.yaml", "lab: {format: 1, name: t, defaults: {cloud: local, labels: [tier=1]}}\n"
                           "labels: {tier: , rack=b1: }\n"
                           "servers: {a: {labels: [tier=2]}, b: {labels: [rack]}}\n"}});
    EXPECT_EQ(lab.said(), "lab.yaml:3:24 spec/label-conflict label 'tier' has two values, '1' and '2'\n"
                          "lab.yaml:3:47 spec/unknown-label there is no label 'rack'\n");
    EXPECT_EQ(lab.diagnostics().sorted()[0].notes[0].at.text(), "lab.yaml:1:61");
    EXPECT_EQ(lab.diagnostics().sorted()[1].help, "declared is 'rack=b1'");
}

TEST(Resolve, ParamsFollowTheLevels) {
    const Resolved lab(with_motd(
        "lab: {format: 1, name: t, defaults: {cloud: local, params: {motd: {banner: lab}}}}\n"
        "environments: {prod: {params: {motd: {banner: env}}}}\n"
        "labels: {plain: {modules: [motd]}, loud: {modules: [motd], params: {motd: {banner: label}}}}\n"
        "servers:\n  a: {labels: [plain]}\n  b: {labels: [plain], environment: prod}\n"
        "  c: {labels: [loud], environment: prod}\n  d: {labels: [loud], params: {motd: {banner: own}}}\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.property("a", "file/etc/motd", "content"), "lab\n");
    EXPECT_EQ(lab.property("b", "file/etc/motd", "content"), "env\n");
    EXPECT_EQ(lab.property("c", "file/etc/motd", "content"), "label\n");
    EXPECT_EQ(lab.property("d", "file/etc/motd", "content"), "own\n");
    EXPECT_EQ(lab.field("c", "params.motd.banner"), "label by label loud at lab.yaml:3:84");
    EXPECT_EQ(lab.field("c", "params.motd.port"),
              "1 by module default motd at modules/motd/module.yaml:5:50");
    const auto fields = lab.fleet().fields(lab.index("d"));
    const auto banner = std::find_if(fields.begin(), fields.end(),
                                     [](const Field& f) { return f.path == "params.motd.banner"; });
    ASSERT_EQ(banner->effective.overrode.size(), 3u);
    EXPECT_EQ(display(banner->effective.overrode[0].first), "label");
}

TEST(Resolve, LabelsThatDisagreeAreAnErrorUnlessTheServerOrAPrioritySettlesIt) {
    const std::string head =
        "lab: {format: 1, name: t, defaults: {cloud: local}}\n"
        "labels:\n  x: {modules: [motd], params: {motd: {banner: x}}}\n  y: {params: {motd: {banner: y}}}\n"
        "  z: {priority: 1, params: {motd: {banner: z}}}\n  same: {params: {motd: {banner: x}}}\n";
    const Resolved bad(with_motd(head + "servers: {a: {labels: [x, y]}, b: {labels: [x, y]}}\n"));
    EXPECT_EQ(bad.said(), "lab.yaml:4:31 spec/param-conflict labels 'x' and 'y' give param 'banner' of "
                          "module 'motd' different values\n");
    ASSERT_EQ(bad.diagnostics().items()[0].notes.size(), 2u);
    EXPECT_EQ(bad.diagnostics().items()[0].notes[0].at.text(), "lab.yaml:3:48");
    const Resolved good(with_motd(head + "servers: {a: {labels: [x, y, z]}, b: {labels: [x, y], params: "
                                         "{motd: {banner: own}}}, c: {labels: [x, same]}}\n"));
    EXPECT_EQ(good.said(), "");
    EXPECT_EQ(good.property("a", "file/etc/motd", "content"), "z\n");
    EXPECT_EQ(good.property("b", "file/etc/motd", "content"), "own\n");
    EXPECT_EQ(good.property("c", "file/etc/motd", "content"), "x\n");
}

TEST(Resolve, ParamsAreCheckedWhereTheyAreWritten) {
    const Resolved lab(
        with_motd(lab_yaml("labels: {x: {modules: [motd], params: {motd: {port: high}}}}\n"
                           "servers: {a: {labels: [x], params: {motd: {port: 10, banr: x}}}}\n")));
    EXPECT_EQ(lab.said(),
              "lab.yaml:5:53 spec/bad-param param 'port' of module 'motd' must be an integer, not a string\n"
              "lab.yaml:6:50 spec/bad-param param 'port' of module 'motd' must be from 1 to 9, not 10\n"
              "lab.yaml:6:54 spec/unknown-param module 'motd' has no param 'banr'\n");
}

TEST(Resolve, WhatEveryServerGivesItselfIsJudgedByWhatTheyGive) {
    const auto said = [](const std::string& servers) {
        const Resolved lab(Files{
            {"lab.yaml", lab_yaml("labels: {x: {modules: [m]}}\nservers: {" + servers + "}\n")},
            {"modules/m/module.yaml", "name: m\nparams: {p: {}, l: {type: list, default: []}}\nresources:\n"
                                      "  - file: /p\n    content: \"p {{ params.p }}\"\n"
                                      "  - file: \"/{{ params.l[0] }}\"\n    content: x\n"}});
        return lab.said();
    };
    const std::string both = "a: {labels: [x], params: {m: {p: v, l: [f]}}}";
    EXPECT_EQ(said(both), "");
    EXPECT_EQ(said(both + ", b: {labels: [x], params: {m: {l: [g]}}}"),
              "modules/m/module.yaml:5:20 spec/bad-template 'params.p' is null and cannot be written\n");
    EXPECT_EQ(said(both + ", b: {labels: [x], params: {m: {p: v}}}"),
              "modules/m/module.yaml:6:24 spec/bad-template 'params.l' has 0 items, there is no index 0\n");
}

TEST(Resolve, ARequiredParamIsMissedOnceWithTheFirstServer) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("labels: {x: {modules: [m]}}\nservers: {a: {labels: [x]}, b: {labels: "
                                    "[x]}, c: {labels: [x], params: {m: {p: 1}}}}\n")},
              {"modules/m/module.yaml", "name: m\nparams: {p: {type: integer, required: true}}\nresources:\n "
                                        " - file: /p\n    content: \"{{ params.p }}\"\n"}});
    EXPECT_EQ(lab.said(),
              "lab.yaml:5:24 spec/missing-param module 'm' needs the param 'p', which nothing gives\n");
    EXPECT_EQ(lab.diagnostics().items()[0].notes[1].message, "on server 'a'");
}

TEST(Resolve, DependenciesAreBroughtInAndComeFirst) {
    const Resolved lab(
        Files{{"lab.yaml", lab_yaml("labels: {x: {modules: [a]}}\nservers: {s: {labels: [x]}}\n")},
              {"modules/a/module.yaml", "name: a\ndeps: [c, b]\n"},
              {"modules/b/module.yaml", "name: b\ndeps: [c]\n"},
              {"modules/c/module.yaml", "name: c\n"}});
    EXPECT_EQ(lab.said(), "");
    std::string order;
    for (const ModuleUnit& unit : lab.fleet().modules(0)) {
        order += unit.module + "(";
        for (const auto& label : unit.labels)
            order += label;
        for (const auto& needing : unit.required_by)
            order += "<" + needing;
        order += ") ";
    }
    EXPECT_EQ(order, "c(<b<a) b(<a) a(x) ");
}

TEST(Resolve, ModulesThatDependOnEachOtherPrintTheCycle) {
    const Resolved lab(Files{{"lab.yaml", lab_yaml()},
                             {"modules/a/module.yaml", "name: a\ndeps: [b]\n"},
                             {"modules/b/module.yaml", "name: b\ndeps: [c]\n"},
                             {"modules/c/module.yaml", "name: c\ndeps: [a]\n"}});
    EXPECT_EQ(lab.said(),
              "modules/a/module.yaml:2:8 spec/module-cycle modules depend on each other: a -> b -> c -> a\n");
    EXPECT_EQ(lab.diagnostics().items()[0].notes.size(), 2u);
}

TEST(Resolve, AModuleKeepsToItsTargets) {
    const Resolved lab(Files{
        {"lab.yaml",
         lab_yaml(
             "labels: {x: {modules: [a]}, base: }\nservers: {s: {labels: [x]}, t: {labels: [x, base]}}\n")},
        {"modules/a/module.yaml", "name: a\ndeps: [b]\n"},
        {"modules/b/module.yaml", "name: b\ntargets: {labels: [base]}\n"}});
    EXPECT_EQ(lab.said(), "modules/a/module.yaml:2:8 spec/target-mismatch module 'b' is not for every server "
                          "that gets it here\n");
    EXPECT_EQ(lab.diagnostics().items()[0].notes[0].at.text(), "modules/b/module.yaml:2:10");
    EXPECT_EQ(lab.diagnostics().items()[0].notes[1].message, "on server 's'");
}

TEST(Resolve, AKeyChangesWithWhatTheServerDependsOnAndNothingElse) {
    const auto keys = [](const std::string& more, const std::string& module = kMotd) {
        const Resolved lab(Files{
            {"lab.yaml",
             lab_yaml(
                 "labels: {x: {modules: [motd]}, y: }\nservers:\n  a: {labels: [x]}\n  b: {labels: [x]}\n" +
                 more)},
            {"modules/motd/module.yaml", module}});
        EXPECT_EQ(lab.said(), "");
        return std::vector<Digest>{lab.fleet().key(0), lab.fleet().key(1)};
    };
    const auto plain = keys("");
    EXPECT_EQ(plain[0], plain[1]) << "nothing in the module reads the server";
    EXPECT_EQ(plain, keys("  c: {labels: [y]}\n"));
    const auto named = keys("", kMotd + "  - file: /etc/name\n    content: \"{{ server.name }}\"\n");
    EXPECT_NE(named[0], named[1]);
    EXPECT_NE(plain[0], named[0]);
    const auto given = keys("environments: {default: {params: {motd: {banner: x}}}}\n");
    EXPECT_NE(plain[0], given[0]);
}

TEST(Resolve, HowItIsSplitIntoFilesNeverChangesTheResult) {
    const std::string labels =
        "labels: {x: {modules: [motd], params: {motd: {banner: x}}}, y: {modules: [named]}}\n";
    const std::string servers = "servers: {a: {labels: [x, y]}, b: {labels: [y]}}\n",
                      more = "environments: {prod: {region: eu}}\n";
    const std::string named =
        "name: named\nresources:\n  - file: /name\n    content: \"{{ server.name }}\"\n";
    const auto result = [](Files files) {
        const Resolved lab(std::move(files));
        std::string out = lab.said();
        for (ServerIndex i = 0; i < lab.fleet().size(); ++i) {
            out += lab.fleet().server(i).name + lab.fleet().key(i).text();
            Diagnostics problems;
            for (const ModuleUnit& unit : lab.fleet().units(i, problems))
                for (const api::Resource& resource : unit.resources)
                    out += resource.id() + api::digest(resource).text();
        }
        return out;
    };
    Files one{{"lab.yaml", lab_yaml(servers + labels + more)}};
    Files many{
        {"lab.yaml", lab_yaml()}, {"z.yaml", labels}, {"a/servers.yml", servers}, {"m/n/o.yaml", more}};
    for (Files* files : {&one, &many}) {
        (*files)["modules/motd/module.yaml"] = kMotd;
        (*files)["modules/named/module.yaml"] = named;
    }
    EXPECT_EQ(result(one), result(many));
    EXPECT_NE(result(one), "");
}

TEST(Resolve, AKeyChangesWithWhatIsRecordedOfAServer) {
    const auto key = [](const std::string& server) {
        const Resolved lab(
            Files{{"lab.yaml", lab_yaml("labels: {x: , protect: }\nenvironments: {prod: }\nservers:\n  a: {" +
                                        server + "}\n")}});
        EXPECT_EQ(lab.said(), "");
        return lab.fleet().key(0);
    };
    std::set<Digest> seen;
    for (const char* server : {"", "labels: [x]", "labels: [protect]", "protect: true", "region: protect",
                               "environment: prod", "root: a", "labels: [protect], protect: true"})
        EXPECT_TRUE(seen.insert(key(server)).second) << server;
}

} // namespace
} // namespace lab::spec
