#include "store_fixture.h"

namespace lab::store {
namespace {

class JournalTest : public StoreFixture {
  protected:
    void SetUp() override {
        StoreFixture::SetUp();
        store_ = open();
    }
    store::Run begin(const api::Plan& plan) {
        auto run = store_->begin_run(new_run(plan), plan, lock_.get());
        EXPECT_TRUE(run) << run.error().text();
        return *run;
    }
    void take_lock() {
        auto lock = store_->lock({}, "lab apply");
        ASSERT_TRUE(lock) << lock.error().text();
        lock_ = std::move(*lock);
    }
    std::unique_ptr<Store> store_;
    std::unique_ptr<Lock> lock_;
};

TEST_F(JournalTest, ARunHasOneStepForEachActionOfItsPlan) {
    take_lock();
    const auto plan = plan_for({"web-1", "web-2"});
    const auto run = begin(plan);
    EXPECT_TRUE(run.id.starts_with("r-20261120T101500-")) << run.id;
    EXPECT_EQ(run.state, RunState::Running);
    EXPECT_EQ(run.started_at, clock_.wall());
    ASSERT_EQ(run.steps.size(), 2u);
    const auto back = store_->run(run.id);
    ASSERT_TRUE(back && *back);
    EXPECT_EQ((*back)->who, "root");
    EXPECT_EQ((*back)->plan_id, api::plan_id(plan));
    EXPECT_EQ((*back)->planned.update, 2u);
    EXPECT_EQ((*back)->state, RunState::Running);
    ASSERT_EQ((*back)->steps.size(), 2u);
    EXPECT_EQ((*back)->steps[1].action, "server/web-2/module/motd#update");
    EXPECT_EQ((*back)->steps[1].state, StepState::Planned);
    const auto document = store_->plan_document(run.id);
    ASSERT_TRUE(*document);
    EXPECT_EQ(api::plan_id(api::read_plan(**document).value()), run.plan_id);
}

TEST_F(JournalTest, StepsKeepIntentAndOutcome) {
    take_lock();
    const auto plan = plan_for({"web-1", "web-2", "web-3"});
    const auto run = begin(plan);
    const std::string first = plan.actions[0].id, second = plan.actions[1].id, third = plan.actions[2].id;
    ASSERT_TRUE(store_->steps_started(run.id, {first, second}, "key-1"));
    clock_.advance(std::chrono::seconds(3));
    ASSERT_TRUE(
        store_->step_done(run.id, {first}, application("web-1"), observation("web-1", clock_.wall())));
    ASSERT_TRUE(store_->step_ended(run.id, second, StepState::Failed, "file/etc/motd: no space"));
    ASSERT_TRUE(store_->step_ended(run.id, third, StepState::Skipped, "what it depends on was not done"));
    ASSERT_TRUE(store_->end_run(run.id, RunState::Failed, false));

    const auto back = store_->run(run.id);
    const auto& steps = (*back)->steps;
    EXPECT_EQ((*back)->state, RunState::Failed);
    EXPECT_EQ((*back)->ended_at, clock_.wall());
    EXPECT_EQ(steps[0].state, StepState::Done);
    EXPECT_EQ(steps[0].idempotency_key, "key-1");
    EXPECT_EQ(*steps[0].ended_at - *steps[0].started_at, std::chrono::seconds(3));
    EXPECT_EQ(steps[1].state, StepState::Failed);
    EXPECT_EQ(steps[1].detail, "file/etc/motd: no space");
    EXPECT_EQ(steps[2].state, StepState::Skipped);
    EXPECT_FALSE(steps[2].started_at);
    EXPECT_TRUE(*store_->applied("web-1"));
    EXPECT_TRUE(*store_->observed("web-1"));
    EXPECT_FALSE(*store_->applied("web-2"));
}

TEST_F(JournalTest, ARunIsDeadOnceItsLockIsGone) {
    take_lock();
    const auto plan = plan_for({"web-1"});
    const auto run = begin(plan);
    ASSERT_TRUE(store_->steps_started(run.id, {plan.actions[0].id}, "key-1"));
    EXPECT_TRUE(store_->unfinished_runs()->empty());
    EXPECT_EQ(store_->runs(1)->front().state, RunState::Running);
    lock_.reset();
    const auto dead = store_->unfinished_runs();
    ASSERT_EQ(dead->size(), 1u);
    EXPECT_EQ(dead->front().state, RunState::Dead);
    EXPECT_EQ(dead->front().steps.at(0).state, StepState::Started);
    EXPECT_EQ(store_->runs(1)->front().state, RunState::Dead);
    ASSERT_TRUE(store_->end_run(run.id, RunState::Interrupted, false));
    EXPECT_TRUE(store_->unfinished_runs()->empty());
}

TEST_F(JournalTest, ADeadOrInterruptedRunGoesOnUnderANewLock) {
    take_lock();
    const auto plan = plan_for({"web-1", "web-2"});
    const auto run = begin(plan);
    ASSERT_TRUE(store_->steps_started(run.id, {plan.actions[0].id}, "key-1"));
    ASSERT_TRUE(store_->step_done(run.id, {plan.actions[0].id}, application("web-1"),
                                  observation("web-1", clock_.wall())));
    EXPECT_EQ(store_->resume_run(run.id, nullptr).error().code, ErrorCode::Conflict);
    lock_.reset();
    take_lock();
    auto resumed = store_->resume_run(run.id, lock_.get());
    ASSERT_TRUE(resumed) << resumed.error().text();
    EXPECT_EQ(resumed->state, RunState::Running);
    EXPECT_EQ(resumed->steps.at(0).state, StepState::Done);
    EXPECT_EQ(resumed->steps.at(1).state, StepState::Planned);
    ASSERT_TRUE(store_->end_run(run.id, RunState::Interrupted, false));
    resumed = store_->resume_run(run.id, lock_.get());
    ASSERT_TRUE(resumed);
    EXPECT_FALSE((*store_->run(run.id))->ended_at);
    EXPECT_EQ(store_->resume_run("r-nope", lock_.get()).error().code, ErrorCode::NotFound);
}

TEST_F(JournalTest, RunsAreListedNewestFirst) {
    for (int i = 0; i < 3; ++i) {
        const auto plan = plan_for({"web-" + std::to_string(i)});
        const auto run = begin(plan);
        ASSERT_TRUE(store_->end_run(run.id, RunState::Done, i == 0));
        clock_.advance(std::chrono::minutes(1));
    }
    const auto runs = store_->runs(2);
    ASSERT_EQ(runs->size(), 2u);
    EXPECT_GT((*runs)[0].started_at, (*runs)[1].started_at);
    EXPECT_FALSE((*runs)[0].full);
    EXPECT_TRUE(store_->runs(10)->back().full);
    EXPECT_TRUE((*runs)[0].steps.empty());
}

TEST_F(JournalTest, OldPlanDocumentsGoTheirStepsStay) {
    std::vector<std::string> ids;
    for (int i = 0; i < 60; ++i) {
        const auto plan = plan_for({"web-1"}, "reason " + std::to_string(i));
        const auto run = begin(plan);
        ids.push_back(run.id);
        ASSERT_TRUE(store_->end_run(run.id, RunState::Done, false));
    }
    EXPECT_FALSE(*store_->plan_document(ids[0]));
    EXPECT_TRUE(*store_->plan_document(ids[59]));
    EXPECT_EQ((*store_->run(ids[0]))->steps.size(), 1u);
}

} // namespace
} // namespace lab::store
