#include "git/remote.h"

#include "tests/unit/git/sandbox.h"

namespace lab::git {
namespace {

TEST(Remote, LocationsAreToldFromFolders) {
    for (const char* url :
         {"https://example.org/x.git", "ssh://git@host/x", "git@host:team/x.git", "file:///srv/x"})
        EXPECT_TRUE(is_remote(url)) << url;
    for (const char* folder : {".", "inventory", "/srv/x", "./a:b", "../x", "dir/with:colon"})
        EXPECT_FALSE(is_remote(folder)) << folder;
}

TEST(Remote, IsCopiedKeptUpToDateAndUsedWhileAway) {
    Sandbox sandbox;
    sandbox.write("origin/lab.yaml", "1\n");
    sandbox.commit_all("origin", "one");
    sandbox.git("origin", {"tag", "v1"});
    const std::string url = "file://" + (sandbox.path() / "origin").string();
    const auto cache = sandbox.path() / "cache";
    {
        const auto copy = fetch_remote(url, cache, system_clock(), {});
        ASSERT_TRUE(copy) << copy.error().text();
        EXPECT_EQ(copy->warning, "");
        EXPECT_EQ(copy->repository.names(), (std::vector<std::string>{"main", "v1"}));
    }
    sandbox.write("origin/lab.yaml", "2\n");
    const std::string second = sandbox.commit_all("origin", "two");
    {
        const auto copy = fetch_remote(url, cache, system_clock(), {});
        ASSERT_TRUE(copy) << copy.error().text();
        EXPECT_EQ(copy->repository.resolve(copy->head).value(), second);
        EXPECT_EQ(copy->repository.tree(second, "").value()->read("lab.yaml", 10).value(), "2\n");
        EXPECT_EQ(copy->repository.tree(copy->repository.resolve("v1").value(), "")
                      .value()
                      ->read("lab.yaml", 10)
                      .value(),
                  "1\n");
    }
    std::filesystem::rename(sandbox.path() / "origin", sandbox.path() / "away");
    const auto copy = fetch_remote(url, cache, system_clock(), {});
    ASSERT_TRUE(copy) << copy.error().text();
    EXPECT_NE(copy->warning.find("could not be fetched"), std::string::npos) << copy->warning;
    EXPECT_EQ(copy->repository.resolve(copy->head).value(), second);
}

TEST(Remote, ThatWasNeverReachedIsAnError) {
    Sandbox sandbox;
    const auto copy = fetch_remote("file://" + (sandbox.path() / "none").string(), sandbox.path() / "cache",
                                   system_clock(), {});
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, ErrorCode::Unavailable) << copy.error().text();
}

} // namespace
} // namespace lab::git
