// Who may read which secret, as lines of a plan.
#include "fixture.h"
#include "planner/views.h"

namespace lab::planner {
namespace {

using namespace test;

const api::Resource kMotd = file("/etc/motd", "hi\n");

/// May read what `applied` says, and should what `desired` says.
ServerInput granted(const std::string& name, Grants applied, const Grants& desired) {
    ServerInput server = settled(name, {unit("motd", {kMotd})});
    server.applied->secrets = std::move(applied);
    server.desired->secrets = wanted_grants(desired);
    for (auto& [path, grant] : server.desired->secrets)
        grant.at = place("labels.yaml", 4);
    return server;
}

TEST(Grants, AGrantIsAChangeOfTheServerItself) {
    const Planned planned = plan({granted("a", {{"m/old", "label x"}, {"m/same", "label x"}},
                                          {{"m/new", "label y"}, {"m/same", "label y"}})});
    EXPECT_EQ(text(planned.plan), "server/a#update intent safe: secrets.m/new secrets.m/old\n");
    const api::Action& action = planned.plan.actions[0];
    EXPECT_EQ(action.source.text(), "labels.yaml:4:3");
    EXPECT_EQ(action.changes[0].effect, "grant");
    EXPECT_EQ(action.changes[0].after, Value("label y"));
    EXPECT_EQ(action.changes[1].effect, "revoke");
    EXPECT_EQ(action.changes[1].before, Value("label x"));
    EXPECT_TRUE(planned.settled.empty());
}

TEST(Grants, ThatOnlyTheWayChangesIsRecordedAndNoChange) {
    const Planned planned = plan({granted("a", {{"m/key", "label x"}}, {{"m/key", "label y"}})});
    EXPECT_EQ(text(planned.plan), "");
    ASSERT_EQ(planned.settled.size(), 1u);
    EXPECT_EQ(planned.settled[0].module, "");
    EXPECT_TRUE(plan({granted("a", {{"m/key", "label x"}}, {{"m/key", "label x"}})}).settled.empty());
}

TEST(Grants, GoWithTheServer) {
    ServerInput gone = granted("a", {{"m/key", "label x"}}, {});
    gone.desired.reset();
    EXPECT_EQ(text(plan({gone}).plan), "server/a#destroy intent destructive: secrets.m/key [flag]\n");
}

TEST(Grants, AreNoDrift) {
    PlanInput drift = input({granted("a", {{"m/old", "label x"}}, {{"m/new", "label y"}})});
    drift.drift_only = true;
    EXPECT_EQ(text(make_plan(drift).plan), "");
}

TEST(Grants, WithoutAProviderAreStillCompared) {
    ServerInput server = granted("a", {}, {{"m/new", "label y"}});
    server.provider_present = false;
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "server/a#update intent safe: secrets.m/new\n");
    EXPECT_EQ(planned.plan.summary.unchanged, 0u);
    EXPECT_EQ(planned.plan.summary.update, 1u);
}

TEST(Grants, WhereItIsNotKnownNothingIsNew) {
    ServerInput server = granted("a", {}, {{"m/new", "label y"}});
    server.applied->secrets.reset();
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "");
    EXPECT_EQ(
        planned.plan.warnings,
        std::vector<std::string>{"which secrets 1 server could read before is not known since the state was "
                                 "rebuilt: an apply records what the inventory says now: a"});
    ASSERT_EQ(planned.settled.size(), 1u); // it is to be recorded
    EXPECT_EQ(planned.settled[0].module, "");
    server.desired->secrets.clear();
    EXPECT_TRUE(plan({server}).plan.warnings.empty());
    const ServerInput known = granted("a", {}, {});
    EXPECT_NE(precondition(server, "", {}, kKey), precondition(known, "", {}, kKey));
}

TEST(Grants, WhatWasGrantedIsPartOfThePrecondition) {
    const ServerInput before = granted("a", {}, {{"m/new", "label y"}});
    const ServerInput other = granted("a", {{"m/new", "label y"}}, {{"m/new", "label y"}});
    EXPECT_EQ(precondition(before, "", {}, kKey), plan({before}).plan.actions[0].precondition);
    EXPECT_NE(precondition(before, "", {}, kKey), precondition(other, "", {}, kKey));
}

TEST(Grants, EachHasALineInEveryView) {
    std::vector<ServerInput> servers;
    for (const char* name : {"a", "b", "c", "d"})
        servers.push_back(granted(name, {}, {{"m/one", "label x"}, {"m/two", "label x → class c"}}));
    servers.push_back(granted("e", {}, {{"m/three", "label x"}, {"m/two", "label x → class c"}}));
    const api::Plan plan = test::plan(servers).plan;
    const std::string shown = render_text(plan, {});
    EXPECT_NE(shown.find("4 servers  may read 2 more secrets"), std::string::npos) << shown;
    EXPECT_NE(shown.find("        secrets.m/one granted by label x\n"
                         "        secrets.m/two granted by label x → class c\n"),
              std::string::npos)
        << shown;
    EXPECT_NE(shown.find("secrets.m/three granted by label x\n"), std::string::npos) << shown;
    EXPECT_NE(render_markdown(plan).find("secrets.m/three granted by label x"), std::string::npos);
}

} // namespace
} // namespace lab::planner
