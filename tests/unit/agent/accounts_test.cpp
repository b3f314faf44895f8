// The user and group types on a tree, and the account files behind them.

#include "agent/detail/accounts.h"
#include "agent/detail/handlers.h"
#include "support/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

class AccountsTest : public ::testing::Test {
  protected:
    AccountsTest() {
        std::string pattern = (fs::temp_directory_path() / "lab-accounts-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~AccountsTest() override { fs::remove_all(root_); }

    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
    }
    std::string text(const std::string& name) const {
        std::ifstream file(root_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    Tree tree() const {
        auto opened = Tree::open(root_);
        EXPECT_TRUE(opened);
        return std::move(*opened);
    }
    static api::Resource resource(std::string type, std::string name, ValueMap properties) {
        if (!properties.contains("ensure")) properties.set("ensure", "present");
        api::Resource made;
        made.type = std::move(type);
        made.name = std::move(name);
        made.properties = std::move(properties);
        return made;
    }
    Value observed(const api::Resource& wanted) const {
        Tree opened = tree();
        const Value facts;
        Host host{opened, false, facts, {}};
        auto found = handler(wanted)->observe(wanted, host);
        return found ? Value(*found) : Value(found.error().text());
    }
    std::string applied(const api::Resource& wanted) const {
        Tree opened = tree();
        const Value facts;
        Host host{opened, false, facts, {}};
        auto found = handler(wanted)->observe(wanted, host);
        if (!found) return found.error().text();
        auto done = handler(wanted)->apply(wanted, *found, host);
        return done ? "ok" : done.error().text();
    }
    static std::unique_ptr<Handler> handler(const api::Resource& wanted) {
        return wanted.type == "user" ? user_handler() : group_handler();
    }

    fs::path root_;
};

constexpr std::string_view kPasswd = "root:x:0:0:root:/root:/bin/bash\n"
                                     "+nis::::::\n"
                                     "ann:x:1003:1003:Ann:/home/ann:/bin/zsh\n";
constexpr std::string_view kGroup = "root:x:0:\nadm:x:4:ann,bob\nann:x:1003:\nwheel:x:10:\n";

TEST_F(AccountsTest, ObservesWhatTheFilesSay) {
    write("etc/passwd", kPasswd);
    write("etc/group", kGroup);
    write("etc/shadow", "root:*:1::::::\nann:$y$j9T$abc:19000:0:99999:7:::\n");
    EXPECT_EQ(write_json(observed(resource("user", "ann", {}))),
              R"({"ensure":"present","uid":1003,"group":"ann","groups":["adm"],"home":"/home/ann",)"
              R"("shell":"/bin/zsh","comment":"Ann","password_hash":"$y$j9T$abc"})");
    EXPECT_EQ(write_json(observed(resource("user", "eve", {}))), R"({"ensure":"absent"})");
    EXPECT_EQ(write_json(observed(resource("group", "wheel", {}))), R"({"ensure":"present","gid":10})");
    // Asked for by number, the primary group is answered by number.
    EXPECT_EQ(*observed(resource("user", "ann", {{"group", "1003"}})).get("group"), Value("1003"));
}

TEST_F(AccountsTest, MakesAUserInAnEmptyTree) {
    EXPECT_EQ(applied(resource("user", "app", {{"shell", "/bin/false"}, {"create_home", true}})), "ok");
    EXPECT_EQ(text("etc/passwd"), "app:x:1000:1000::/home/app:/bin/false\n");
    EXPECT_EQ(text("etc/group"), "app:x:1000:\n");
    EXPECT_EQ(text("etc/shadow"), "app:!::0:99999:7:::\n");
    struct stat status {};
    ASSERT_EQ(::stat((root_ / "home/app").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    if (::geteuid() == 0) {
        EXPECT_EQ(status.st_uid, 1000u);
    }
    ASSERT_EQ(::stat((root_ / "etc/shadow").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0007, 0u);
}

TEST_F(AccountsTest, TakesTheNextFreeNumberOfItsRange) {
    write("etc/passwd", kPasswd);
    write("etc/group", kGroup);
    write("etc/login.defs", "# comment\nUID_MIN  1000\nSYS_UID_MIN\t201\nSYS_UID_MAX 999\n");
    EXPECT_EQ(applied(resource("user", "bob", {{"group", "wheel"}, {"groups", ValueList{"adm"}}})), "ok");
    EXPECT_EQ(*observed(resource("user", "bob", {})).get("uid"), Value(1004));
    EXPECT_EQ(applied(resource("user", "svc", {{"system", true}})), "ok");
    EXPECT_EQ(*observed(resource("user", "svc", {})).get("uid"), Value(201));
}

TEST_F(AccountsTest, ChangesOnlyWhatIsAskedForAndKeepsStrangeLines) {
    write("etc/passwd", kPasswd);
    write("etc/group", kGroup);
    write("etc/gshadow", "root:*::\nwheel:!::\n");
    EXPECT_EQ(applied(resource(
                  "user", "ann",
                  {{"shell", "/bin/sh"}, {"groups", ValueList{"wheel"}}, {"password_hash", "$6$new"}})),
              "ok");
    EXPECT_EQ(text("etc/passwd"),
              "root:x:0:0:root:/root:/bin/bash\n+nis::::::\nann:x:1003:1003:Ann:/home/ann:/bin/sh\n");
    EXPECT_EQ(text("etc/group"), "root:x:0:\nadm:x:4:ann,bob\nann:x:1003:\nwheel:x:10:ann\n");
    EXPECT_EQ(text("etc/gshadow"), "root:*::\nwheel:!::ann\n");
    EXPECT_EQ(text("etc/shadow"), "ann:$6$new::0:99999:7:::\n");
    EXPECT_EQ(*observed(resource("user", "ann", {})).get("groups"), Value(ValueList{"adm", "wheel"}));
}

TEST_F(AccountsTest, RemovesAUserHisGroupAndHisMemberships) {
    write("etc/passwd", kPasswd);
    write("etc/group", kGroup);
    EXPECT_EQ(applied(resource("user", "ann", {{"ensure", "absent"}})), "ok");
    EXPECT_EQ(text("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n+nis::::::\n");
    EXPECT_EQ(text("etc/group"), "root:x:0:\nadm:x:4:bob\nwheel:x:10:\n");
}

TEST_F(AccountsTest, MakesChangesAndRemovesGroups) {
    EXPECT_EQ(applied(resource("group", "app", {{"gid", 700}})), "ok");
    EXPECT_EQ(text("etc/group"), "app:x:700:\n");
    EXPECT_EQ(applied(resource("group", "app", {{"gid", 701}})), "ok");
    EXPECT_EQ(applied(resource("group", "daemons", {{"system", true}})), "ok");
    EXPECT_EQ(text("etc/group"), "app:x:701:\ndaemons:x:702:\n");
    EXPECT_EQ(applied(resource("group", "app", {{"ensure", "absent"}})), "ok");
    EXPECT_EQ(text("etc/group"), "daemons:x:702:\n");
}

TEST_F(AccountsTest, SaysWhyItCannot) {
    write("etc/passwd", kPasswd);
    write("etc/group", kGroup);
    EXPECT_EQ(applied(resource("user", "bob", {{"group", "nobody"}})), "there is no group 'nobody'");
    EXPECT_EQ(applied(resource("user", "bob", {{"groups", ValueList{"gone"}}})), "there is no group 'gone'");
    EXPECT_EQ(applied(resource("user", "bob", {{"uid", 1003}})), "uid 1003 belongs to another user");
    EXPECT_EQ(applied(resource("group", "staff", {{"gid", 4}})), "gid 4 belongs to group 'adm'");
    EXPECT_EQ(applied(resource("group", "ann", {{"ensure", "absent"}})),
              "group 'ann' is the primary group of a user");
    EXPECT_EQ(applied(resource("user", "bob", {{"comment", "a\nroot2:x:0:0::/:/bin/sh"}})),
              "'comment' of a user cannot hold ':' or control characters");
    EXPECT_EQ(applied(resource("user", "a:b", {})),
              "'a:b' is no name for a user: letters, digits, '_', '-' and '.', "
              "at most 32, beginning with a letter or '_'");
    EXPECT_EQ(text("etc/passwd"), kPasswd);
}

TEST_F(AccountsTest, NeverFollowsTheTreesSymlinksOutOfIt) {
    const fs::path outside = root_ / "outside";
    fs::create_directories(root_ / "inside");
    fs::create_directories(outside);
    std::ofstream(outside / "passwd") << kPasswd;
    fs::create_symlink(outside, root_ / "inside/etc");
    root_ /= "inside";
    EXPECT_NE(applied(resource("user", "app", {})), "ok");
    root_ = root_.parent_path();
    EXPECT_EQ(text("outside/passwd"), kPasswd);
    EXPECT_FALSE(fs::exists(outside / "shadow"));
}

} // namespace
} // namespace lab::agent
