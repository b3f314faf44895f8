#include "providers/local/root_setting.h"

#include "temporary_folder.h"

namespace lab::providers::local {
namespace {

std::string problem(const Value& root) {
    const auto found = check_root(root);
    return found ? found->message : "";
}

TEST(RootSetting, RelativePathsBelowTheHomePass) {
    for (const auto* good :
         {"web-1", "trees/web-1", "trees//web-1/", "./trees/web-1", "a..b", "statefull", "my.state"})
        EXPECT_EQ(problem(good), "") << good;
}

TEST(RootSetting, WhatLeavesTheHomeOrIsLabsOwnIsRefused) {
    EXPECT_EQ(problem(""), "'root' must name a folder below lab's home, found ''");
    EXPECT_EQ(problem("."), "'root' must name a folder below lab's home, found '.'");
    EXPECT_EQ(problem("/srv/tree"), "'root' must be relative: it is below lab's home, found '/srv/tree'");
    EXPECT_EQ(problem("trees/../.."), "'root' must stay below lab's home, without '..', found 'trees/../..'");
    EXPECT_EQ(problem("snapshots/x"),
              "'root' must not be in 'snapshots', which lab uses itself, found 'snapshots/x'");
    EXPECT_EQ(problem("./state.db"),
              "'root' must not be in 'state.db', which lab uses itself, found './state.db'");
    EXPECT_EQ(problem(7), "'root' must be a path, not an integer");
    EXPECT_NE(problem(std::string("a\0b", 3)), "");
    EXPECT_NE(problem("a\xff"), "");
    EXPECT_NE(problem(std::string(5000, 'x')), "");
}

TEST(RootSetting, OneTreeHasOneSpelling) {
    EXPECT_EQ(normal_root("./trees//web-1/."), "trees/web-1");
    EXPECT_EQ(normal_root("web-1/"), "web-1");
}

TEST(RootSetting, APlaceIsFoundBelowTheHomeAndNowhereElse) {
    const TemporaryFolder home;
    auto place = find_root(home.path(), "trees/web-1");
    ASSERT_TRUE(place) << place.error().text();
    EXPECT_EQ(place->path, home.path() / "trees/web-1");
    EXPECT_FALSE(place->exists);
    std::filesystem::create_directories(home.path() / "trees/web-1");
    EXPECT_TRUE(find_root(home.path(), "trees//web-1/")->exists);

    std::filesystem::create_directory_symlink("/tmp", home.path() / "link");
    EXPECT_EQ(find_root(home.path(), "link/web-1").error().code, ErrorCode::Denied);
    std::filesystem::create_directory_symlink("/tmp", home.path() / "trees/last");
    EXPECT_EQ(find_root(home.path(), "trees/last").error().code, ErrorCode::Denied);
    write_file(home.path() / "trees/file", "x");
    EXPECT_EQ(find_root(home.path(), "trees/file").error().code, ErrorCode::Conflict);
}

} // namespace
} // namespace lab::providers::local
