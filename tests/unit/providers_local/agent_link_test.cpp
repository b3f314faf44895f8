#include "providers/local/agent_link.h"

#include "fake_agent.h"

#include <thread>

namespace lab::providers::local {
namespace {

class AgentLinkTest : public testing::Test {
  protected:
    ObserveRequest request(const std::string& server) {
        std::filesystem::create_directories(folder_.path() / server);
        ObserveRequest request;
        request.machine = {.server = server, .root = (folder_.path() / server).native()};
        request.desired.server = server;
        request.desired.server_id = "srv-" + server;
        request.desired.inventory = "inv-1";
        request.desired.key.bytes = std::string(32, 'k');
        request.desired.resources = two_files();
        return request;
    }
    /// Error texts by server, empty where it was reported.
    std::map<std::string, std::string> observe(AgentProgram program, const std::vector<std::string>& servers,
                                               std::size_t parallelism = 2) {
        AgentProcessLink link(std::move(program));
        std::vector<ObserveRequest> requests;
        for (const auto& server : servers)
            requests.push_back(request(server));
        std::map<std::string, std::string> outcome;
        link.observe(requests, parallelism,
                     [&](std::size_t index, Result<api::Report> report) {
                         const bool added =
                             outcome.emplace(servers[index], report ? "" : report.error().text()).second;
                         EXPECT_TRUE(added) << servers[index] << " was answered twice";
                         if (report) {
                             EXPECT_EQ(report->server, servers[index]);
                         }
                     },
                     {});
        EXPECT_EQ(outcome.size(), servers.size());
        return outcome;
    }
    Result<api::Report> apply(AgentProcessLink& link, const std::string& server, std::stop_token stop = {},
                              const ProgressSink& progress = {}) {
        const auto one = request(server);
        return link.apply(one.machine, one.desired, /*create=*/true, progress, std::move(stop));
    }
    std::filesystem::path log() const { return folder_.path() / "log"; }

    TemporaryFolder folder_;
};

TEST_F(AgentLinkTest, ManyMachinesShareFewAgents) {
    std::vector<std::string> servers;
    for (int i = 0; i < 60; ++i)
        servers.push_back("web-" + std::to_string(i));
    for (const auto& [server, error] : observe(fake_agent(log()), servers, 3))
        EXPECT_EQ(error, "") << server;
    EXPECT_LE(count_in_log(log(), "start"), 3);
    for (const auto& server : servers)
        EXPECT_EQ(count_in_log(log(), "check " + server), 1) << server;
}

TEST_F(AgentLinkTest, AMisbehavingAgentFailsItsOwnMachineOnly) {
    struct Case {
        std::string server, says;
    };
    const std::vector<Case> cases = {
        {"crash-1", "lab-agent ended with exit code 3 before it answered; its last words: it hurts"},
        {"kill-1", "lab-agent ended with signal 9 before it answered"},
        {"nonsense-1", "lab-agent answered nonsense: a line without an id"},
        {"garbage-1", "lab-agent answered nonsense: "},
        {"stranger-1", "lab-agent answered nonsense: an id that was not asked"},
        {"liar-1", "lab-agent answered nonsense: a report of 'somebody-else'"},
        {"partial-1", "lab-agent answered nonsense: nothing about 'file/etc/motd'"},
        {"flood-1", "sent a line of more than 1000000 bytes"},
        {"refused-1", "the disk\\x1b[31m is on fire"},
    };
    for (const auto& one : cases) {
        auto program = fake_agent(log());
        program.longest_line = 1'000'000;
        std::vector<std::string> servers = {"web-1", "web-2", one.server, "web-3", "web-4", "web-5", "web-6"};
        const auto outcome = observe(std::move(program), servers, 1);
        for (const auto& [server, error] : outcome) {
            if (server != one.server) {
                EXPECT_EQ(error, "") << one.server << " took " << server << " with it";
                continue;
            }
            EXPECT_NE(error.find(one.says), std::string::npos) << error;
            EXPECT_NE(error.find("while asking '" + one.server + "'"), std::string::npos) << error;
        }
    }
}

TEST_F(AgentLinkTest, AHangingAgentIsGivenUp) {
    for (const std::string server : {"hang-1", "mute-1"}) {
        auto program = fake_agent(log());
        program.check_silence = std::chrono::milliseconds(1500);
        const auto outcome = observe(std::move(program), {"web-1", server, "web-2", "web-3"}, 1);
        EXPECT_EQ(outcome.at("web-1") + outcome.at("web-2") + outcome.at("web-3"), "");
        EXPECT_NE(outcome.at(server), "");
        if (server == "mute-1") continue;
        EXPECT_NE(outcome.at(server).find("lab-agent said nothing for 1"), std::string::npos)
            << outcome.at(server);
    }
}

TEST_F(AgentLinkTest, AMissingProgramIsSaidForEachMachine) {
    AgentProgram program;
    program.path = folder_.path() / "no-such-agent";
    for (const auto& [server, error] :
         observe(program, {"web-1", "web-2", "web-3", "web-4", "web-5", "web-6"}))
        EXPECT_NE(error.find("no-such-agent"), std::string::npos) << error;
    AgentProcessLink link(program);
    EXPECT_EQ(apply(link, "web-1").error().code, ErrorCode::NotFound);
}

TEST_F(AgentLinkTest, AStopCancelsWhatIsNotYetAnswered) {
    AgentProcessLink link(fake_agent(log()));
    std::vector<ObserveRequest> requests;
    for (const auto* server : {"hang-1", "web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-7"})
        requests.push_back(request(server));
    std::stop_source stop;
    std::jthread stopper([&] {
        while (count_in_log(log(), "check hang-1") == 0)
            std::this_thread::yield();
        stop.request_stop();
    });
    std::size_t cancelled = 0, answers = 0;
    link.observe(
        requests, 1,
        [&](std::size_t, Result<api::Report> report) {
            ++answers;
            if (!report && report.error().code == ErrorCode::Cancelled) ++cancelled;
        },
        stop.get_token());
    EXPECT_EQ(answers, requests.size());
    EXPECT_EQ(cancelled, requests.size());
}

TEST_F(AgentLinkTest, AnApplyTellsItsProgressAndItsAgentIsUsedAgain) {
    AgentProcessLink link(fake_agent(log()));
    std::vector<std::string> seen;
    for (int i = 0; i < 3; ++i) {
        const auto report = apply(link, "web-1", {}, [&](const Progress& progress) {
            seen.push_back(progress.server + " " + progress.resource + " " + progress.status);
        });
        ASSERT_TRUE(report) << report.error().text();
        EXPECT_EQ(report->resources.at(0).status,
                  i == 0 ? api::ResourceStatus::Changed : api::ResourceStatus::Ok);
    }
    ASSERT_EQ(seen.size(), 6u);
    EXPECT_EQ(seen[0], "web-1 file/etc/motd running");
    EXPECT_EQ(count_in_log(log(), "start"), 1);
}

TEST_F(AgentLinkTest, SeveralThreadsApplyAtOnceAndACrashIsTheirOwn) {
    AgentProcessLink link(fake_agent(log()));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&, i] {
            const bool bad = i % 2 == 0;
            const auto report = apply(link, (bad ? "crash-" : "web-") + std::to_string(i));
            EXPECT_EQ(report.has_value(), !bad);
            if (report) return;
            EXPECT_NE(report.error().text().find("exit code 3"), std::string::npos) << report.error().text();
        });
}

TEST_F(AgentLinkTest, AStoppedApplyFinishesWhatItIsAtAndReports) {
    AgentProcessLink link(fake_agent(log()));
    std::stop_source stop;
    const auto report =
        apply(link, "slow-1", stop.get_token(), [&](const Progress&) { stop.request_stop(); });
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_TRUE(report->interrupted);
    EXPECT_EQ(report->resources.at(0).status, api::ResourceStatus::Changed);
    EXPECT_EQ(report->resources.at(1).status, api::ResourceStatus::Skipped);
    EXPECT_EQ(report->resources.at(1).reason, "interrupted");
    EXPECT_TRUE(apply(link, "web-1")) << "the next one gets an agent of its own";
    EXPECT_EQ(apply(link, "web-1", stop.get_token()).error().code, ErrorCode::Cancelled);
}

TEST_F(AgentLinkTest, AnIdleAgentThatDiedFailsNobody) {
    AgentProcessLink link(fake_agent(log()));
    auto one = request("web-1");
    bool answered = false;
    link.observe({one}, 1, [&](std::size_t, Result<api::Report> report) { answered = report.has_value(); },
                 {});
    ASSERT_TRUE(answered);
    // The idle agent ends after this answer, without a word.
    std::stop_source stop;
    ASSERT_TRUE(apply(link, "slow-1", stop.get_token(), [&](const Progress&) { stop.request_stop(); }));
    ASSERT_TRUE(apply(link, "web-1"));
}

} // namespace
} // namespace lab::providers::local
