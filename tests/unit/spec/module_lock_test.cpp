#include "spec/module_lock.h"

#include "inventory_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lab::spec {
namespace {

using test::Files;
using test::lab_yaml;
using test::MapTree;

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
constexpr std::string_view kUrl = "https://example.org/motd.git";

std::string said(const Diagnostics& diagnostics) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics.sorted())
        out += diagnostic.at.text() + " " + diagnostic.code + " " + diagnostic.message + "\n";
    return out;
}

ModulePin pin() {
    return {.git = std::string(kUrl),
            .ref = "v1",
            .path = {},
            .commit = kCommit,
            .digest = sha256("x"),
            .at = {}};
}

/// Repositories as maps, by URL.
class FakeRepositories final : public ModuleTrees {
  public:
    std::shared_ptr<const FileTree> open(const ModuleSource& source, const ModulePin& at,
                                         Diagnostics& diagnostics) const override {
        asked.push_back(source.name + " " + at.commit.substr(0, 4));
        const auto found = trees.find(source.git);
        if (found != trees.end()) return found->second;
        diagnostics.add({.code = "module/unavailable",
                         .message = "it is away",
                         .at = source.at,
                         .help = {},
                         .notes = {}});
        return nullptr;
    }
    std::map<std::string, std::shared_ptr<MapTree>> trees;
    mutable std::vector<std::string> asked;
};

Loaded load_with(Files files, const ModuleTrees* modules) {
    return load(MapTree(std::move(files)), {}, modules);
}

std::string source(std::string_view more = "") {
    return lab_yaml(fmt::format(
        "modules: {{motd: {{git: '{}', ref: v1{}}}}}\nlabels: {{web: {{modules: [motd]}}}}\n", kUrl, more));
}

std::string lock() {
    return write_module_lock({.pins = {{"motd", pin()}}});
}

TEST(ModuleLock, IsReadAsItIsWritten) {
    ModuleLock lock;
    lock.pins["web"] = pin();
    lock.pins["web"].path = "modules/web";
    lock.pins["a.b"] = pin();
    lock.pins["a.b"].git = "git@host:team/x.git";
    const std::string text = write_module_lock(lock);
    EXPECT_LT(text.find("a.b"), text.find("web"));
    Diagnostics diagnostics;
    const ModuleLock again = read_module_lock(text, diagnostics);
    EXPECT_EQ(said(diagnostics), "");
    ASSERT_EQ(again.pins.size(), 2u);
    EXPECT_EQ(again.pins.at("web").path, "modules/web");
    EXPECT_EQ(again.pins.at("web").commit, kCommit);
    EXPECT_EQ(again.pins.at("web").digest, sha256("x"));
    EXPECT_EQ(again.pins.at("web").at.text(), "lab.lock:9:3");
    EXPECT_EQ(write_module_lock(again), text);
    const std::string none = write_module_lock({});
    EXPECT_TRUE(read_module_lock(none, diagnostics).pins.empty());
    EXPECT_EQ(said(diagnostics), "");
}

TEST(ModuleLock, OtherFormatsAndBrokenPinsAreRefused) {
    const auto complaints = [](const std::string& text) {
        Diagnostics diagnostics;
        const ModuleLock lock = read_module_lock(text, diagnostics);
        EXPECT_TRUE(lock.pins.empty()) << text;
        return said(diagnostics);
    };
    EXPECT_EQ(
        complaints("format: lab.lock/2\nmodules: {}\n"),
        "lab.lock:1:9 module/bad-lock this lab.lock has the format 'lab.lock/2', and this version of lab "
        "reads 'lab.lock/1'\n");
    EXPECT_EQ(complaints(""), "lab.lock module/bad-lock lab.lock has no 'format: lab.lock/1'\n");
    EXPECT_EQ(complaints("- x\n"), "lab.lock:1:1 module/bad-lock lab.lock has no 'format: lab.lock/1'\n");
    const std::string head = "format: lab.lock/1\nmodules:\n";
    EXPECT_EQ(complaints(head + "  m: {git: 'https://h/x', ref: v1, commit: abc}\n"),
              "lab.lock:3:3 module/bad-lock the pin of module 'm' has no 'digest'\n"
              "lab.lock:3:44 module/bad-lock 'commit' of a pin is no full commit id\n");
    EXPECT_EQ(complaints(head + "  m: {git: 'https://u:p@h/x', ref: v1, commit: " + kCommit + ", digest: '" +
                         sha256("").text() + "'}\n"),
              "lab.lock module/bad-lock 'git' of a pin carries credentials\n");
    EXPECT_NE(complaints(head + "  m: 3\n  '../x': {}\n").find("a pin must be a map"), std::string::npos);
    EXPECT_NE(complaints(head + "<<<<<<< HEAD\n").find("the marks of a merge conflict"), std::string::npos);
    std::string many = head;
    for (int i = 0; i < 300'000; ++i)
        many += fmt::format("  m{}: {{}}\n", i);
    EXPECT_NE(complaints(many).find("yaml/"), std::string::npos);
}

TEST(ModuleSource, HostileUrlsAreRefused) {
    for (const char* good :
         {"https://example.org/a/b.git", "http://10.0.0.1:8080/x", "ssh://git@example.org:2222/x.git",
          "git@example.org:team/x.git", "example.org:x", "file:///srv/git/x.git", "ssh://git@[::1]:22/x"})
        EXPECT_EQ(url_problem(good), "") << good;
    for (const char* bad : {"",
                            "/srv/git/x",
                            "../x",
                            "./x",
                            "x",
                            "ext::sh -c id",
                            "ext::id",
                            "fd::17",
                            "--upload-pack=id",
                            "-upload-pack=id:x",
                            "ssh://-oProxyCommand=id/x",
                            "host:-x",
                            "-x@host:y",
                            "https://user@example.org/x",
                            "https://user:secret@example.org/x",
                            "ssh://git:secret@host/x",
                            "git:secret@host:x",
                            "git://example.org/x",
                            "ftp://h/x",
                            "file://host/x",
                            "file:///",
                            "https:///x",
                            "https:/h/x",
                            "https://h",
                            "https://h/x?token=1",
                            "https://h/x#y",
                            "https://h/x y",
                            "https://h/\x01",
                            "https://h/\xc3\xa9",
                            "C:\\x"})
        EXPECT_NE(url_problem(bad), "") << bad;
    EXPECT_NE(url_problem("https://h/" + std::string(3000, 'x')), "");
    for (const char* secret : {"https://user:secret@h/x", "https://token@h/x", "ssh://a:b@h/x", "a:b@h:x"})
        EXPECT_TRUE(has_credentials(secret)) << secret;
    for (const char* open : {"ssh://git@h/x", "git@h:x", "https://h/x@y:z"})
        EXPECT_FALSE(has_credentials(open)) << open;
}

TEST(ModuleSource, HostileRefsAreRefused) {
    for (const std::string good : {"main", "v1.2.3", "feature/x", "refs/tags/v1", kCommit.c_str()})
        EXPECT_EQ(ref_problem(good), "") << good;
    for (const char* bad : {"",     "-x",    "--upload-pack=id",
                            "a..b", "a b",   "a:b",
                            "a^",   "a~1",   "*",
                            "a?",   "[a]",   "a\\b",
                            "@",    "@{u}",  "/a",
                            "a/",   "a//b",  "a/.b",
                            ".a",   "a.",    "a.lock",
                            "a\n",  "$(id)", "\xc3\xa9"})
        EXPECT_NE(ref_problem(bad), "") << bad;
}

TEST(ModuleSource, IsAFolderOrARepositoryAtARef) {
    const auto complaints = [](const std::string& entry) {
        return said(
            load_with({{"lab.yaml", "lab: {format: 1, name: t}\nmodules:\n  m: " + entry + "\n"}}, nullptr)
                .diagnostics);
    };
    EXPECT_EQ(complaints("{git: 'https://h/x', ref: v1}"), "");
    EXPECT_EQ(complaints("{git: 'https://h/x'}"), "lab.yaml:3:3 spec/missing-key module 'm' has no 'ref'\n");
    EXPECT_EQ(complaints("{path: lib/m, ref: v1}"),
              "lab.yaml:3:3 spec/bad-value module 'm' has a 'ref', but no 'git'\n"
              "lab.yaml:3:3 spec/missing-file there is no module.yaml in 'lib/m'\n");
    EXPECT_EQ(complaints("{}"), "lab.yaml:3:3 spec/missing-key module 'm' has neither 'path' nor 'git'\n");
    EXPECT_EQ(complaints("{git: 'https://h/x', ref: v1, path: ../up}"),
              "lab.yaml:3:42 spec/bad-value the path of module 'm' must lie in the repository\n");
    EXPECT_EQ(
        complaints("{git: 'ext::id', ref: v1}"),
        "lab.yaml:3:12 module/bad-url the repository 'ext::id' of module 'm' names a program of git's, not "
        "a repository\n");
    EXPECT_EQ(complaints("{git: 'https://h/x', ref: --upload-pack=id}"),
              "lab.yaml:3:32 module/bad-ref the ref '--upload-pack=id' of module 'm' could be taken for an "
              "option\n");
    EXPECT_EQ(complaints("{git: 'https://u:secret@h/x', ref: v1}"),
              "lab.yaml module/bad-url the URL of module 'm' in line 3 carries credentials\n");
    EXPECT_EQ(complaints("{git: 'https://h/x', branch: v1, ref: v1}"),
              "lab.yaml:3:27 spec/unknown-key a module source has no key 'branch'\n");
}

TEST(GitModules, WithoutAPinOrWithAnothersAreSaid) {
    const FakeRepositories repositories;
    const Loaded none = load_with({{"lab.yaml", source()}}, &repositories);
    EXPECT_EQ(said(none.diagnostics),
              "lab.yaml:5:11 module/not-pinned module 'motd' is not pinned to a commit in lab.lock\n");
    EXPECT_EQ(none.diagnostics.items()[0].help, "`lab modules update motd` pins it");
    const Loaded other =
        load_with({{"lab.yaml", source(", path: sub")}, {"lab.lock", lock()}}, &repositories);
    EXPECT_EQ(said(other.diagnostics),
              "lab.yaml:5:11 module/not-pinned module 'motd' is pinned in lab.lock for the "
              "path none, not 'sub'\n");
    EXPECT_EQ(other.diagnostics.items()[0].notes[0].at.text(), "lab.lock:4:3");
    EXPECT_TRUE(repositories.asked.empty());
}

TEST(GitModules, AreReadOutOfTheirTreesAndNameTheirOwnPlaces) {
    FakeRepositories repositories;
    const auto tree = std::make_shared<MapTree>(
        Files{{"module.yaml",
               "name: motd\nversion: 2.0.0\nresources:\n  - file: /etc/motd\n    source: files/motd\n"
               "  - file: /etc/issue\n    source: escape\n  - file: /x\n    modee: 1\n"},
              {"files/motd", "hello\n"},
              {"README.md", "not referred to\n"}});
    tree->link("escape", "/etc/shadow");
    repositories.trees.emplace(kUrl, tree);
    const Loaded loaded = load_with({{"lab.yaml", source()}, {"lab.lock", lock()}}, &repositories);
    EXPECT_EQ(
        said(loaded.diagnostics),
        "module motd at 0123456: module.yaml:7:13 spec/symlink 'escape' is reached through a symbolic link\n"
        "module motd at 0123456: module.yaml:9:5 spec/unknown-key a file has no property 'modee'\n");
    EXPECT_NE(render_text(loaded.diagnostics, loaded.lines).find("9 |     modee: 1"), std::string::npos);
    const Module& module = loaded.inventory.modules.at("motd");
    EXPECT_EQ(module.version, "2.0.0");
    EXPECT_EQ(module.commit, kCommit);
    EXPECT_EQ(loaded.inventory.module_files.at("module motd at 0123456: files/motd"), "hello\n");
    ASSERT_EQ(loaded.files->size(), 2u);
    EXPECT_EQ(*(*loaded.files)[0].path, "lab.lock");
    EXPECT_EQ(*(*loaded.files)[1].path, "lab.yaml");
    EXPECT_EQ(repositories.asked, std::vector<std::string>{"motd 0123"});
    EXPECT_EQ(loaded.module_trees.count("motd"), 1u);
}

TEST(GitModules, HaveTheNameOfTheirEntryAndAModuleYaml) {
    FakeRepositories repositories;
    repositories.trees.emplace(kUrl, std::make_shared<MapTree>(Files{{"module.yaml", "name: other\n"}}));
    const Files files{{"lab.yaml", source()}, {"lab.lock", lock()}};
    EXPECT_EQ(
        said(load_with(files, &repositories).diagnostics),
        "module motd at 0123456: module.yaml:1:7 spec/bad-value the section 'modules' calls this module "
        "'motd', not 'other'\n");
    repositories.trees.at(std::string(kUrl)) = std::make_shared<MapTree>(Files{{"README.md", "x"}});
    EXPECT_EQ(said(load_with(files, &repositories).diagnostics),
              "lab.yaml:5:11 spec/missing-file there is no module.yaml in commit 0123456 of " +
                  std::string(kUrl) + "\n");
    repositories.trees.clear();
    const Loaded away = load_with(files, &repositories);
    EXPECT_EQ(said(away.diagnostics), "lab.yaml:5:11 module/unavailable it is away\n");
    EXPECT_EQ(test::problems(away.diagnostics).find("unknown-module"), std::string::npos);
}

TEST(GitModules, DependOnEachOtherAndDecideKeysAndDigest) {
    FakeRepositories repositories;
    const std::string base = "https://example.org/base.git";
    Files files{{"lab.yaml", source() + "servers: {a: {labels: [web]}}\n"}};
    files["more.yaml"] = "modules: {base: {git: '" + base + "', ref: main}}\n";
    ModuleLock pins{.pins = {{"motd", pin()}, {"base", pin()}}};
    pins.pins["base"].git = base;
    pins.pins["base"].ref = "main";
    files["lab.lock"] = write_module_lock(pins);
    const auto with = [&](const std::string& text) {
        repositories.trees[std::string(kUrl)] =
            std::make_shared<MapTree>(Files{{"module.yaml", "name: motd\ndeps: [base]\n"}});
        repositories.trees[base] = std::make_shared<MapTree>(
            Files{{"module.yaml", "name: base\nresources:\n  - file: /etc/motd\n    source: motd\n"},
                  {"motd", text}});
        return load_with(files, &repositories);
    };
    const test::TestProviders providers;
    const auto key = [&](const Loaded& loaded) {
        Diagnostics diagnostics;
        const Fleet fleet = Fleet::resolve(loaded.inventory, providers, {.bytes = "k"}, diagnostics);
        EXPECT_EQ(said(diagnostics), "");
        EXPECT_EQ(fleet.modules(0).size(), 2u);
        return fleet.key(0);
    };
    const Loaded one = with("one\n"), same = with("one\n"), two = with("two\n");
    EXPECT_EQ(said(one.diagnostics), "");
    EXPECT_EQ(key(one), key(same));
    EXPECT_NE(key(one), key(two));
    EXPECT_EQ(one.inventory.digest, same.inventory.digest);
    // Of the module's content the inventory's digest knows through lab.lock, which pins it.
    pins.pins["base"].commit = std::string(40, 'a');
    files["lab.lock"] = write_module_lock(pins);
    EXPECT_NE(with("one\n").inventory.digest, one.inventory.digest);
}

TEST(ModuleDigest, IsOfEverythingInTheFolder) {
    const auto digest = [](const MapTree& tree) { return module_digest(tree).value(); };
    const MapTree plain(Files{{"module.yaml", "name: m\n"}, {"a", "b"}});
    EXPECT_EQ(digest(plain), digest(MapTree(Files{{"a", "b"}, {"module.yaml", "name: m\n"}})));
    EXPECT_NE(digest(plain), digest(MapTree(Files{{"module.yaml", "name: m\n"}, {"a", "c"}})));
    EXPECT_NE(digest(plain), digest(MapTree(Files{{"module.yaml", "name: m\n"}, {"b", "b"}})));
    MapTree linked(Files{{"module.yaml", "name: m\n"}});
    linked.link("a", "module.yaml");
    EXPECT_NE(digest(plain), digest(linked));
    EXPECT_FALSE(module_digest(plain, {.entries = 1}));
    EXPECT_FALSE(module_digest(plain, {.bytes = 8}));
    EXPECT_FALSE(module_digest(plain, {.file_bytes = 7}));
    EXPECT_TRUE(module_digest(plain, {.entries = 2, .bytes = 9, .file_bytes = 8}));
}

} // namespace
} // namespace lab::spec
