// The store among processes that die, and on disks that fill up. Seeds are printed; full disks need root.

#include "store/detail/schema.h"
#include "store/detail/snapshots.h"
#include "store_fixture.h"
#include "support/process.h"

#include <random>
#include <thread>

#include <sched.h>
#include <sys/mount.h>

namespace lab::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class CrashTest : public StoreFixture {
  protected:
    Command writer(std::vector<std::string> arguments) const {
        Command command;
        command.argv = {STORE_WRITER};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        return command;
    }
    LineProcess start(std::vector<std::string> arguments) const {
        auto process = LineProcess::start(writer(std::move(arguments)));
        LAB_CHECK(process.has_value(), "the writer starts");
        return std::move(*process);
    }
    static std::string line_of(LineProcess& process) {
        auto line = process.read_line(1u << 20, std::chrono::steady_clock::now() + 60s);
        if (!line) return "error: " + line.error().text();
        return *line ? **line : "the end: " + process.finish(1s).err;
    }
};

TEST_F(CrashTest, AKillAtAnyMomentLosesNoStepThatWasSaidToBeDone) {
    const unsigned seed = std::random_device{}();
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 15; ++round) {
        std::vector<std::vector<std::string>> said; // run, action, server
        {
            auto process = start({"steps", home_.native()});
            const auto wanted = 1 + random() % 120;
            while (said.size() < wanted) {
                const std::string line = line_of(process);
                ASSERT_TRUE(line.starts_with("r-")) << line;
                std::vector<std::string> words;
                for (const auto word : split(line, ' '))
                    words.emplace_back(word);
                said.push_back(std::move(words));
            }
            std::this_thread::sleep_for(
                std::chrono::microseconds(random() % 3000)); // somewhere within a write
        }                                                    // killed
        auto store = open();
        ASSERT_TRUE(store);
        EXPECT_EQ(notes(), "") << "a kill damages nothing";
        for (const auto& words : said) {
            const auto run = store->run(words[0]);
            ASSERT_TRUE(run && *run) << words[0];
            const auto step = std::find_if((*run)->steps.begin(), (*run)->steps.end(),
                                           [&](const Step& one) { return one.action == words[1]; });
            ASSERT_NE(step, (*run)->steps.end());
            EXPECT_EQ(step->state, StepState::Done) << words[1];
            EXPECT_TRUE(*store->applied(words[2]));
        }
        const auto dead = store->unfinished_runs();
        ASSERT_TRUE(dead);
        ASSERT_LE(dead->size(), 1u);
        if (dead->empty()) continue; // killed between two runs
        int started = 0;
        for (const Step& step : dead->front().steps) {
            started += step.state == StepState::Started ? 1 : 0;
            if (step.state != StepState::Done) continue;
            const std::string server = step.action.substr(7, step.action.find("/module") - 7);
            const auto applied = store->applied(server);
            ASSERT_TRUE(*applied);
            EXPECT_EQ(display(*(*applied)->modules[0].resources[0].resource.properties.find("content")),
                      dead->front().id + server)
                << "outcome and what it brought about are one";
        }
        EXPECT_LE(started, 1);
        ASSERT_TRUE(store->end_run(dead->front().id, RunState::Interrupted, false));
    }
    for (const auto& snapshot : detail::list_snapshots(home_))
        EXPECT_TRUE(detail::check_snapshot(snapshot.path, std::ssize(detail::migrations()))) << snapshot.path;
}

TEST_F(CrashTest, LocksHoldAcrossProcessesAndDieWithTheirHolder) {
    auto store = open();
    auto holder = std::make_unique<LineProcess>(start({"hold", home_.native(), "web-1", "web-2"}));
    ASSERT_EQ(line_of(*holder), "held");
    const auto refused = store->lock({"web-2", "db-1"}, "lab apply");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("server 'web-2' is held by process "), std::string::npos)
        << refused.error().message;
    EXPECT_TRUE(store->lock({"db-1"}, "lab apply"));
    auto other = start({"hold", home_.native(), "web-1"});
    EXPECT_TRUE(line_of(other).starts_with("refused: server 'web-1' is held by process "));
    holder.reset(); // killed
    EXPECT_TRUE(store->lock({"web-2", "db-1"}, "lab apply"));
}

TEST_F(CrashTest, ARunOfAKilledProcessIsDeadAndOneOfALivingProcessIsNot) {
    auto store = open();
    auto process = std::make_unique<LineProcess>(start({"steps", home_.native()}));
    const std::string line = line_of(*process);
    const std::string run = line.substr(0, line.find(' '));
    EXPECT_TRUE(store->unfinished_runs()->empty());
    process.reset();
    const auto newest = store->runs(1)->front().id;
    ASSERT_EQ(store->unfinished_runs()->size(), 1u);
    EXPECT_EQ(store->unfinished_runs()->front().id, newest);
    EXPECT_TRUE(newest >= run);
}

TEST_F(CrashTest, ManyProcessesMakeOneHome) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([this, i] {
            const auto ended = lab::run(writer({"record", home_.native(), "web-" + std::to_string(i)}));
            ASSERT_TRUE(ended) << ended.error().text();
            EXPECT_EQ(ended->exit_code, 0) << ended->err;
        });
    threads.clear();
    auto store = open();
    EXPECT_EQ(notes(), "");
    EXPECT_EQ(store->servers()->size(), 6u);
}

TEST_F(CrashTest, DamageUnderALivingProcessIsNotMendedBeneathIt) {
    auto process = start({"hold", home_.native()});
    ASSERT_EQ(line_of(process), "held");
    write(home_ / "state.db", std::string(50'000, 'x'));
    const auto refused = try_open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    EXPECT_NE(refused.error().message.find("another lab process still uses it"), std::string::npos)
        << refused.error().message;
    EXPECT_TRUE(files("state.db.corrupt").empty());
}

/// A small file system of its own, seen by this process only.
class SmallDiskTest : public CrashTest {
  protected:
    void SetUp() override {
        CrashTest::SetUp();
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            GTEST_SKIP() << "needs root";
        disk_ = top_ / "disk";
        fs::create_directories(disk_);
        ASSERT_EQ(::mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=3m"), 0);
        mounted_ = true;
        home_ = disk_ / "home";
    }
    void TearDown() override {
        if (mounted_) ::umount2(disk_.c_str(), MNT_DETACH);
        CrashTest::TearDown();
    }
    void remount(unsigned long flags, const char* options) {
        ASSERT_EQ(::mount("tmpfs", disk_.c_str(), "tmpfs", MS_REMOUNT | flags, options), 0);
    }
    /// Leaves no byte free.
    void fill() {
        std::ofstream filler(disk_ / "filler", std::ios::binary);
        const std::string block(64 * 1024, 'f');
        while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    fs::path disk_;
    bool mounted_ = false;
};

TEST_F(SmallDiskTest, AFullDiskIsSaidAndLosesNothing) {
    auto store = open();
    ASSERT_TRUE(store);
    int recorded = 0;
    Error error;
    for (; recorded < 1000; ++recorded) {
        const std::string name = "web-" + std::to_string(recorded);
        const auto written = store->record_applied({application(name, std::string(50'000, 'x') + name)});
        if (written) continue;
        error = written.error();
        break;
    }
    ASSERT_LT(recorded, 1000);
    ASSERT_GT(recorded, 5);
    EXPECT_EQ(error.code, ErrorCode::Unavailable) << error.text();
    EXPECT_NE(error.message.find("is full"), std::string::npos) << error.text();
    EXPECT_NE(error.hint.find("free some space"), std::string::npos);
    EXPECT_EQ(store->servers()->size(), static_cast<std::size_t>(recorded)) << "it goes on reading";
    EXPECT_TRUE(*store->applied("web-0"));

    const auto copied = store->snapshot("apply");
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, ErrorCode::Unavailable) << copied.error().text();
    EXPECT_TRUE(detail::list_snapshots(home_).empty());
    EXPECT_TRUE(fs::is_empty(home_ / "snapshots")) << "no half copy is left";

    remount(0, "size=32m");
    EXPECT_TRUE(store->record_applied({application("after", "x")}));
    store.reset();
    store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(notes(), "");
    EXPECT_EQ(store->servers()->size(), static_cast<std::size_t>(recorded) + 1);
}

TEST_F(SmallDiskTest, AHomeOnAFullDiskIsRefusedAndMadeOnceThereIsSpace) {
    fill();
    const auto refused = try_open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable) << refused.error().text();
    remount(0, "size=32m");
    auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(notes(), "");
}

TEST_F(SmallDiskTest, AKnownHomeOnAFullDiskIsNotTakenForADamagedOne) {
    {
        auto store = open();
        ASSERT_TRUE(store->record_applied({application("web-1")}));
    }
    fill();
    const auto opened = try_open();
    if (!opened) {
        EXPECT_EQ(opened.error().code, ErrorCode::Unavailable) << opened.error().text();
        EXPECT_FALSE(opened.error().hint.empty()) << opened.error().text();
    }
    EXPECT_TRUE(files("state.db.corrupt").empty());
    remount(0, "size=32m");
    auto store = open();
    EXPECT_EQ(store->servers()->size(), 1u);
}

TEST_F(SmallDiskTest, AReadOnlyHomeIsRefusedWithWhatToDo) {
    {
        auto store = open();
        ASSERT_TRUE(store->record_applied({application("web-1")}));
    }
    remount(MS_RDONLY, "");
    const auto refused = try_open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Denied) << refused.error().text();
    EXPECT_NE(refused.error().hint.find("LAB_HOME"), std::string::npos);
    remount(0, "size=8m");
    EXPECT_TRUE(*open()->applied("web-1"));
}

} // namespace
} // namespace lab::store
