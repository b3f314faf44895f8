#include "spec/definitions.h"

#include "inventory_text.h"

#include <gtest/gtest.h>

namespace lab::spec::test {
namespace {

/// The files after a change: "path: text" each, or "path gone".
std::string shown(const Result<TreeChanges>& changes) {
    if (!changes) return "refused: " + changes.error().message;
    std::string out;
    for (const auto& [path, text] : *changes)
        out += text ? path + ":\n" + *text : path + " gone\n";
    return out;
}

class Read {
  public:
    Read(Files files, std::string section) : tree_(std::move(files)), loaded_(load(tree_)) {
        auto read = Definitions::read(tree_, loaded_, std::move(section));
        EXPECT_TRUE(read) << read.error().message;
        definitions_ = std::make_unique<Definitions>(std::move(*read));
    }
    const Definitions* operator->() const { return definitions_.get(); }

  private:
    MapTree tree_;
    Loaded loaded_;
    std::unique_ptr<Definitions> definitions_;
};

Files with_servers(Files more) {
    more["lab.yaml"] = lab_yaml();
    return more;
}

TEST(Definitions, ANewOneGoesToAFileOfItsOwnWhereTheOthersHaveThat) {
    const Read servers(with_servers({{"servers/a.yaml", "servers: {a: {}}\n"},
                                     {"servers/b.yaml", "servers: {b: {}}\n"},
                                     {"more.yaml", "servers: {c: {}}\nlabels: {}\n"}}),
                       "servers");
    EXPECT_EQ(servers->file_for("d"), "servers/d.yaml");
    EXPECT_EQ(shown(servers->with("d", ValueMap{{"root", Value("x")}}, "servers/d.yaml")),
              "servers/d.yaml:\nservers: {d: {root: x}}\n");
}

TEST(Definitions, ElseToTheFileThatHoldsTheMostOfThem) {
    const Read servers(
        with_servers({{"a.yaml", "servers: {a: {}}\n"},
                      {"b.yaml", "servers: {x: {}, y: {}}\n"},
                      {"c.yaml", "servers: {p: {environment: prod}}\nenvironments: {prod: {}}\n"}}),
        "servers");
    EXPECT_EQ(servers->file_for("new"), "b.yaml");
    EXPECT_EQ(servers->file_for("new", "prod"), "c.yaml");
    EXPECT_EQ(servers->file_for("new", "new"), "b.yaml");
    EXPECT_EQ(shown(servers->with("new", ValueMap(), "b.yaml")),
              "b.yaml:\nservers: {x: {}, y: {}, new: {}}\n");
    EXPECT_EQ(shown(servers->with("a", ValueMap(), "b.yaml")),
              "refused: 'a' is defined already at a.yaml:1:11");
}

TEST(Definitions, WhereThereIsNoneTheOneFileForAllOrTheSectionsOwn) {
    EXPECT_EQ(Read(with_servers({}), "labels")->file_for("l"), "labels.yaml");
    EXPECT_EQ(
        Read(with_servers({{"all.yml", "servers: {a: {}}\nlabels: {b: {}}\n"}}), "groups")->file_for("g"),
        "all.yml");
    EXPECT_EQ(Read(with_servers({{"servers.yml", "servers: {a: {}}\n"}, {"labels.yml", "labels: {b: {}}\n"}}),
                   "groups")
                  ->file_for("g"),
              "groups.yml");
    EXPECT_EQ(Read({{"lab.yaml", lab_yaml() + "servers: {a: {}}\n"}}, "labels")->file_for("l"), "lab.yaml");
}

TEST(Definitions, AFileForItsNameHasNoSlashes) {
    const Read labels(with_servers({{"labels/k3s.yaml", "labels: {k3s: {}}\n"}}), "labels");
    EXPECT_EQ(labels->file_for("k3s=server"), "labels/k3s-server.yaml");
}

TEST(Definitions, TheLastTakesItsSectionAndItsFileAlong) {
    const Read servers(with_servers({{"a.yaml", "# a\nservers: {a: {}}\n"},
                                     {"b.yaml", "servers:\n  x: {}\n  y: {}\n"},
                                     {"c.yaml", "servers:\n  p: {}\nlabels: {l: {}}\n"}}),
                       "servers");
    EXPECT_EQ(shown(servers->without("a")), "a.yaml gone\n");
    EXPECT_EQ(shown(servers->without("x")), "b.yaml:\nservers:\n  y: {}\n");
    EXPECT_EQ(shown(servers->without("p")), "c.yaml:\nlabels: {l: {}}\n");
    const Read labels(with_servers({{"labels.yaml", "# What labels bring.\nlabels:\n  a: {}\n"}}), "labels");
    EXPECT_EQ(shown(labels->without("a")), "labels.yaml:\n# What labels bring.\n");
    EXPECT_EQ(shown(servers->without("q")), "refused: there is no 'q'");
}

TEST(Definitions, ASectionStaysForTheCommentsInIt) {
    const Read servers(with_servers({{"x.yaml", "servers:\n  a: {}\n  # b is being repaired\n  # b: {}\n"},
                                     {"y.yaml", "servers:\n  # rack 3\n\n  # the first\n  c: {}\n"},
                                     {"z.yaml", "servers: { # none in May\n  d: {},\n}\n"},
                                     {"e.yaml", "servers:\n  e: {}\n  # of e alone\n"}}),
                       "servers");
    EXPECT_EQ(shown(servers->without("a")), "x.yaml:\nservers: {}\n  # b is being repaired\n  # b: {}\n");
    EXPECT_EQ(shown(servers->without("c")), "y.yaml:\nservers: {}\n  # rack 3\n\n");
    EXPECT_EQ(shown(servers->without("d")), "z.yaml:\nservers: { # none in May\n}\n");
    EXPECT_EQ(shown(servers->without("e")), "e.yaml gone\n");
}

TEST(Definitions, ChangesInsideADefinition) {
    const Read servers(with_servers({{"a.yaml", "servers:\n  a:\n    labels: [x]  # kept\n"}}), "servers");
    EXPECT_EQ(shown(servers->changed("a", {{DocumentEdit::Kind::Append, {"labels"}, Value("z")},
                                           {DocumentEdit::Kind::Set, {"protect"}, Value(true)}})),
              "a.yaml:\nservers:\n  a:\n    labels: [x, z]  # kept\n    protect: true\n");
}

TEST(Definitions, SectionsThatAreListsAreNamedByTheirItems) {
    MapTree tree(
        Files{{"lab.yaml", lab_yaml()}, {"x.yaml", "alerts:\n  - name: a\n    for: 5m\n  - name: b\n"}});
    Loaded loaded;
    loaded.files = std::make_shared<const std::vector<LoadedFile>>(
        std::vector<LoadedFile>{{.path = FileName("lab.yaml")}, {.path = FileName("x.yaml")}});
    const auto alerts = Definitions::read(tree, loaded, "alerts");
    ASSERT_TRUE(alerts);
    EXPECT_EQ(alerts->names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(shown(alerts->with("c", ValueMap{{"for", Value("1m")}}, "x.yaml")),
              "x.yaml:\nalerts:\n  - name: a\n    for: 5m\n  - name: b\n  - name: c\n    for: 1m\n");
    EXPECT_EQ(shown(alerts->without("a")), "x.yaml:\nalerts:\n  - name: b\n");
}

TEST(Definitions, CutsWhatStandsAtPlaces) {
    Files files;
    files["a.yaml"] = "servers:\n  a:\n    labels: [x, y]\n  b:\n    labels: [y]\n    environment: prod\n"
                      "groups:\n  g:\n    match:\n      labels:\n        - y # why\n        - z\n";
    const MapTree tree(files);
    const auto file = FileName("a.yaml");
    const auto at = [&](std::uint32_t line, std::uint32_t column) { return Span{file, line, column, 1}; };
    EXPECT_EQ(shown(without_places(tree, {}, {at(3, 17), at(5, 14), at(11, 11)})),
              "a.yaml:\nservers:\n  a:\n    labels: [x]\n  b:\n    environment: prod\ngroups:\n  g:\n    "
              "match:\n      labels:\n"
              "        - z\n");
    EXPECT_EQ(shown(without_places(tree, {}, {at(6, 18)})).find("environment"), std::string::npos);
    files["a.yaml"] =
        "groups:\n  g:\n    match: {labels: [y], region: eu}\n    exclude: {labels: [y]}\n  h:\n    match: "
        "{labels: {all: [y, z]}}\n";
    const MapTree groups(files);
    EXPECT_EQ(shown(without_places(groups, {}, {at(4, 24)})),
              "a.yaml:\ngroups:\n  g:\n    match: {labels: [y], region: eu}\n  h:\n    match: {labels: {all: "
              "[y, z]}}\n");
    // A key goes with the last thing it names; whether that may be is for spec/reach.h.
    EXPECT_EQ(shown(without_places(groups, {}, {at(3, 22), at(6, 28)})),
              "a.yaml:\ngroups:\n  g:\n    match: {region: eu}\n    exclude: {labels: [y]}\n  h:\n    match: "
              "{labels: {all: [z]}}\n");
    EXPECT_EQ(shown(without_places(tree, {}, {at(2, 3)})),
              "refused: what stands at a.yaml:2:3 cannot be cut out");
    EXPECT_EQ(shown(without_places(tree, {}, {at(1, 4)})),
              "refused: what stands at a.yaml:1:4 cannot be cut out");
}

} // namespace
} // namespace lab::spec::test
