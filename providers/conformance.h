#pragma once
// What every provider must do, as a gtest suite: a provider's test gives a world to try it in. For tests
// only.
//
//   INSTANTIATE_TEST_SUITE_P(Local, ProviderConformance, testing::Values(ConformanceCase{"tree",
//   &make_tree_world}));

#include "providers/provider.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace lab::providers {

/// A provider with somewhere to make machines; a protocol fake or a sandbox, never the user's own.
class ConformanceWorld {
  public:
    virtual ~ConformanceWorld() = default;
    virtual Provider& provider() = 0;
    /// A valid server that is not there yet, with ids; a different one for each number.
    virtual api::ServerSpec server(int number) = 0;
    /// Resources that can be brought about on each server. At least two.
    virtual std::vector<api::Resource> resources() = 0;
    /// Changes the first of them on a server, behind lab's back.
    virtual void disturb(const api::ServerSpec& server) = 0;
    /// From now on the server cannot be asked.
    virtual void make_unreachable(const api::ServerSpec& server) = 0;
    /// Settings of a server that must each be refused.
    virtual std::vector<ValueMap> wrong_settings() = 0;
};

struct ConformanceCase {
    std::string name;
    std::function<std::unique_ptr<ConformanceWorld>()> make;
};
inline void PrintTo(const ConformanceCase& one, std::ostream* out) {
    *out << one.name;
}

class ProviderConformance : public testing::TestWithParam<ConformanceCase> {
  protected:
    void SetUp() override { world_ = GetParam().make(); }

    Provider& provider() { return world_->provider(); }

    api::Desired desired(const api::ServerSpec& server) {
        return {.server = server.name,
                .server_id = server.server_id,
                .inventory = server.inventory,
                .commit = {},
                .key = {std::string(32, 'k')},
                .resources = world_->resources()};
    }

    std::vector<api::ServerState> observe(const std::vector<api::ServerSpec>& servers,
                                          std::stop_token stop = {}) {
        std::vector<ObserveServer> questions;
        for (const auto& server : servers)
            questions.push_back({.spec = server, .desired = desired(server)});
        std::vector<api::ServerState> states(servers.size());
        std::vector<int> calls(servers.size(), 0);
        const auto caller = std::this_thread::get_id();
        provider().observe(
            questions, /*parallelism=*/4,
            [&](std::size_t index, api::ServerState state) {
                EXPECT_EQ(std::this_thread::get_id(), caller) << "done() belongs to the calling thread";
                ASSERT_LT(index, states.size());
                ++calls[index];
                states[index] = std::move(state);
            },
            std::move(stop));
        for (const int count : calls)
            EXPECT_EQ(count, 1) << "done() is called once for each server";
        return states;
    }
    api::ServerState observe(const api::ServerSpec& server) { return observe(std::vector{server}).front(); }

    Result<api::Report> apply(const api::ServerSpec& server, std::optional<api::ActionKind> kind,
                              std::stop_token stop = {}) {
        return provider().apply(
            {.spec = server,
             .kind = kind,
             .desired = desired(server),
             .idempotency_key = "run/" + server.name},
            [&server](const Progress& progress) {
                EXPECT_EQ(progress.server, server.name);
                EXPECT_FALSE(progress.resource.empty());
            },
            std::move(stop));
    }
    /// A server that is there, with its resources.
    api::ServerSpec made(int number) {
        auto server = world_->server(number);
        auto report = apply(server, api::ActionKind::Create);
        EXPECT_TRUE(report) << report.error().text();
        return server;
    }

    static std::map<std::string, api::ResourceStatus> statuses(const api::Report& report) {
        std::map<std::string, api::ResourceStatus> all;
        for (const auto& resource : report.resources)
            all[resource.id] = resource.status;
        return all;
    }
    static bool all_are(const api::Report& report, api::ResourceStatus status) {
        return !report.resources.empty() &&
               std::all_of(report.resources.begin(), report.resources.end(),
                           [status](const auto& resource) { return resource.status == status; });
    }

    std::unique_ptr<ConformanceWorld> world_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ProviderConformance);

inline std::string conformance_name(const testing::TestParamInfo<ConformanceCase>& info) {
    return info.param.name;
}

TEST_P(ProviderConformance, SaysWhatItIs) {
    const ProviderSchema& schema = provider().schema();
    EXPECT_FALSE(schema.name.empty());
    EXPECT_FALSE(schema.summary.empty());
    for (const SettingSchema& setting : schema.settings) {
        EXPECT_FALSE(setting.name.empty());
        EXPECT_FALSE(setting.summary.empty()) << setting.name;
    }
}

TEST_P(ProviderConformance, AcceptsGoodSettingsAndRefusesWrongOnesByName) {
    EXPECT_TRUE(provider().validate(world_->server(1).settings, /*on_server=*/true).empty());
    for (const ValueMap& settings : world_->wrong_settings()) {
        const auto problems = provider().validate(settings, /*on_server=*/true);
        ASSERT_FALSE(problems.empty()) << display(settings);
        for (const auto& problem : problems) {
            EXPECT_FALSE(problem.setting.empty());
            EXPECT_FALSE(problem.message.empty());
        }
    }
    auto settings = world_->server(1).settings;
    settings.set("no_such_setting", true);
    const auto problems = provider().validate(settings, /*on_server=*/true);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].setting, "no_such_setting");
}

TEST_P(ProviderConformance, ServersOfTheirOwnDoNotCollide) {
    const auto first = world_->server(1), second = world_->server(2);
    const std::vector<Provider::FleetServer> apart = {{.name = "a", .settings = &first.settings},
                                                      {.name = "b", .settings = &second.settings}};
    EXPECT_TRUE(provider().validate_fleet(apart).empty());
}

TEST_P(ProviderConformance, AServerThatWasNeverMadeIsMissing) {
    const auto server = world_->server(1);
    EXPECT_EQ(observe(server).presence, api::Presence::Missing);
    EXPECT_EQ(observe(server).presence, api::Presence::Missing) << "looking made it";
}

TEST_P(ProviderConformance, ItsDiffIsPureAndMakesWhatIsMissing) {
    const auto server = world_->server(1);
    const auto state = observe(server);
    const auto first = provider().diff(server, &state), second = provider().diff(server, &state);
    ASSERT_EQ(first.kind, api::ActionKind::Create);
    EXPECT_EQ(second.kind, first.kind);
    EXPECT_EQ(second.reason, first.reason);
    EXPECT_EQ(second.risk, first.risk);
    EXPECT_EQ(second.changes, first.changes);
    EXPECT_FALSE(first.reason.empty());
    static_cast<void>(provider().diff(server, nullptr));
    EXPECT_EQ(observe(server).presence, api::Presence::Missing) << "comparing made it";
}

TEST_P(ProviderConformance, WhatWasAppliedIsSeenAndLeavesNothingToDo) {
    const auto server = world_->server(1);
    auto report = apply(server, api::ActionKind::Create);
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->mode, "apply");
    EXPECT_TRUE(all_are(*report, api::ResourceStatus::Changed));
    const auto state = observe(server);
    ASSERT_EQ(state.presence, api::Presence::Present) << state.detail;
    EXPECT_EQ(state.server_id, server.server_id);
    EXPECT_EQ(state.inventory, server.inventory);
    ASSERT_TRUE(state.report);
    EXPECT_EQ(state.report->mode, "check");
    EXPECT_TRUE(all_are(*state.report, api::ResourceStatus::Ok));
    EXPECT_FALSE(provider().diff(server, &state).kind);
}

TEST_P(ProviderConformance, ApplyingTwiceChangesNothingTheSecondTime) {
    const auto server = made(1);
    for (const auto kind : {std::optional(api::ActionKind::Create), std::optional<api::ActionKind>()}) {
        const auto again = apply(server, kind);
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_TRUE(all_are(*again, api::ResourceStatus::Ok));
    }
}

TEST_P(ProviderConformance, LookingFindsWhatChangedAndChangesNothing) {
    const auto server = made(1);
    world_->disturb(server);
    const std::string touched = world_->resources().front().id();
    for (int i = 0; i < 2; ++i) {
        const auto state = observe(server);
        ASSERT_TRUE(state.report) << state.detail;
        for (const auto& [id, status] : statuses(*state.report))
            EXPECT_EQ(status, id == touched ? api::ResourceStatus::Drifted : api::ResourceStatus::Ok) << id;
    }
    const auto repaired = apply(server, std::nullopt);
    ASSERT_TRUE(repaired) << repaired.error().text();
    EXPECT_EQ(statuses(*repaired).at(touched), api::ResourceStatus::Changed);
    EXPECT_TRUE(all_are(*observe(server).report, api::ResourceStatus::Ok));
}

TEST_P(ProviderConformance, WithoutCreateNothingIsMade) {
    const auto server = world_->server(1);
    EXPECT_FALSE(apply(server, std::nullopt));
    EXPECT_EQ(observe(server).presence, api::Presence::Missing);
}

TEST_P(ProviderConformance, AMachineOfAnotherIdIsNeitherChangedNorDestroyed) {
    const auto server = made(1);
    auto other_server = server, other_inventory = server;
    other_server.server_id = "srv-another";
    other_inventory.inventory = "another-inventory";
    for (const auto& foreign : {other_server, other_inventory}) {
        EXPECT_EQ(observe(foreign).server_id, server.server_id) << "it says whose it is";
        const auto applied = apply(foreign, std::nullopt);
        ASSERT_FALSE(applied);
        EXPECT_EQ(applied.error().code, ErrorCode::Denied) << applied.error().text();
        if (!provider().deletes(server.settings)) continue;
        const auto destroyed = provider().destroy(foreign, "run/x", {});
        ASSERT_FALSE(destroyed);
        EXPECT_EQ(destroyed.error().code, ErrorCode::Denied) << destroyed.error().text();
    }
    const auto state = observe(server);
    EXPECT_EQ(state.presence, api::Presence::Present);
    EXPECT_EQ(state.server_id, server.server_id);
}

TEST_P(ProviderConformance, DestroyingTwiceIsAsGoodAsOnce) {
    const auto server = made(1), bystander = made(2);
    if (!provider().deletes(server.settings)) {
        EXPECT_EQ(provider().destroy(server, "run/x", {}).error().code, ErrorCode::Denied);
        return;
    }
    for (int i = 0; i < 2; ++i) {
        const auto gone = provider().destroy(server, "run/x", {});
        ASSERT_TRUE(gone) << gone.error().text();
        EXPECT_EQ(observe(server).presence, api::Presence::Missing);
    }
    EXPECT_EQ(observe(bystander).presence, api::Presence::Present);
}

TEST_P(ProviderConformance, AServerOutOfReachFailsOnlyItself) {
    std::vector<api::ServerSpec> servers;
    for (int i = 0; i < 6; ++i)
        servers.push_back(made(i));
    world_->make_unreachable(servers[2]);
    const auto states = observe(servers);
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto wanted = i == 2 ? api::Presence::Unreachable : api::Presence::Present;
        EXPECT_EQ(states[i].presence, wanted) << i << ": " << states[i].detail;
    }
    EXPECT_FALSE(states[2].detail.empty()) << "it says why";
    EXPECT_FALSE(provider().diff(servers[2], &states[2]).kind) << "nothing is planned blindly";
    EXPECT_FALSE(apply(servers[2], std::nullopt));
    EXPECT_TRUE(apply(servers[3], std::nullopt));
}

TEST_P(ProviderConformance, StopsWhenAsked) {
    const auto server = made(1);
    std::stop_source stop;
    stop.request_stop();
    for (const auto& state : observe(std::vector{server, made(2), made(3)}, stop.get_token()))
        EXPECT_EQ(state.presence, api::Presence::Unreachable);
    const auto report = apply(server, std::nullopt, stop.get_token());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::Cancelled);
}

TEST_P(ProviderConformance, ManyServersAtOnceAreAllAnswered) {
    std::vector<api::ServerSpec> servers;
    for (int i = 0; i < 40; ++i)
        servers.push_back(i % 2 == 0 ? made(i) : world_->server(i));
    const auto states = observe(servers);
    for (std::size_t i = 0; i < states.size(); ++i) {
        EXPECT_EQ(states[i].presence, i % 2 == 0 ? api::Presence::Present : api::Presence::Missing) << i;
        EXPECT_EQ(states[i].server_id, i % 2 == 0 ? servers[i].server_id : std::string()) << i;
    }
}

} // namespace lab::providers
