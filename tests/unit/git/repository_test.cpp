#include "git/repository.h"

#include "tests/unit/git/sandbox.h"

namespace lab::git {
namespace {

Repository discovered(const std::filesystem::path& path) {
    auto repository = Repository::discover(path);
    if (!repository) ADD_FAILURE() << repository.error().text();
    return std::move(*repository);
}

TEST(Repository, IsFoundFromAFolderInsideIt) {
    Sandbox sandbox;
    sandbox.write("r/a/b/c.yaml", "x");
    const std::string id = sandbox.commit_all("r", "first thing");
    const Repository repository = discovered(sandbox.path() / "r/a/b");
    EXPECT_EQ(repository.work_directory(), sandbox.path() / "r");
    EXPECT_EQ(*repository.head().value(), id);
    EXPECT_EQ(repository.resolve("main").value(), id);
    EXPECT_EQ(repository.resolve(id.substr(0, 8)).value(), id);
    const CommitInfo info = repository.commit(id).value();
    EXPECT_EQ(info.subject, "first thing");
    EXPECT_EQ(info.author, "Ada");
    EXPECT_EQ(format_time(info.time), "2026-02-02T02:40:00Z");
    EXPECT_TRUE(id.starts_with(repository.short_id(id)));
    EXPECT_GE(repository.short_id(id).size(), 7u);
}

TEST(Repository, WhereThereIsNoneSaysSo) {
    Sandbox sandbox;
    const auto repository = Repository::discover(sandbox.path());
    ASSERT_FALSE(repository);
    EXPECT_EQ(repository.error().code, ErrorCode::NotFound);
    EXPECT_EQ(repository.error().message, sandbox.path().string() + " is in no git repository");
}

TEST(Repository, UnknownRevisionNamesTheNearest) {
    Sandbox sandbox;
    sandbox.write("r/a.yaml", "x");
    sandbox.commit_all("r", "one");
    sandbox.git("r", {"branch", "production"});
    const Repository repository = discovered(sandbox.path() / "r");
    const auto missing = repository.resolve("prodution");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_EQ(missing.error().hint, "did you mean 'production'?");
    EXPECT_EQ(repository.resolve("zzzzzz").error().hint, "there are: main, production");
    EXPECT_EQ(repository.resolve("main:a.yaml").error().message, "'main:a.yaml' is no commit");
}

TEST(Repository, WithoutCommitsHasNoHead) {
    Sandbox sandbox;
    std::filesystem::create_directory(sandbox.path() / "r");
    sandbox.git("r", {"init", "-q"});
    const Repository repository = discovered(sandbox.path() / "r");
    EXPECT_FALSE(repository.head().value());
    EXPECT_FALSE(repository.resolve("HEAD"));
    EXPECT_EQ(repository.first_change("", std::vector<FileName>{FileName("a.yaml")}, {}).value(), "a.yaml");
}

TEST(Repository, MergeBaseIsWhereTwoBranchesPart) {
    Sandbox sandbox;
    sandbox.write("r/a.yaml", "1");
    const std::string base = sandbox.commit_all("r", "base");
    sandbox.git("r", {"checkout", "-q", "-b", "other"});
    sandbox.write("r/b.yaml", "2");
    const std::string other = sandbox.commit_all("r", "other");
    sandbox.git("r", {"checkout", "-q", "main"});
    sandbox.write("r/c.yaml", "3");
    const std::string main = sandbox.commit_all("r", "main");
    EXPECT_EQ(discovered(sandbox.path() / "r").merge_base(main, other).value(), base);
}

TEST(Repository, BareShallowAndDetachedRepositoriesAreRead) {
    Sandbox sandbox;
    sandbox.write("r/a.yaml", "1");
    sandbox.commit_all("r", "one");
    sandbox.write("r/a.yaml", "2");
    const std::string second = sandbox.commit_all("r", "two");
    sandbox.git("", {"clone", "-q", "--bare", "r", "bare.git"});
    const Repository bare = discovered(sandbox.path() / "bare.git");
    EXPECT_TRUE(bare.work_directory().empty());
    EXPECT_EQ(bare.tree(bare.resolve("main").value(), "").value()->read("a.yaml", 10).value(), "2");
    EXPECT_FALSE(bare.first_change("", {}, {}));
    sandbox.git("", {"clone", "-q", "--depth", "1", "file://" + (sandbox.path() / "r").string(), "shallow"});
    const Repository shallow = discovered(sandbox.path() / "shallow");
    EXPECT_TRUE(shallow.shallow());
    EXPECT_NE(shallow.resolve("HEAD~1").error().hint.find("shallow"), std::string::npos);
    sandbox.git("shallow", {"checkout", "-q", "--detach"});
    EXPECT_EQ(*discovered(sandbox.path() / "shallow").head().value(), second);
}

TEST(Repository, Sha256RepositoriesAreRefusedWithTheReason) {
    Sandbox sandbox;
    std::filesystem::create_directory(sandbox.path() / "r");
    sandbox.git("r", {"init", "-q", "--object-format=sha256"});
    const auto repository = Repository::discover(sandbox.path() / "r");
    ASSERT_FALSE(repository);
    EXPECT_EQ(repository.error().code, ErrorCode::Unsupported) << repository.error().text();
}

TEST(Repository, OfAnotherUserIsRead) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
    Sandbox sandbox;
    sandbox.write("r/a.yaml", "1");
    const std::string id = sandbox.commit_all("r", "one");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(sandbox.path() / "r"))
        ASSERT_EQ(::lchown(entry.path().c_str(), 12345, 12345), 0);
    ASSERT_EQ(::chown((sandbox.path() / "r").c_str(), 12345, 12345), 0);
    EXPECT_EQ(*discovered(sandbox.path() / "r").head().value(), id);
}

class Changes : public ::testing::Test {
  protected:
    void SetUp() override {
        sandbox_.write("r/inv/lab.yaml", "lab: 1\n");
        sandbox_.write("r/inv/servers/a.yaml", "a\n");
        sandbox_.write("r/inv/README.md", "text\n");
        sandbox_.write("r/other.yaml", "x\n");
        sandbox_.commit_all("r", "one");
    }
    std::optional<std::string> change(const std::vector<std::string>& paths) const {
        std::vector<FileName> files;
        for (const std::string& path : paths)
            files.emplace_back(path);
        auto found = discovered(sandbox_.path() / "r").first_change("inv", files, [](std::string_view path) {
            return path.ends_with(".yaml");
        });
        if (!found) ADD_FAILURE() << found.error().text();
        return *found;
    }
    Sandbox sandbox_;
    std::vector<std::string> loaded_{"lab.yaml", "servers/a.yaml"};
};

TEST_F(Changes, ACleanTreeHasNone) {
    EXPECT_EQ(change(loaded_), std::nullopt);
    sandbox_.write("r/other.yaml", "outside of the inventory\n");
    EXPECT_EQ(change(loaded_), std::nullopt);
}

TEST_F(Changes, EditsAreFoundStagedOrNot) {
    sandbox_.write("r/inv/servers/a.yaml", "b\n"); // the same size, perhaps within the same tick
    EXPECT_EQ(change(loaded_), "servers/a.yaml");
    sandbox_.git("r", {"add", "-A"});
    EXPECT_EQ(change(loaded_), "servers/a.yaml");
    sandbox_.git("r", {"commit", "-q", "-m", "two"});
    EXPECT_EQ(change(loaded_), std::nullopt);
}

TEST_F(Changes, TouchedButEqualIsNoChange) {
    sandbox_.write("r/inv/servers/a.yaml", "a\n");
    EXPECT_EQ(change(loaded_), std::nullopt);
}

TEST_F(Changes, UntrackedAndIgnoredFilesThatWereLoadedCount) {
    sandbox_.write("r/.gitignore", "new.yaml\n");
    sandbox_.write("r/inv/new.yaml", "n\n");
    EXPECT_EQ(change({"lab.yaml", "new.yaml", "servers/a.yaml"}), "new.yaml");
}

TEST_F(Changes, FilesThatAreGoneCountWhereTheyAreRelevant) {
    std::filesystem::remove(sandbox_.path() / "r/inv/README.md");
    EXPECT_EQ(change(loaded_), std::nullopt);
    std::filesystem::remove(sandbox_.path() / "r/inv/servers/a.yaml");
    EXPECT_EQ(change({"lab.yaml"}), "servers/a.yaml");
}

TEST_F(Changes, ALinkedFileCountsWhenWhatItLeadsToChanged) {
    std::filesystem::create_symlink("servers/a.yaml", sandbox_.path() / "r/inv/linked.yaml");
    sandbox_.commit_all("r", "two");
    EXPECT_EQ(change({"linked.yaml"}), std::nullopt);
    sandbox_.write("r/inv/servers/a.yaml", "b\n");
    EXPECT_EQ(change({"linked.yaml"}), "linked.yaml");
}

TEST_F(Changes, AFileReplacedByALinkCounts) {
    std::filesystem::rename(sandbox_.path() / "r/inv/servers/a.yaml", sandbox_.path() / "r/inv/moved");
    std::filesystem::create_symlink("../moved", sandbox_.path() / "r/inv/servers/a.yaml");
    EXPECT_EQ(change(loaded_), "servers/a.yaml");
}

} // namespace
} // namespace lab::git
