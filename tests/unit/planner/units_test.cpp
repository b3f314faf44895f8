// Rules of docs/planning.md about what becomes of servers, modules and resources.
#include "fixture.h"

#include <algorithm>

namespace lab::planner {
namespace {

using namespace test;

const api::Resource kMotd = file("/etc/motd", "hi\n");

TEST(Units, NeverObservedAndNeverAppliedIsCreated) {
    const Planned planned = plan({wanted("web-1", {unit("motd", {kMotd})})});
    EXPECT_EQ(text(planned.plan), "server/web-1#create intent safe:\n"
                                  "server/web-1/module/motd#create intent safe: file/etc/motd.ensure "
                                  "file/etc/motd.content file/etc/motd.mode\n");
    for (const api::Action& action : planned.plan.actions)
        EXPECT_EQ(action.reason, "never observed");
    EXPECT_EQ(planned.plan.actions[0].unseen, std::vector<std::string>{"server/web-1"});
    EXPECT_EQ(planned.plan.actions[1].unseen, std::vector<std::string>{"file/etc/motd"});
    EXPECT_EQ(planned.plan.actions[1].depends_on, std::vector<std::string>{"server/web-1#create"});
    EXPECT_EQ(planned.plan.summary.not_observed, 0u);
}

TEST(Units, ValuesThatReadFactsAreKnownAfterObserving) {
    const auto banner =
        resource("file/etc/motd", R"({"content": {"$template": "{{ facts.os.name }}\n"}, "mode": "0644"})");
    const Planned before = plan({wanted("web-1", {unit("motd", {banner})})});
    const api::PropertyChange& last = before.plan.actions[1].changes.back();
    EXPECT_EQ(last.path, "file/etc/motd.content");
    EXPECT_EQ(display(last.after), R"({"$unknown":"known after observing"})");

    ServerInput server = settled("web-1", {unit("motd", {banner})});
    server.observed->resources["file/etc/motd"] = seen(file("/etc/motd", "debian\n"));
    EXPECT_EQ(text(plan({server}).plan), "");
    server.observed->facts = ValueMap{{"os", ValueMap{{"name", Value("fedora")}}}};
    EXPECT_EQ(text(plan({server}).plan),
              "server/web-1/module/motd#update drift safe: file/etc/motd.content\n");
}

TEST(Units, AMissingFactIsAWarningAndNoChange) {
    const auto banner =
        resource("file/etc/motd", R"({"content": {"$template": "{{ facts.gpu.model }}\n"}, "mode": "0644"})");
    ServerInput server = settled("web-1", {unit("motd", {banner})});
    server.observed->resources["file/etc/motd"] = seen(file("/etc/motd", "x\n"));
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "");
    ASSERT_EQ(planned.plan.warnings.size(), 1u);
    EXPECT_EQ(planned.plan.warnings[0],
              "file/etc/motd on web-1 could not be compared: the fact 'facts.gpu.model' is not known");
}

TEST(Units, PresentButNotYetManagedIsTakenOver) {
    ServerInput server = wanted("web-1", {unit("motd", {kMotd}), unit("ssh", {file("/etc/ssh", "s\n")})});
    server.provider_diff = {};
    server.observed = observed_of(*server.desired);
    server.observed->resources["file/etc/motd"] = seen(file("/etc/motd", "other\n"));
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update intent safe: file/etc/motd.content\n");
    EXPECT_EQ(planned.plan.actions[0].reason, "not managed until now");
    ASSERT_EQ(planned.settled.size(), 2u);
    EXPECT_EQ(planned.settled[0].module, "") << "the server itself is recorded";
    EXPECT_EQ(planned.settled[1].module, "ssh");
}

TEST(Units, MissingThoughAppliedIsCreatedForDrift) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.observed = ObservedServer{.at = kNow, .fresh = true};
    server.observed->state.presence = api::Presence::Missing;
    server.provider_diff = {.kind = api::ActionKind::Create, .reason = "no tree at /srv/web-1"};
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "server/web-1#create drift safe:\n"
                                  "server/web-1/module/motd#create drift safe: file/etc/motd.ensure "
                                  "file/etc/motd.content file/etc/motd.mode\n");
    ASSERT_EQ(planned.plan.drift.size(), 1u);
    EXPECT_EQ(planned.plan.drift[0].resource, "server/web-1");
    EXPECT_EQ(planned.plan.drift[0].kind, "missing");
}

TEST(Units, OutOfReachIsPlannedFromTheLastObservation) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.desired->units = {unit("motd", {file("/etc/motd", "new\n")})};
    server.observed->fresh = false;
    server.observed->state = {.presence = api::Presence::Unreachable, .detail = "connection refused"};
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "server/web-1/module/motd#update intent safe: file/etc/motd.content\n");
    EXPECT_EQ(planned.plan.actions[0].observed_at, "2026-03-15T14:22:03Z");
    EXPECT_EQ(planned.plan.actions[0].reason, "out of reach: planned from what was last seen");
    EXPECT_EQ(planned.plan.summary.not_observed, 1u);
    EXPECT_EQ(planned.plan.warnings,
              std::vector<std::string>{
                  "1 server is out of reach and planned from what is known: web-1 (connection refused)"});
}

TEST(Units, OutOfReachIsNeverTakenForMissing) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.observed.reset();
    server.provider_diff = {.kind = api::ActionKind::Create, .reason = "nothing known"};
    EXPECT_EQ(text(plan({server}).plan), "");
}

TEST(Units, AnAbsentProviderIsOneWarning) {
    std::vector<ServerInput> servers;
    for (int i = 1; i <= 12; ++i) {
        servers.push_back(wanted("web-" + std::to_string(i), {unit("motd", {kMotd})}));
        servers.back().desired->spec.provider = "aws";
        servers.back().provider_present = false;
    }
    const Planned planned = plan(servers);
    EXPECT_TRUE(planned.plan.actions.empty());
    EXPECT_EQ(planned.plan.summary.not_observed, 12u);
    EXPECT_EQ(
        planned.plan.warnings,
        std::vector<std::string>{"provider 'aws' is not part of this build: 12 servers are not observed "
                                 "and not planned: web-1, web-2, web-3, web-4, web-5, web-6, web-7, "
                                 "web-8 and 4 more"});
}

TEST(Units, GoneFromTheInventoryIsDestroyedWhereTheMachineIsOurs) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.desired.reset();
    PlanInput request = input({server});
    EXPECT_EQ(text(make_plan(request).plan), "server/web-1#destroy intent destructive: [flag]\n");
    request.allow_destroy = true;
    EXPECT_EQ(text(make_plan(request).plan), "server/web-1#destroy intent destructive:\n");
}

TEST(Units, GoneFromTheInventoryIsForgottenWhereItIsNot) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.desired.reset();
    server.provider_deletes = false;
    EXPECT_EQ(text(plan({server}).plan), "server/web-1#forget intent safe:\n");
}

TEST(Units, ResourcesThatLeftAreReleased) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd, file("/etc/issue", "i\n")})});
    server.desired->units[0].resources.pop_back();
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "");
    ASSERT_EQ(planned.plan.released.size(), 1u);
    EXPECT_EQ(planned.plan.released[0].resource, "server/web-1/module/motd");
    EXPECT_EQ(planned.plan.released[0].id, "file/etc/issue");
    EXPECT_TRUE(has_changes(planned.plan));
}

TEST(Units, ModulesThatLeftAreReleased) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd}), unit("ssh", {file("/etc/ssh", "s\n")})});
    server.desired->units.pop_back();
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "");
    ASSERT_EQ(planned.plan.released.size(), 1u);
    EXPECT_EQ(planned.plan.released[0].resource, "server/web-1/module/ssh");
}

TEST(Units, AResourceThatMovesToAnotherModuleIsNotReleased) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.desired->units = {unit("welcome", {kMotd})};
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan), "");
    EXPECT_TRUE(planned.plan.released.empty());
    ASSERT_EQ(planned.settled.size(), 1u);
    EXPECT_EQ(planned.settled[0].module, "welcome");
}

TEST(Units, ResourcesThatNeedALiveSystemAreNeverAChange) {
    const auto package = resource("package/chrony", "{}");
    const auto service = resource("service/chrony", R"({"running": true})");
    std::vector<ServerInput> servers;
    for (const char* name : {"web-1", "web-2"}) {
        servers.push_back(wanted(name, {unit("time", {package, service})}));
        servers.back().live = false;
    }
    PlanInput request = input(servers);
    request.settled_skipped = 3;
    const Planned planned = make_plan(request);
    EXPECT_EQ(text(planned.plan), "server/web-1#create intent safe:\nserver/web-2#create intent safe:\n");
    EXPECT_EQ(planned.plan.warnings,
              std::vector<std::string>{"7 resources need a live system and are skipped in trees: "
                                       "package/chrony, service/chrony"});
}

TEST(Units, AFailedObservationIsNoFalseCreate) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd, file("/etc/new", "n\n")})});
    server.applied->modules[0].resources.pop_back();
    for (auto& [id, found] : server.observed->resources)
        found = {.properties = {}, .skipped = false, .failed = true, .reason = "permission denied"};
    const Planned planned = plan({server});
    EXPECT_EQ(text(planned.plan),
              "server/web-1/module/motd#update intent safe: file/etc/new.content file/etc/new.mode "
              "file/etc/new.ensure [unobserved]\n")
        << "what was applied as it should be is taken to be so";
    EXPECT_EQ(display(planned.plan.actions[0].changes[0].before), R"({"$unknown":"not observed"})");
    EXPECT_EQ(planned.plan.warnings,
              (std::vector<std::string>{"file/etc/motd on web-1 could not be compared: permission denied",
                                        "file/etc/new on web-1 could not be compared: permission denied"}));
}

TEST(Units, AFalseWhenIsNoChange) {
    const auto guarded =
        file("/etc/fedora", "f\n", R"({"when": {"$template": "facts.os.name == 'fedora'"}})");
    ServerInput server = settled("web-1", {unit("m", {guarded})});
    server.applied->modules.clear();
    server.observed->resources.clear();
    EXPECT_EQ(text(plan({server}).plan), "");
    server.observed->facts = ValueMap{{"os", ValueMap{{"name", Value("fedora")}}}};
    EXPECT_EQ(text(plan({server}).plan), "server/web-1/module/m#create intent safe: file/etc/fedora.ensure "
                                         "file/etc/fedora.content file/etc/fedora.mode\n");
}

TEST(Units, WhatAChangeNotifiesIsListedAndMakesItDisruptive) {
    const auto config =
        file("/etc/ssh/sshd_config", "x\n", R"({"notify": ["command/check", "service/ssh"]})");
    const auto check = resource("command/check", R"({"run": ["/bin/check"], "only_notified": true})",
                                R"({"notify": ["service/log"]})");
    const auto ssh = resource("service/ssh", R"({"running": true})");
    const auto log = resource("service/log", R"({"running": true})");
    ServerInput server = settled("web-1", {unit("ssh", {config, check, ssh}), unit("zlog", {log})});
    EXPECT_EQ(text(plan({server}).plan), "");
    server.observed->resources["file/etc/ssh/sshd_config"].properties.set("content", "y\n");
    EXPECT_EQ(text(plan({server}).plan),
              "server/web-1/module/ssh#update drift disruptive: file/etc/ssh/sshd_config.content "
              ">command/check >service/log >service/ssh\n");
}

TEST(Units, ModulesWaitForTheModulesTheirResourcesWaitFor) {
    const auto a = file("/etc/a", "a\n", R"({"after": ["file/etc/b"]})");
    const auto b = file("/etc/b", "b\n", R"({"after": ["file/etc/c"]})");
    const auto c = file("/etc/c", "c\n");
    ServerInput server = settled("web-1", {unit("c", {c}), unit("b", {b}), unit("a", {a})});
    server.observed->resources["file/etc/a"] = server.observed->resources["file/etc/c"] = absent();
    const Planned planned = plan({server});
    ASSERT_EQ(planned.plan.actions.size(), 2u);
    EXPECT_EQ(planned.plan.actions[0].depends_on, std::vector<std::string>{"server/web-1/module/c#update"})
        << "also through a module that has nothing to do";
}

TEST(Units, ModulesThatWaitForEachOtherHaveNoOrder) {
    const auto a1 = file("/etc/a1", "a\n", R"({"after": ["file/etc/b1"]})");
    const auto a2 = file("/etc/a2", "a\n");
    const auto b1 = file("/etc/b1", "b\n");
    const auto b2 = file("/etc/b2", "b\n", R"({"notify": ["file/etc/c"], "after": ["file/etc/a2"]})");
    ServerInput server =
        settled("web-1", {unit("a", {a2, a1}), unit("b", {b1, b2}), unit("c", {file("/etc/c", "c\n")})});
    for (auto& [id, found] : server.observed->resources)
        found = absent();
    const Planned planned = plan({server});
    ASSERT_EQ(planned.plan.actions.size(), 3u);
    EXPECT_TRUE(planned.plan.actions[0].depends_on.empty());
    EXPECT_TRUE(planned.plan.actions[1].depends_on.empty());
    EXPECT_EQ(planned.plan.actions[2].depends_on, std::vector<std::string>{"server/web-1/module/b#update"});
}

TEST(Units, TheSummaryCountsUnits) {
    ServerInput changed = settled("web-1", {unit("a", {kMotd}), unit("b", {file("/etc/b", "b\n")})});
    changed.observed->resources["file/etc/motd"] = absent();
    PlanInput request = input({changed, settled("web-2", {unit("a", {kMotd})})});
    request.settled_servers = 10;
    request.settled_units = 40;
    request.settled_not_observed = 2;
    const api::PlanSummary summary = make_plan(request).plan.summary;
    EXPECT_EQ(summary.update, 1u);
    EXPECT_EQ(summary.unchanged, 40u + 2u + 2u);
    EXPECT_EQ(summary.servers, 12u);
    EXPECT_EQ(summary.not_observed, 2u);
}

TEST(Units, AnotherInventorysMachineIsLeftAlone) {
    ServerInput server = settled("web-1", {unit("motd", {kMotd})});
    server.observed->resources["file/etc/motd"] = absent();
    server.observed->state.inventory = "work";
    server.observed->state.server_id = "id-other";
    const Planned planned = plan({server});
    ASSERT_EQ(planned.plan.actions.size(), 2u); // the server, and its module
    EXPECT_EQ(planned.plan.actions[0].reason, "another machine answers");
    EXPECT_EQ(planned.plan.actions[0].cause, api::Cause::Drift);
    for (const api::Action& action : planned.plan.actions) {
        EXPECT_EQ(action.blocked->by, "policy");
        EXPECT_EQ(action.blocked->detail, "the machine belongs to inventory 'work'");
    }
    ASSERT_EQ(planned.plan.drift.size(), 1u);
    EXPECT_EQ(planned.plan.drift[0].path, "machine");
    EXPECT_EQ(*planned.plan.drift[0].actual.if_string(), "id-other of inventory 'work'");
    server.observed->state.inventory = "home";
    EXPECT_EQ(plan({server}).plan.actions[0].blocked->detail,
              "the machine says it is id-other, but 'web-1' is id-web-1");
    server.claims = "web-2";
    EXPECT_EQ(plan({server}).plan.actions[0].blocked->detail,
              "the machine says that it is server/web-2: a copy, or one that moved");
}

TEST(Units, PrivateValuesAreFingerprintsEverywhere) {
    const auto secret = file("/etc/key", "hunter2\n", R"({"sensitive": true})");
    ServerInput server = settled("web-1", {unit("key", {secret})});
    server.observed->resources["file/etc/key"].properties.set("content",
                                                              api::fingerprint(kKey, "older secret"));
    // It was public when it was applied.
    server.applied->modules[0].resources[0].resource = file("/etc/key", "older secret");
    const std::string document = api::write_plan(plan({server}).plan);
    EXPECT_NE(document.find("hmac-sha256:"), std::string::npos);
    EXPECT_EQ(document.find("hunter2"), std::string::npos);
    EXPECT_EQ(document.find("older secret"), std::string::npos) << document;
}

} // namespace
} // namespace lab::planner
