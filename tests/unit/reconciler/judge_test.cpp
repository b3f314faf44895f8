#include "reconciler/detail/judge.h"

#include <gtest/gtest.h>

namespace lab::reconciler {
namespace {

api::ResourceReport outcome(std::string id, api::ResourceStatus status, std::string reason = {}) {
    api::ResourceReport report;
    report.id = std::move(id);
    report.status = status;
    report.reason = std::move(reason);
    return report;
}

spec::ModuleUnit unit(std::string module, std::initializer_list<std::string> commands) {
    spec::ModuleUnit unit;
    unit.module = std::move(module);
    for (const std::string& name : commands) {
        api::Resource resource;
        resource.type = "command";
        resource.name = name;
        unit.resources.push_back(std::move(resource));
    }
    return unit;
}

api::Action action(std::string resource) {
    api::Action action;
    action.id = resource + "#update";
    action.resource = std::move(resource);
    return action;
}

using Status = api::ResourceStatus;

TEST(FailureOf, NamesTheFirstFiveOfManyFailuresAndCountsTheRest) {
    const auto units = std::vector{unit("web", {"a", "b", "c", "d", "e", "f", "g"})};
    api::Report report;
    for (const char name : std::string_view("abcdefg"))
        report.resources.push_back(outcome(std::string("command/") + name, Status::Failed, "exit 1"));
    EXPECT_EQ(
        failure_of(action("server/s/module/web"), report, units),
        "command/a: exit 1; command/b: exit 1; command/c: exit 1; command/d: exit 1; command/e: exit 1; "
        "and 2 more");
}

TEST(FailureOf, CountsWhatWasSkippedBecauseOfAFailure) {
    const auto units = std::vector{unit("web", {"a", "b"})};
    api::Report report;
    report.resources = {outcome("command/a", Status::Failed, "exit 1"),
                        outcome("command/b", Status::Skipped, "command/a failed")};
    EXPECT_EQ(failure_of(action("server/s/module/web"), report, units),
              "command/a: exit 1; 1 resource skipped because of it");
}

TEST(FailureOf, SpeaksOfNoOtherModule) {
    const auto units = std::vector{unit("web", {"a"}), unit("db", {"b"})};
    api::Report report;
    report.resources = {outcome("command/a", Status::Ok), outcome("command/b", Status::Failed, "exit 1")};
    EXPECT_EQ(failure_of(action("server/s/module/web"), report, units), "");
    EXPECT_EQ(failure_of(action("server/s/module/db"), report, units), "command/b: exit 1");
}

TEST(FailureOf, SaysThatAStoppedAgentDidNotComeToIt) {
    const auto units = std::vector{unit("web", {"a"})};
    api::Report report;
    report.resources = {outcome("command/a", Status::Skipped, std::string(kInterrupted))};
    EXPECT_EQ(failure_of(action("server/s/module/web"), report, units), kInterrupted);
}

TEST(Continues, OnlyWhenWhatIsLeftWasPlanned) {
    api::Action planned = action("server/s/module/web");
    planned.changes = {{.path = "file/a.content", .after = Value("x")},
                       {.path = "file/b.content", .after = Value("y")}};
    api::Plan now;
    now.actions = {action("server/s/module/web")};
    now.actions.front().changes = {{.path = "file/b.content", .after = Value("y")}};
    EXPECT_TRUE(continues(planned, now));
    now.actions.front().changes.front().after = Value("z");
    EXPECT_FALSE(continues(planned, now));
}

TEST(MakeJobs, JoinsTheActionsOfAServerAndWaitsOnceForEachOther) {
    api::Plan plan;
    plan.actions = {action("server/a/module/x"), action("server/a/module/y"), action("server/b")};
    plan.actions[2].depends_on = {plan.actions[0].id, plan.actions[1].id};
    const auto jobs = make_jobs(plan);
    ASSERT_EQ(jobs.size(), 2u);
    EXPECT_EQ(jobs[0].actions.size(), 2u);
    EXPECT_EQ(jobs[1].waits_for, 1u);
    EXPECT_EQ(jobs[0].awaiting, std::vector<std::size_t>{1});
}

} // namespace
} // namespace lab::reconciler
