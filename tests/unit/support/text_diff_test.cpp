#include "support/text_diff.h"

#include "support/files.h"
#include "support/process.h"
#include "support/text.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <unistd.h>

namespace lab {
namespace {

class Folder {
  public:
    Folder() : path_(::testing::TempDir() + fmt::format("lab-text-diff-{}", ::getpid())) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

std::string system_diff(const Folder& folder, std::string_view before, std::string_view after) {
    EXPECT_TRUE(write_file_atomic(folder.path() + "/a", before, {.durable = false}));
    EXPECT_TRUE(write_file_atomic(folder.path() + "/b", after, {.durable = false}));
    auto result = run(Command{.argv = {"diff", "-u", "-d", "-a", "--label", "before", "--label", "after",
                                       folder.path() + "/a", folder.path() + "/b"}});
    EXPECT_TRUE(result);
    return result ? result->out : std::string();
}

/// Lines that begin with `mark`, but for the header.
std::size_t count_marked(std::string_view diff, char mark) {
    std::size_t count = 0;
    for (const auto line : split(diff, '\n'))
        count += line.starts_with(mark) && !line.starts_with("+++ ") && !line.starts_with("--- ") ? 1u : 0u;
    return count;
}

TEST(TextDiff, EqualTextsHaveNone) {
    EXPECT_EQ(unified_diff("", ""), "");
    EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
}

TEST(TextDiff, ReadsLikeDiffU) {
    EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nx\nc\n", {.before_name = "old", .after_name = "new"}),
              "--- old\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
}

TEST(TextDiff, AgreesWithTheSystemsDiff) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"a\nb\nc\n", "a\nc\n"},
        {"", "a\nb\n"},
        {"a\n", ""},
        {"a", "a\n"},
        {"a\nb", "a\nc"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n", "1\n2\nx\n4\n5\n6\n7\n8\n9\n10\n11\ny\n"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\ny\n"},
        {"int a;\n\nint b;\n", "int a;\n\nint c;\n\nint b;\n"},
        {"a\na\na\n", "a\na\na\na\n"},
        {"server {\n  listen 80;\n}\n",
         "server {\n  listen 80;\n  root /srv;\n}\nserver {\n  listen 443;\n}\n"},
        {"x\ny\n", "y\nx\n"},
        {"a\r\nb\r\n", "a\nb\n"},
    };
    const Folder folder;
    for (const auto& [before, after] : cases)
        EXPECT_EQ(unified_diff(before, after), system_diff(folder, before, after)) << before << "---\n"
                                                                                   << after;
}

TEST(TextDiff, IsAsSmallAsTheSystemsDiff) {
    const Folder folder;
    std::mt19937 random(20260315); // fixed, so that a failure can be seen again
    for (int round = 0; round < 40; ++round) {
        std::string before, after;
        for (std::string* text : {&before, &after})
            for (auto i = random() % 30; i > 0; --i)
                *text += static_cast<char>('a' + random() % 4), *text += '\n';
        const std::string ours = unified_diff(before, after), theirs = system_diff(folder, before, after);
        EXPECT_EQ(count_marked(ours, '+'), count_marked(theirs, '+')) << before << "---\n" << after;
        EXPECT_EQ(count_marked(ours, '-'), count_marked(theirs, '-')) << before << "---\n" << after;
        // The proof that it is right: patch(1) makes one text of the other.
        ASSERT_TRUE(write_file_atomic(folder.path() + "/p", before, {.durable = false}));
        if (ours.empty()) continue;
        auto patched = run(Command{.argv = {"patch", "-s", "-o", "-", folder.path() + "/p"}, .input = ours});
        if (!patched) GTEST_SKIP() << "no patch(1) here: " << patched.error().text();
        EXPECT_EQ(patched->out, after) << ours << patched->err;
    }
}

TEST(TextDiff, LimitsItsOutput) {
    std::string before, after;
    for (int i = 0; i < 100; ++i)
        after += fmt::format("line {}\n", i);
    const std::string diff = unified_diff(before, after, {.max_lines = 10});
    EXPECT_EQ(std::count(diff.begin(), diff.end(), '\n'), 11);
    EXPECT_TRUE(diff.ends_with("... 93 more lines\n")) << diff;
}

TEST(TextDiff, ReplacesWholeWhatDiffersTooMuch) {
    std::string before = "same\n", after = "same\n";
    for (int i = 0; i < 20'000; ++i) {
        before += fmt::format("before {}\n", i);
        after += fmt::format("after {}\n", i);
    }
    const std::string diff = unified_diff(before, after);
    EXPECT_TRUE(
        diff.starts_with("--- before\n+++ after\n@@ -1,20001 +1,20001 @@\n same\n-before 0\n-before 1\n"));
}

} // namespace
} // namespace lab
