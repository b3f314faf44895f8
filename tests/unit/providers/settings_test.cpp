#include "providers/settings.h"

#include <array>

#include <gtest/gtest.h>

namespace lab::providers {
namespace {

constexpr std::array kSettings = {
    SettingSchema{.name = "address", .summary = "where it answers", .required = true},
    SettingSchema{
        .name = "account", .summary = "who pays", .on_server = false, .on_cloud = true, .required = true},
    SettingSchema{.name = "port", .summary = "of ssh", .on_server = true, .on_cloud = true},
};
constexpr ProviderSchema kSchema{.name = "ssh", .summary = "over ssh", .settings = kSettings};

std::string only_message(const ValueMap& settings, bool on_server) {
    const auto problems = check_settings(kSchema, settings, on_server);
    return problems.size() == 1 ? problems[0].message : std::to_string(problems.size()) + " problems";
}

TEST(Settings, GoodOnesPass) {
    EXPECT_TRUE(
        check_settings(kSchema, {{"address", "10.0.0.1"}, {"account", "me"}, {"port", 22}}, true).empty());
    EXPECT_TRUE(check_settings(kSchema, {{"account", "me"}, {"port", 22}}, false).empty());
}

TEST(Settings, UnknownOnesGetTheNearestName) {
    const auto problems = check_settings(kSchema, {{"adress", "10.0.0.1"}, {"address", "10.0.0.1"}}, true);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].setting, "adress");
    EXPECT_EQ(problems[0].message, "the provider 'ssh' has no setting 'adress'");
    EXPECT_EQ(problems[0].help, "did you mean 'address'?");
}

TEST(Settings, RequiredOnesAreDueWhereTheyBelong) {
    EXPECT_EQ(only_message({}, true), "the provider 'ssh' needs the setting 'address'");
    EXPECT_EQ(only_message({}, false), "the provider 'ssh' needs the setting 'account'");
}

TEST(Settings, AServersOwnDoNotStandOnACloud) {
    EXPECT_EQ(only_message({{"account", "me"}, {"address", "10.0.0.1"}}, false),
              "'address' is a setting of servers, not of a cloud");
}

} // namespace
} // namespace lab::providers
