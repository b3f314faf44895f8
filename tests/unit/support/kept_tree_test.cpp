#include "support/kept_tree.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

/// Files that somebody changes meanwhile.
struct ChangingTree : FileTree {
    std::map<std::string, std::string, std::less<>> files;
    Result<std::vector<TreeEntry>> list(std::string_view, const Prune&) const override {
        std::vector<TreeEntry> entries;
        for (const auto& file : files)
            entries.push_back({.path = file.first});
        return entries;
    }
    Result<std::string> read(std::string_view path, std::size_t) const override {
        const auto found = files.find(path);
        if (found != files.end()) return found->second;
        return Error{.code = ErrorCode::NotFound, .message = "no such file"};
    }
    std::string describe() const override { return "changing tree"; }
};

TEST(KeptTree, StaysAsItWasFirstRead) {
    const auto base = std::make_shared<ChangingTree>();
    base->files = {{"a", "one"}, {"b", "one"}};
    const KeptTree kept(base);
    ASSERT_EQ(*kept.read("a", 10), "one");
    ASSERT_EQ(kept.read("new", 10).error().code, ErrorCode::NotFound);
    base->files = {{"a", "two"}, {"b", "two"}, {"new", "two"}};
    EXPECT_EQ(*kept.read("a", 10), "one");
    EXPECT_EQ(*kept.read_entry({.path = "a"}, 10), "one");
    EXPECT_EQ(kept.read("new", 10).error().code, ErrorCode::NotFound);
    EXPECT_EQ(*kept.read("b", 10), "two"); // not read before
    EXPECT_EQ(kept.list("", {})->size(), 3u);
}

TEST(KeptTree, HoldsEachReaderToItsLimit) {
    const auto base = std::make_shared<ChangingTree>();
    base->files = {{"a", "12345"}};
    const KeptTree kept(base);
    ASSERT_TRUE(kept.read("a", 5));
    EXPECT_EQ(kept.read("a", 4).error().message, "'a' has 5 bytes, more than the 4 that are read");
}

} // namespace
} // namespace lab
