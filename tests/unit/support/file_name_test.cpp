#include "support/file_name.h"

#include "support/diagnostics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

namespace lab {
namespace {

TEST(FileName, OneTextIsOneName) {
    const FileName first("servers/a.yaml"), same("servers/a.yaml"), other("servers/b.yaml");
    EXPECT_EQ(first, same);
    EXPECT_NE(first, other);
    EXPECT_EQ(*same, "servers/a.yaml");
    EXPECT_TRUE(first);
    EXPECT_FALSE(FileName());
    EXPECT_NE(FileName(""), nullptr); // a file without a name is still one
}

TEST(FileName, PlacesAreSmallAndPlain) {
    EXPECT_EQ(sizeof(Span), 16u);
    EXPECT_TRUE(std::is_trivially_copyable_v<Span>);
}

TEST(FileName, ThreadsAgreeOnNames) {
    constexpr int kNames = 3000;
    std::vector<std::vector<FileName>> made(4);
    {
        std::vector<std::jthread> threads;
        for (std::vector<FileName>& mine : made)
            threads.emplace_back([&mine] {
                for (int i = 0; i < kNames; ++i) {
                    mine.push_back(FileName(fmt::format("thread/{}", i)));
                    EXPECT_EQ(*mine.back(), fmt::format("thread/{}", i));
                }
            });
    }
    for (const std::vector<FileName>& mine : made)
        EXPECT_EQ(mine, made.front());
}

} // namespace
} // namespace lab
