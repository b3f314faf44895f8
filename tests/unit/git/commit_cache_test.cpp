#include "git/commit_cache.h"

#include "git/detail/git_program.h"
#include "tests/unit/git/sandbox.h"

#include <thread>

namespace lab::git {
namespace {

class Cache : public testing::Test {
  protected:
    void SetUp() override {
        sandbox.write("origin/module.yaml", "name: m\n");
        first = sandbox.commit_all("origin", "one");
        sandbox.git("origin", {"tag", "v1"});
        sandbox.write("origin/module.yaml", "name: m\nversion: 2\n");
        second = sandbox.commit_all("origin", "two");
        sandbox.git("origin", {"tag", "-a", "v2", "-m", "second"});
        url = "file://" + (sandbox.path() / "origin").string();
    }
    std::string read(const std::string& commit, const TreeLimits& limits = {},
                     std::size_t most = 1000) const {
        const auto repository = cache().open(url);
        if (!repository) return repository.error().text();
        const auto tree = repository->tree(commit, "", limits);
        if (!tree) return tree.error().text();
        const auto text = (*tree)->read("module.yaml", most);
        return text ? *text : text.error().text();
    }
    CommitCache cache() const { return {sandbox.path() / "cache", system_clock()}; }

    Sandbox sandbox;
    std::string first, second, url;
};

TEST_F(Cache, RefsOfARemoteAreCommits) {
    EXPECT_EQ(ask_remote(url, "main", {})->commit, second);
    EXPECT_EQ(ask_remote(url, "main", {})->kind, RefKind::Branch);
    EXPECT_EQ(ask_remote(url, "HEAD", {})->commit, second);
    EXPECT_EQ(ask_remote(url, "v1", {})->commit, first);
    EXPECT_EQ(ask_remote(url, "v2", {})->commit, second); // not the tag's own id
    EXPECT_EQ(ask_remote(url, "refs/tags/v2", {})->commit, second);
    EXPECT_EQ(ask_remote(url, "v2", {})->kind, RefKind::Tag);
    EXPECT_EQ(ask_remote(url, first, {})->kind, RefKind::Commit);
    sandbox.git("origin", {"branch", "v1", second});
    EXPECT_EQ(ask_remote(url, "v1", {})->commit, first) << "a tag comes before a branch";
    sandbox.git("origin", {"branch", "team/main", first});
    EXPECT_EQ(ask_remote(url, "main", {})->commit, second) << "only whole names are meant";
    const auto none = ask_remote(url, "mian", {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::NotFound);
    EXPECT_EQ(none.error().hint, "did you mean 'main'?");
    EXPECT_EQ(ask_remote(url, first.substr(0, 7), {}).error().hint,
              "a commit is named by all 40 digits of its id");
    const auto away = ask_remote(url + "x", "main", {});
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().code, ErrorCode::Unavailable);
}

TEST_F(Cache, CommitsAreAddedAndStayWhenTheRemoteIsGone) {
    EXPECT_EQ(cache().open(url).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(cache().fetch(url, first, CommitCache::Fetch::Missing, {}));
    EXPECT_TRUE(cache().has(url, first));
    EXPECT_FALSE(cache().has(url, second));
    EXPECT_EQ(read(first), "name: m\n");
    ASSERT_TRUE(cache().fetch(url, second, CommitCache::Fetch::Missing, {}));
    std::filesystem::rename(sandbox.path() / "origin", sandbox.path() / "away");
    EXPECT_EQ(read(first), "name: m\n");
    EXPECT_EQ(read(second), "name: m\nversion: 2\n");
    EXPECT_TRUE(cache().fetch(url, second, CommitCache::Fetch::Missing, {})) << "nobody is asked again";
    const auto anew = cache().fetch(url, second, CommitCache::Fetch::Anew, {});
    ASSERT_FALSE(anew);
    EXPECT_EQ(anew.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(read(first), "name: m\n") << "what could not be replaced stays";
    const auto history = cache().open(url)->history(first, second, 10);
    ASSERT_TRUE(history) << history.error().text();
    ASSERT_EQ(history->commits.size(), 1u);
    EXPECT_EQ(history->commits[0].subject, "two");
    EXPECT_EQ(history->added, 1u);
    EXPECT_EQ(history->dropped, 0u);
}

TEST_F(Cache, NoRefsOfTheRemoteHooksOrLocksAreInIt) {
    ASSERT_TRUE(cache().fetch(url, second, CommitCache::Fetch::Missing, {}));
    const auto repository = cache().open(url)->git_directory();
    EXPECT_EQ(cache().open(url)->names(), std::vector<std::string>());
    EXPECT_FALSE(std::filesystem::exists(repository / "hooks"));
    EXPECT_FALSE(std::filesystem::exists(repository / "FETCH_HEAD"));
    for (const auto& entry : std::filesystem::directory_iterator(sandbox.path() / "cache"))
        EXPECT_FALSE(entry.path().extension() == ".new" || entry.path().extension() == ".old")
            << entry.path();
}

TEST_F(Cache, ACommitThatNoRefNamesAnyMoreIsFetchedWhereTheServerGivesIt) {
    sandbox.git("origin", {"tag", "-d", "v1"});
    ASSERT_TRUE(cache().fetch(url, first, CommitCache::Fetch::Missing, {}));
    const std::string none(40, '1');
    const auto missing = cache().fetch(url, none, CommitCache::Fetch::Missing, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound) << missing.error().text();
    EXPECT_NE(missing.error().message.find("has no commit 111111111111 any more"), std::string::npos);
    EXPECT_EQ(read(first), "name: m\n");
}

TEST_F(Cache, ManyFetchOneCommitAtOnce) {
    std::vector<std::jthread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&, i] {
            if (cache().fetch(url, i % 2 ? first : second, CommitCache::Fetch::Missing, {})) ++good;
        });
    threads.clear();
    EXPECT_EQ(good, 6);
    EXPECT_EQ(read(first), "name: m\n");
    EXPECT_EQ(read(second), "name: m\nversion: 2\n");
}

TEST_F(Cache, LocksAndHalvesThatAKillLeftAreNotInTheWay) {
    ASSERT_TRUE(cache().fetch(url, first, CommitCache::Fetch::Missing, {}));
    const auto repository = cache().open(url)->git_directory();
    std::string name = repository.string();
    for (const char* lock : {"packed-refs.lock", "HEAD.lock", "config.lock", "shallow.lock",
                             "FETCH_HEAD.lock", "objects/pack/tmp_pack_x", "refs/remote/heads/main.lock"}) {
        std::filesystem::create_directories((repository / lock).parent_path());
        ASSERT_TRUE(write_file_atomic(repository / lock, "x", {.durable = false}));
    }
    for (const char* half : {".new", ".old"})
        std::filesystem::create_directories(name + half + "/objects");
    const auto again = cache().fetch(url, second, CommitCache::Fetch::Missing, {});
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(read(second), "name: m\nversion: 2\n");
    EXPECT_FALSE(std::filesystem::exists(name + ".new"));
    std::filesystem::rename(repository, name + ".old"); // killed between two renames
    ASSERT_TRUE(cache().fetch(url, second, CommitCache::Fetch::Missing, {}));
    EXPECT_EQ(read(second), "name: m\nversion: 2\n");
    EXPECT_FALSE(std::filesystem::exists(name + ".old"));
}

TEST_F(Cache, ForeignTreesAreBounded) {
    sandbox.write("origin/module.yaml", std::string(1 << 20, 'x'));
    const std::string large = sandbox.commit_all("origin", "large");
    ASSERT_TRUE(cache().fetch(url, large, CommitCache::Fetch::Missing, {}));
    EXPECT_EQ(read(large, {.sizes_first = true}),
              "'module.yaml' has 1048576 bytes, more than the 1000 that are read");
    EXPECT_EQ(read(large, {.sizes_first = true}, 1 << 20).size(), std::size_t{1} << 20);
    sandbox.write("origin/more", "x");
    const std::string two = sandbox.commit_all("origin", "more");
    ASSERT_TRUE(cache().fetch(url, two, CommitCache::Fetch::Missing, {}));
    EXPECT_TRUE(cache().open(url)->tree(two, "", {.entries = 2}).value()->list("", {}));
    EXPECT_FALSE(cache().open(url)->tree(two, "", {.entries = 1}).value()->list("", {}));
}

TEST_F(Cache, OnlyTransportsOfOursAreSpoken) {
    const auto program =
        ask_remote("ext::sh -c 'touch " + (sandbox.path() / "ran").string() + "'", "main", {});
    ASSERT_FALSE(program);
    EXPECT_NE(program.error().message.find("not allowed"), std::string::npos) << program.error().text();
    EXPECT_FALSE(std::filesystem::exists(sandbox.path() / "ran"));
    const auto option = ask_remote("--upload-pack=touch " + (sandbox.path() / "ran").string(), "main", {});
    ASSERT_FALSE(option);
    EXPECT_FALSE(std::filesystem::exists(sandbox.path() / "ran"));
}

TEST_F(Cache, AFetchIsBoundedInSize) {
    std::string noise;
    for (std::uint32_t i = 0, x = 1; i < (1u << 18); ++i, x = x * 1664525 + 1013904223)
        noise += static_cast<char>(x >> 24);
    sandbox.write("origin/noise", noise);
    sandbox.commit_all("origin", "noise");
    const auto into = sandbox.path() / "bounded";
    ASSERT_TRUE(run_git({.folder = into, .arguments = {"init", "--quiet", "--bare"}, .guarded = true}, {}));
    const auto fetch = [&](std::uint64_t most) {
        return run_git({.folder = into,
                        .arguments = {"fetch", "--quiet", "--", url, "main"},
                        .guarded = true,
                        .max_file_bytes = most},
                       {});
    };
    const auto large = fetch(1u << 16);
    ASSERT_FALSE(large);
    EXPECT_NE(large.error().message.find("lab fetches at most 65536 bytes at once"), std::string::npos)
        << large.error().text();
    EXPECT_TRUE(fetch(1u << 20));
}

TEST_F(Cache, AnInterruptEndsAFetch) {
    std::stop_source stop;
    stop.request_stop();
    const auto stopped = cache().fetch(url, first, CommitCache::Fetch::Missing, stop.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
}

} // namespace
} // namespace lab::git
