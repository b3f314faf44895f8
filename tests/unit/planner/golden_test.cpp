// One rich plan in every view. LAB_TEST_ACCEPT=1 rewrites the files.
#include "fixture.h"

#include "planner/views.h"
#include "support/files.h"

#include <cstdlib>
#include <filesystem>

namespace lab::planner {
namespace {

using namespace test;

api::Resource at(api::Resource resource, const char* file, std::uint32_t line) {
    resource.source = place(file, line);
    return resource;
}

api::Resource motd(const std::string& server, std::string_view banner) {
    return at(file("/etc/motd", std::string(banner) + " on " + server + "\n"), "modules/motd/module.yaml", 7);
}

std::string sshd(std::string_view root, std::string_view extra = {}) {
    return "# managed by lab\n"
           "Port 22\n"
           "AddressFamily any\n"
           "ListenAddress 0.0.0.0\n"
           "PermitRootLogin " +
           std::string(root) +
           "\n"
           "PasswordAuthentication no\n"
           "X11Forwarding no\n" +
           std::string(extra);
}

spec::ModuleUnit ssh(std::string_view root) {
    return unit("ssh", {at(file("/etc/ssh/sshd_config", sshd(root), R"({"notify": ["service/ssh"]})"),
                           "modules/ssh/module.yaml", 9),
                        at(resource("service/ssh", R"({"enabled": true, "running": true})"),
                           "modules/ssh/module.yaml", 14)});
}

void replace_unit(ServerInput& server, spec::ModuleUnit unit) {
    for (spec::ModuleUnit& each : server.desired->units)
        if (each.module == unit.module) each = unit;
}

/// A change of the banner on 37 servers.
void add_web(std::vector<ServerInput>& servers) {
    for (int i = 1; i <= 37; ++i) {
        const std::string name = "web-" + std::to_string(i);
        ServerInput server = settled(name, {unit("motd", {motd(name, "hello")}), ssh("no")});
        replace_unit(server, unit("motd", {motd(name, "welcome")}));
        servers.push_back(std::move(server));
    }
}

ServerInput new_server() {
    return wanted("web-38", {unit("motd", {motd("web-38", "welcome")}), ssh("no")});
}

/// Somebody edited its sshd_config by hand while the inventory changed it too; a file left its document.
ServerInput edited_by_hand() {
    ServerInput server =
        settled("db-1", {unit("motd", {motd("db-1", "welcome")}), ssh("prohibit-password"),
                         unit("base", {at(resource("sysctl/vm.swappiness", R"({"value": "10"})"),
                                          "modules/base/module.yaml", 5),
                                       file("/etc/issue", "lab\n")})});
    server.observed->resources["file/etc/ssh/sshd_config"].properties.set("content",
                                                                          sshd("yes", "MaxSessions 50\n"));
    server.observed->resources["sysctl/vm.swappiness"].properties.set("value", "60");
    server.observed->resources["file/etc/motd"].properties.set("mode", "0666");
    replace_unit(server, ssh("no"));
    server.desired->units.back().resources.pop_back();
    return server;
}

/// A secret was rotated; nobody may read it here.
ServerInput rotated_secret() {
    const auto key = [](std::string_view secret) {
        return at(resource("file/etc/pg/server.key",
                           write_json(ValueMap{{"content", Value(secret)}, {"mode", "0600"}})),
                  "modules/postgres/module.yaml", 21);
    };
    const auto reload = resource("service/postgresql", R"({"running": true, "restart": "reload"})");
    ServerInput server = settled("db-2", {unit("postgres", {key("first secret"), reload})});
    auto rotated = key("second secret");
    rotated.notify = {"service/postgresql"};
    server.desired->units = {unit("postgres", {rotated, reload})};
    return server;
}

ServerInput out_of_reach() {
    ServerInput server = settled("db-3", {unit("motd", {motd("db-3", "hello")}), ssh("yes")});
    replace_unit(server, unit("motd", {motd("db-3", "welcome")}));
    replace_unit(server, ssh("no"));
    server.observed->fresh = false;
    server.observed->at = kNow - std::chrono::hours(3);
    server.observed->state = {.presence = api::Presence::Unreachable, .detail = "connection refused"};
    return server;
}

ServerInput vanished() {
    ServerInput server = settled("cache-9", {unit("motd", {motd("cache-9", "welcome")})});
    server.observed = ObservedServer{.at = kNow, .fresh = true};
    server.observed->state.presence = api::Presence::Missing;
    server.provider_diff = {.kind = api::ActionKind::Create, .reason = "no tree at /srv/cache-9"};
    return server;
}

ServerInput left(const std::string& name, bool deletes, bool protect) {
    ServerInput server = settled(name, {unit("motd", {motd(name, "hello")})});
    server.desired.reset();
    server.provider_deletes = deletes;
    server.applied->protect = protect;
    return server;
}

/// Old data goes; more of it than the guard allows.
void add_wiped(std::vector<ServerInput>& servers) {
    const auto gone = at(resource("directory/var/cache/old", R"({"ensure": "absent", "recursive": true})"),
                         "modules/cache/module.yaml", 12);
    for (int i = 1; i <= 7; ++i) {
        ServerInput server = settled("cache-" + std::to_string(i), {unit("cache", {gone})});
        server.applied->modules.clear();
        server.observed->resources["directory/var/cache/old"].properties = {{"ensure", Value("present")}};
        servers.push_back(std::move(server));
    }
}

ServerInput replaced() {
    ServerInput server = settled("cache-8", {unit("motd", {motd("cache-8", "welcome")})});
    server.desired->protect = true;
    server.desired->protect_at = place("servers/cache-8.yaml", 5);
    server.provider_diff = {
        .kind = api::ActionKind::Replace, .reason = "the image changes", .risk = api::Risk::Destructive};
    server.provider_diff.changes = {
        {.path = "image", .before = "debian-11", .after = "debian-12", .effect = "update", .diff = {}}};
    server.applied->spec.settings.set("image", "debian-11");
    server.desired->spec.settings.set("image", "debian-12");
    return server;
}

ServerInput tree() {
    ServerInput server =
        settled("lab-1", {unit("time", {resource("package/chrony", "{}"),
                                        resource("service/chrony", R"({"running": true})")})});
    server.live = false;
    return server;
}

ServerInput elsewhere() {
    ServerInput server = wanted("cloud-1", {});
    server.desired->spec.provider = "aws";
    server.provider_present = false;
    return server;
}

api::Plan rich_plan() {
    std::vector<ServerInput> servers;
    add_web(servers);
    servers.push_back(new_server());
    servers.push_back(edited_by_hand());
    servers.push_back(rotated_secret());
    servers.push_back(out_of_reach());
    servers.push_back(vanished());
    servers.push_back(left("old-1", true, false));
    servers.push_back(left("old-db", true, true));
    servers.push_back(left("switch-1", false, false));
    add_wiped(servers);
    servers.push_back(replaced());
    servers.push_back(tree());
    servers.push_back(elsewhere());
    PlanInput request = input(std::move(servers));
    request.max_destructive_percent = 10;
    request.guard_source = "commit 1a2b3c4";
    request.scope = {{"environment", ValueList{Value("prod")}}};
    request.outside_scope = 4;
    request.settled_servers = 120;
    request.settled_units = 480;
    request.state.observed_at = format_time(kNow - std::chrono::hours(3));
    return make_plan(request).plan;
}

/// Compares with a file of testdata, or rewrites it where that is asked for.
void expect_golden(const std::string& name, const std::string& actual) {
    const std::filesystem::path path = std::filesystem::path(LAB_TESTDATA) / name;
    if (std::getenv("LAB_TEST_ACCEPT")) {
        ASSERT_TRUE(write_file_atomic(path, actual));
        GTEST_SKIP() << "rewrote " << path;
    }
    const auto expected = read_file(path, 64u << 20);
    ASSERT_TRUE(expected) << expected.error().text();
    EXPECT_EQ(actual, *expected) << "LAB_TEST_ACCEPT=1 accepts what changed";
}

TEST(Golden, RichPlanAsText) {
    expect_golden("rich.txt", render_text(rich_plan(), {.width = 120, .now = kNow}));
}

TEST(Golden, RichPlanWithDetails) {
    expect_golden("rich.details.txt", render_text(rich_plan(), {.details = true, .width = 120, .now = kNow}));
}

TEST(Golden, RichPlanInColour) {
    expect_golden("rich.color.txt", render_text(rich_plan(), {.color = true, .width = 120, .now = kNow}));
}

TEST(Golden, RichPlanAsMarkdown) {
    expect_golden("rich.md", render_markdown(rich_plan()));
}

TEST(Golden, RichPlanAsJson) {
    expect_golden("rich.json", api::write_plan(rich_plan()));
}

} // namespace
} // namespace lab::planner
