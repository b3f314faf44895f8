#include "providers/local/local_provider.h"

#include "providers/conformance.h"
#include "temporary_folder.h"
#include "two_files.h"

#include <fmt/format.h>

namespace lab::providers {
namespace {

using local::LocalProvider;

local::AgentProgram real_agent() {
    local::AgentProgram program;
    program.path = LAB_AGENT;
    return program;
}

/// Trees below a home of its own.
class TreeWorld final : public ConformanceWorld {
  public:
    TreeWorld() : provider_({.home = home_.path(), .agent = real_agent()}) {}
    Provider& provider() override { return provider_; }
    api::ServerSpec server(int number) override {
        return {.name = fmt::format("web-{}", number),
                .server_id = fmt::format("srv-{}", number),
                .inventory = "inv-1",
                .provider = "local",
                .settings = {{"root", fmt::format("trees/web-{}", number)}}};
    }
    std::vector<api::Resource> resources() override { return local::two_files(); }
    void disturb(const api::ServerSpec& server) override {
        local::write_file(root(server) / "etc/motd", "changed by hand\n");
    }
    void make_unreachable(const api::ServerSpec& server) override {
        std::filesystem::remove_all(root(server));
        local::write_file(root(server), "in the way");
    }
    std::vector<ValueMap> wrong_settings() override {
        return {
            {{"root", "../outside"}}, {{"root", "/etc"}}, {{"root", ""}}, {{"root", 3}}, {{"root", "locks"}}};
    }

  private:
    std::filesystem::path root(const api::ServerSpec& server) const {
        return home_.path() / *server.settings.find("root")->if_string();
    }
    local::TemporaryFolder home_;
    LocalProvider provider_;
};

INSTANTIATE_TEST_SUITE_P(Local, ProviderConformance,
                         testing::Values(ConformanceCase{"tree",
                                                         [] { return std::make_unique<TreeWorld>(); }}),
                         conformance_name);

class LocalProviderTest : public testing::Test {
  protected:
    LocalProvider provider() { return LocalProvider({.home = home_.path(), .agent = real_agent()}); }
    static std::vector<std::string> problems(const std::vector<ValueMap>& fleet) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < fleet.size(); ++i)
            names.push_back("s" + std::to_string(i));
        std::vector<Provider::FleetServer> servers;
        for (std::size_t i = 0; i < fleet.size(); ++i)
            servers.push_back({.name = names[i], .settings = &fleet[i]});
        std::vector<std::string> found;
        for (const auto& problem : LocalProvider({}).validate_fleet(servers))
            found.push_back(names[problem.server] + ": " + problem.message);
        return found;
    }
    local::TemporaryFolder home_;
};

TEST_F(LocalProviderTest, TreesAreLabsToDeleteAndThisMachineIsNot) {
    const auto local = provider();
    EXPECT_TRUE(local.deletes({{"root", "trees/a"}}));
    EXPECT_FALSE(local.is_live({{"root", "trees/a"}}));
    EXPECT_FALSE(local.deletes({}));
    EXPECT_TRUE(local.is_live({}));
    EXPECT_FALSE(local.diff({.name = "here"}, nullptr).kind) << "this machine is never made";
}

TEST_F(LocalProviderTest, ThisMachineIsNeverDestroyed) {
    auto local = provider();
    const auto refused = local.destroy({.name = "here"}, "key", {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Denied);
}

TEST_F(LocalProviderTest, OneMachineIsOneServer) {
    using Found = std::vector<std::string>;
    EXPECT_EQ(problems({{{"root", "a"}}, {{"root", "b"}}, {{"root", "a-b"}}, {}}), Found{});
    EXPECT_EQ(problems({{{"root", "a"}}, {{"root", "./a/"}}}),
              Found{"s1: 'root' is also that of server 's0'"});
    EXPECT_EQ(
        problems({{{"root", "a/b/c"}}, {{"root", "a-b"}}, {{"root", "a"}}, {{"root", "a/d"}}}),
        (Found{"s0: 'root' lies inside that of server 's2'", "s3: 'root' lies inside that of server 's2'"}));
    EXPECT_EQ(problems({{}, {{"root", "a"}}, {}}), Found{"s2: this machine is already server 's0'"});
}

TEST_F(LocalProviderTest, ATreeBehindASymlinkIsNotTouched) {
    const local::TemporaryFolder elsewhere;
    std::filesystem::create_directory_symlink(elsewhere.path(), home_.path() / "trees");
    auto local = provider();
    const api::ServerSpec spec{.name = "web-1",
                               .server_id = "srv-1",
                               .inventory = "inv-1",
                               .provider = "local",
                               .settings = {{"root", "trees/web-1"}}};
    const auto made = local.apply(
        {.spec = spec, .kind = api::ActionKind::Create, .desired = {}, .idempotency_key = "k"}, {}, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::Denied);
    EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
}

TEST_F(LocalProviderTest, AReplacedTreeStartsAfresh) {
    auto local = provider();
    const api::ServerSpec spec{.name = "web-1",
                               .server_id = "srv-1",
                               .inventory = "inv-1",
                               .provider = "local",
                               .settings = {{"root", "trees/web-1"}}};
    ApplyServer order{.spec = spec, .kind = api::ActionKind::Create, .desired = {}, .idempotency_key = "k"};
    order.desired.resources = local::two_files();
    ASSERT_TRUE(local.apply(order, {}, {}));
    local::write_file(home_.path() / "trees/web-1/leftover", "x");
    order.kind = api::ActionKind::Replace;
    const auto replaced = local.apply(order, {}, {});
    ASSERT_TRUE(replaced) << replaced.error().text();
    EXPECT_FALSE(std::filesystem::exists(home_.path() / "trees/web-1/leftover"));
    EXPECT_EQ(replaced->resources.at(0).status, api::ResourceStatus::Changed);
}

} // namespace
} // namespace lab::providers
