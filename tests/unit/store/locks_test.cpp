#include "store_fixture.h"

#include <unistd.h>

namespace lab::store {
namespace {

using LocksTest = StoreFixture;

TEST_F(LocksTest, OverlappingScopesExcludeEachOther) {
    auto store = open();
    auto first = store->lock({"web-1", "web-2"}, "lab apply");
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_TRUE(store->lock({"db-1"}, "lab apply"));
    const auto refused = store->lock({"web-2", "web-3"}, "lab sync");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
    EXPECT_EQ(store->lock({}, "lab apply").error().code, ErrorCode::Conflict);
    first->reset();
    EXPECT_TRUE(store->lock({"web-2", "web-3"}, "lab sync"));
}

TEST_F(LocksTest, TheMessageNamesTheHolderAndWhatItHolds) {
    auto store = open();
    const auto held = store->lock({"web-1", "web-2", "web-3", "web-4", "web-5"}, "lab apply");
    const auto one = store->lock({"web-2", "other"}, "lab sync");
    ASSERT_FALSE(one);
    EXPECT_TRUE(one.error().message.starts_with("server 'web-2' is held by process " +
                                                std::to_string(::getpid()) + " of "))
        << one.error().message;
    EXPECT_TRUE(one.error().message.ends_with(" since 2026-11-20T10:15:00Z: lab apply"))
        << one.error().message;
    const auto all = store->lock({}, "lab sync");
    EXPECT_TRUE(
        all.error().message.starts_with("servers 'web-1', 'web-2', 'web-3' and 2 more are held by process "))
        << all.error().message;
    EXPECT_FALSE(all.error().hint.empty());
}

TEST_F(LocksTest, EverythingOverlapsWithAnything) {
    auto store = open();
    auto all = store->lock({}, "lab apply");
    ASSERT_TRUE(all);
    EXPECT_FALSE(store->lock({"web-1"}, "lab apply"));
    const auto refused = store->lock({}, "lab apply");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.starts_with("all servers are held by process "))
        << refused.error().message;
}

TEST_F(LocksTest, InventoriesHoldTheirOwnServers) {
    auto one = open("inv-1");
    auto two = open("inv-2");
    const auto held = one->lock({}, "lab apply");
    ASSERT_TRUE(held);
    EXPECT_TRUE(two->lock({}, "lab apply"));
}

TEST_F(LocksTest, FilesOfTheDeadAreRemovedAndUnreadableOnesOfTheLivingRefuse) {
    auto store = open();
    write(home_ / "locks" / "0011223344556677.lock", "{\"pid\": 1, \"servers\": []}");
    write(home_ / "locks" / "8899aabbccddeeff.lock", "half a no");
    EXPECT_TRUE(store->lock({"web-1"}, "lab apply"));
    EXPECT_FALSE(std::filesystem::exists(home_ / "locks" / "0011223344556677.lock"));
    EXPECT_FALSE(std::filesystem::exists(home_ / "locks" / "8899aabbccddeeff.lock"));

    const auto held = store->lock({"web-1"}, "lab apply");
    ASSERT_TRUE(held);
    write(home_ / "locks" / ((*held)->id() + ".lock"), "half a no");
    const auto refused = store->lock({"db-1"}, "lab apply");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("does not say what it is for"), std::string::npos);
}

} // namespace
} // namespace lab::store
