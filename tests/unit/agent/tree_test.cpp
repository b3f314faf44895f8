#include "scratch_tree.h"

#include <fcntl.h>

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

class TreeTest : public ScratchTree {};

TEST_F(TreeTest, NoSymlinkLeadsOutOfIt) {
    const fs::path outside = folder_ / "outside";
    fs::create_directory(outside);
    std::ofstream(outside / "secret") << "outside";
    fs::create_directory(root_ / "a");
    fs::create_symlink(outside, root_ / "absolute");
    fs::create_symlink("../../../../../../../../.." + outside.string(), root_ / "relative");
    fs::create_symlink("/proc/self/root", root_ / "magic");
    const Tree inside = tree();
    for (const char* path :
         {"/absolute/secret", "/relative/secret", "/a/../../outside/secret", "/../outside/secret"})
        EXPECT_FALSE(inside.read(path, 100)) << path;
    EXPECT_FALSE(inside.write("/absolute/new", "x", {}));
    EXPECT_FALSE(inside.write("/relative/new", "x", {}));
    EXPECT_FALSE(inside.write("/magic/tmp/new", "x", {}));
    EXPECT_TRUE(fs::exists(outside / "secret"));
    EXPECT_FALSE(fs::exists(outside / "new"));
    EXPECT_FALSE(inside.remove_all("/absolute/secret") && !fs::exists(outside / "secret"));
}

TEST_F(TreeTest, AbsoluteSymlinksMeanTheTree) {
    put("real/file", "in the tree");
    fs::create_symlink("/real", root_ / "link");
    const Tree inside = tree();
    EXPECT_EQ(*inside.read("/link/file", 100), "in the tree");
    EXPECT_EQ(*inside.resolve("/link/file"), "/real/file");
    EXPECT_EQ(*inside.read_link("/link"), "/real");
}

TEST_F(TreeTest, TheLiveRootIsNoTree) {
    EXPECT_EQ(Tree::open("/..").error().code, ErrorCode::Invalid);
    EXPECT_TRUE(Tree::open("/")->live());
    const auto missing = Tree::open((folder_ / "none").string());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_EQ(missing.error().message, "no tree at '" + (folder_ / "none").string() + "'");
}

TEST_F(TreeTest, WritesKeepWhatIsNotGiven) {
    put("file", "old");
    fs::permissions(root_ / "file", fs::perms(0640));
    const Tree inside = tree();
    ASSERT_TRUE(inside.write("/file", "new", {}));
    EXPECT_EQ(text("file"), "new");
    EXPECT_EQ(inside.status("/file")->st_mode & 07777u, 0640u);
    ASSERT_TRUE(inside.write("/file", "newer", {.mode = 04755}));
    EXPECT_EQ(inside.status("/file")->st_mode & 07777u, 04755u);
}

TEST_F(TreeTest, AWriteReplacesALinkInsteadOfFollowingIt) {
    put("target", "kept");
    fs::create_symlink("target", root_ / "link");
    ASSERT_TRUE(tree().write("/link", "new", {}));
    EXPECT_EQ(text("target"), "kept");
    EXPECT_FALSE(fs::is_symlink(root_ / "link"));
}

TEST_F(TreeTest, WhatAKillLeftBehindGoesWithTheNextWrite) {
    put(".file.lab-new", "half");
    ASSERT_TRUE(tree().write("/file", "whole", {}));
    EXPECT_FALSE(fs::exists(root_ / ".file.lab-new"));
}

TEST_F(TreeTest, RemoveAllFollowsNoLink) {
    const fs::path outside = folder_ / "outside";
    fs::create_directory(outside);
    std::ofstream(outside / "kept") << "x";
    put("gone/deep/er/file", "x");
    fs::create_directory_symlink(outside, root_ / "gone" / "link");
    ASSERT_TRUE(tree().remove_all("/gone"));
    EXPECT_FALSE(fs::exists(root_ / "gone"));
    EXPECT_TRUE(fs::exists(outside / "kept"));
    EXPECT_TRUE(tree().remove_all("/gone")) << "what is not there is removed";
}

TEST_F(TreeTest, NamesAreThoseOfTheTree) {
    put("etc/passwd", "root:x:0:0::/root:/bin/sh\nbroken line\nweb:x:4242:100::/:/bin/false\n");
    const Tree inside = tree();
    EXPECT_EQ(*inside.user_id("web"), 4242u);
    EXPECT_EQ(*inside.user_id("77"), 77u);
    EXPECT_EQ(inside.user_id("nobody").error().code, ErrorCode::NotFound);
    EXPECT_EQ(inside.user_name(4242), "web");
    EXPECT_EQ(inside.user_name(5), "5");
    EXPECT_EQ(inside.group_name(0), "root") << "also where there is no /etc/group";
    put("etc/passwd", "db:x:4242:100::/:/bin/false\nmore:x:1:1::/:/\n");
    EXPECT_EQ(inside.user_name(4242), "db") << "a changed file is read again";
}

TEST_F(TreeTest, ReadsAreBounded) {
    put("large", std::string(1000, 'x'));
    EXPECT_EQ(tree().read("/large", 999).error().code, ErrorCode::Invalid);
    EXPECT_EQ(tree().read("/large", 1000)->size(), 1000u);
    EXPECT_EQ(tree().read("/", 1000).error().code, ErrorCode::Invalid);
    ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(tree().read("/pipe", 1000).error().code, ErrorCode::Invalid) << "and never wait";
}

} // namespace
} // namespace lab::agent
