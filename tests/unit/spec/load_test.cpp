#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::MapTree;

std::vector<std::string> paths(const Loaded& loaded) {
    std::vector<std::string> out;
    for (const LoadedFile& file : *loaded.files)
        out.emplace_back(*file.path);
    return out;
}

/// One line a diagnostic: "file:line:column slug message".
std::string said(const Loaded& loaded) {
    std::string out;
    for (const Diagnostic& diagnostic : loaded.diagnostics.sorted())
        out += diagnostic.at.text() + " " + diagnostic.code + " " + diagnostic.message + "\n";
    return out;
}

TEST(Load, SectionsOfAllFilesAreOneInventory) {
    const MapTree tree(
        {{"lab.yaml", lab_yaml("servers: {b: {labels: [web]}}\n")},
         {"servers/a.yaml", "servers:\n  a:\n    region: eu\n    root: machines/a\n    protect: true\n"},
         {"more/labels.yml", "labels:\n  web: {priority: 2, modules: [motd]}\n  k3s=server:\n"}});
    const Loaded loaded = load(tree);
    EXPECT_EQ(said(loaded), "");
    ASSERT_EQ(loaded.inventory.servers.size(), 2u);
    EXPECT_EQ(loaded.inventory.servers[0].name, "a");
    EXPECT_EQ(loaded.inventory.servers[0].region->value, "eu");
    EXPECT_EQ(loaded.inventory.servers[0].at.text(), "servers/a.yaml:2:3");
    EXPECT_TRUE(loaded.inventory.servers[0].protect);
    EXPECT_EQ(*loaded.inventory.servers[0].settings.find("root"), Value("machines/a"));
    EXPECT_EQ(loaded.inventory.labels.at("web").priority, 2);
    EXPECT_EQ(loaded.inventory.labels.at("k3s=server").value, "server");
    EXPECT_EQ(loaded.inventory.settings.id, "test");
    EXPECT_EQ(paths(loaded), (std::vector<std::string>{"lab.yaml", "more/labels.yml", "servers/a.yaml"}));
}

TEST(Load, LeavesOutWhatIsNoPartOfTheInventory) {
    MapTree tree({{"lab.yaml", "lab:\n  format: 1\n  name: test\n  ignore: [\"ci/*\", drafts/]\n"},
                  {".github/workflow.yaml", "on: push"},
                  {".pre-commit-config.yaml", "repos: []"},
                  {"tests/case.yaml", "given: x"},
                  {"other/lab.yaml", "lab: {format: 2}"},
                  {"other/servers/x.yaml", "nonsense: 1"},
                  {"ci/build.yaml", "stages: []"},
                  {"drafts/deep/er.yaml", "stages: []"},
                  {"lib/thing/module.yaml", "name: thing"},
                  {"lib/thing/data.yaml", "a: b"},
                  {"README.md", "# not yaml"},
                  {"good.yaml", "servers: {a: {}}"}});
    tree.submodule("vendor");
    const Loaded loaded = load(tree);
    EXPECT_EQ(said(loaded),
              "vendor spec/submodule this submodule is left out: an inventory is one repository\n");
    EXPECT_FALSE(loaded.diagnostics.has_errors());
    EXPECT_EQ(paths(loaded), (std::vector<std::string>{"good.yaml", "lab.yaml"}));
}

TEST(Load, ATwiceDefinedNameShowsBothPlaces) {
    const Loaded loaded = load(
        MapTree({{"lab.yaml", lab_yaml()}, {"a.yaml", "servers: {x: {}}"}, {"b.yaml", "servers: {x: {}}"}}));
    ASSERT_EQ(said(loaded), "b.yaml:1:11 spec/duplicate-name server 'x' is defined twice\n");
    EXPECT_EQ(loaded.diagnostics.items()[0].notes[0].at.text(), "a.yaml:1:11");
    EXPECT_EQ(loaded.inventory.servers.size(), 1u);
}

TEST(Load, UnknownWordsAreErrorsWithASuggestion) {
    const Loaded loaded = load(MapTree({{"lab.yaml", lab_yaml()},
                                        {"a.yaml", "server: {}\nsizs: {}\nlabels: {x: {module: [a], suggest: "
                                                   "{}}}\nenvironments: {p: {regon: x}}\n"}}));
    EXPECT_EQ(said(loaded), "a.yaml:1:1 spec/unknown-section there is no section 'server'\n"
                            "a.yaml:2:1 spec/unknown-section there is no section 'sizs'\n"
                            "a.yaml:3:14 spec/unknown-key a label has no key 'module'\n"
                            "a.yaml:4:20 spec/unknown-key an environment has no key 'regon'\n");
    EXPECT_EQ(loaded.diagnostics.sorted()[0].help, "did you mean 'servers'?");
}

TEST(Load, TypesAreStrictAndSayHowToQuote) {
    const Loaded loaded = load(MapTree(
        {{"lab.yaml", lab_yaml()},
         {"a.yaml", "servers:\n  x:\n    region: 7\n    labels: web\n    protect: no\n    cloud: [a]\n"}}));
    EXPECT_EQ(said(loaded), "a.yaml:3:13 spec/wrong-type 'region' must be a string, not an integer\n"
                            "a.yaml:4:13 spec/wrong-type 'labels' must be a list, not a string\n"
                            "a.yaml:5:14 spec/wrong-type 'protect' must be true or false, not 'no'\n"
                            "a.yaml:6:12 spec/wrong-type 'cloud' must be a string, not a list\n");
    EXPECT_EQ(loaded.diagnostics.sorted()[0].help, "quote it: \"7\"");
}

TEST(Load, ARoleOnAServerIsToldThatItIsALabel) {
    const Loaded loaded = load(MapTree(Files{{"lab.yaml", lab_yaml("servers: {x: {role: worker}}\n")}}));
    EXPECT_EQ(said(loaded), "lab.yaml:5:15 spec/unknown-key a server has no key 'role'\n");
    EXPECT_NE(loaded.diagnostics.items()[0].help.find("is a label"), std::string::npos);
}

TEST(Load, TheLabSectionBelongsToTheRootAndHasItsFormat) {
    EXPECT_EQ(said(load(MapTree(Files{{"x.yaml", "servers: {}"}}))),
              " spec/no-inventory there is no lab.yaml in the test tree\n");
    EXPECT_EQ(
        said(load(MapTree(Files{{"lab.yaml", "lab: {format: 2, name: a}"}}))),
        "lab.yaml:1:15 spec/unsupported-format this version of lab reads inventories of format 1, not 2\n");
    EXPECT_EQ(said(load(MapTree(Files{{"lab.yaml", "lab: {}"}}))),
              "lab.yaml:1:1 spec/missing-key 'lab' has no 'format'\n"
              "lab.yaml:1:1 spec/missing-key 'lab' has no 'name'\n");
    EXPECT_EQ(said(load(MapTree({{"lab.yaml", lab_yaml()}, {"z.yaml", "lab: {format: 1}"}}))),
              "z.yaml:1:1 spec/misplaced-settings the section 'lab' belongs into the lab.yaml at the root\n");
}

TEST(Load, LinksThatLeaveTheTreeAreRefused) {
    MapTree tree({{"lab.yaml", lab_yaml()},
                  {"real.yaml", "servers: {a: {}}"},
                  {"modules/m/module.yaml", "name: m\nresources:\n  - file: /x\n    source: f\n"}});
    tree.link("passwd.yaml", "/etc/passwd");
    tree.link("folder", "/etc");
    tree.link("modules/m/f", "real.yaml");
    EXPECT_EQ(said(load(tree)),
              "folder spec/symlink this symbolic link leaves the inventory\n"
              "modules/m/module.yaml:4:13 spec/symlink 'f' is reached through a symbolic link\n"
              "passwd.yaml spec/symlink this symbolic link leaves the inventory\n");
}

TEST(Load, TheLimitsHold) {
    const MapTree tree(
        {{"lab.yaml", lab_yaml()}, {"a.yaml", "servers: {a: {}}"}, {"b.yaml", "servers: {b: {}}"}});
    EXPECT_EQ(said(load(tree, {.files = 1})), " spec/limit the inventory has 2 files, more than 1\n");
    EXPECT_EQ(said(load(tree, {.total_bytes = 80})), " spec/limit the inventory is larger than 80 bytes\n");
    EXPECT_NE(said(load(tree, {.file_bytes = 4})).find("spec/unreadable"), std::string::npos);
}

TEST(Load, TheDigestIsOfPathsAndBytes) {
    const auto digest = [](Files files) { return load(MapTree(std::move(files))).inventory.digest; };
    const std::string lab = lab_yaml();
    const Digest one = digest({{"lab.yaml", lab}, {"a.yaml", "servers: {}"}});
    EXPECT_EQ(one, digest({{"lab.yaml", lab}, {"a.yaml", "servers: {}"}, {"README", "x"}}));
    EXPECT_NE(one, digest({{"lab.yaml", lab}, {"b.yaml", "servers: {}"}}));
    EXPECT_NE(one, digest({{"lab.yaml", lab}, {"a.yaml", "servers: {} "}}));
}

TEST(Load, ManyFilesGiveTheSameAsOne) {
    Files many{{"lab.yaml", lab_yaml()}};
    std::string all = "servers:\n";
    for (int i = 100; i < 600; ++i) {
        const std::string body = "  s" + std::to_string(i) + ": {region: eu}\n";
        many["servers/" + std::to_string(i) + ".yaml"] = "servers:\n" + body;
        all += body;
    }
    const Loaded split = load(MapTree(many)),
                 joined = load(MapTree({{"lab.yaml", lab_yaml()}, {"s.yaml", all}}));
    EXPECT_EQ(said(split), "");
    ASSERT_EQ(split.inventory.servers.size(), 500u);
    for (std::size_t i = 0; i < 500; ++i)
        EXPECT_EQ(split.inventory.servers[i].name, joined.inventory.servers[i].name);
}

TEST(Load, AModuleIsReadWithTheFilesItRefersTo) {
    const Loaded loaded = load(MapTree(
        {{"lab.yaml", lab_yaml("modules: {other: {path: lib/other}}\n")},
         {"modules/motd/module.yaml",
          "name: motd\nversion: 1.2.0\nparams:\n  port: {type: integer, min: 1, max: 9, default: 3}\n"
          "resources:\n  - file: /etc/motd\n    source: files/motd\n    owner: root\n    group: root\n"
          "health:\n  - command: [/bin/true]\ntests: tests/\n"},
         {"modules/motd/files/motd", "hello\n"},
         {"modules/motd/tests/one.yaml", "x: y"},
         {"modules/motd/unused", "bytes"},
         {"lib/other/module.yaml", "name: other\n"}}));
    EXPECT_EQ(said(loaded), "");
    ASSERT_EQ(loaded.inventory.modules.size(), 2u);
    const Module& motd = loaded.inventory.modules.at("motd");
    EXPECT_EQ(motd.version, "1.2.0");
    EXPECT_EQ(motd.resources.at(0).type, "file");
    EXPECT_EQ(motd.resources.at(0).name.value, "/etc/motd");
    EXPECT_EQ(motd.find_param("port")->max, 9);
    EXPECT_EQ(motd.health.at(0).command, std::vector<std::string>{"/bin/true"});
    EXPECT_EQ(loaded.inventory.module_files.at("modules/motd/files/motd"), "hello\n");
    EXPECT_FALSE(loaded.inventory.module_files.contains("modules/motd/unused"));
}

TEST(Load, WhatIsWrongInAModuleIsToldAtItsOwnLines) {
    const Loaded loaded = load(
        MapTree({{"lab.yaml", lab_yaml()},
                 {"modules/m/module.yaml",
                  "name: m\nparams:\n  p: {type: int}\n  q: {type: integer, default: x}\n  bad-name: {}\n"
                  "resources:\n  - flie: /a\n  - file: /a\n    link: /b\n  - file: /c\n    sorce: x\n"
                  "  - file: /d\n    source: ../../etc\n  - file: /e\n    source: gone\ntests: nowhere\n"}}));
    EXPECT_EQ(said(loaded),
              "modules/m/module.yaml:3:13 spec/bad-value there is no type 'int'\n"
              "modules/m/module.yaml:4:31 spec/bad-param the default of param 'q' must be an integer, not a "
              "string\n"
              "modules/m/module.yaml:5:3 spec/bad-name 'bad-name' is no name for a param\n"
              "modules/m/module.yaml:7:5 spec/unknown-type there is no resource type 'flie'\n"
              "modules/m/module.yaml:9:5 spec/bad-resource a resource is one thing, but this names 'file' "
              "and 'link'\n"
              "modules/m/module.yaml:11:5 spec/unknown-key a file has no property 'sorce'\n"
              "modules/m/module.yaml:13:13 spec/bad-source '../../etc' is not below the module's folder\n"
              "modules/m/module.yaml:15:13 spec/missing-file module 'm' has no file 'gone'\n"
              "modules/m/module.yaml:16:8 spec/missing-file module 'm' has no folder 'nowhere'\n");
}

} // namespace
} // namespace lab::spec
