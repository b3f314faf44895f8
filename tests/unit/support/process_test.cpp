#include "support/process.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace lab {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

Command shell(std::string script) {
    return Command{.argv = {"sh", "-c", std::move(script)}};
}

TEST(Process, GivesExitCodeAndBothStreams) {
    auto result = run(shell("echo out; echo err >&2; exit 3"));
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(result->exit_code, 3);
    EXPECT_EQ(result->out, "out\n");
    EXPECT_EQ(result->err, "err\n");
    EXPECT_FALSE(result->ok());
    EXPECT_FALSE(result->truncated);
}

TEST(Process, ReportsSignalsAsShellsDo) {
    auto result = run(shell("kill -9 $$"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 128 + SIGKILL);
}

TEST(Process, TellsAMissingProgram) {
    auto result = run(Command{.argv = {"no-such-program-of-lab"}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::NotFound);
    auto folder = run(Command{.argv = {"true"}, .directory = "/no/such/folder"});
    ASSERT_FALSE(folder);
    EXPECT_NE(folder.error().message.find("no folder '/no/such/folder'"), std::string::npos)
        << folder.error().text();
    EXPECT_FALSE(run(Command{}));
}

TEST(Process, FeedsMuchInputWhileReadingMuchOutput) {
    std::string input(3'000'000, 'x');
    auto result = run(Command{.argv = {"cat"}, .input = input, .max_output = 4u << 20});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, input);
}

TEST(Process, ToleratesAProgramThatDoesNotReadItsInput) {
    auto result = run(Command{.argv = {"true"}, .input = std::string(1'000'000, 'x')});
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->ok());
}

TEST(Process, KeepsOnlySoMuchOutput) {
    auto command = shell("head -c 300000 /dev/zero; head -c 10 /dev/zero >&2");
    command.max_output = 1000;
    auto result = run(command);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out.size(), 1000u);
    EXPECT_EQ(result->err.size(), 10u);
    EXPECT_TRUE(result->truncated);
    EXPECT_TRUE(result->ok());
}

TEST(Process, EndsTheWholeGroupAtTheDeadline) {
    auto command = shell("echo waiting >&2; sleep 60 & sleep 60");
    command.timeout = 100ms;
    const auto start = steady_clock::now();
    auto result = run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Timeout);
    EXPECT_NE(result.error().text().find("waiting"), std::string::npos) << result.error().text();
    EXPECT_LT(steady_clock::now() - start, 2s);
}

TEST(Process, KillsWhatDoesNotEndOnTerm) {
    auto command = shell("trap '' TERM; while :; do sleep 0.05; done");
    command.timeout = 100ms;
    const auto start = steady_clock::now();
    auto result = run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Timeout);
    EXPECT_GE(steady_clock::now() - start, 2s);
    EXPECT_LT(steady_clock::now() - start, 10s);
}

TEST(Process, IsCancelledByAStopToken) {
    std::stop_source source;
    std::jthread canceller([&source] {
        std::this_thread::sleep_for(50ms);
        source.request_stop();
    });
    auto result = run(Command{.argv = {"sleep", "60"}}, source.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
    EXPECT_FALSE(run(Command{.argv = {"true"}}, source.get_token()));
}

TEST(Process, DoesNotWaitForABackgroundProgramThatHoldsTheOutput) {
    const auto start = steady_clock::now();
    auto result = run(shell("sleep 20 & echo started"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "started\n");
    EXPECT_LT(steady_clock::now() - start, 10s);
}

TEST(Process, ChildrenGetNoDescriptorsOfOurs) {
    const int leak = ::open("/dev/null", O_RDONLY); // without O_CLOEXEC
    ASSERT_GE(leak, 3);
    auto result = run(shell("ls /proc/self/fd | wc -l"));
    ::close(leak);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "4\n"); // the three streams, and the folder that ls reads
}

TEST(Process, UsesItsEnvironmentAndFolder) {
    auto result = run(Command{.argv = {"sh", "-c", "echo $NAME; pwd"},
                              .environment = std::vector<std::string>{"NAME=value"},
                              .directory = "/"});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "value\n/\n");
}

TEST(Process, EndsWhereItWritesAFileThatIsTooLarge) {
    const std::string command =
        "sleep 0.05; head -c 100000 /dev/zero > /tmp/lab-file-limit.$$; code=$?; rm -f "
        "/tmp/lab-file-limit.$$; exit $code";
    const auto limited = run({.argv = {"sh", "-c", command}, .max_file_bytes = 50'000});
    ASSERT_TRUE(limited);
    EXPECT_EQ(limited->exit_code, 128 + SIGXFSZ);
    const auto free = run({.argv = {"sh", "-c", command}, .max_file_bytes = 100'000});
    ASSERT_TRUE(free);
    EXPECT_EQ(free->exit_code, 0) << free->err;
}

TEST(LineProcess, TalksLineByLine) {
    auto process = LineProcess::start(Command{.argv = {"cat"}});
    ASSERT_TRUE(process);
    for (const std::string line : {"one", "", "three"}) {
        ASSERT_TRUE(process->write_line(line));
        auto answer = process->read_line(100, steady_clock::now() + 10s);
        ASSERT_TRUE(answer) << answer.error().text();
        EXPECT_EQ(*answer, line);
    }
    process->close_input();
    auto end = process->read_line(100, steady_clock::now() + 10s);
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
    EXPECT_EQ(process->finish(5s).exit_code, 0);
}

TEST(LineProcess, DoesNotDeadlockOnLargeLines) {
    auto process = LineProcess::start(Command{.argv = {"cat"}});
    ASSERT_TRUE(process);
    const std::string line(2'000'000, 'x');
    ASSERT_TRUE(process->write_line(line));
    auto answer = process->read_line(3'000'000, steady_clock::now() + 10s);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(*answer, line);
}

TEST(LineProcess, RefusesFloodsAndSilence) {
    auto flood = LineProcess::start(shell("head -c 200000 /dev/zero; sleep 60"));
    ASSERT_TRUE(flood);
    auto line = flood->read_line(1000, steady_clock::now() + 10s);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, ErrorCode::Invalid);

    auto silent = LineProcess::start(shell("echo reason >&2; sleep 60"));
    ASSERT_TRUE(silent);
    auto nothing = silent->read_line(1000, steady_clock::now() + 200ms);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::Timeout);
    EXPECT_NE(nothing.error().text().find("reason"), std::string::npos);
    const auto ended = silent->finish(10ms);
    EXPECT_TRUE(ended.timed_out);
    EXPECT_EQ(ended.err, "reason\n");
}

TEST(LineProcess, TellsThatTheOtherSideIsGone) {
    auto process = LineProcess::start(shell("exec <&-; echo closed; exec >&-; exit 4"));
    ASSERT_TRUE(process);
    EXPECT_EQ(*process->read_line(1000, steady_clock::now() + 10s), "closed");
    EXPECT_EQ(*process->read_line(1000, steady_clock::now() + 10s), std::nullopt);
    auto written = process->write_line("hello");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(process->finish(5s).exit_code, 4);
}

TEST(LineProcess, ALastLineWithoutNewlineIsALine) {
    auto process = LineProcess::start(shell("printf 'a\\nb'"));
    ASSERT_TRUE(process);
    EXPECT_EQ(*process->read_line(10, steady_clock::now() + 10s), "a");
    EXPECT_EQ(*process->read_line(10, steady_clock::now() + 10s), "b");
    EXPECT_FALSE(process->read_line(10, steady_clock::now() + 10s)->has_value());
}

} // namespace
} // namespace lab
