#include "inventory_text.h"

#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::Resolved;

/// Two servers, a and b, with the module m.
Files with(std::string module, Files more = {}) {
    more["lab.yaml"] =
        lab_yaml("environments: {prod: {region: eu, domain: example.org}}\n"
                 "labels: {x: {modules: [m]}, k3s: }\ngroups: {all: {match: {labels: [x]}}}\n"
                 "servers: {a: {labels: [x, k3s=server], environment: prod}, b: {labels: [x]}}\n");
    more["modules/m/module.yaml"] =
        "name: m\nparams:\n  text: {type: string, default: hi}\n  list: {type: list, default: [x, y]}\n"
        "  port: {type: integer, default: 80}\n  unset: {type: string}\n  key: {type: string, default: k, "
        "sensitive: true}\n"
        "resources:\n" +
        module;
    return more;
}

std::string edges(const Resolved& lab, std::string_view server, std::string_view id) {
    const api::Resource resource = lab.resource(server, id);
    std::string out;
    for (const auto& one : resource.after)
        out += "<" + one + " ";
    for (const auto& one : resource.notify)
        out += "!" + one + " ";
    return out;
}

TEST(Compile, EveryStringIsATemplateAndALoneTagKeepsItsType) {
    const Resolved lab(
        with("  - file: /etc/{{ params.text }}\n    content: \"{{ server.name }} {{ params.port }} {{ '{{' "
             "}}\\n\"\n    mode: \"0644\"\n"
             "  - command: go\n    run: [\"/bin/{{ params.text }}\", \"{{ params.port }}\"]\n    "
             "only_notified: \"{{ params.port == 80 }}\"\n"
             "    environment: {A: \"{{ params.list | join(',') }}\"}\n"
             "  - user: app\n    groups: \"{{ params.list }}\"\n    comment: \"{{ params.unset }}\"\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.property("a", "file/etc/hi", "content"), "a 80 {{\n");
    EXPECT_EQ(lab.property("b", "file/etc/hi", "content"), "b 80 {{\n");
    EXPECT_EQ(lab.property("a", "command/go", "run"), R"(["/bin/hi","80"])");
    EXPECT_EQ(lab.property("a", "command/go", "only_notified"), "true");
    EXPECT_EQ(lab.property("a", "command/go", "environment"), R"({"A":"x,y"})");
    EXPECT_EQ(lab.property("a", "user/app", "groups"), R"(["x","y"])");
    EXPECT_EQ(lab.property("a", "user/app", "comment"), "(none)") << "null leaves a property out";
}

TEST(Compile, TemplatesSeeTheServer) {
    const Resolved lab(with(
        "  - file: /s\n    content: \"{{ server.fqdn }} {{ server.environment }} {{ server.cloud }} {{ "
        "server.provider }} "
        "{{ server.region }} {{ server.domain }} {{ server.labels | json }} {{ server.groups | json }}\"\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.property("a", "file/s", "content"),
              R"(a.example.org prod local local eu example.org {"k3s":"server","x":true} ["all"])");
    EXPECT_EQ(lab.property("b", "file/s", "content"), R"(b default local local   {"x":true} ["all"])");
}

TEST(Compile, FactsStayDeferredWithOnlyWhatTheyNeed) {
    const Resolved lab(with("  - file: /f\n    content: \"{{ facts.os.id }} {{ params.port }} {{ server.name "
                            "}}\"\n    when: facts.os.id == params.text\n"));
    EXPECT_EQ(lab.said(), "");
    const api::Resource resource = lab.resource("b", "file/f");
    EXPECT_EQ(
        write_json(*resource.properties.find("content")),
        R"({"$template":"{{ facts.os.id }} {{ params.port }} {{ server.name }}","with":{"params":{"port":80},"server":{"name":"b"}}})");
    ASSERT_TRUE(resource.when);
    EXPECT_EQ(resource.when->text, "facts.os.id == params.text");
    EXPECT_EQ(write_json(Value(resource.when->scope)), R"({"params":{"text":"hi"}})");
}

TEST(Compile, AWhenWithoutFactsIsDecidedNow) {
    const Resolved lab(
        with("  - file: /yes\n    when: params.port == 80\n    after: [file/no]\n"
             "  - file: /no\n    when: params.port > 80\n  - file: /a\n    when: server.name == \"a\"\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(edges(lab, "a", "file/yes"), "") << "what is left out is not waited for";
    EXPECT_EQ(lab.resource("a", "file/no").type, "");
    EXPECT_EQ(lab.resource("a", "file/a").type, "file");
    EXPECT_EQ(lab.resource("b", "file/a").type, "");
}

TEST(Compile, SourceIsCopiedForAFileAndRenderedForATemplate) {
    const Resolved lab(
        with("  - file: /raw\n    source: one.txt\n  - template: /made\n    source: sub/two.tmpl\n"
             "  - template: /named\n    source: \"sub/{{ server.name }}.tmpl\"\n  - file: /bytes\n    "
             "source: bin\n",
             {{"modules/m/one.txt", "{{ as it is }}"},
              {"modules/m/sub/two.tmpl",
               "{% for x in params.list %}\n{{ x }} on {{ server.name }}\n{% endfor %}\n"},
              {"modules/m/sub/a.tmpl", "for a: {{ params.port }}"},
              {"modules/m/sub/b.tmpl", "for b: {{ facts.os.id }}"},
              {"modules/m/bin", std::string("\xff\x00", 2)}}));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(lab.property("a", "file/raw", "content"), "{{ as it is }}");
    EXPECT_EQ(lab.property("b", "template/made", "content"), "x on b\ny on b\n");
    EXPECT_EQ(lab.property("a", "template/named", "content"), "for a: 80");
    EXPECT_NE(lab.property("b", "template/named", "content").find("$template"), std::string::npos);
    EXPECT_EQ(lab.property("a", "file/bytes", "content"), R"({"base64":"/wA="})");
}

TEST(Compile, WhatReadsASensitiveParamIsSensitive) {
    const Resolved lab(
        with("  - file: /key\n    content: \"{{ params.key }}\"\n  - file: /open\n    content: x\n"));
    EXPECT_TRUE(lab.resource("a", "file/key").sensitive);
    EXPECT_FALSE(lab.resource("a", "file/open").sensitive);
    EXPECT_EQ(lab.field("a", "params.m.key").find("k by"), std::string::npos);
}

TEST(Compile, NoFormOfASensitiveParamIsPublic) {
    const Resolved lab(
        with("  - link: /l\n    target: /x/{{ params.key }}\n"
             "  - user: u\n    comment: \"{{ params.key }}\"\n    home: /home/{{ params.key }}\n"
             "  - package: p\n    version: \"1.{{ params.key }}\"\n"
             "  - command: c\n    run: [\"{{ params.key }}\"]\n    only_notified: true\n"));
    EXPECT_EQ(lab.said(), "");
    const std::pair<const char*, const char*> secrets[] = {{"link/l", "target"},
                                                           {"user/u", "comment"},
                                                           {"user/u", "home"},
                                                           {"package/p", "version"},
                                                           {"command/c", "run"}};
    for (const auto& [id, property] : secrets) {
        const api::Resource resource = api::redacted(lab.resource("a", id), {"key"});
        EXPECT_TRUE(resource.sensitive) << id;
        const Value* value = resource.properties.find(property);
        EXPECT_TRUE(value && api::is_fingerprint(*value)) << id << " " << property;
    }
}

TEST(Compile, ALineIsAsPrivateAsItsFile) {
    const Resolved lab(with("  - file: /k\n    mode: \"0600\"\n  - line: secret\n    path: /k\n    text: t\n"
                            "  - line: open\n    path: /o\n    text: t\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_TRUE(lab.resource("a", "line/secret").sensitive);
    EXPECT_FALSE(lab.resource("a", "line/open").sensitive);
}

TEST(Compile, FoldersAndOwnersAreDependencies) {
    const Resolved lab(
        with("  - file: /srv/www/a/b.html\n    owner: web\n    group: www\n  - directory: /srv\n  - "
             "directory: /srv/www\n"
             "  - user: web\n    group: www\n    groups: [adm, www]\n  - group: www\n  - line: l\n    path: "
             "/srv/x\n    text: t\n"
             "  - directory: /old\n    ensure: absent\n  - file: /old/f\n    ensure: absent\n    owner: web\n"
             "  - command: c\n    run: [/bin/true]\n    user: web\n    creates: /srv/done\n"));
    EXPECT_EQ(lab.said(), "");
    EXPECT_EQ(edges(lab, "a", "file/srv/www/a/b.html"), "<directory/srv/www <group/www <user/web ");
    EXPECT_EQ(edges(lab, "a", "directory/srv/www"), "<directory/srv ");
    EXPECT_EQ(edges(lab, "a", "user/web"), "<group/www ");
    EXPECT_EQ(edges(lab, "a", "line/l"), "<directory/srv ");
    EXPECT_EQ(edges(lab, "a", "directory/old"), "<file/old/f ") << "what is in it goes first";
    EXPECT_EQ(edges(lab, "a", "file/old/f"), "");
    EXPECT_EQ(edges(lab, "a", "command/c"), "<user/web ");
}

TEST(Compile, EdgesReachAcrossModulesAndMustLeadSomewhere) {
    Files files = with("  - file: /a\n    notify: [service/web]\n    after: [file/n]\n");
    files["modules/n/module.yaml"] =
        "name: n\nresources:\n  - service: web\n    running: true\n  - file: /n\n";
    files["lab.yaml"] = lab_yaml("labels: {x: {modules: [m]}, y: {modules: [n]}}\nservers: {a: {labels: [x, "
                                 "y]}, b: {labels: [x, y]}}\n");
    const Resolved good(files);
    EXPECT_EQ(good.said(), "");
    EXPECT_EQ(edges(good, "a", "file/a"), "<file/n !service/web ");
    files["lab.yaml"] = lab_yaml(
        "labels: {x: {modules: [m]}, y: {modules: [n]}}\nservers: {a: {labels: [x, y]}, b: {labels: [x]}}\n");
    const Resolved bad(files);
    EXPECT_EQ(bad.said(), "modules/m/module.yaml:10:14 spec/unknown-resource 'service/web' is no resource of "
                          "a server that gets this\n"
                          "modules/m/module.yaml:11:13 spec/unknown-resource 'file/n' is no resource of a "
                          "server that gets this\n");
    EXPECT_EQ(bad.diagnostics().sorted()[0].notes[0].message, "on server 'b'");
}

TEST(Compile, CyclesPrintEveryStep) {
    const Resolved lab(with("  - file: /d/a\n    after: [file/b]\n  - file: /b\n    notify: [directory/d]\n  "
                            "- directory: /d\n    notify: [file/b]\n"));
    ASSERT_EQ(lab.said(), "modules/m/module.yaml:13:5 spec/resource-cycle resources wait for each other: "
                          "directory/d -> file/b -> directory/d\n");
    EXPECT_EQ(lab.diagnostics().items()[0].notes[0].message, "'directory/d' is notified by 'file/b' here");
}

TEST(Compile, EqualResourcesOfTwoModulesAreOneElseAConflict) {
    Files files = with("  - directory: /srv\n    mode: \"755\"\n  - file: /srv/m\n");
    files["modules/a/module.yaml"] =
        "name: a\nresources:\n  - directory: /srv\n    mode: \"0755\"\n    after: [file/x]\n  - file: /x\n";
    files["lab.yaml"] = lab_yaml("labels: {x: {modules: [m, a]}}\nservers: {s: {labels: [x]}}\n");
    const Resolved good(files);
    EXPECT_EQ(good.said(), "");
    EXPECT_EQ(good.resource("s", "directory/srv").module, "a");
    EXPECT_EQ(edges(good, "s", "directory/srv"), "<file/x ");
    files["modules/a/module.yaml"] = "name: a\nresources:\n  - directory: /srv\n    mode: \"0700\"\n";
    const Resolved bad(files);
    EXPECT_EQ(bad.said(), "modules/m/module.yaml:9:5 spec/resource-conflict modules 'a' and 'm' want "
                          "'directory/srv' differently: 'mode'\n");
    EXPECT_EQ(bad.diagnostics().items()[0].notes[0].at.text(), "modules/a/module.yaml:3:5");
}

TEST(Compile, ProblemsOfTemplatesAreToldInsideTheString) {
    const Resolved lab(with("  - file: /plain\n    content: x {{ params.txt }}\n  - file: /quoted\n    "
                            "content: \"é\\n\\u00e9 {{ parms.x }}\"\n"
                            "  - file: /single\n    content: 'it''s {{ server.nam }}'\n  - file: /block\n    "
                            "content: |\n      one\n      é {{ params.nope }}\n"
                            "  - file: /folded\n    content: >\n      one {{ params.nope }}\n  - file: "
                            "/broken\n    content: \"{{ params.text\"\n"
                            "  - template: /t\n    source: t.tmpl\n",
                            {{"modules/m/t.tmpl", "first\n  {{ params.other }}\n"}}));
    EXPECT_EQ(lab.said(), "modules/m/module.yaml:10:19 spec/undefined-name module 'm' has no param 'txt'\n"
                          "modules/m/module.yaml:12:28 spec/undefined-name there is no 'parms' in templates\n"
                          "modules/m/module.yaml:14:24 spec/undefined-name a server has no 'nam'\n"
                          "modules/m/module.yaml:18:12 spec/undefined-name module 'm' has no param 'nope'\n"
                          "modules/m/module.yaml:20:14 spec/undefined-name module 'm' has no param 'nope'\n"
                          "modules/m/module.yaml:23:15 spec/bad-template '{{' is not closed\n"
                          "modules/m/t.tmpl:2:6 spec/undefined-name module 'm' has no param 'other'\n");
    EXPECT_EQ(lab.diagnostics().sorted()[0].help, "did you mean 'text'?");
}

TEST(Compile, PropertiesAreCheckedByTheirType) {
    const Resolved lab(
        with("  - file: /a\n    mode: rw\n  - file: relative\n  - command: c\n    run: [/bin/true]\n"
             "  - file: /d\n    mode: \"{{ params.text }}\"\n  - service: s\n    enabled: perhaps\n  - file: "
             "/e\n    content: x\n    source: y\n",
             {{"modules/m/y", ""}}));
    const std::string said = lab.said();
    EXPECT_NE(said.find("modules/m/module.yaml:10:11 spec/bad-property 'mode' of a file must be octal"),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("modules/m/module.yaml:17:14 spec/bad-property 'enabled' of a service must be"),
              std::string::npos)
        << said;
    EXPECT_NE(
        said.find(
            "modules/m/module.yaml:20:13 spec/bad-resource 'content' and 'source' both say what is in it"),
        std::string::npos)
        << said;
    const Resolved later(with("  - file: relative\n  - command: c\n    run: [/bin/true]\n  - file: /d\n    "
                              "mode: \"{{ params.text }}\"\n"));
    EXPECT_NE(later.said().find("modules/m/module.yaml:9:11 spec/bad-resource"), std::string::npos)
        << later.said();
    EXPECT_NE(later.said().find(
                  "modules/m/module.yaml:10:5 spec/bad-resource the resource 'command/c' needs 'unless'"),
              std::string::npos)
        << later.said();
    EXPECT_NE(later.said().find("modules/m/module.yaml:13:11 spec/bad-property"), std::string::npos)
        << later.said();
}

TEST(Compile, WhatOnlyOneServerShowsIsFoundWhenItIsRendered) {
    const Resolved lab(with("  - file: /f\n    content: \"{% if server.name == 'b' %}{{ params.port | "
                            "join(',') }}{% endif %}\"\n"));
    EXPECT_NE(lab.said().find("modules/m/module.yaml:10:"), std::string::npos) << lab.said();
    ASSERT_FALSE(lab.diagnostics().empty());
    EXPECT_EQ(lab.diagnostics().items()[0].notes[0].message, "on server 'b'");
}

TEST(Compile, FactsCannotDecideWhichResourceItIs) {
    const Resolved lab(
        with("  - file: /{{ facts.os.id }}\n  - file: /x\n    after: [\"file/{{ facts.init }}\"]\n"));
    EXPECT_EQ(
        lab.said(),
        "modules/m/module.yaml:9:11 spec/facts-too-early the name of a resource cannot depend on facts\n"
        "modules/m/module.yaml:11:13 spec/facts-too-early 'after' and 'notify' cannot depend on facts\n");
}

TEST(Compile, AFileThatCannotBeReadDoesNotMakeEverythingElseUnknown) {
    const Resolved lab(
        with("  - file: [\n", {{"broken.yaml", "labels: {y: [\n"},
                               {"more.yaml", "servers: {c: {labels: [x, y]}}\nlables: {}\n"}}));
    const std::string said = lab.said();
    EXPECT_EQ(said.find("unknown-label"), std::string::npos) << said;
    EXPECT_EQ(said.find("unknown-module"), std::string::npos) << said;
    EXPECT_NE(said.find("broken.yaml"), std::string::npos) << said;
    EXPECT_NE(said.find("more.yaml:2:1 spec/unknown-section"), std::string::npos) << said;
}

TEST(Compile, APlaceInAPlanIsWhereAParamWasWritten) {
    Files files =
        with("  - file: /f\n    content: \"{{ params.text }} {{ server.region }}\"\n    mode: \"0644\"\n");
    files["lab.yaml"] = lab_yaml(
        "environments: {prod: {region: eu}}\nlabels: {x: {modules: [m], params: {m: {text: label}}}}\n"
        "servers: {a: {labels: [x], environment: prod, params: {m: {text: own}}}}\n");
    const Resolved lab(files);
    EXPECT_EQ(lab.said(), "");
    const auto origins = lab.fleet().decided_by(0, "m", "file/f", "content");
    ASSERT_EQ(origins.size(), 2u);
    EXPECT_EQ(origins[0].at.text(), "lab.yaml:7:66");
    EXPECT_EQ(origins[1].at.text(), "lab.yaml:5:31");
    EXPECT_TRUE(lab.fleet().decided_by(0, "m", "file/f", "mode").empty());
}

} // namespace
} // namespace lab::spec
