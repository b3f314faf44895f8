#include "api/content.h"
#include "api/resource.h"

#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::api {
namespace {

const FingerprintKey kKey{std::string(32, 'k')};

Result<Resource> from_json(std::string_view json) {
    return resource_from_value(parse_json(json).value());
}

std::string refusal(const Result<Resource>& result) {
    return result ? "accepted" : result.error().message;
}

TEST(Resource, DefaultsAndCanonicalValuesAreFilledIn) {
    const auto file =
        from_json(R"({"type":"file","name":"/etc/motd","properties":{"mode":"644","content":"hi\n"}})");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->id(), "file/etc/motd");
    EXPECT_EQ(write_json(file->properties), R"({"content":"hi\n","mode":"0644","ensure":"present"})");
}

TEST(Resource, WhatDoesNotFitIsRefusedWithItsReason) {
    EXPECT_EQ(refusal(from_json(R"({"type":"fil","name":"/a"})")),
              "there is no resource type 'fil', did you mean 'file'?");
    EXPECT_EQ(refusal(from_json(R"({"type":"file","name":"/a","properties":{"contents":""}})")),
              "the resource 'file/a' has no property 'contents'");
    EXPECT_EQ(refusal(from_json(R"({"type":"file","name":"/a","properties":{"source":"x"}})")),
              "the resource 'file/a' has no property 'source'");
    EXPECT_EQ(refusal(from_json(R"({"type":"file","name":"/a","extra":1})")),
              "a resource has an unknown key 'extra'");
    EXPECT_EQ(refusal(from_json(R"({"type":"link","name":"/a"})")), "the resource 'link/a' has no 'target'");
    EXPECT_EQ(refusal(from_json(R"({"type":"link","name":"/a","properties":{"ensure":"absent"}})")),
              "accepted");
    EXPECT_EQ(refusal(from_json(R"({"type":"command","name":"x","properties":{"run":["/bin/true"]}})")),
              "the resource 'command/x' needs 'unless', 'creates' or 'only_notified: true', so that it is "
              "known when there is "
              "something to run");
    EXPECT_EQ(refusal(from_json(R"({"type":"template","name":"/a"})")),
              "the resource 'template/a' has no 'content'");
}

TEST(Resource, TheDigestIgnoresWhereItWasWritten) {
    auto one = from_json(R"({"type":"package","name":"chrony","module":"a"})").value();
    auto two = one;
    two.module = "b";
    two.source = Span{.file = FileName("x.yaml"), .line = 3, .column = 1};
    EXPECT_EQ(digest(one), digest(two));
    two.properties.set("version", "1");
    EXPECT_NE(digest(one), digest(two));
    two = one;
    two.notify = {"service/chrony"};
    EXPECT_NE(digest(one), digest(two));
}

TEST(Resource, PrivateByModeOrByWord) {
    const auto with = [](std::string_view extra) {
        return from_json(R"({"type":"file","name":"/a","properties":{"content":"x")" + std::string(extra))
            .value();
    };
    EXPECT_FALSE(is_private(with("}}")));
    EXPECT_FALSE(is_private(with(R"(,"mode":"0644"}})")));
    EXPECT_TRUE(is_private(with(R"(,"mode":"0640"}})")));
    EXPECT_TRUE(is_private(with(R"(,"mode":{"$template":"{{ facts.mode }}"}}})")));
    EXPECT_TRUE(is_private(with(R"(},"sensitive":true})")));
}

TEST(Resource, RedactionLeavesFingerprintsAndIsIdempotent) {
    const auto secret =
        from_json(R"({"type":"file","name":"/a","properties":{"content":"hunter2","mode":"0600"}})").value();
    const auto hidden = redacted(secret, kKey);
    EXPECT_EQ(write_json(to_value(hidden)).find("hunter2"), std::string::npos);
    const Value* content = hidden.properties.find("content");
    ASSERT_TRUE(is_fingerprint(*content));
    EXPECT_EQ(*content->get("bytes"), Value(7));
    EXPECT_EQ(write_json(to_value(redacted(hidden, kKey))), write_json(to_value(hidden)));
    EXPECT_EQ(digest(hidden), digest(redacted(secret, kKey)));
    EXPECT_TRUE(resource_from_value(to_value(hidden))) << "a redacted resource can be read again";

    const auto user =
        from_json(R"({"type":"user","name":"u","properties":{"password_hash":"$6$abc","comment":"x"}})")
            .value();
    const auto hidden_user = redacted(user, kKey);
    EXPECT_TRUE(is_fingerprint(*hidden_user.properties.find("password_hash")));
    EXPECT_EQ(*hidden_user.properties.find("comment"), Value("x"));

    const auto command =
        from_json(
            R"({"type":"command","name":"c","sensitive":true,"properties":{"run":["a","tok"],"unless":["b","tok"],)"
            R"("environment":{"K":"tok"}}})")
            .value();
    EXPECT_EQ(write_json(to_value(redacted(command, kKey))).find("tok"), std::string::npos);
}

TEST(Resource, OtherKeysGiveOtherFingerprints) {
    EXPECT_NE(fingerprint(kKey, "a"), fingerprint(FingerprintKey{"another key of lab"}, "a"));
    EXPECT_TRUE(same_content(fingerprint(kKey, "a"), "a", kKey));
    EXPECT_FALSE(same_content(fingerprint(kKey, "a"), "b", kKey));
}

TEST(Content, FormsOfTheSameBytesAreTheSame) {
    const std::string large(kShownBytes + 1, 'x');
    EXPECT_TRUE(is_summary(shown(large, false, kKey)));
    EXPECT_TRUE(same_content(large, shown(large, false, kKey), kKey));
    EXPECT_TRUE(same_content(shown(large, true, kKey), large, kKey));
    EXPECT_FALSE(same_content(shown(large, true, kKey), shown(large, false, kKey), kKey));
    const std::string binary("\x00\xff", 2);
    EXPECT_TRUE(same_content(shown(binary, false, kKey), encode_bytes(binary), kKey));
    EXPECT_FALSE(same_content(Value(), "", kKey));
}

} // namespace
} // namespace lab::api
