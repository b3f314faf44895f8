#include "api/desired.h"
#include "api/plan.h"
#include "api/report.h"

#include "support/json.h"

#include <random>

#include <gtest/gtest.h>

namespace lab::api {
namespace {

const FingerprintKey kKey{std::string(32, 'k')};

template <typename T>
std::string refusal(const Result<T>& result) {
    return result ? "accepted" : result.error().message;
}

/// Random values of every shape that documents hold.
class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::size_t below(std::size_t count) { return engine_() % count; }
    std::string text() {
        static constexpr std::string_view kPieces[] = {"a",  "Z",  "0",        " ",  "\n",   "\t",
                                                       "\"", "\\", "\xc3\xa9", "{{", "\x01", "/"};
        std::string out;
        for (std::size_t i = below(12); i > 0; --i)
            out += kPieces[below(std::size(kPieces))];
        return out;
    }
    Value value(std::size_t depth = 3) {
        switch (below(depth == 0 ? 5 : 7)) {
        case 0: return {};
        case 1: return below(2) == 0;
        case 2: return static_cast<std::int64_t>(engine_()) - 1'000'000;
        case 3: return static_cast<double>(below(1000)) / 8;
        case 4: return text();
        case 5: {
            ValueList list;
            for (std::size_t i = below(4); i > 0; --i)
                list.push_back(value(depth - 1));
            return list;
        }
        default: {
            ValueMap map;
            for (std::size_t i = below(4); i > 0; --i)
                map.set(text(), value(depth - 1));
            return map;
        }
        }
    }
    PropertyChange change() {
        return {.path = text(), .before = value(), .after = value(), .effect = "update", .diff = text()};
    }
    Digest digest() { return sha256(text()); }

  private:
    std::mt19937 engine_;
};

Resource file(std::string name) {
    return checked(
               {.type = "file", .name = std::move(name), .module = "m", .properties = {{"content", "x\n"}}})
        .value();
}

TEST(DesiredDocument, RoundTrips) {
    Desired desired{.server = "web-1", .server_id = "id", .inventory = "inv", .commit = "abc", .key = kKey};
    desired.resources = {file("/a"), file("/b"), file("/c")};
    desired.resources[1].after = {"file/a"};
    desired.resources[1].notify = {"file/c"};
    desired.resources[2].when = Deferred{.text = "facts.x", .scope = {{"params", ValueMap{{"a", 1}}}}};
    desired.resources[2].sensitive = true;
    desired.resources[0].source = {.file = FileName("a.yaml"), .line = 2, .column = 3, .length = 4};
    const auto read = read_desired(write_desired(desired));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(write_desired(*read), write_desired(desired));
    EXPECT_EQ(digest(*read), digest(desired));
    EXPECT_EQ(read->key.bytes, kKey.bytes);
    EXPECT_EQ(read->resources[0].source.text(), "a.yaml:2:3");
}

TEST(DesiredDocument, AHandWrittenOneNeedsLittle) {
    const auto read = read_desired(R"({"format":"lab.desired/1","server":"a","digest":"sha256:0","resources":[
        {"type":"file","name":"/etc/motd","properties":{"content":"hi\n"},"module":"motd","source":null}]})");
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_TRUE(read->key.bytes.empty());
}

TEST(DesiredDocument, WhatItRefuses) {
    const auto with = [](std::string_view resources) {
        return refusal(read_desired(R"({"format":"lab.desired/1","server":"a","resources":)" +
                                    std::string(resources) + "}"));
    };
    EXPECT_EQ(refusal(read_desired("{}")), "the document does not say \"format\": \"lab.desired/1\"");
    EXPECT_EQ(refusal(read_desired(R"({"format":"lab.desired/2"})")),
              "the document has the format 'lab.desired/2', not 'lab.desired/1'");
    EXPECT_EQ(refusal(read_desired(R"({"format":"lab.desired/1","server":"a","resorces":[]})")),
              "the desired document has an unknown key 'resorces', did you mean 'resources'?");
    EXPECT_EQ(with(R"([{"type":"file","name":"/a"},{"type":"file","name":"/a"}])"),
              "the resource 'file/a' is given twice");
    EXPECT_EQ(with(R"([{"type":"file","name":"/a","after":["file/b"]}])"),
              "'after' of the resource 'file/a' names 'file/b', which is not in the document");
    EXPECT_EQ(
        with(
            R"([{"type":"file","name":"/a","after":["file/b"]},{"type":"file","name":"/b","after":["file/a"]}])"),
        "resources wait for each other: file/a -> file/b -> file/a");
    EXPECT_EQ(with(R"([{"type":"file","name":"/a","notify":["file/a"]}])"),
              "resources wait for each other: file/a -> file/a");
}

TEST(RunOrder, IsTheListsButForTheEdges) {
    std::vector<Resource> resources{file("/a"), file("/b"), file("/c"), file("/d")};
    EXPECT_EQ(*run_order(resources), (std::vector<std::size_t>{0, 1, 2, 3}));
    resources[0].after = {"file/c"};
    EXPECT_EQ(*run_order(resources), (std::vector<std::size_t>{1, 2, 0, 3}));
    resources[3].notify = {"file/b"};
    EXPECT_EQ(*run_order(resources), (std::vector<std::size_t>{2, 0, 3, 1}));
}

TEST(ReportDocument, RoundTripsWhateverItHolds) {
    Random random(20260315);
    for (int round = 0; round < 200; ++round) {
        Report report{.server = random.text(),
                      .server_id = random.text(),
                      .inventory = random.text(),
                      .mode = round % 2 == 0 ? "check" : "apply",
                      .desired = random.text(),
                      .at = random.text(),
                      .facts = random.value()};
        report.interrupted = random.below(2) == 0;
        if (random.below(2) == 0) report.warnings = {random.text()};
        for (std::size_t i = random.below(5); i > 0; --i) {
            ResourceReport resource{.id = random.text(),
                                    .status = static_cast<ResourceStatus>(random.below(5))};
            resource.observed = {{"x", random.value()}};
            for (std::size_t j = random.below(3); j > 0; --j)
                resource.changes.push_back(random.change());
            resource.reason = random.text();
            resource.notified = random.below(2) == 0;
            resource.duration = std::chrono::milliseconds(random.below(10'000));
            report.resources.push_back(std::move(resource));
        }
        const std::string written = write_report(report);
        const auto read = read_report(written);
        ASSERT_TRUE(read) << read.error().text() << written;
        EXPECT_EQ(write_report(*read), written);
    }
}

TEST(ReportDocument, RefusesOtherFormatsAndModes) {
    EXPECT_FALSE(read_report(R"({"format":"lab.plan/1"})"));
    EXPECT_EQ(refusal(read_report(R"({"format":"lab.report/1","server":"a","mode":"guess"})")),
              "the report has the unknown mode 'guess'");
    EXPECT_FALSE(read_report(
        R"({"format":"lab.report/1","server":"a","mode":"check","resources":[{"id":"x","status":"fine"}]})"));
}

Plan random_plan(Random& random) {
    Plan plan;
    plan.inventory = {.source = random.text(),
                      .id = random.text(),
                      .commit = random.text(),
                      .dirty = random.below(2) == 0,
                      .digest = random.digest()};
    plan.state = {.serial = static_cast<std::int64_t>(random.below(1000)), .observed_at = random.text()};
    if (random.below(2) == 0) plan.baseline = random.text();
    if (random.below(2) == 0) plan.observed = random.text();
    plan.scope = {{"label", random.value()}};
    plan.summary = {.create = random.below(9),
                    .update = random.below(9),
                    .forget = random.below(9),
                    .drifted = random.below(9)};
    plan.outside_scope = random.below(9);
    plan.warnings = {random.text()};
    plan.drift = {{.resource = random.text(),
                   .path = random.text(),
                   .kind = "changed",
                   .expected = random.value(),
                   .actual = random.value(),
                   .diff = random.text()}};
    plan.released = {{.resource = random.text(), .id = random.text()}};
    for (std::size_t i = random.below(4); i > 0; --i) {
        Action action{.id = random.text(),
                      .resource = random.text(),
                      .kind = static_cast<ActionKind>(random.below(5)),
                      .provider = random.text(),
                      .risk = static_cast<Risk>(random.below(3)),
                      .cause = static_cast<Cause>(random.below(3))};
        if (random.below(2) == 0)
            action.blocked = Blocked{.by = "guard", .detail = random.text(), .lifted_by = random.text()};
        action.reason = random.text();
        if (random.below(2) == 0) action.source = {.file = FileName(random.text()), .line = 1, .column = 2};
        action.changes = {random.change(), random.change()};
        action.causes = {Cause::Drift, Cause::Both};
        action.notifies = {random.text()};
        action.precondition = random.digest();
        action.depends_on = {random.text()};
        plan.actions.push_back(std::move(action));
    }
    return plan;
}

TEST(PlanDocument, RoundTripsWithTheSameId) {
    Random random(7);
    for (int round = 0; round < 200; ++round) {
        const Plan plan = random_plan(random);
        const std::string written = write_plan(plan);
        const auto read = read_plan(written);
        ASSERT_TRUE(read) << read.error().text() << written;
        EXPECT_EQ(write_plan(*read), written);
        const std::string compact = write_plan_compact(plan);
        EXPECT_LT(compact.size(), written.size());
        const auto same = read_plan(compact);
        ASSERT_TRUE(same) << same.error().text();
        EXPECT_EQ(write_plan(*same), written);
        EXPECT_EQ(plan_id(*read), plan_id(plan));
    }
}

TEST(PlanDocument, TheIdLeavesOutStateAndSource) {
    Random random(8);
    Plan plan = random_plan(random);
    const std::string id = plan_id(plan);
    plan.state.serial += 1;
    plan.state.observed_at = "2026-03-15T14:22:03Z";
    plan.inventory.source = "/elsewhere";
    EXPECT_EQ(plan_id(plan), id);
    plan.inventory.dirty = !plan.inventory.dirty;
    EXPECT_NE(plan_id(plan), id);
}

TEST(PlanDocument, AChangedDocumentIsRefused) {
    Plan plan;
    plan.inventory.id = "shop";
    plan.actions = {
        {.id = "server/a#create", .resource = "server/a", .kind = ActionKind::Create, .reason = "new"}};
    std::string text = write_plan(plan);
    ASSERT_TRUE(read_plan(text));
    text.replace(text.find("server/a"), 8, "server/b");
    EXPECT_EQ(refusal(read_plan(text)),
              "the plan's id does not match its content: it was changed after it was saved");
    EXPECT_FALSE(read_plan("[]"));
    EXPECT_FALSE(read_plan("{\"format\":\"lab.plan/1\"}"));
}

} // namespace
} // namespace lab::api
