#include "agent/destroy.h"
#include "agent/runner.h"
#include "scratch_tree.h"

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

class Runner : public ScratchTree {
  protected:
    /// Runs a document as a live system would, over the tree: commands and notifications happen.
    std::string run_live(std::string_view resources, bool apply, std::stop_token stop = {}) {
        const api::Desired document = desired(resources);
        Tree inside = tree();
        auto records = Records::open(inside);
        if (!records) return records.error().text();
        if (apply) {
            if (auto begun = records->begin(document); !begun) return begun.error().text();
        }
        const Value facts = ValueMap{{"cores", 2}};
        Host host{.tree = inside, .live = true, .facts = facts, .stop = {}, .key = document.key};
        api::Report report;
        RunResult result =
            run_resources(document, host, *records, system_clock(), {.apply = apply, .stop = stop});
        report.resources = std::move(result.resources);
        interrupted_ = result.interrupted;
        last_ = report;
        return outcomes(report);
    }

    /// A command that writes one more line to `said` each time it runs.
    std::string says(const std::string& name, const std::string& extra = R"("only_notified":true)") const {
        return R"({"type":"command","name":")" + name + R"(","properties":{"run":["/bin/sh","-c","echo )" +
               name + " >> " + (folder_ / "said").string() + R"("],)" + extra + "}}";
    }
    std::string said() const {
        std::ifstream file(folder_ / "said");
        std::stringstream out;
        out << file.rdbuf();
        return out.str();
    }
    static std::string file(const std::string& name, const std::string& content,
                            const std::string& extra = "") {
        return R"({"type":"file","name":")" + name + R"(","properties":{"content":")" + content + R"("})" +
               extra + "}";
    }

    api::Report last_;
    bool interrupted_ = false;
};

TEST_F(Runner, AFailureSkipsOnlyWhatDependsOnIt) {
    put("dir/inside", "x");
    const std::string resources = "[" + file("/dir", "x") + "," +
                                  file("/b", "b", R"(,"after":["file/dir"])") + "," +
                                  file("/c", "c", R"(,"after":["file/b"])") + "," + file("/d", "d") + "]";
    EXPECT_EQ(apply(resources),
              "failed file/dir: '/dir' is a directory that is not empty; move away what is in it, or "
              "manage it as a directory | skipped file/b: depends on 'file/dir', which failed | skipped "
              "file/c: depends on 'file/dir', which failed | changed file/d");
}

TEST_F(Runner, WhatNeedsALiveSystemIsSkippedInATreeAndStopsNothing) {
    EXPECT_EQ(apply(R"([{"type":"package","name":"chrony"},)" +
                    file("/a", "a", R"(,"after":["package/chrony"])") + "]"),
              "skipped package/chrony: needs a live system | changed file/a");
}

TEST_F(Runner, ATargetIsToldOnceAfterAllItsNotifiers) {
    const std::string resources = "[" + says("once") + "," +
                                  file("/a", "1", R"(,"notify":["command/once"])") + "," +
                                  file("/b", "1", R"(,"notify":["command/once"])") + "]";
    EXPECT_EQ(run_live(resources, false), "drifted command/once | drifted file/a | drifted file/b");
    EXPECT_EQ(said(), "") << "a check runs nothing";
    EXPECT_EQ(run_live(resources, true), "changed command/once | changed file/a | changed file/b");
    EXPECT_TRUE(last_.resources[0].notified);
    EXPECT_EQ(said(), "once\n");
    EXPECT_EQ(run_live(resources, true), "ok command/once | ok file/a | ok file/b");
    EXPECT_EQ(said(), "once\n");
}

TEST_F(Runner, ACommandThatHasToRunAnywayRunsOnceWhenItIsTold) {
    const std::string marker = (folder_ / "said").string();
    const std::string resources = "[" + file("/a", "1", R"(,"notify":["command/both"])") + "," +
                                  says("both", R"("unless":["/usr/bin/test","-e",")" + marker + "\"]") + "]";
    EXPECT_EQ(run_live(resources, true), "changed file/a | changed command/both");
    EXPECT_EQ(said(), "both\n");
}

TEST_F(Runner, WhatIsOwedIsADifferenceAndIsPaidByTheNextApply) {
    const std::string quiet =
        "[" + file("/a", "1", R"(,"notify":["command/late"])") + "," + says("late") + "]";
    {
        Tree inside = tree();
        ASSERT_TRUE(inside.make_parents("/var/lib/lab/x"));
        auto records = Records::open(inside);
        ASSERT_TRUE(
            records->owe({"command/late"}, "file/a")); // the file changed, and then the machine went down
    }
    put("a", "1");
    EXPECT_EQ(run_live(quiet, false), "ok file/a | drifted command/late");
    EXPECT_EQ(*last_.resources[1].observed.find("owed"), Value(true));
    EXPECT_EQ(last_.resources[1].changes[0].effect, "run");
    EXPECT_EQ(run_live(quiet, true), "ok file/a | changed command/late");
    EXPECT_EQ(said(), "late\n");
    EXPECT_EQ(run_live(quiet, false), "ok file/a | ok command/late");
}

TEST_F(Runner, AFailedTargetIsToldAgainNextTime) {
    const std::string resources =
        "[" + file("/a", "1", R"(,"notify":["command/try"])") +
        R"(,{"type":"command","name":"try","properties":{"run":["/usr/bin/test","-e",")" +
        (folder_ / "ready").string() + R"("],"only_notified":true}}])";
    EXPECT_TRUE(run_live(resources, true).starts_with("changed file/a | failed command/try: '/"));
    EXPECT_TRUE(run_live(resources, true).starts_with("ok file/a | failed command/try: '/"));
    std::ofstream(folder_ / "ready") << "";
    EXPECT_EQ(run_live(resources, true), "ok file/a | changed command/try");
}

TEST_F(Runner, AChangeThatDidNotHappenTellsNobody) {
    put("dir/inside", "x");
    const std::string resources =
        "[" + file("/dir", "x", R"(,"notify":["command/never"])") + "," + says("never") + "]";
    EXPECT_NE(run_live(resources, true).find("skipped command/never"), std::string::npos);
    fs::remove_all(root_ / "dir");
    put("dir", "x");
    EXPECT_EQ(run_live(resources, true), "ok file/dir | ok command/never");
    EXPECT_EQ(said(), "");
}

TEST_F(Runner, ACommandThatDoesNotDoWhatItIsForFails) {
    EXPECT_EQ(
        run_live(R"([{"type":"command","name":"c","properties":{"run":["/bin/true"],"creates":"/never"}}])",
                 true),
        "failed command/c: it was applied, but then there is still something to run");
}

TEST_F(Runner, ACommandThatHangsIsEndedAndSkipsOnlyItsDependents) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string out = run_live(
        R"([{"type":"command","name":"hang","properties":{"run":["/bin/sleep","60"],"creates":"/x","timeout":"200ms"}},)" +
            file("/a", "a", R"(,"after":["command/hang"])") + "," + file("/b", "b") + "]",
        true);
    EXPECT_TRUE(out.starts_with("failed command/hang: ")) << out;
    EXPECT_NE(out.find("skipped file/a: depends on 'command/hang', which failed | changed file/b"),
              std::string::npos)
        << out;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST_F(Runner, ConditionsOnFactsDecideOnTheMachine) {
    const std::string resources =
        "[" + file("/a", "a", R"(,"when":{"$template":"facts.cores > 4"})") + "," +
        file("/b", "b", R"(,"after":["file/a"],"when":{"$template":"facts.cores < 4"})") + "]";
    EXPECT_EQ(run_live(resources, true), "skipped file/a: its 'when' is false | changed file/b");
}

TEST_F(Runner, AnInterruptSkipsTheRest) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(run_live("[" + file("/a", "a") + "]", true, stop.get_token()), "skipped file/a: interrupted");
    EXPECT_TRUE(interrupted_);
}

TEST_F(Runner, TheMachineKeepsItsIdentity) {
    const std::string resources = "[" + file("/a", "a") + "]";
    ASSERT_EQ(apply(resources), "changed file/a");
    Request other{.mode = Mode::Apply, .root = root_.string()};
    other.desired = desired(resources);
    other.desired.inventory = "another";
    const auto refused = answer(other, facts_, system_clock(), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Denied);
    EXPECT_EQ(refused.error().message,
              "this machine is server 'web' (s1) of the inventory 'shop', not 'web' (s1) of 'another'");
    other.mode = Mode::Check;
    const auto seen = answer(other, facts_, system_clock(), {});
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->inventory, "shop");
    EXPECT_EQ(seen->server_id, "s1");
}

TEST_F(Runner, TwoAppliesAtOnceDoNotMix) {
    const api::Desired document = desired("[]");
    Tree inside = tree();
    auto first = Records::open(inside);
    ASSERT_TRUE(first->begin(document));
    Tree again = tree();
    auto second = Records::open(again);
    const auto refused = second->begin(document, std::chrono::milliseconds(50));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
}

TEST_F(Runner, WhatWasAppliedIsKeptPerResource) {
    ASSERT_EQ(apply("[" + file("/a", "1") + "," + file("/b", "1") + "]"), "changed file/a | changed file/b");
    ASSERT_EQ(apply("[" + file("/a", "2") + "]"), "changed file/a");
    const Value applied = read_applied(tree()).value();
    const Value* resources = applied.get("resources");
    ASSERT_TRUE(resources && resources->get("file/a") && resources->get("file/b"));
    const auto a = api::resource_from_value(*resources->get("file/a")->get("resource"));
    ASSERT_TRUE(a) << a.error().text();
    EXPECT_EQ(*a->properties.find("content"), Value("2"));
    EXPECT_EQ(*resources->get("file/a")->get("digest"), Value(api::digest(*a).text()));
}

class Destroy : public ScratchTree {};

TEST_F(Destroy, RemovesOnlyTheTreeOfThisServer) {
    const Identity who{.server_id = "s1", .inventory = "shop", .server = "web"};
    EXPECT_EQ(destroy_tree(root_.string(), who).error().code, ErrorCode::Denied) << "no machine.json";
    ASSERT_EQ(apply("[]"), "");
    EXPECT_EQ(
        destroy_tree(root_.string(), {.server_id = "s2", .inventory = "shop", .server = "x"}).error().code,
        ErrorCode::Denied);
    EXPECT_EQ(destroy_tree(root_.string(), {.server_id = "s1", .inventory = "x", .server = "x"}).error().code,
              ErrorCode::Denied);
    for (const char* root : {"/", "", ".", "/..", "relative", "//"})
        EXPECT_EQ(destroy_tree(root, who).error().code, ErrorCode::Denied) << root;
    fs::create_directory_symlink(root_, folder_ / "link");
    EXPECT_EQ(destroy_tree((folder_ / "link").string(), who).error().code, ErrorCode::Denied);
    EXPECT_TRUE(fs::exists(root_));
    EXPECT_TRUE(destroy_tree(root_.string(), who));
    fs::remove(folder_ / "link");
    EXPECT_TRUE(fs::is_empty(folder_));
    EXPECT_TRUE(destroy_tree(root_.string(), who)) << "what is gone is destroyed";
}

TEST_F(Destroy, FinishesWhatAKillLeft) {
    const Identity who{.server_id = "s1", .inventory = "shop", .server = "web"};
    ASSERT_EQ(apply("[]"), "");
    ASSERT_TRUE(destroy_tree(root_.string(), who));
    // The name of the rest is that of the identity: found by destroying a tree whose removal cannot end.
    fs::create_directory(root_);
    ASSERT_EQ(apply("[]"), "");
    const Digest digest = Hasher().part(std::string_view("shop")).part(std::string_view("s1")).finish();
    const fs::path aside = folder_ / (".root.lab-destroy-" + digest.hex().substr(0, 32));
    fs::rename(root_, aside);
    ASSERT_TRUE(destroy_tree(root_.string(), who));
    EXPECT_TRUE(fs::is_empty(folder_));
}

} // namespace
} // namespace lab::agent
