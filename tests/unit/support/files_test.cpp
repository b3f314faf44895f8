#include "support/files.h"

#include "support/json.h"
#include "support/log.h"
#include "support/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace lab {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::path(::testing::TempDir()) /
                  fmt::format("lab-files-{}-{}", ::getpid(),
                              ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    std::set<std::string> names() const {
        std::set<std::string> out;
        for (const auto& entry : fs::directory_iterator(folder_))
            out.insert(entry.path().filename());
        return out;
    }
    static mode_t mode_of(const fs::path& path) {
        struct stat status {};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0);
        return status.st_mode & 07777;
    }
    fs::path folder_;
};

TEST_F(Files, AreReadWhole) {
    ASSERT_TRUE(write_file_atomic(folder_ / "a", std::string(100'000, 'x')));
    EXPECT_EQ(read_file(folder_ / "a", 1 << 20)->size(), 100'000u);
    EXPECT_TRUE(read_file(folder_ / "a", 100'000));
    EXPECT_EQ(read_file(folder_ / "a", 99'999).error().code, ErrorCode::Invalid);
    EXPECT_EQ(read_file(folder_ / "b", 10).error().code, ErrorCode::NotFound);
    EXPECT_EQ(read_file(folder_, 10).error().code, ErrorCode::Invalid);
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_file(folder_ / "fifo", 10).error().code, ErrorCode::Invalid); // and does not hang
    EXPECT_FALSE(read_file("/proc/self/status", 1 << 20)->empty());              // says that it has no bytes
    EXPECT_EQ(read_file("/proc/self/status", 5).error().code, ErrorCode::Invalid);
}

TEST_F(Files, AreReplacedWholeWithTheirMode) {
    const auto before = ::umask(077);
    EXPECT_TRUE(write_file_atomic(folder_ / "a", "one"));
    EXPECT_TRUE(write_file_atomic(folder_ / "a", "two", {.mode = 0640, .durable = false}));
    ::umask(before);
    EXPECT_EQ(*read_file(folder_ / "a", 10), "two");
    EXPECT_EQ(mode_of(folder_ / "a"), 0640u);
    EXPECT_EQ(names(), (std::set<std::string>{"a"}));
}

TEST_F(Files, ReplaceALinkAndNotWhatItPointsTo) {
    ASSERT_TRUE(write_file_atomic(folder_ / "target", "kept"));
    fs::create_symlink("target", folder_ / "link");
    ASSERT_TRUE(write_file_atomic(folder_ / "link", "new"));
    EXPECT_EQ(*read_file(folder_ / "target", 10), "kept");
    EXPECT_FALSE(fs::is_symlink(folder_ / "link"));
}

TEST_F(Files, LeaveNothingBehindOnFailure) {
    fs::create_directories(folder_ / "in-the-way" / "x");
    EXPECT_FALSE(write_file_atomic(folder_ / "in-the-way", "text"));
    EXPECT_FALSE(write_file_atomic(folder_ / "none" / "a", "text"));
    EXPECT_FALSE(write_file_atomic(folder_ / "", "text"));
    EXPECT_FALSE(write_file_atomic(folder_ / "..", "text"));
    EXPECT_EQ(names(), (std::set<std::string>{"in-the-way"}));
}

TEST_F(Files, LongNamesCanBeWritten) {
    const std::string longest(255, 'n');
    EXPECT_TRUE(write_file_atomic(folder_ / longest, "text"));
    EXPECT_EQ(names(), (std::set<std::string>{longest}));
}

TEST_F(Files, FoldersAreMadeOnTheWay) {
    EXPECT_TRUE(make_directories(folder_ / "a" / "b" / "c", 0700));
    EXPECT_EQ(mode_of(folder_ / "a" / "b"), 0700u);
    EXPECT_TRUE(make_directories(folder_ / "a" / "b" / "c"));
    EXPECT_TRUE(make_directories(folder_ / "a/./b/../d/"));
    EXPECT_TRUE(fs::is_directory(folder_ / "a" / "d"));
    ASSERT_TRUE(write_file_atomic(folder_ / "file", ""));
    EXPECT_EQ(make_directories(folder_ / "file" / "x").error().code, ErrorCode::Conflict);
}

TEST_F(Files, LocksNameTheirHolder) {
    const auto path = folder_ / "lock";
    {
        auto held = FileLock::try_acquire(path, "lab apply, pid 1234\n");
        ASSERT_TRUE(held);
        auto refused = FileLock::try_acquire(path, "me");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
        EXPECT_NE(refused.error().message.find("locked by lab apply, pid 1234"), std::string::npos);
        auto shell = run(Command{.argv = {"flock", "-n", path.string(), "true"}});
        EXPECT_FALSE(shell && shell->ok()); // other processes see it too
        FileLock moved = std::move(*held);
        EXPECT_FALSE(FileLock::try_acquire(path, "me"));
    }
    EXPECT_TRUE(FileLock::try_acquire(path, "me"));
    EXPECT_EQ(*read_file(path, 100), "me"); // nothing of the longer note before is left
}

TEST_F(Files, WhatIsNoFileIsNoLockAndNothingToWaitFor) {
    const auto path = folder_ / "lock";
    ASSERT_TRUE(make_directories(path));
    const auto refused = FileLock::try_acquire(path, "me");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
    EXPECT_NE(refused.error().message.find("is in the way"), std::string::npos);
    std::filesystem::remove(path);
    std::filesystem::create_symlink("elsewhere", path);
    EXPECT_EQ(FileLock::try_acquire(path, "me").error().code, ErrorCode::Invalid);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(Files, DescriptorsCloseOnce) {
    Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = first.get();
    Descriptor second(std::move(first));
    first = Descriptor();
    EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
    second = Descriptor();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST_F(Files, LogsAreOneLineARecord) {
    const auto path = folder_ / "log";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    Logger text({.level = LogLevel::Info, .json = false, .fd = file.get()});
    text.info("started", {{"port", Value(7443)}, {"path", Value("a b\n\x1b[31m")}, {"name", Value("web-1")}});
    text.debug("not shown");
    EXPECT_EQ(*read_file(path, 1000), "info: started port=7443 path=\"a b\\n\\u001b[31m\" name=web-1\n");

    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    Logger json({.level = LogLevel::Error, .json = true, .fd = file.get()});
    json.error("broken", {{"why", Value("x")}});
    json.warn("not shown");
    auto record = parse_json(*read_file(path, 1000));
    ASSERT_TRUE(record);
    EXPECT_EQ(*record->get("level"), Value("error"));
    EXPECT_EQ(*record->get("message"), Value("broken"));
    EXPECT_EQ(*record->get("fields"), Value(ValueMap{{"why", Value("x")}}));
    EXPECT_NE(record->get("time"), nullptr);
}

} // namespace
} // namespace lab
