// A working tree and the commit made of it are the same FileTree to whoever reads them.
#include "git/repository.h"
#include "git/working_tree.h"

#include "tests/unit/git/sandbox.h"

#include <map>
#include <optional>
#include <random>
#include <thread>

#include <sys/stat.h>

namespace lab::git {
namespace {

struct Both {
    std::unique_ptr<FileTree> commit, working;
};

Both trees(const Sandbox& sandbox, const std::string& prefix = {}) {
    auto repository = Repository::discover(sandbox.path() / "r");
    EXPECT_TRUE(repository) << repository.error().text();
    auto commit = repository->tree(repository->head().value().value(), prefix);
    auto working = open_working_tree(sandbox.path() / "r" / prefix);
    EXPECT_TRUE(commit) << commit.error().text();
    EXPECT_TRUE(working) << working.error().text();
    return {std::move(*commit), std::move(*working)};
}

std::map<std::string, EntryKind> listed(const FileTree& tree, std::string_view directory = "",
                                        const FileTree::Prune& prune = {}) {
    auto entries = tree.list(directory, prune);
    EXPECT_TRUE(entries) << entries.error().text();
    std::map<std::string, EntryKind> found;
    std::string before;
    for (const TreeEntry& entry : *entries) {
        EXPECT_LT(before, entry.path);
        before = entry.path;
        found.emplace(entry.path, entry.kind);
    }
    return found;
}

class Trees : public ::testing::Test {
  protected:
    void SetUp() override {
        sandbox_.write("r/lab.yaml", "root\n");
        sandbox_.write("r/a/x.yaml", "x\n");
        sandbox_.write("r/a-b/y.yaml", "y\n");
        sandbox_.write("r/a/.hidden/z.yaml", "z\n");
        sandbox_.write("r/.github/w.yaml", "w\n");
        sandbox_.write("r/empty.yaml", "");
        sandbox_.write("r/ünï/漢.yaml", "u\n");
        std::filesystem::create_symlink("a/x.yaml", sandbox_.path() / "r/inside");
        std::filesystem::create_symlink("../a", sandbox_.path() / "r/a-b/folder");
        std::filesystem::create_symlink("../../etc/passwd", sandbox_.path() / "r/a/escape");
        std::filesystem::create_symlink("/etc/passwd", sandbox_.path() / "r/absolute");
        std::filesystem::create_symlink("../lab.yaml", sandbox_.path() / "r/a/up");
        std::filesystem::create_symlink("loop", sandbox_.path() / "r/loop");
        std::filesystem::create_symlink("nowhere", sandbox_.path() / "r/dangling");
        sandbox_.commit_all("r", "one");
    }
    Sandbox sandbox_;
};

TEST_F(Trees, ListTheSame) {
    const Both both = trees(sandbox_);
    EXPECT_EQ(listed(*both.commit), listed(*both.working));
    EXPECT_EQ(listed(*both.commit).at("a"), EntryKind::Directory);
    EXPECT_EQ(listed(*both.commit).at("a/.hidden/z.yaml"), EntryKind::File);
    EXPECT_EQ(listed(*both.commit, "a"), listed(*both.working, "a"));
    EXPECT_EQ(listed(*both.working, "a").count("a/x.yaml"), 1u);
    const FileTree::Prune hidden = [](const TreeEntry& entry) {
        return entry.path.find("/.") != std::string::npos;
    };
    EXPECT_EQ(listed(*both.commit, "", hidden), listed(*both.working, "", hidden));
    EXPECT_EQ(listed(*both.commit, "", hidden).count("a/.hidden"), 1u);
    EXPECT_EQ(listed(*both.commit, "", hidden).count("a/.hidden/z.yaml"), 0u);
}

TEST_F(Trees, ReadTheSame) {
    for (const std::string prefix : {"", "a"}) {
        const Both both = trees(sandbox_, prefix);
        for (const char* path :
             {"lab.yaml", "a/x.yaml", "x.yaml", "empty.yaml", "ünï/漢.yaml", "inside", "a-b/folder/x.yaml",
              "a/escape", "absolute", "a/up", "up", "loop", "dangling", "nowhere", "a", "lab.yaml/x",
              "../r/lab.yaml", "a/../lab.yaml", "a/./x.yaml"}) {
            SCOPED_TRACE(prefix + ":" + path);
            const auto commit = both.commit->read(path, 1000), working = both.working->read(path, 1000);
            ASSERT_EQ(commit.has_value(), working.has_value())
                << (commit ? working.error().text() : commit.error().text());
            if (commit) {
                EXPECT_EQ(*commit, *working);
            } else {
                EXPECT_EQ(commit.error().code, working.error().code)
                    << commit.error().text() << " / " << working.error().text();
            }
        }
    }
}

std::map<std::string, std::optional<BlobId>> blobs_of(const Repository& repository,
                                                      const std::string& commit) {
    std::map<std::string, std::optional<BlobId>> found;
    const auto tree = repository.tree(commit, "");
    const auto entries = (*tree)->list("");
    for (const TreeEntry& entry : *entries)
        if (entry.kind != EntryKind::Directory) found.emplace(entry.path, entry.blob);
    return found;
}

TEST(ChangesOfCommits, AreWhatDiffersInTheirListings) {
    const Sandbox sandbox;
    std::mt19937 random(7);
    const std::vector<std::string> names{"a",  "a.b", "a-b",
                                         "a0", "b",   "ab"}; // "a.b" and "a/" sort by the slash
    const auto any = [&] { return names[random() % names.size()]; };
    std::vector<std::string> commits;
    std::filesystem::create_directories(sandbox.path() / "r");
    for (int step = 0; step < 25; ++step) {
        for (int edit = 0; edit < 4; ++edit) {
            const auto path = sandbox.path() / "r" / any() / any();
            if (std::filesystem::is_regular_file(path.parent_path()))
                std::filesystem::remove(path.parent_path());
            const auto kind = random() % 6;
            const std::string folder = "r/" + path.parent_path().filename().string();
            if (kind == 0 || kind == 1) std::filesystem::remove_all(kind == 0 ? path.parent_path() : path);
            if (kind == 2) {
                std::filesystem::remove_all(path.parent_path());
                sandbox.write(folder, "a file\n");
            }
            if (kind > 2) sandbox.write(folder + "/" + any() + "/" + any(), std::to_string(random() % 3));
        }
        commits.push_back(sandbox.commit_all("r", "step"));
    }
    const auto repository = Repository::discover(sandbox.path() / "r");
    for (std::size_t i = 0; i < commits.size(); ++i) {
        const std::string &one = commits[i], &other = commits[random() % commits.size()];
        const auto before = blobs_of(*repository, one), now = blobs_of(*repository, other);
        std::map<std::string, std::optional<BlobId>> wanted, found;
        for (const auto& [path, blob] : before)
            if (!now.contains(path)) wanted.emplace(path, std::nullopt);
        for (const auto& [path, blob] : now)
            if (!before.contains(path) || before.at(path) != blob) wanted.emplace(path, blob);
        const auto changes =
            repository->changes_between(*repository->tree_id(one, ""), *repository->tree_id(other, ""));
        ASSERT_TRUE(changes) << changes.error().text();
        for (const TreeChange& change : *changes)
            EXPECT_TRUE(found.emplace(change.path, change.now ? change.now->blob : std::nullopt).second)
                << change.path;
        EXPECT_EQ(found, wanted) << one << " " << other;
    }
}

TEST(CommitTree, TakesModesWithAZeroBeforeThemAndNoneThatIsNoNumber) {
    const auto listing = [](std::string mode) {
        Sandbox sandbox;
        sandbox.write("r/a/x.yaml", "x\n");
        sandbox.commit_all("r", "begin");
        const std::string id = sandbox.git("r", {"rev-parse", "HEAD:a"});
        std::string raw = std::move(mode) + " a" + '\0';
        for (std::size_t i = 0; i + 1 < 40; i += 2)
            raw += static_cast<char>(std::stoi(id.substr(i, 2), nullptr, 16));
        sandbox.write("tree", raw);
        const std::string tree =
            sandbox.git("r", {"hash-object", "-t", "tree", "-w", "--literally", "../tree"}).substr(0, 40);
        const std::string commit = sandbox.git("r", {"commit-tree", "-m", "padded", tree}).substr(0, 40);
        const auto repository = Repository::discover(sandbox.path() / "r");
        const auto entries = repository.value().tree(commit, "").value()->list("", {});
        return entries ? std::to_string(entries->size()) + " " + entries->back().path
                       : entries.error().text();
    };
    EXPECT_EQ(listing("040000"), "2 a/x.yaml");
    EXPECT_NE(listing("4x000").find("is damaged"), std::string::npos);
}

TEST_F(Trees, LinksThatLeaveAreDeniedAndThoseThatStayAreFollowed) {
    const Both both = trees(sandbox_);
    for (const FileTree* tree : {both.commit.get(), both.working.get()}) {
        EXPECT_EQ(tree->read("a/escape", 1000).error().code, ErrorCode::Denied);
        EXPECT_EQ(tree->read("absolute", 1000).error().code, ErrorCode::Denied);
        EXPECT_EQ(tree->read("a-b/folder/x.yaml", 1000).value(), "x\n");
    }
    const Both below = trees(sandbox_, "a");
    EXPECT_EQ(below.commit->read("up", 1000).error().code, ErrorCode::Denied);
    EXPECT_EQ(below.working->read("up", 1000).error().code, ErrorCode::Denied);
}

TEST_F(Trees, LimitsHold) {
    const Both both = trees(sandbox_);
    EXPECT_EQ(both.commit->read("lab.yaml", 4).error().code, ErrorCode::Invalid);
    EXPECT_EQ(both.working->read("lab.yaml", 4).error().code, ErrorCode::Invalid);
    EXPECT_EQ(both.commit->read("lab.yaml", 5).value(), "root\n");
    EXPECT_EQ(both.working->read("lab.yaml", 5).value(), "root\n");
}

TEST_F(Trees, CommitIsNotAffectedByLaterEdits) {
    const Both both = trees(sandbox_);
    sandbox_.write("r/lab.yaml", "edited\n");
    EXPECT_EQ(both.commit->read("lab.yaml", 1000).value(), "root\n");
    EXPECT_EQ(both.working->read("lab.yaml", 1000).value(), "edited\n");
}

TEST_F(Trees, ReadsFromSeveralThreads) {
    const Both both = trees(sandbox_);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int j = 0; j < 200; ++j)
                    if (both.commit->read("a-b/folder/x.yaml", 100).value_or("") != "x\n" ||
                        both.commit->list("").value().empty())
                        ++wrong;
            });
    }
    EXPECT_EQ(wrong, 0);
}

TEST_F(Trees, NestedRepositoriesAndSubmodulesAreNotEntered) {
    sandbox_.write("sub/file.yaml", "s\n");
    sandbox_.commit_all("sub", "sub");
    sandbox_.git("r", {"submodule", "add", "-q", (sandbox_.path() / "sub").string(), "module"});
    sandbox_.commit_all("r", "with submodule");
    const Both both = trees(sandbox_);
    EXPECT_EQ(listed(*both.commit), listed(*both.working));
    EXPECT_EQ(listed(*both.working).at("module"), EntryKind::Submodule);
    EXPECT_EQ(listed(*both.working).count("module/file.yaml"), 0u);
}

TEST(WorkingTree, TellsWhatIsNeitherFileFolderNorLink) {
    Sandbox sandbox;
    sandbox.write("r/a.yaml", "a");
    ASSERT_EQ(::mkfifo((sandbox.path() / "r/pipe.yaml").c_str(), 0600), 0);
    const auto tree = open_working_tree(sandbox.path() / "r");
    EXPECT_EQ(listed(**tree).at("pipe.yaml"), EntryKind::Other);
    EXPECT_EQ((*tree)->read("pipe.yaml", 10).error().code, ErrorCode::Invalid); // and does not hang
}

TEST(WorkingTree, OfAMissingFolderSaysSo) {
    EXPECT_EQ(open_working_tree("/nonexistent/inventory").error().code, ErrorCode::NotFound);
}

} // namespace
} // namespace lab::git
