#include "store_fixture.h"

#include "store/detail/sqlite.h"

#include <set>
#include <sys/stat.h>
#include <thread>

namespace lab::store {
namespace {

using StoreTest = StoreFixture;

TEST_F(StoreTest, AFirstRunMakesAPrivateHomeWithoutAWord) {
    auto store = open();
    ASSERT_TRUE(store);
    EXPECT_TRUE(notes_.created);
    EXPECT_FALSE(notes_.observe_all);
    EXPECT_EQ(notes(), "");
    struct stat status {};
    ASSERT_EQ(::stat(home_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    ASSERT_EQ(::stat((home_ / "state.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(store->key().bytes.size(), 32u);
    EXPECT_TRUE(store->servers()->empty());
    const auto key = store->key().bytes;
    store.reset();
    store = open();
    EXPECT_FALSE(notes_.created);
    EXPECT_EQ(store->key().bytes, key);
}

TEST_F(StoreTest, WhatWasAppliedComesBackWhole) {
    auto store = open();
    auto wanted = application("web-1");
    wanted.server.protect = true;
    wanted.server.secrets = planner::Grants{{"mail/key", "label mail → class postfix"}};
    wanted.server.layout = ValueMap{{"name", "worker"}, {"parts", ValueMap{{"table", "gpt"}}}};
    wanted.server.modules.push_back(module_of("tools", "x\n", ""));
    wanted.server.modules[0].resources.push_back({.resource = motd("other"), .commit = "beef"});
    wanted.server.modules[0].resources[1].resource.name = "/etc/issue";
    ASSERT_TRUE(store->record_applied({wanted}));

    auto back = store->applied("web-1");
    ASSERT_TRUE(back) << back.error().text();
    ASSERT_TRUE(*back);
    const planner::AppliedServer& server = **back;
    EXPECT_EQ(server.spec.server_id, "srv-web-1");
    EXPECT_EQ(server.spec.inventory, "inv-1");
    EXPECT_EQ(server.spec.provider, "local");
    EXPECT_EQ(server.spec.settings, wanted.server.spec.settings);
    EXPECT_EQ(server.environment, "prod");
    EXPECT_EQ(server.labels, wanted.server.labels);
    EXPECT_TRUE(server.protect);
    EXPECT_EQ(server.layout, wanted.server.layout);
    EXPECT_EQ(server.commit, "c0ffee");
    EXPECT_EQ(server.secrets, wanted.server.secrets);
    ASSERT_EQ(server.modules.size(), 2u);
    EXPECT_EQ(server.modules[0].module, "motd");
    ASSERT_EQ(server.modules[0].resources.size(), 2u);
    EXPECT_EQ(server.modules[0].resources[0].commit, "c0ffee");
    EXPECT_EQ(server.modules[0].resources[1].commit, "beef");
    EXPECT_EQ(server.modules[0].resources[1].resource.id(), "file/etc/issue");
    EXPECT_EQ(api::digest(server.modules[0].resources[0].resource), api::digest(motd("hello\n")));
    EXPECT_EQ(server.modules[1].resources[0].commit, "");
    EXPECT_FALSE(*store->applied("web-2"));
}

TEST_F(StoreTest, WhatWasObservedComesBackWhole) {
    auto store = open();
    const auto seen = observation("web-1", clock_.wall());
    ASSERT_TRUE(store->record_observed({seen}));
    auto back = store->observed("web-1");
    ASSERT_TRUE(back) << back.error().text();
    ASSERT_TRUE(*back);
    EXPECT_EQ((*back)->at, clock_.wall());
    EXPECT_FALSE((*back)->fresh);
    EXPECT_EQ((*back)->state.presence, api::Presence::Present);
    EXPECT_EQ((*back)->state.server_id, "srv-web-1");
    EXPECT_EQ((*back)->state.properties, seen.observed.state.properties);
    EXPECT_EQ((*back)->facts, seen.observed.facts);
    ASSERT_EQ((*back)->resources.size(), 2u);
    EXPECT_EQ((*back)->resources.at("file/etc/motd").properties,
              seen.observed.resources.at("file/etc/motd").properties);
    EXPECT_TRUE((*back)->resources.at("service/chrony").skipped);
    EXPECT_EQ((*back)->resources.at("service/chrony").reason, "needs a live system");
    EXPECT_FALSE(*store->observed("web-2"));
}

TEST_F(StoreTest, AServerThatNeverAnsweredHasNoTimeOfObservation) {
    auto store = open();
    auto silent = observation("web-1", WallTime());
    silent.observed.state.presence = api::Presence::Unreachable;
    silent.observed.resources.clear();
    silent.observed.facts = nullptr;
    ASSERT_TRUE(store->record_observed({silent}));
    const auto servers = store->servers();
    ASSERT_EQ(servers->size(), 1u);
    EXPECT_FALSE(servers->front().observed_at);
    EXPECT_EQ(servers->front().presence, api::Presence::Unreachable);
    EXPECT_TRUE((*store->observed("web-1"))->facts.is_null());
}

TEST_F(StoreTest, TheNarrowTableHasAllServersByName) {
    auto store = open();
    ASSERT_TRUE(store->record_applied({application("web-2"), application("db-1")}));
    ASSERT_TRUE(
        store->record_observed({observation("web-2", clock_.wall()), observation("new-1", clock_.wall())}));
    const auto servers = store->servers();
    ASSERT_TRUE(servers);
    ASSERT_EQ(servers->size(), 3u);
    const ServerKeys &db = (*servers)[0], &fresh = (*servers)[1], &web = (*servers)[2];
    EXPECT_EQ(db.name, "db-1");
    EXPECT_EQ(db.server_id, (*store->server("db-1"))->server_id) << "one row by itself";
    EXPECT_FALSE(store->server("db-2")->has_value());
    EXPECT_TRUE(db.applied);
    EXPECT_FALSE(db.observed_at);
    EXPECT_EQ(db.applied_key, sha256("key of hello\n"));
    EXPECT_FALSE(db.in_sync_key);
    EXPECT_EQ(fresh.name, "new-1");
    EXPECT_FALSE(fresh.applied);
    EXPECT_EQ(fresh.server_id, "");
    EXPECT_EQ(web.observed_at, clock_.wall());
    EXPECT_EQ(web.in_sync_key, sha256("key of hello\n"));
    EXPECT_EQ(web.presence, api::Presence::Present);
    EXPECT_EQ(web.units, 1u);
    EXPECT_EQ(web.skipped, 1u);
    EXPECT_EQ((*store->server("web-2"))->labels, (std::vector<std::string>{"base", "tier=web"}));
}

TEST_F(StoreTest, RecordingReplacesTheModulesGivenAndReleasesThoseGone) {
    auto store = open();
    auto first = application("web-1");
    first.server.modules.push_back(module_of("tools", "x\n"));
    first.server.modules.push_back(module_of("zsh", "y\n"));
    ASSERT_TRUE(store->record_applied({first}));
    auto second = application("web-1", "bye\n");
    second.modules_gone = {"tools", "never-there"};
    second.applied_key.reset();
    ASSERT_TRUE(store->record_applied({second}));
    const auto back = store->applied("web-1");
    ASSERT_EQ((*back)->modules.size(), 2u);
    EXPECT_EQ((*back)->modules[0].resources[0].resource.properties.find("content")->if_string()->c_str(),
              std::string("bye\n"));
    EXPECT_EQ((*back)->modules[1].module, "zsh");
    EXPECT_EQ(store->servers()->front().units, 2u);
    EXPECT_FALSE(store->servers()->front().applied_key);
}

TEST_F(StoreTest, EqualDocumentsAreKeptOnceAndGoWithTheirLastUser) {
    auto store = open();
    std::vector<Store::Application> applications;
    std::vector<Store::Observation> observations;
    for (int i = 0; i < 20; ++i) {
        applications.push_back(application("web-" + std::to_string(i)));
        observations.push_back(observation("web-" + std::to_string(i), clock_.wall()));
    }
    ASSERT_TRUE(store->record_applied(applications));
    ASSERT_TRUE(store->record_observed(observations));
    const auto documents = [this] {
        auto connection = detail::Connection::open(home_ / "state.db", detail::Connection::Mode::ReadWrite);
        return connection->integer("SELECT count(*) FROM documents").value();
    };
    EXPECT_EQ(documents(), 3); // resources applied, resources seen, facts
    ASSERT_TRUE(store->record_applied({application("web-3", "other\n")}));
    EXPECT_EQ(documents(), 4);
    ASSERT_TRUE(store->record_applied({application("web-3")}));
    EXPECT_EQ(documents(), 3);
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(store->remove_server("web-" + std::to_string(i)));
    EXPECT_EQ(documents(), 0);
    EXPECT_TRUE(store->servers()->empty());
    EXPECT_TRUE(store->remove_server("web-1"));
}

TEST_F(StoreTest, TheSerialGrowsWithWhatIsNew) {
    auto store = open();
    const auto start = store->serial();
    ASSERT_TRUE(store->record_observed({observation("web-1", clock_.wall())}));
    EXPECT_EQ(store->serial(), start + 1);
    clock_.advance(std::chrono::seconds(5));
    ASSERT_TRUE(store->record_observed({observation("web-1", clock_.wall())}));
    EXPECT_EQ(store->serial(), start + 1) << "only the time of looking is new";
    EXPECT_EQ(store->servers()->front().observed_at, clock_.wall());
    ASSERT_TRUE(store->record_observed({observation("web-1", clock_.wall(), "changed by hand\n")}));
    EXPECT_EQ(store->serial(), start + 2);
    ASSERT_TRUE(store->record_applied({application("web-1")}));
    ASSERT_TRUE(store->remove_server("web-1"));
    EXPECT_EQ(store->serial(), start + 4);
}

TEST_F(StoreTest, EachWriteToARowIsAnotherMoment) {
    std::set<std::string> moments;
    const auto is_new = [&](Store& store) { return moments.insert(store.moment().value()).second; };
    auto store = open();
    EXPECT_EQ(store->moment().value(), "");
    const auto seen = observation("web-1", clock_.wall());
    ASSERT_TRUE(store->record_observed({seen}));
    EXPECT_TRUE(is_new(*store));
    ASSERT_TRUE(store->record_observed({seen})); // says nothing new but when
    EXPECT_TRUE(is_new(*store));
    ASSERT_TRUE(store->record_applied({application("web-1")}));
    EXPECT_TRUE(is_new(*store));
    ASSERT_TRUE(open("inv-2")->record_observed({seen}));
    ASSERT_TRUE(store->register_plan("sha256:1"));
    EXPECT_FALSE(is_new(*store)); // of another inventory, of other tables
    ASSERT_TRUE(store->remove_server("web-1"));
    EXPECT_TRUE(is_new(*store));
    store.reset();
    store = open();
    EXPECT_FALSE(is_new(*store));
}

TEST_F(StoreTest, AMachineIsKnownAsTheServerAppliedToIt) {
    auto store = open();
    ASSERT_TRUE(store->record_applied({application("web-1")}));
    ASSERT_TRUE(store->record_observed({observation("web-2", clock_.wall())}));
    EXPECT_EQ(store->applied_as("srv-web-1").value(), "web-1");
    EXPECT_EQ(store->applied_as("srv-web-2").value(), std::nullopt);
    EXPECT_EQ(store->applied_as("").value(), std::nullopt);
}

TEST_F(StoreTest, InventoriesInOneHomeNeverSeeEachOther) {
    auto one = open("inv-1");
    auto two = open("inv-2");
    EXPECT_NE(one->key().bytes, two->key().bytes);
    ASSERT_TRUE(one->record_applied({application("web-1")}));
    ASSERT_TRUE(one->record_observed({observation("web-1", clock_.wall())}));
    ASSERT_TRUE(one->register_plan("sha256:1"));
    const auto plan = plan_for({"web-1"});
    const auto run = one->begin_run(new_run(plan), plan, nullptr);
    ASSERT_TRUE(run);
    EXPECT_TRUE(two->servers()->empty());
    EXPECT_FALSE(*two->applied("web-1"));
    EXPECT_FALSE(*two->observed("web-1"));
    EXPECT_EQ(*two->plan_use("sha256:1"), Store::PlanUse::Unknown);
    EXPECT_TRUE(two->runs(10)->empty());
    EXPECT_FALSE(*two->run(run->id));
    EXPECT_FALSE(*two->plan_document(run->id));
    EXPECT_TRUE(two->unfinished_runs()->empty());
    EXPECT_EQ(two->end_run(run->id, RunState::Done, true).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(two->remove_server("web-1"));
    EXPECT_TRUE(*one->applied("web-1"));
    EXPECT_EQ(two->serial(), 0);
}

TEST_F(StoreTest, ARenamedServerKeepsItsRow) {
    auto store = open();
    ASSERT_TRUE(store->record_applied({application("old")}));
    ASSERT_TRUE(store->record_observed({observation("new", clock_.wall())}));
    auto renamed = application("new");
    renamed.server.spec.server_id = "srv-old";
    ASSERT_TRUE(store->record_applied({renamed}));
    ASSERT_EQ(store->servers()->size(), 1u);
    EXPECT_EQ(store->servers()->front().name, "new");
    EXPECT_FALSE(*store->applied("old"));
    // Another machine's name cannot be taken over.
    ASSERT_TRUE(store->record_applied({application("third")}));
    auto wrong = application("third");
    wrong.server.spec.server_id = "srv-old";
    EXPECT_EQ(store->record_applied({wrong}).error().code, ErrorCode::Conflict);
}

TEST_F(StoreTest, AnotherMachineUnderTheSameNameStartsAfresh) {
    auto store = open();
    auto first = application("web-1");
    first.server.modules.push_back(module_of("tools", "x\n"));
    ASSERT_TRUE(store->record_applied({first}));
    auto second = application("web-1");
    second.server.spec.server_id = "srv-other";
    ASSERT_TRUE(store->record_applied({second}));
    EXPECT_EQ((*store->applied("web-1"))->modules.size(), 1u);
    EXPECT_EQ(store->servers()->front().server_id, "srv-other");
}

TEST_F(StoreTest, AFailedWriteLeavesNothingBehind) {
    auto store = open();
    ASSERT_TRUE(store->record_applied({application("third"), application("old")}));
    auto wrong = application("third");
    wrong.server.spec.server_id = "srv-old";
    const auto before = store->serial();
    EXPECT_FALSE(store->record_applied({application("fine"), wrong}));
    EXPECT_FALSE(*store->applied("fine"));
    EXPECT_EQ(store->serial(), before);
}

TEST_F(StoreTest, PlansAreRegisteredAndSpent) {
    auto store = open();
    const auto plan = plan_for({"web-1"});
    const std::string id = api::plan_id(plan);
    EXPECT_EQ(*store->plan_use(id), Store::PlanUse::Unknown);
    ASSERT_TRUE(store->register_plan(id));
    EXPECT_EQ(*store->plan_use(id), Store::PlanUse::Ready);
    ASSERT_TRUE(store->begin_run(new_run(plan), plan, nullptr));
    EXPECT_EQ(*store->plan_use(id), Store::PlanUse::Spent);
    ASSERT_TRUE(store->register_plan(id));
    EXPECT_EQ(*store->plan_use(id), Store::PlanUse::Ready);
}

TEST_F(StoreTest, TheNewestFullApplyIsRemembered) {
    auto store = open();
    EXPECT_FALSE(*store->fully_applied());
    ASSERT_TRUE(
        store->record_fully_applied({.commit = "abc", .max_destroy = 2, .max_destructive_percent = 20}));
    ASSERT_TRUE(
        store->record_fully_applied({.commit = "def", .max_destroy = 3, .max_destructive_percent = 30}));
    const auto full = store->fully_applied();
    EXPECT_EQ((*full)->commit, "def");
    EXPECT_EQ((*full)->max_destroy, 3);
    EXPECT_EQ((*full)->max_destructive_percent, 30);
}

TEST_F(StoreTest, ThreadsTakeTurns) {
    auto store = open();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&store, t, this] {
            for (int i = 0; i < 10; ++i) {
                const std::string name = "web-" + std::to_string(t) + "-" + std::to_string(i);
                EXPECT_TRUE(store->record_applied({application(name)}));
                EXPECT_TRUE(store->record_observed({observation(name, clock_.wall())}));
                EXPECT_TRUE(*store->applied(name));
            }
        });
    threads.clear();
    EXPECT_EQ(store->servers()->size(), 40u);
}

TEST_F(StoreTest, TenThousandServersAreReadQuickly) {
    auto store = open();
    std::vector<Store::Application> applications;
    std::vector<Store::Observation> observations;
    for (int i = 0; i < 10'000; ++i) {
        applications.push_back(application("server-" + std::to_string(i)));
        observations.push_back(observation("server-" + std::to_string(i), clock_.wall()));
    }
    ASSERT_TRUE(store->record_applied(applications));
    ASSERT_TRUE(store->record_observed(observations));
    store.reset();
    store = open();
    const auto start = std::chrono::steady_clock::now();
    const auto servers = store->servers();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    ASSERT_TRUE(servers);
    EXPECT_EQ(servers->size(), 10'000u);
    RecordProperty("servers_ms", std::to_string(took.count()));
    std::printf("10000 servers read in %.1f ms\n", took.count());
}

} // namespace
} // namespace lab::store
