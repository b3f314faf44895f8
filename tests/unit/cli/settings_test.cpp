#include "cli/config_file.h"

#include "support/files.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace lab::cli {
namespace {

class SettingsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "lab-cli-XXXXXX").string();
        ASSERT_TRUE(::mkdtemp(name.data()));
        home_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(home_); }
    void config(const std::string& text) const {
        ASSERT_TRUE(write_file_atomic(home_ / "config.yaml", text));
    }
    Result<Settings> load(Variables environment = {}) const {
        environment.emplace("LAB_HOME", home_.string());
        return Settings::load(environment);
    }
    std::filesystem::path home_;
};

TEST_F(SettingsTest, EnvironmentGoesOverFileOverDefault) {
    EXPECT_EQ(load()->get("output").value, "table");
    config("output: wide # as I like it\n");
    EXPECT_EQ(load()->get("output").value, "wide");
    EXPECT_EQ(load()->get("output").origin, SettingOrigin::File);
    EXPECT_EQ(load({{"LAB_OUTPUT", "json"}})->get("output").value, "json");
    EXPECT_EQ(load({{"LAB_OUTPUT", ""}})->get("output").value, "wide");
}

TEST_F(SettingsTest, WhatIsWrongIsRefusedWithItsPlace) {
    config("output: wide\ncolour: always\n");
    EXPECT_EQ(load().error().message, "there is no setting 'colour'");
    EXPECT_EQ(load().error().hint, "did you mean 'color'?");
    EXPECT_EQ(load().error().context.front(), "in " + (home_ / "config.yaml").string() + ":2:1");
    config("output: xml\n");
    EXPECT_EQ(load().error().message, "'output' takes table, wide, json, yaml, name, not 'xml'");
    config("- a\n");
    EXPECT_EQ(load().error().code, ErrorCode::Invalid);
    config("output: [a\n");
    EXPECT_EQ(load().error().code, ErrorCode::Invalid);
    config("");
    EXPECT_TRUE(load());
    EXPECT_FALSE(load({{"LAB_COLOR", "blue"}}));
}

TEST(EditConfig, ChangesOneLineAndKeepsTheRest) {
    EXPECT_EQ(edit_config("", "output", "wide").value(), "output: 'wide'\n");
    EXPECT_EQ(edit_config("# mine\ninventory: /x # here\ncolor: auto", "output", "no").value(),
              "# mine\ninventory: /x # here\ncolor: auto\noutput: 'no'\n");
    EXPECT_EQ(edit_config("a: 1\noutput: wide\n# end\n", "output", "it's").value(),
              "a: 1\noutput: 'it''s'\n# end\n");
    EXPECT_EQ(edit_config("output: wide\ncolor: auto\n", "output", "").value(), "color: auto\n");
}

TEST(EditConfig, LeavesAStyleAloneThatItWouldBreak) {
    EXPECT_EQ(edit_config("{output: wide, color: auto}\n", "output", "json").error().code,
              ErrorCode::Unsupported);
    EXPECT_EQ(edit_config("output:\n  wide\n", "output", "json").error().code, ErrorCode::Unsupported);
}

} // namespace
} // namespace lab::cli
