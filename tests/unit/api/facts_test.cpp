#include "api/facts.h"

#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::api {
namespace {

std::string problems(std::string_view json) {
    std::string out;
    for (const FactProblem& problem : check_facts(parse_json(json).value())) {
        for (const std::string& key : problem.path)
            out += "/" + key;
        out += " " + problem.message + "\n";
    }
    return out;
}

TEST(Facts, OfAnotherTypeThanMachinesReportAreProblems) {
    EXPECT_EQ(
        problems(R"({"disks": [{"name": "sda"}, {"size": "big", "rotational": 0}], "os": {"version_id": 12},
                           "nics": {}, "mounts": ["/"], "lvm": {"vgs": [{"pvs": "/dev/sda1"}]}})"),
        "/disks/1/size 'size' must be an integer, not 'big'\n"
        "/disks/1/rotational 'rotational' must be true or false, not '0'\n"
        "/os/version_id 'version_id' must be a string, not '12'\n"
        "/nics 'nics' must be a list of maps, not a map\n"
        "/mounts/0 an item of 'mounts' must be a map, not '/'\n"
        "/lvm/vgs/0/pvs 'pvs' must be a list of strings, not '/dev/sda1'\n");
    EXPECT_EQ(problems(R"({"os": {"id": "debian"}, "volatile": {"used": {"/": 5}}, "boot": null})"), "");
}

TEST(Facts, ThatNobodyKnowsAreProblemsOfTheirOwn) {
    const auto found = check_facts(
        parse_json(R"({"oss": {"nmae": 1}, "os": {"nmae": "x"}, "disks": [{"sizes": 5}], "kernel": "x"})")
            .value());
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].message, "there is no fact 'oss'");
    EXPECT_EQ(found[0].help, "did you mean 'os'?");
    EXPECT_EQ(found[1].message, "there is no fact 'os.nmae'");
    EXPECT_EQ(found[2].message, "there is no fact 'disks[].sizes'");
    EXPECT_TRUE(found[2].unknown);
    EXPECT_FALSE(found[3].unknown);
}

TEST(Facts, HaveTheNamesThatTemplatesMayUse) {
    EXPECT_EQ(fact_names("memory"), (std::vector<std::string_view>{"total", "swap"}));
    EXPECT_TRUE(fact_names("disks").empty());
    EXPECT_TRUE(fact_names("volatile.used").empty());
    EXPECT_EQ(fact_names().front(), "format");
    EXPECT_FALSE(find_fact("uptime"));
}

} // namespace
} // namespace lab::api
