// Rules of docs/planning.md about the three states of a property.
#include "fixture.h"

namespace lab::planner {
namespace {

using namespace test;

const api::Resource kOld = file("/etc/motd", "old\n");
const api::Resource kNew = file("/etc/motd", "new\n");

/// Desired, applied and observed content of one file on one server.
ServerInput motd(std::string_view desired, std::string_view applied, std::string_view observed) {
    ServerInput server = settled("web-1", {unit("motd", {file("/etc/motd", applied)})});
    server.desired->units = {unit("motd", {file("/etc/motd", desired)})};
    server.observed->resources["file/etc/motd"] = seen(file("/etc/motd", observed));
    return server;
}

TEST(Causes, ObservedEqualToDesiredIsNothing) {
    const Planned planned = plan({motd("a\n", "a\n", "a\n")});
    EXPECT_EQ(text(planned.plan), "");
    EXPECT_EQ(planned.plan.summary.unchanged, 2u);
    EXPECT_FALSE(has_changes(planned.plan));
}

TEST(Causes, AgainstABaselineAllIsIntent) {
    PlanInput given = input({motd("c\n", "a\n", "b\n")});
    given.baseline = "1a2b3c4d5e6f";
    const Planned planned = make_plan(given);
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update intent safe: file/etc/motd.content\n");
    EXPECT_TRUE(planned.plan.drift.empty());
}

TEST(Causes, ANewTextThatWaitsForAFactIsIntent) {
    const auto waits = [](const std::string& text) {
        return resource("file/etc/motd",
                        R"({"content": {"$template": ")" + text + R"({{ facts.os.id }}"}, "mode": "0644"})");
    };
    ServerInput server = motd("a\n", "a\n", "a\n");
    server.desired->units = {unit("motd", {waits("new ")})};
    server.observed->facts = {};
    const std::string intent = "server/web-1/module/motd#update intent safe: file/etc/motd.content\n";
    EXPECT_EQ(text(plan({server}).plan), intent);
    server.applied->modules = {
        {.module = "motd", .resources = {{.resource = waits("old "), .commit = "1a2b"}}}};
    EXPECT_EQ(text(plan({server}).plan), intent);
    server.applied->modules[0].resources[0].resource = server.desired->units[0].resources[0];
    EXPECT_EQ(text(plan({server}).plan), "");
}

TEST(Causes, AMachineThatNeverAnsweredIsNotUnchanged) {
    ServerInput server = wanted("web-1", {unit("motd", {kNew})});
    server.provider_diff = {};
    server.observed = ObservedServer{};
    server.observed->state.presence = api::Presence::Unreachable;
    const Planned planned = plan({server});
    EXPECT_EQ(planned.plan.actions.size(), 1u);
    EXPECT_EQ(planned.plan.summary.unchanged, 0u);
}

TEST(Causes, WhatAMachineMayRefuseIsSaid) {
    ServerInput server = motd("b\n", "a\n", "a\n");
    server.observed->resources["file/etc/motd"].properties = {{"ensure", Value("directory")}};
    const Planned planned = plan({server});
    ASSERT_EQ(planned.plan.actions.size(), 1u);
    EXPECT_EQ(planned.plan.actions[0].reason, "an apply fails if the directory '/etc/motd' is not empty");
    EXPECT_EQ(
        planned.plan.warnings,
        std::vector<std::string>{"file/etc/motd on web-1 may be refused: an apply fails if the directory "
                                 "'/etc/motd' is not empty"});
}

TEST(Causes, ALinkToRemoveThatIsAnotherKindOfThingMayBeRefused) {
    for (const std::string kind : {"file", "directory"}) {
        const auto link = resource("link/etc/x", R"({"target": "y", "ensure": "absent"})");
        ServerInput server = wanted("web-1", {unit("m", {link})});
        server.provider_diff = {};
        server.observed = ObservedServer{};
        server.observed->state.presence = api::Presence::Present;
        server.observed->resources["link/etc/x"].properties = {{"ensure", Value(kind)}};
        EXPECT_EQ(plan({server}).plan.warnings,
                  std::vector<std::string>{"link/etc/x on web-1 may be refused: '/etc/x' is no link, so an "
                                           "apply leaves it alone and fails"})
            << kind;
    }
}

TEST(Causes, AppliedEqualToDesiredIsDrift) {
    const Planned planned = plan({motd("a\n", "a\n", "b\n")});
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update drift safe: file/etc/motd.content\n");
    ASSERT_EQ(planned.plan.drift.size(), 1u);
    EXPECT_EQ(planned.plan.drift[0].kind, "changed");
    EXPECT_EQ(planned.plan.drift[0].expected, Value("a\n"));
    EXPECT_EQ(planned.plan.drift[0].actual, Value("b\n"));
}

TEST(Causes, ObservedEqualToAppliedIsIntent) {
    const Planned planned = plan({motd("b\n", "a\n", "a\n")});
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update intent safe: file/etc/motd.content\n");
    EXPECT_TRUE(planned.plan.drift.empty());
}

TEST(Causes, NeverAppliedIsIntent) {
    ServerInput server = motd("b\n", "a\n", "a\n");
    server.applied->modules.clear();
    EXPECT_EQ(text(plan({server}).plan),
              "server/web-1/module/motd#update intent safe: file/etc/motd.content\n");
}

TEST(Causes, AllThreeDifferentIsBoth) {
    EXPECT_EQ(text(plan({motd("c\n", "a\n", "b\n")}).plan),
              "server/web-1/module/motd#update both safe: file/etc/motd.content\n");
}

TEST(Causes, TheCauseOfAnActionIsTheUnionOverItsProperties) {
    ServerInput server = motd("b\n", "a\n", "a\n");
    server.observed->resources["file/etc/motd"].properties.set("mode", "0755");
    const Planned planned = plan({server});
    ASSERT_EQ(planned.plan.actions.size(), 1u);
    EXPECT_EQ(planned.plan.actions[0].causes, (std::vector{api::Cause::Intent, api::Cause::Drift}));
    EXPECT_EQ(planned.plan.actions[0].cause, api::Cause::Both);
}

TEST(Causes, MadeByHandAsDesiredIsSettledWithoutActing) {
    const Planned planned = plan({motd("b\n", "a\n", "b\n")});
    EXPECT_EQ(text(planned.plan), "");
    ASSERT_EQ(planned.settled.size(), 1u);
    EXPECT_EQ(planned.settled[0].module, "motd");
    EXPECT_EQ(planned.settled[0].resources, std::vector<std::string>{"file/etc/motd"});
    EXPECT_EQ(planned.plan.summary.drifted, 1u) << "it is not as it was applied";
}

TEST(Causes, ACommandIsDriftWhereNothingOfItWasRewritten) {
    const auto command = resource("command/index", R"({"run": ["/bin/index"], "creates": "/var/lib/index"})");
    ServerInput server = settled("web-1", {unit("index", {command})});
    server.observed->resources["command/index"].properties = {{"done", Value(false)}};
    EXPECT_EQ(text(plan({server}).plan),
              "server/web-1/module/index#update drift disruptive: command/index\n");
}

TEST(Causes, DriftIsMissingChangedOrUnmanaged) {
    const auto gone = resource("file/etc/gone", R"({"ensure": "absent"})");
    ServerInput server = settled("web-1", {unit("m", {file("/etc/a", "a\n"), file("/etc/b", "b\n"), gone})});
    server.observed->resources["file/etc/a"] = absent();
    server.observed->resources["file/etc/b"].properties.set("mode", "0600");
    server.observed->resources["file/etc/gone"].properties.set("ensure", "present");
    const Planned planned = plan({server});
    std::string found;
    for (const api::DriftItem& item : planned.plan.drift)
        found += item.path + " " + item.kind + "\n";
    EXPECT_EQ(found, "file/etc/a missing\nfile/etc/b.mode changed\nfile/etc/gone unmanaged\n");
    EXPECT_EQ(planned.plan.summary.drifted, 1u);
}

TEST(Causes, AMachineThatIsWantedElsewhereIsMadeByIntent) {
    ServerInput server = settled("web-1", {unit("motd", {kOld})});
    server.desired->spec.settings = ValueMap{{"root", Value("machines/other")}};
    server.observed = ObservedServer{.fresh = true};
    server.observed->state.presence = api::Presence::Missing;
    server.provider_diff = {.kind = api::ActionKind::Create,
                            .reason = "there is no tree",
                            .risk = api::Risk::Safe,
                            .changes = {{.path = "root",
                                         .before = {},
                                         .after = Value("machines/other"),
                                         .effect = "create",
                                         .diff = {}}}};
    const api::Plan moved = plan({server}).plan;
    EXPECT_EQ(text(moved),
              "server/web-1#create intent safe: root\n"
              "server/web-1/module/motd#create intent safe: file/etc/motd.ensure file/etc/motd.content "
              "file/etc/motd.mode\n");
    EXPECT_EQ(moved.actions[0].causes, std::vector(1, api::Cause::Intent));
    EXPECT_TRUE(moved.drift.empty());
    server.applied->spec.settings = server.desired->spec.settings;
    const api::Plan gone = plan({server}).plan;
    EXPECT_EQ(gone.actions[0].cause, api::Cause::Drift);
    EXPECT_EQ(gone.drift.size(), 1u);
}

TEST(Causes, WhatWasNeverAppliedIsNoDrift) {
    ServerInput server = wanted("web-1", {unit("motd", {kNew})});
    server.provider_diff = {};
    server.observed = observed_of(*server.desired);
    server.observed->resources["file/etc/motd"] = seen(kOld);
    const Planned planned = plan({server});
    EXPECT_TRUE(planned.plan.drift.empty());
    EXPECT_EQ(planned.plan.summary.drifted, 0u);
}

TEST(Causes, DriftOnlyPutsAppliedInThePlaceOfDesired) {
    PlanInput request = input({motd("c\n", "a\n", "b\n"), wanted("web-2", {unit("motd", {kNew})})});
    request.drift_only = true;
    const Planned planned = make_plan(request);
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update drift safe: file/etc/motd.content\n");
    EXPECT_EQ(planned.plan.actions[0].changes[0].after, Value("a\n"));
    EXPECT_TRUE(planned.settled.empty());
    EXPECT_EQ(planned.plan.summary.servers, 1u) << "what was never applied cannot drift";
}

TEST(Causes, DriftOnlyDestroysNothing) {
    ServerInput gone = motd("a\n", "a\n", "b\n");
    gone.desired.reset();
    PlanInput request = input({gone});
    request.drift_only = true;
    EXPECT_EQ(text(make_plan(request).plan),
              "server/web-1/module/motd#update drift safe: file/etc/motd.content\n");
}

} // namespace
} // namespace lab::planner
