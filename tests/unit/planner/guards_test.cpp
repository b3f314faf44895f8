// Rules of docs/planning.md about what may not run, and what is asked for.
#include "fixture.h"

namespace lab::planner {
namespace {

using namespace test;

const api::Resource kMotd = file("/etc/motd", "hi\n");
const api::Resource kGone = resource("directory/srv/old", R"({"ensure": "absent", "recursive": true})");

ServerInput gone(const std::string& name) {
    ServerInput server = settled(name, {unit("motd", {kMotd})});
    server.desired.reset();
    return server;
}

/// Has a directory with its content removed.
ServerInput wiping(const std::string& name) {
    ServerInput server = settled(name, {unit("wipe", {kGone})});
    server.observed->resources["directory/srv/old"].properties = {{"ensure", Value("present")}};
    return server;
}

std::string blocked_by(const Planned& planned) {
    std::string out;
    for (const api::Action& action : planned.plan.actions)
        out += action.id + " " + (action.blocked ? action.blocked->by : "-") + "\n";
    return out;
}

TEST(Protect, BlocksDestroyForgetReplaceAndEverythingDestructive) {
    ServerInput destroyed = gone("a"), forgotten = gone("b"), replaced = settled("c", {}),
                wiped = wiping("d"), harmless = settled("e", {unit("motd", {kMotd})});
    forgotten.provider_deletes = false;
    replaced.provider_diff = {.kind = api::ActionKind::Replace, .risk = api::Risk::Destructive};
    harmless.observed->resources["file/etc/motd"] = absent();
    for (ServerInput* server : {&destroyed, &forgotten})
        server->applied->protect = true;
    for (ServerInput* server : {&replaced, &wiped, &harmless})
        server->desired->protect = true;
    PlanInput request = input({destroyed, forgotten, replaced, wiped, harmless});
    request.allow_destroy = true;
    const Planned planned = make_plan(request);
    EXPECT_EQ(blocked_by(planned), "server/a#destroy protect\nserver/b#forget protect\n"
                                   "server/c#replace protect\nserver/d/module/wipe#update protect\n"
                                   "server/e/module/motd#update -\n");
}

TEST(Protect, IsRememberedUntilACommitWithoutItWasApplied) {
    ServerInput server = wiping("a");
    server.applied->protect = true;
    const Planned planned = plan({server});
    ASSERT_TRUE(planned.plan.actions[0].blocked);
    EXPECT_EQ(planned.plan.actions[0].blocked->detail, "the server is protected as of commit 1a2b3c4");
    EXPECT_EQ(planned.plan.actions[0].blocked->lifted_by,
              "apply a commit that has the server without `protect` first");
    ASSERT_FALSE(planned.settled.empty());
    EXPECT_EQ(planned.settled[0].module, "") << "this apply records that it is protected no more";
}

TEST(Unobserved, BlocksWhatMayDisturbAServerOutOfReach) {
    const auto service = resource("service/ssh", R"({"running": true})");
    ServerInput server = settled("a", {unit("motd", {kMotd}), unit("ssh", {service}), unit("wipe", {kGone})});
    server.observed->state.presence = api::Presence::Unreachable;
    server.observed->resources["file/etc/motd"] = absent();
    server.observed->resources["service/ssh"].properties.set("running", false);
    server.observed->resources["directory/srv/old"].properties = {{"ensure", Value("present")}};
    EXPECT_EQ(blocked_by(plan({server})), "server/a/module/motd#update -\n"
                                          "server/a/module/ssh#update unobserved\n"
                                          "server/a/module/wipe#update unobserved\n");
}

TEST(Guard, BlocksEveryDestroyBeyondTheLimit) {
    PlanInput request = input({gone("a"), gone("b"), wiping("c")});
    request.allow_destroy = true;
    request.guard_source = "commit 1a2b3c4";
    const Planned planned = make_plan(request);
    EXPECT_EQ(blocked_by(planned),
              "server/a#destroy guard\nserver/b#destroy guard\nserver/c/module/wipe#update guard\n")
        << "all of them, not an arbitrary few";
    EXPECT_EQ(planned.plan.actions[0].blocked->detail,
              "2 servers would be destroyed at once, the guard allows 1 (max_destroy in commit 1a2b3c4)");
    request.max_destroy = 2;
    EXPECT_EQ(blocked_by(make_plan(request)),
              "server/a#destroy -\nserver/b#destroy -\nserver/c/module/wipe#update -\n");
}

TEST(Guard, PercentagesOfAppliedServersAreRoundedUp) {
    PlanInput request = input({wiping("a")});
    request.max_destructive_percent = 10;
    request.applied_servers = 3;
    EXPECT_EQ(blocked_by(make_plan(request)), "server/a/module/wipe#update -\n") << "0.3 of a server is one";
    request = input({wiping("a"), wiping("b")});
    request.max_destructive_percent = 10;
    request.applied_servers = 10;
    const Planned planned = make_plan(request);
    EXPECT_EQ(blocked_by(planned), "server/a/module/wipe#update guard\nserver/b/module/wipe#update guard\n");
    EXPECT_EQ(planned.plan.actions[0].blocked->detail,
              "2 of 10 applied servers would lose data at once, the guard allows 10 %, which is 1 "
              "(max_destructive_percent in built-in)");
    request.applied_servers = 11;
    EXPECT_EQ(blocked_by(make_plan(request)),
              "server/a/module/wipe#update -\nserver/b/module/wipe#update -\n");
}

TEST(Guard, CountsOnlyWhatWouldRun) {
    ServerInput kept = gone("b");
    kept.applied->protect = true;
    PlanInput request = input({gone("a"), kept});
    request.allow_destroy = true;
    EXPECT_EQ(blocked_by(make_plan(request)), "server/a#destroy -\nserver/b#destroy protect\n");
}

TEST(Guard, FirstInstallsDoNotCount) {
    std::vector<ServerInput> servers;
    for (const char* name : {"a", "b", "c"}) {
        servers.push_back(wanted(name, {}));
        servers.back().provider_diff.risk = api::Risk::Destructive;
    }
    PlanInput request = input(servers);
    request.max_destructive_percent = 0;
    EXPECT_EQ(blocked_by(make_plan(request)), "server/a#create -\nserver/b#create -\nserver/c#create -\n");
}

TEST(Blocked, WhatWaitsForABlockedActionIsBlockedToo) {
    ServerInput server = settled("a", {unit("motd", {kMotd})});
    server.desired->protect = true;
    server.provider_diff = {.kind = api::ActionKind::Replace, .risk = api::Risk::Destructive};
    const Planned planned = plan({server});
    EXPECT_EQ(blocked_by(planned), "server/a#replace protect\nserver/a/module/motd#create protect\n");
    EXPECT_EQ(planned.plan.actions[1].blocked->detail, "waits for server/a#replace, which is blocked");
}

TEST(Target, BringsDependenciesAlongAndCountsWhatLiesOutside) {
    PlanInput request = input({wanted("a", {unit("m", {kMotd}), unit("n", {file("/etc/n", "n\n")})}),
                               wanted("b", {unit("m", {kMotd})})});
    request.targets = {"server/a/module/m"};
    request.outside_scope = 5;
    const Planned planned = make_plan(request);
    EXPECT_EQ(blocked_by(planned), "server/a#create -\nserver/a/module/m#create -\n");
    EXPECT_EQ(planned.plan.outside_scope, 5u + 1u + 2u);
    request.targets = {"server/b"};
    EXPECT_EQ(blocked_by(make_plan(request)), "server/b#create -\nserver/b/module/m#create -\n");
    request.targets = {"server/b/module/x"};
    const Planned none = make_plan(request);
    EXPECT_TRUE(none.plan.actions.empty());
    EXPECT_EQ(none.plan.warnings,
              std::vector<std::string>{"there is no 'server/b/module/x', which --target names"});
}

TEST(Precondition, ChangesWithWhatItWasMadeOf) {
    ServerInput server = settled("a", {unit("m", {kMotd})});
    server.observed->resources["file/etc/motd"] = absent();
    const api::Action action = plan({server}).plan.actions.at(0);
    EXPECT_EQ(precondition(server, "m", action.unseen, kKey), action.precondition);

    ServerInput moved = server;
    moved.observed->resources["file/etc/motd"] = seen(file("/etc/motd", "by hand\n"));
    EXPECT_NE(precondition(moved, "m", action.unseen, kKey), action.precondition);
    moved = server;
    moved.desired->units = {unit("m", {file("/etc/motd", "newer\n")})};
    EXPECT_NE(precondition(moved, "m", action.unseen, kKey), action.precondition);
    moved = server;
    moved.applied->modules[0].resources[0].resource = file("/etc/motd", "other\n");
    EXPECT_NE(precondition(moved, "m", action.unseen, kKey), action.precondition);
    moved = server;
    moved.observed->facts = ValueMap{{"uptime", Value(5)}};
    EXPECT_EQ(precondition(moved, "m", action.unseen, kKey), action.precondition) << "facts nobody reads";
}

TEST(Precondition, WhatWasPlannedUnseenHoldsWhateverIsFound) {
    const ServerInput server = wanted("a", {unit("m", {kMotd})});
    const Planned planned = plan({server});
    ServerInput found = server;
    found.provider_diff = {};
    found.observed = observed_of(*server.desired);
    for (const api::Action& action : planned.plan.actions) {
        const std::string module = action.resource == "server/a" ? "" : "m";
        EXPECT_EQ(precondition(found, module, action.unseen, kKey), action.precondition) << action.id;
        EXPECT_NE(precondition(found, module, {}, kKey), action.precondition) << action.id;
    }
}

} // namespace
} // namespace lab::planner
