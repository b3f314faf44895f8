#include "planner/views.h"

#include "fixture.h"
#include "planner/detail/names.h"
#include "planner/detail/phrases.h"
#include "support/text.h"

#include <algorithm>

namespace lab::planner {
namespace {

using namespace test;

/// A plan that changes one file of each server from `before` to `after`.
api::Plan changing(std::size_t servers, const std::string& path, const std::string& before,
                   const std::string& after, const std::string& name = "web") {
    std::vector<ServerInput> inputs;
    for (std::size_t i = 1; i <= servers; ++i) {
        ServerInput server = settled(name + "-" + std::to_string(i), {unit("motd", {file(path, before)})});
        server.desired->units = {unit("motd", {file(path, after)})};
        inputs.push_back(std::move(server));
    }
    return plan(std::move(inputs)).plan;
}

TEST(TextView, AnEmptyPlanIsOneLine) {
    EXPECT_EQ(render_text(plan({settled("a", {}), settled("b", {})}).plan, {}),
              "No changes: 2 servers match commit abc1234.\n");
    PlanInput dirty = input({settled("a", {})});
    dirty.inventory.dirty = true;
    EXPECT_EQ(render_text(make_plan(dirty).plan, {}),
              "No changes: 1 server matches the inventory with its uncommitted changes.\n");
    PlanInput limited = input({settled("a", {})});
    limited.scope = {{"label", ValueList{Value("web"), Value("db")}}};
    limited.outside_scope = 3;
    limited.settled_servers = limited.settled_not_observed = 2;
    EXPECT_EQ(render_text(make_plan(limited).plan, {}),
              "No changes: 1 server matches commit abc1234; 2 servers not observed; limited to label web db; "
              "3 more would change outside of it.\n");
    PlanInput compared = input({settled("a", {})});
    compared.baseline = "fedcba987654";
    EXPECT_EQ(render_text(make_plan(compared).plan, {}),
              "No changes: commit abc1234 does to 1 server what commit fedcba9 does.\n");
}

TEST(TextView, TwoServersAreTwoLinesAndThreeAreOne) {
    const std::string two = render_text(changing(2, "/etc/motd", "a\n", "b\n"), {});
    EXPECT_NE(two.find("  ~   server/web-1/module/motd  file/etc/motd.content  labels.yaml:3\n"),
              std::string::npos)
        << two;
    EXPECT_NE(two.find("server/web-2/module/motd"), std::string::npos);
    const std::string three = render_text(changing(3, "/etc/motd", "a\n", "b\n"), {});
    EXPECT_NE(three.find("  ~   module/motd on 3 servers  file/etc/motd.content  labels.yaml:3\n"
                         "        web-1, web-2, web-3\n"),
              std::string::npos)
        << three;
}

TEST(TextView, NothingOfOthersReachesTheTerminalRaw) {
    const std::string evil = "\033]0;title\a\033[31m\r";
    api::Plan plan = changing(1, "/etc/motd", "a\n", evil + "\n");
    plan.warnings = {evil};
    plan.inventory.source = evil;
    plan.scope = {{"label", Value(evil)}};
    plan.released = {{.resource = "server/a/module/" + evil, .id = evil}};
    plan.drift = {
        {.resource = "server/" + evil, .path = evil, .kind = "changed", .diff = "@@\n-" + evil + "\n"}};
    plan.actions[0].reason = evil;
    plan.actions[0].blocked = api::Blocked{.by = "guard", .detail = evil, .lifted_by = evil};
    plan.actions[0].source = place(evil, 1);
    plan.actions[0].changes.push_back(
        {.path = evil, .before = Value(evil), .after = {}, .effect = "update", .diff = {}});
    plan.actions[0].causes.push_back(api::Cause::Intent);
    for (const bool details : {false, true}) {
        const std::string text = render_text(plan, {.details = details});
        for (const char c : {'\033', '\a', '\r'})
            EXPECT_EQ(text.find(c), std::string::npos) << escape_controls(text, true);
    }
    EXPECT_EQ(render_markdown(plan).find('\033'), std::string::npos);
}

TEST(TextView, ColourOnlyWhereAskedFor) {
    const api::Plan plan = changing(1, "/etc/motd", "a\n", "b\n");
    EXPECT_EQ(render_text(plan, {}).find('\033'), std::string::npos);
    EXPECT_NE(render_text(plan, {.color = true}).find('\033'), std::string::npos);
}

TEST(TextView, AWideSummaryIsCutAtItsItems) {
    std::vector<api::Resource> resources;
    for (int i = 0; i < 12; ++i)
        resources.push_back(file("/etc/some/long/folder/name-" + std::to_string(i), "x\n"));
    ServerInput server = settled("a", {unit("m", resources)});
    server.applied->modules.clear();
    for (auto& [id, found] : server.observed->resources)
        found = absent();
    const std::string text = render_text(plan({server}).plan, {.width = 100});
    EXPECT_NE(
        text.find("  +   server/a/module/m  file/etc/some/long/folder/name-0 and 11 more  labels.yaml:3\n"),
        std::string::npos)
        << text;
}

TEST(MarkdownView, NobodyIsPingedAndNothingBreaksOut) {
    const std::string evil = "@octocat\n````\n</details><script>alert(1)</script>\n| a | b |\n# title\n";
    const std::string text = render_markdown(changing(1, "/etc/@all`<b>|x", "old\n", evil, "w"));
    // Outside of fences and code there is no mention and no markup of theirs.
    const std::size_t open = text.find("`````diff\n"), close = text.find("\n`````\n", open);
    ASSERT_NE(open, std::string::npos) << text;
    ASSERT_NE(close, std::string::npos);
    const std::string fenced = text.substr(open, close - open);
    EXPECT_NE(fenced.find("+@octocat"), std::string::npos);
    std::string rest = text.substr(0, open) + text.substr(close);
    EXPECT_EQ(rest.find("octocat"), std::string::npos);
    EXPECT_EQ(rest.find("<script"), std::string::npos);
    EXPECT_NE(rest.find("<code>file/etc/&#64;all`&lt;b&gt;|x.content</code>"), std::string::npos) << rest;
    EXPECT_NE(rest.find("``file/etc/@all`<b>|x.content``"), std::string::npos) << rest;
}

/// Every <details> is closed, every fence too.
bool is_balanced(const std::string& text) {
    int open = 0;
    bool fenced = false;
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with("```")) fenced = !fenced;
        if (fenced) continue;
        if (line.starts_with("<details>")) ++open;
        if (line.starts_with("</details>")) --open;
        if (open < 0) return false;
    }
    return open == 0 && !fenced;
}

TEST(MarkdownView, StaysBelowItsSizeAndSaysWhatWasCut) {
    std::vector<ServerInput> servers;
    for (int i = 0; i < 60; ++i) {
        const std::string name = "host-" + std::to_string(i);
        ServerInput server = settled(name, {unit("m", {file("/etc/a", "old\n")})});
        std::string content;
        for (int line = 0; line < 50 + i; ++line)
            content += "line " + std::to_string(line * i) + "\n";
        server.desired->units = {unit("m", {file("/etc/a", content)})};
        server.observed->resources["file/etc/a"].properties.set("mode", i % 2 ? "0600" : "0640");
        servers.push_back(std::move(server));
    }
    const api::Plan plan = test::plan(std::move(servers)).plan;
    for (const std::size_t limit : {300u, 1'000u, 3'000u, 10'000u, 60'000u}) {
        const std::string text = render_markdown(plan, limit);
        EXPECT_LE(text.size(), limit);
        EXPECT_TRUE(is_balanced(text)) << text;
        if (limit >= 1'000u && limit < 60'000u) {
            EXPECT_NE(text.find("_Cut for size: "), std::string::npos) << limit;
        }
        EXPECT_TRUE(text.starts_with("### Plan: ")) << text;
    }
    EXPECT_EQ(render_markdown(changing(1, "/etc/a", "a\n", "b\n")).find("Cut for size"), std::string::npos);
}

TEST(Names, AreListedInTheOrderPeopleCount) {
    EXPECT_EQ(detail::name_list({"web-10", "web-2", "web-1", "db", "web-2"}, 3),
              "db, web-1, web-2 and 1 more");
    EXPECT_TRUE(detail::natural_less("a-9", "a-10"));
    EXPECT_TRUE(detail::natural_less("a-09", "a-9")) << "equal numbers: by their bytes";
    EXPECT_FALSE(detail::natural_less("a", "a"));
    EXPECT_TRUE(detail::natural_less("a", "a1"));
}

TEST(Phrases, AServersNameIsTakenOutAsAWordOnly) {
    EXPECT_EQ(detail::without_name("a on a, bar, a-1 a", "a", "*"), "* on *, bar, a-1 *");
    EXPECT_EQ(detail::without_name("", "a", "*"), "");
}

TEST(Phrases, PathsSplitAtTheirProperty) {
    EXPECT_EQ(detail::split_path("file/etc/chrony.conf.content").id, "file/etc/chrony.conf");
    EXPECT_EQ(detail::split_path("file/etc/chrony.conf.content").property, "content");
    EXPECT_EQ(detail::split_path("command/rebuild.sh").id, "command/rebuild.sh");
}

} // namespace
} // namespace lab::planner
