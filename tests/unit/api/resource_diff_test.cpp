#include "api/resource_diff.h"

#include "api/content.h"
#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::api {
namespace {

const FingerprintKey kKey{std::string(32, 'k')};

Resource resource(std::string_view json) {
    auto read = resource_from_value(parse_json(json).value());
    EXPECT_TRUE(read) << read.error().message;
    return *std::move(read);
}

ValueMap observed(std::string_view json) {
    return *parse_json(json).value().if_map();
}

std::string changes(const Resource& desired, std::string_view found) {
    std::string out;
    for (const PropertyChange& change : diff_resource(desired, observed(found), kKey))
        out += change.path + " " + display(change.before) + " -> " + display(change.after) + " (" +
               change.effect + ")\n";
    return out;
}

const Resource kMotd =
    resource(R"({"type":"file","name":"/etc/motd","properties":{"content":"new\n","mode":"0644"}})");

TEST(ResourceDiff, WhatIsAsItShouldBeHasNoChanges) {
    EXPECT_EQ(changes(kMotd, R"({"ensure":"present","content":"new\n","mode":"0644","owner":"root"})"), "");
}

TEST(ResourceDiff, OnlyWrittenPropertiesAreCompared) {
    const auto any = resource(R"({"type":"file","name":"/etc/motd","properties":{"owner":"root"}})");
    EXPECT_EQ(changes(any, R"({"ensure":"present","content":"whatever","mode":"0777","owner":"root"})"), "");
}

TEST(ResourceDiff, ContentCarriesAUnifiedDiff) {
    const auto found =
        diff_resource(kMotd, observed(R"({"ensure":"present","content":"old\n","mode":"0644"})"), kKey);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].path, "content");
    EXPECT_EQ(found[0].effect, "update");
    EXPECT_EQ(found[0].diff, "--- /etc/motd (is)\n+++ /etc/motd (wanted)\n@@ -1 +1 @@\n-old\n+new\n");
}

TEST(ResourceDiff, WhatIsNotThereIsCreatedWhole) {
    EXPECT_EQ(changes(kMotd, R"({"ensure":"absent"})"), "ensure absent -> present (create)\n"
                                                        "content null -> new\n (create)\n"
                                                        "mode null -> 0644 (create)\n");
}

TEST(ResourceDiff, AnotherKindInItsPlaceIsDestructive) {
    const auto found = diff_resource(kMotd, observed(R"({"ensure":"directory","mode":"0755"})"), kKey);
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].before, Value("directory"));
    EXPECT_EQ(found[0].effect, "update");
    EXPECT_EQ(risk_of(kMotd, found), Risk::Destructive);
}

TEST(ResourceDiff, AbsentComparesOnlyWhetherItIsThere) {
    const auto gone =
        resource(R"({"type":"file","name":"/a","properties":{"ensure":"absent","content":"x"}})");
    EXPECT_EQ(changes(gone, R"({"ensure":"absent"})"), "");
    EXPECT_EQ(changes(gone, R"({"ensure":"present","content":"y","mode":"0644"})"),
              "ensure present -> absent (remove)\n");
    const auto tree =
        resource(R"({"type":"directory","name":"/a","properties":{"ensure":"absent","recursive":true}})");
    EXPECT_EQ(risk_of(tree, diff_resource(tree, observed(R"({"ensure":"present"})"), kKey)),
              Risk::Destructive);
}

TEST(ResourceDiff, PrivateContentIsComparedAndNeverShown) {
    const auto secret =
        resource(R"({"type":"file","name":"/k","properties":{"content":"hunter2","mode":"0600"}})");
    ValueMap same{{"ensure", "present"}, {"mode", "0600"}, {"content", fingerprint(kKey, "hunter2")}};
    EXPECT_TRUE(diff_resource(secret, same, kKey).empty());
    EXPECT_TRUE(diff_resource(redacted(secret, kKey), same, kKey).empty());
    const auto found =
        diff_resource(secret, observed(R"({"ensure":"present","mode":"0600","content":"hunter1"})"), kKey);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(is_fingerprint(found[0].before));
    EXPECT_TRUE(is_fingerprint(found[0].after));
    EXPECT_EQ(found[0].diff, "");
}

TEST(ResourceDiff, AFileThatIsPrivateNowKeepsItsOldContentPrivate) {
    const auto found =
        diff_resource(kMotd, observed(R"({"ensure":"present","mode":"0600","content":"old\n"})"), kKey);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(is_fingerprint(found[0].before));
    EXPECT_EQ(found[0].diff, "");
    EXPECT_EQ(found[1].path, "mode");
}

TEST(ResourceDiff, LargeContentStandsAsItsDigest) {
    const std::string large(kShownBytes + 1, 'x');
    Resource file = kMotd;
    file.properties.set("content", Value(large));
    const ValueMap same{{"ensure", "present"}, {"mode", "0644"}, {"content", summary(large)}};
    EXPECT_TRUE(diff_resource(file, same, kKey).empty());
    const auto found =
        diff_resource(file, observed(R"({"ensure":"present","mode":"0644","content":"small\n"})"), kKey);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(is_summary(found[0].after));
}

TEST(ResourceDiff, NumericOwnersAreComparedAsNumbers) {
    const auto file = resource(R"({"type":"file","name":"/a","properties":{"owner":"0","group":"7"}})");
    EXPECT_EQ(changes(file, R"({"ensure":"present","owner":"root","group":"lp","uid":0,"gid":7})"), "");
    EXPECT_EQ(changes(file, R"({"ensure":"present","owner":"root","group":"lp","uid":0,"gid":8})"),
              "group 8 -> 7 (update)\n");
}

TEST(ResourceDiff, CommandsRunWhenTheyAreNotDone) {
    const auto command =
        resource(R"({"type":"command","name":"c","properties":{"run":["/bin/true"],"creates":"/x"}})");
    EXPECT_EQ(changes(command, R"({"done":true})"), "");
    EXPECT_EQ(changes(command, R"({"done":false})"), " null -> [\"/bin/true\"] (run)\n");
    EXPECT_EQ(risk_of(command, diff_resource(command, observed(R"({"done":false})"), kKey)),
              Risk::Disruptive);
}

TEST(ResourceDiff, AnOwedNotificationIsADifference) {
    const auto command =
        resource(R"({"type":"command","name":"c","properties":{"run":["/bin/true"],"only_notified":true}})");
    EXPECT_EQ(changes(command, R"({"done":true})"), "");
    EXPECT_EQ(changes(command, R"({"done":true,"owed":true})"), " null -> [\"/bin/true\"] (run)\n");
    const auto service =
        resource(R"({"type":"service","name":"s","properties":{"running":true,"restart":"reload"}})");
    EXPECT_EQ(changes(service, R"({"running":true,"owed":true})"), " null -> reload (restart)\n");
    EXPECT_EQ(changes(service, R"({"running":false,"owed":true})"), "running false -> true (update)\n")
        << "starting it is enough";
    const auto file = kMotd;
    EXPECT_EQ(changes(file, R"({"ensure":"present","content":"new\n","mode":"0644","owed":true})"), "");
}

TEST(ResourceDiff, WhatIsShownOfAMachineHoldsNoPrivateValue) {
    const ValueMap found =
        observed(R"({"ensure":"present","mode":"0600","content":"hunter1","owner":"root"})");
    const ValueMap seen = shown_properties(kMotd, found, kKey);
    EXPECT_TRUE(is_fingerprint(*seen.find("content")));
    EXPECT_EQ(*seen.find("owner"), Value("root"));
    const ValueMap large{
        {"ensure", "present"}, {"mode", "0644"}, {"content", std::string(kShownBytes + 1, 'x')}};
    EXPECT_TRUE(is_summary(*shown_properties(kMotd, large, kKey).find("content")));
}

TEST(ResourceDiff, ListedGroupsMustBeAmongTheActualOnes) {
    const auto user = resource(R"({"type":"user","name":"u","properties":{"groups":["adm"]}})");
    EXPECT_EQ(changes(user, R"({"ensure":"present","groups":["adm","sudo"]})"), "");
    EXPECT_NE(changes(user, R"({"ensure":"present","groups":["sudo"]})"), "");
}

TEST(ResourceDiff, ChangesKeepTheirValuesOverTheWire) {
    for (const auto& change : diff_resource(kMotd, observed(R"({"ensure":"absent"})"), kKey))
        EXPECT_EQ(change_from_value(parse_json(write_json(to_value(change))).value()).value(), change);
}

TEST(WithFacts, DeferredValuesAreWorkedOutAndChecked) {
    const auto file =
        resource(R"({"type":"template","name":"/a","properties":{)"
                 R"("content":{"$template":"{{ params.x }} {{ facts.os.id }}","with":{"params":{"x":1}}}}})");
    const Value facts = ValueMap{{"os", ValueMap{{"id", "debian"}}}};
    const auto done = with_facts(file, facts);
    ASSERT_TRUE(done && *done) << done.error().message;
    EXPECT_EQ(*(*done)->properties.find("content"), Value("1 debian"));
    const auto missing = with_facts(file, ValueMap{});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(missing.error().message, "the fact 'facts.os.id' is not known");

    const auto wrong =
        resource(R"({"type":"file","name":"/a","properties":{"mode":{"$template":"{{ facts.os.id }}"}}})");
    const auto refused = with_facts(wrong, facts);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
}

TEST(WithFacts, AFalseConditionSkips) {
    auto file = kMotd;
    file.when = Deferred{.text = "facts.cores > params.least", .scope = {{"params", ValueMap{{"least", 4}}}}};
    EXPECT_FALSE(with_facts(file, ValueMap{{"cores", 2}}).value());
    EXPECT_TRUE(with_facts(file, ValueMap{{"cores", 8}}).value());
    EXPECT_FALSE(with_facts(file, ValueMap{}));
}

} // namespace
} // namespace lab::api
