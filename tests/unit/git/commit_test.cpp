#include "git/commit.h"

#include "tests/unit/git/sandbox.h"

namespace lab::git {
namespace {

class CommitTest : public testing::Test {
  protected:
    CommitTest() {
        // What the programs we start take the user's identity from.
        for (const char* name : {"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"})
            ::setenv(name, "Ada", 1);
        for (const char* name : {"GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"})
            ::setenv(name, "ada@example.org", 1);
        ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
        sandbox.write("r/a.yaml", "a\n");
        sandbox.write("r/b.yaml", "b\n");
        head = sandbox.commit_all("r", "first");
    }
    CommitRequest request(std::vector<std::string> paths) const {
        return {.work_directory = sandbox.path() / "r", .paths = std::move(paths), .message = "edit"};
    }
    BranchRequest branch(std::string name, std::vector<FileChange> changes) const {
        return {.directory = sandbox.path() / "r",
                .branch = std::move(name),
                .base = head,
                .changes = std::move(changes),
                .message = "edit"};
    }
    std::string git(std::vector<std::string> arguments) const {
        return sandbox.git("r", std::move(arguments));
    }

    Sandbox sandbox;
    std::string head;
};

TEST_F(CommitTest, HoldsExactlyThePaths) {
    sandbox.write("r/staged.yaml", "s\n");
    git({"add", "staged.yaml"});
    sandbox.write("r/b.yaml", "changed\n");
    sandbox.write("r/new/n.yaml", "n\n");
    std::filesystem::remove(sandbox.path() / "r/a.yaml");
    const auto id = commit_paths(request({"new/n.yaml", "a.yaml"}));
    ASSERT_TRUE(id) << id.error().text();
    EXPECT_EQ(git({"rev-parse", "HEAD"}), *id);
    EXPECT_EQ(git({"show", "--format=%s", "--name-status", "HEAD"}), "edit\n\nD\ta.yaml\nA\tnew/n.yaml");
    EXPECT_EQ(git({"status", "--porcelain"}), "M b.yaml\nA  staged.yaml");
}

TEST_F(CommitTest, IsTheFirstOneToo) {
    sandbox.write("e/n.yaml", "n\n");
    sandbox.git("e", {"init", "-q", "-b", "main"});
    const auto id =
        commit_paths({.work_directory = sandbox.path() / "e", .paths = {"n.yaml"}, .message = "edit"});
    ASSERT_TRUE(id) << id.error().text();
    EXPECT_EQ(sandbox.git("e", {"log", "--format=%s"}), "edit");
}

TEST_F(CommitTest, RefusesToTakeOtherChangesAlong) {
    EXPECT_TRUE(check_committable(request({"a.yaml", "new.yaml"})));
    sandbox.write("r/a.yaml", "changed\n");
    const auto dirty = check_committable(request({"a.yaml"}));
    ASSERT_FALSE(dirty);
    EXPECT_EQ(dirty.error().message,
              "'a.yaml' has changes that are not committed: --commit would take them along");
    EXPECT_TRUE(check_committable(request({"b.yaml"})));
    sandbox.write("r/new.yaml", "not tracked\n");
    EXPECT_EQ(check_committable(request({"new.yaml"})).error().code, ErrorCode::Conflict);
    sandbox.write("r/.git/MERGE_HEAD", head + "\n");
    EXPECT_EQ(check_committable(request({"b.yaml"})).error().message,
              "a merge is under way: a commit now would be the merge");
}

TEST_F(CommitTest, WantsToKnowWhoMakesIt) {
    git({"config", "user.useConfigOnly", "true"});
    for (const char* name :
         {"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"})
        ::unsetenv(name);
    EXPECT_EQ(check_committable(request({"a.yaml"})).error().message,
              "git does not know who makes the commit");
    EXPECT_EQ(check_new_branch(branch("b", {})).error().message, "git does not know who makes the commit");
}

TEST_F(CommitTest, ARefusingHookLeavesTheFilesWrittenAndNotStaged) {
    sandbox.write("r/.git/hooks/pre-commit", "#!/bin/sh\necho 'no commits on Friday' >&2\nexit 1\n");
    std::filesystem::permissions(sandbox.path() / "r/.git/hooks/pre-commit",
                                 std::filesystem::perms::owner_all);
    sandbox.write("r/n.yaml", "n\n");
    const auto id = commit_paths(request({"n.yaml"}));
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().message, "git refused: no commits on Friday");
    EXPECT_EQ(git({"status", "--porcelain"}), "?? n.yaml");
}

TEST_F(CommitTest, OnABranchTouchesNothingElse) {
    sandbox.write("r/b.yaml", "not committed\n");
    sandbox.write("r/staged.yaml", "s\n");
    git({"add", "staged.yaml"});
    const std::string before = git({"status", "--porcelain"});
    const auto id = commit_to_branch(
        branch("propose/x", {{"b.yaml", "edited\n"}, {"new/n.yaml", "n\n"}, {"a.yaml", std::nullopt}}));
    ASSERT_TRUE(id) << id.error().text();
    EXPECT_EQ(git({"rev-parse", "propose/x^"}), head);
    EXPECT_EQ(git({"diff", "--name-status", head, "propose/x"}), "D\ta.yaml\nM\tb.yaml\nA\tnew/n.yaml");
    EXPECT_EQ(git({"show", "propose/x:b.yaml"}), "edited");
    EXPECT_EQ(git({"rev-parse", "HEAD"}), head);
    EXPECT_EQ(git({"symbolic-ref", "HEAD"}), "refs/heads/main");
    EXPECT_EQ(git({"status", "--porcelain"}), before);
}

TEST_F(CommitTest, ABranchThatIsThereIsLeftAlone) {
    git({"branch", "taken"});
    EXPECT_EQ(check_new_branch(branch("taken", {})).error().code, ErrorCode::Conflict);
    EXPECT_FALSE(commit_to_branch(branch("taken", {{"b.yaml", "x"}})));
    EXPECT_EQ(git({"rev-parse", "taken"}), head);
    for (const char* name : {"", "-x", "a..b", "a b", "x.lock"})
        EXPECT_EQ(check_new_branch(branch(name, {})).error().code, ErrorCode::Invalid) << name;
    EXPECT_TRUE(check_new_branch(branch("fresh", {})));
}

TEST_F(CommitTest, KeepsTheModeOfAFile) {
    std::filesystem::permissions(sandbox.path() / "r/a.yaml", std::filesystem::perms::owner_all);
    head = sandbox.commit_all("r", "executable");
    ASSERT_TRUE(commit_to_branch(branch("m", {{"a.yaml", "edited\n"}})));
    EXPECT_EQ(git({"ls-tree", "m", "a.yaml"}).substr(0, 6), "100755");
}

} // namespace
} // namespace lab::git
