// file, template, directory, link and line, through the whole way of a request.

#include "scratch_tree.h"

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

class PathTypes : public ScratchTree {
  protected:
    /// A resource is seen as wrong, made right, seen as right, and a second apply changes nothing.
    void converges(const std::string& resource) {
        const std::string all = "[" + resource + "]";
        EXPECT_TRUE(check(all).starts_with("drifted ")) << check(all);
        EXPECT_TRUE(apply(all).starts_with("changed ")) << apply(all);
        EXPECT_TRUE(check(all).starts_with("ok ")) << check(all);
        EXPECT_TRUE(apply(all).starts_with("ok ")) << apply(all);
    }
};

TEST_F(PathTypes, FilesAreMadeChangedAndRemoved) {
    converges(R"({"type":"file","name":"/etc/deep/motd","properties":{"content":"hi\n","mode":"0640"}})");
    EXPECT_EQ(text("etc/deep/motd"), "hi\n");
    put("etc/deep/motd", "by hand");
    converges(R"({"type":"file","name":"/etc/deep/motd","properties":{"content":"hi\n"}})");
    EXPECT_EQ(tree().status("/etc/deep/motd")->st_mode & 07777u, 0640u) << "what is not written stays";
    converges(R"({"type":"file","name":"/etc/deep/motd","properties":{"mode":"0600"}})");
    EXPECT_EQ(text("etc/deep/motd"), "hi\n");
    converges(R"({"type":"file","name":"/etc/deep/motd","properties":{"ensure":"absent"}})");
    EXPECT_FALSE(fs::exists(root_ / "etc/deep/motd"));
    converges(R"({"type":"file","name":"/empty","properties":{}})");
    converges(R"({"type":"file","name":"/binary","properties":{"content":{"base64":"AP8="}}})");
    EXPECT_EQ(text("binary"), std::string("\x00\xff", 2));
}

TEST_F(PathTypes, AFileTakesThePlaceOfALinkOrAnEmptyDirectoryOnly) {
    fs::create_symlink("elsewhere", root_ / "a");
    converges(R"({"type":"file","name":"/a","properties":{"content":"x"}})");
    fs::create_directory(root_ / "b");
    converges(R"({"type":"file","name":"/b","properties":{"content":"x"}})");
    put("c/inside", "kept");
    EXPECT_EQ(apply(R"([{"type":"file","name":"/c","properties":{"content":"x"}}])"),
              "failed file/c: '/c' is a directory that is not empty; move away what is in it, or manage it "
              "as a directory");
    EXPECT_EQ(text("c/inside"), "kept");
    EXPECT_TRUE(apply(R"([{"type":"file","name":"/c","properties":{"ensure":"absent"}}])")
                    .starts_with("failed file/c: "));
}

TEST_F(PathTypes, DirectoriesAreRemovedWithWhatIsInThemOnlyWhenAsked) {
    converges(R"({"type":"directory","name":"/srv/www","properties":{"mode":"0750"}})");
    put("srv/www/file", "x");
    EXPECT_EQ(apply(R"([{"type":"directory","name":"/srv/www","properties":{"ensure":"absent"}}])"),
              "failed directory/srv/www: '/srv/www' is not empty; say 'recursive: true' to remove what is "
              "in it too");
    converges(R"({"type":"directory","name":"/srv/www","properties":{"ensure":"absent","recursive":true}})");
    EXPECT_TRUE(
        apply(R"([{"type":"directory","name":"/var","properties":{"ensure":"absent","recursive":true}}])")
            .starts_with("failed directory/var: '/var' holds lab's own records"));
}

TEST_F(PathTypes, LinksPointWhereTheyShould) {
    converges(R"({"type":"link","name":"/etc/localtime","properties":{"target":"/usr/share/zoneinfo/UTC"}})");
    converges(R"({"type":"link","name":"/etc/localtime","properties":{"target":"../other"}})");
    EXPECT_EQ(fs::read_symlink(root_ / "etc/localtime"), "../other");
    converges(R"({"type":"link","name":"/etc/localtime","properties":{"ensure":"absent"}})");
    put("file", "x");
    EXPECT_TRUE(
        apply(R"([{"type":"link","name":"/file","properties":{"ensure":"absent"}}])").starts_with("failed"));
    EXPECT_EQ(text("file"), "x");
}

TEST_F(PathTypes, ALineReplacesWhatItMatches) {
    put("cfg", "a\n#Port 22\nb\nPort 2022\nc");
    const std::string line =
        R"({"type":"line","name":"port","properties":{"path":"/cfg","text":"Port 22","match":"*Port *"}})";
    converges(line);
    EXPECT_EQ(text("cfg"), "a\nPort 22\nb\nc");
    put("cfg", "Port 22\nPort 99\n");
    converges(line);
    EXPECT_EQ(text("cfg"), "Port 22\n") << "another that it matches is no longer there";
    put("cfg", "a");
    converges(line);
    EXPECT_EQ(text("cfg"), "a\nPort 22\n");
    converges(
        R"({"type":"line","name":"port","properties":{"path":"/cfg","text":"Port 22","ensure":"absent"}})");
    EXPECT_EQ(text("cfg"), "a\n");
    converges(R"({"type":"line","name":"new","properties":{"path":"/new/file","text":"first"}})");
    EXPECT_EQ(text("new/file"), "first\n");
}

TEST_F(PathTypes, ALineIsEditedThroughALinkInsideTheTree) {
    put("run/real.conf", "nameserver 1\n");
    fs::create_directory(root_ / "etc");
    fs::create_symlink("/run/real.conf", root_ / "etc/resolv.conf");
    converges(
        R"({"type":"line","name":"dns","properties":{"path":"/etc/resolv.conf","text":"nameserver 2"}})");
    EXPECT_EQ(text("run/real.conf"), "nameserver 1\nnameserver 2\n");
    EXPECT_TRUE(fs::is_symlink(root_ / "etc/resolv.conf"));
}

TEST_F(PathTypes, TemplatesAreRenderedWithTheTreesFacts) {
    put("etc/os-release", "ID=lunar\nVERSION_ID=7\n");
    converges(
        R"({"type":"template","name":"/t","properties":{"content":{"$template":"{{ facts.os.id }} {{ params.n }}",)"
        R"("with":{"params":{"n":3}}}}})");
    EXPECT_EQ(text("t"), "lunar 3");
    EXPECT_EQ(
        apply(
            R"([{"type":"template","name":"/u","properties":{"content":{"$template":"{{ facts.os.nothing }}"}}}])"),
        "failed template/u: the fact 'facts.os.nothing' is not known (in 'content' of 'template/u')");
}

TEST_F(PathTypes, LabsOwnRecordsAreNoResources) {
    EXPECT_EQ(
        apply(R"([{"type":"file","name":"/var/lib/lab/machine.json","properties":{"content":"{}"}}])"),
        "failed file/var/lib/lab/machine.json: '/var/lib/lab/machine.json' lies among lab's own records "
        "('/var/lib/lab'); put it into another folder");
    EXPECT_EQ(
        apply(R"([{"type":"line","name":"l","properties":{"path":"/var/lib/lab/owed.json","text":"x"}}])"),
        "failed line/l: '/var/lib/lab/owed.json' lies among lab's own records ('/var/lib/lab'); put it into "
        "another folder");
}

TEST_F(PathTypes, PrivateTextLeavesTheMachineInNoForm) {
    const std::string resources =
        R"([{"type":"file","name":"/k","properties":{"content":"hunter2\n","mode":"0600"}},
            {"type":"line","name":"l","sensitive":true,"properties":{"path":"/l","text":"hunter2"}},
            {"type":"link","name":"/ln","sensitive":true,"properties":{"target":"/x/hunter2"}},
            {"type":"user","name":"u","properties":{"password_hash":"$6$hunter2"}}])";
    put("k", "hunter2 old\n");
    for (const Mode mode : {Mode::Check, Mode::Apply, Mode::Check}) {
        const auto report = ask(mode, resources);
        ASSERT_TRUE(report) << report.error().text();
        EXPECT_EQ(api::write_report(*report).find("hunter2"), std::string::npos)
            << api::write_report(*report);
    }
    EXPECT_EQ(text("k"), "hunter2\n");
    EXPECT_EQ(text("var/lib/lab/applied.json").find("hunter2"), std::string::npos);
}

TEST_F(PathTypes, ARedactedDocumentCanBeCheckedButNotApplied) {
    const std::string resources =
        R"([{"type":"file","name":"/k","properties":{"content":"hunter2","mode":"0600"}}])";
    ASSERT_TRUE(apply(resources).starts_with("changed"));
    Request request{.mode = Mode::Check, .root = root_.string()};
    request.desired = desired(resources);
    request.desired.resources[0] = api::redacted(request.desired.resources[0], request.desired.key);
    EXPECT_EQ(outcomes(answer(request, facts_, system_clock(), {})), "ok file/k");
    put("k", "other");
    request.mode = Mode::Apply;
    EXPECT_EQ(outcomes(answer(request, facts_, system_clock(), {})),
              "failed file/k: the document holds only a digest of 'content', so it cannot be written");
    EXPECT_EQ(text("k"), "other");
}

} // namespace
} // namespace lab::agent
