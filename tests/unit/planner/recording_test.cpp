#include "planner/recording.h"

#include "planner/planner.h"
#include "planner/views.h"
#include "spec/document.h"
#include "tests/unit/planner/fixture.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace lab::planner::test {
namespace {

Recording read(std::string_view json) {
    auto read = recording_from_value(parse_json(json).value());
    for (const RecordingProblem& problem : read.problems)
        ADD_FAILURE() << problem.place() << ": " << problem.message;
    return std::move(read.recording);
}

std::string problems(std::string_view json) {
    std::string out;
    for (const RecordingProblem& problem : recording_from_value(parse_json(json).value()).problems)
        out += problem.place() + ": " + problem.message + (problem.help.empty() ? "" : " - " + problem.help) +
               "\n";
    return out;
}

TEST(Recording, IsWrittenAndReadWithoutLoss) {
    ServerInput server = settled(
        "web-1", {unit("motd", {file("/etc/motd", "hi\n"), file("/etc/key", "s", R"({"sensitive": true})")}),
                  unit("time", {resource("package/chrony", "{}")})});
    server.applied->protect = true;
    server.applied->secrets = Grants{{"mail/tls-cert", "label mailserver"}};
    server.applied->modules[0].resources[1].commit = "another";
    server.observed->resources["package/chrony"] = {
        .properties = {}, .skipped = true, .reason = "needs a live system"};
    server.observed->resources["service/x"] = {.properties = {}, .failed = true, .reason = "no answer"};
    Recording recording{
        .inventory = "home",
        .guard = Recording::Guard{.max_destroy = 3, .max_destructive_percent = 50, .commit = "c0ffee"},
        .servers = {}};
    recording.servers["web-1"] = {.applied = server.applied, .observed = server.observed};
    recording.servers["new"] = {.applied = {}, .observed = {}, .in_order = true};
    const std::string written = write_json(to_value(recording));
    const Recording again = read(written);
    // What was fingerprinted is marked as made with another key; nothing else changes, however often it is
    // read.
    const std::string twice = write_json(to_value(again));
    EXPECT_NE(twice.find(R"({"fingerprint":"recorded:hmac-sha256:)"), std::string::npos);
    EXPECT_EQ(write_json(to_value(read(twice))), twice);
    EXPECT_EQ(again.servers.at("web-1").applied->modules[0].resources[1].commit, "another");
    EXPECT_EQ(again.servers.at("web-1").observed->at, kNow);
    EXPECT_TRUE(again.servers.at("web-1").observed->resources.at("service/x").failed);
    EXPECT_EQ(again.servers.at("web-1").applied->secrets, server.applied->secrets);
    EXPECT_EQ(again.guard->commit, "c0ffee");
}

TEST(Recording, HoldsNoImpossibleValues) {
    EXPECT_EQ(
        problems(R"({"guard": {"commit": "zzz"}})"),
        "guard.commit: 'commit' must be the id of a commit, not 'zzz' - `git log --format=%H` lists them\n");
    const auto of_content = [](const std::string& content) {
        return problems(R"({"servers": {"a": {"resources": {"file/b": {"content": )" + content + "}}}}}");
    };
    const std::string at = "servers.a.resources.file/b.content: ";
    EXPECT_EQ(of_content(R"({"sha256": "zz", "bytes": 5})"), at + "'sha256' must be 64 hexadecimal digits\n");
    EXPECT_EQ(of_content(R"({"fingerprint": "x", "bytes": -1})"), at + "'bytes' must not be negative\n");
    EXPECT_EQ(of_content(R"({"fingerprint": "x", "bytes": 1})"),
              at + "'fingerprint' must be hmac-sha256: and 64 hexadecimal digits\n");
    EXPECT_EQ(of_content("null"), at + "'content' has no value - leave out what is not known of the machine; "
                                       "what is not there is: ensure: absent\n");
    EXPECT_EQ(of_content(R"({"sha256": "not read", "bytes": 5})"), "");
}

TEST(Recording, WithItsFormatMayHaveFactsOfAnotherVersion) {
    const auto read = [](const std::string& format) {
        return recording_from_value(parse_json("{" + format +
                                               R"("servers": {"a": {"facts": {"os": {"nmae": "x"}}},
                                                              "b": {"facts": {"os": {"nmae": "y"}}}}})")
                                        .value());
    };
    const ReadRecording by_hand = read("");
    ASSERT_EQ(by_hand.problems.size(), 2u);
    EXPECT_TRUE(by_hand.has_errors());
    EXPECT_EQ(by_hand.problems[0].place(), "servers.a.facts.os.nmae");
    const ReadRecording recorded = read(R"("format": "lab.observed/1", )");
    ASSERT_EQ(recorded.problems.size(), 1u); // once for all servers
    EXPECT_FALSE(recorded.has_errors());
    EXPECT_EQ(recorded.recording.servers.at("b").observed->facts.get("os")->get("nmae")->if_string()[0], "y");
}

TEST(Recording, OfFactsAloneIsAMachineThatIsThere) {
    const Recording recording =
        read(R"({"servers": {"a": {"facts": {"os": {"id": "debian"}}}, "b": {}, "c": null}})");
    const RecordedServer& a = recording.servers.at("a");
    ASSERT_TRUE(a.observed);
    EXPECT_EQ(a.observed->state.presence, api::Presence::Present);
    EXPECT_FALSE(recording.servers.at("b").observed);
    EXPECT_FALSE(recording.servers.at("c").observed);
}

TEST(Recording, WhatIsWrittenOfAResourceIsThere) {
    const Recording recording = read(
        R"({"servers": {"a": {"resources": {"file/etc/motd": {"content": "hi"}, "file/gone": {"ensure": "absent"}}}}})");
    const auto& resources = recording.servers.at("a").observed->resources;
    EXPECT_EQ(*resources.at("file/etc/motd").properties.find("ensure"), Value("present"));
    EXPECT_EQ(*resources.at("file/gone").properties.find("ensure"), Value("absent"));
}

TEST(Recording, SaysWhereWhatIsWrong) {
    EXPECT_EQ(problems("[]"), ": 'the recording' must be a map, not a list\n");
    EXPECT_EQ(problems(R"({"format": "lab.plan/1", "server": {}})"),
              "format: the recording is of format 'lab.plan/1', not lab.observed/1\n"
              "server: a recording has no key 'server' - did you mean 'servers'?\n");
    EXPECT_EQ(problems(R"({"servers": {"a": {"presence": "gone", "fact": {}, "seen_at": "yesterday"}}})"),
              "servers.a.presence: 'presence' must be present, missing or unreachable, not 'gone'\n"
              "servers.a.fact: a recorded server has no key 'fact' - did you mean 'facts'?\n"
              "servers.a.seen_at: 'seen_at' must be a time such as 2026-03-15T14:22:03Z\n");
    EXPECT_EQ(
        problems(R"({"servers": {"a": {"resources": {"flie/etc/motd": {}, "file/x": {"contnet": ""}}}}})"),
        "servers.a.resources.flie/etc/motd: 'flie/etc/motd' is no resource: expected TYPE/NAME, such as "
        "file/etc/motd - did you mean the type 'file'?\n"
        "servers.a.resources.file/x.contnet: a file has no property 'contnet' - did you mean 'content'?\n");
    EXPECT_EQ(
        problems(R"({"servers": {"a": {"resources": {"file/x": {"mode": 644, "source": "x"},
                           "service/x": {"enabled": "maybe"}},
                           "facts": {"disks": [{"name": "sda", "size": "big"}]}}}})"),
        "servers.a.resources.file/x.mode: 'mode' of a file must be octal digits in quotes such as \"0644\", "
        "not '644'\n"
        "servers.a.resources.file/x.source: a file has no property 'source'\n"
        "servers.a.resources.service/x.enabled: 'enabled' of a service must be true or false, not 'maybe'\n"
        "servers.a.facts.disks.0.size: 'size' must be an integer, not 'big'\n");
    EXPECT_EQ(problems(R"({"servers": {"a": {"in_order": true, "applied": {"protect": 1}}}})"),
              "servers.a.applied.protect: 'protect' must be true or false, not an integer\n"
              "servers.a.applied: 'applied' has no 'provider' - say whose server it is: provider: local\n"
              "servers.a: a server that is 'in_order' has no 'applied' of its own - what is applied there is "
              "what the "
              "inventory wants\n");
    EXPECT_EQ(problems(R"({"guard": {"max_destroy": -1}})"),
              "guard.max_destroy: 'max_destroy' must be a whole number from 0 to 1000000000\n");
}

TEST(Recording, SaysWhatALayoutIsToBe) {
    constexpr std::string_view hint = " - write {name: NAME, parts: {partitions: [...], volumes: [...]}}: "
                                      "below `parts` is what the section "
                                      "`layouts` of an inventory has below the name\n";
    const auto problems_of = [](std::string_view text) {
        return problems(fmt::format(
            R"({{"servers": {{"a": {{"applied": {{"provider": "local", "layout": {}}}}}}}}})", text));
    };
    EXPECT_EQ(problems_of(R"({"partitions": []})"),
              fmt::format("servers.a.applied.layout: 'layout' has no 'name'{}", hint));
    EXPECT_EQ(problems_of(R"("w")"), fmt::format("servers.a.applied.layout: 'layout' has no 'name'{}", hint));
    EXPECT_EQ(problems_of(R"({"name": "w", "partitions": []})"),
              fmt::format("servers.a.applied.layout: 'layout' has no 'parts'{}", hint));
    EXPECT_EQ(
        problems_of(
            R"({"name": "w", "parts": {"partitions": [{"mount": "/boot/efi", "size": "600MB", "fs": "efi"},
                             {"mount": "/", "size": "rest", "fs": "xsf"}]}})"),
        "servers.a.applied.layout.parts: 'parts' is no layout that this version reads: 'xsf' is no file "
        "system "
        "that lab makes - did you mean 'xfs'?\n");
    EXPECT_EQ(problems_of("null"), "");
}

/// The example of a recorded layout in docs/formats.md.
std::string documented_layout() {
    const auto path =
        (std::filesystem::path(LAB_TESTDATA) / "../../../../docs/formats.md").lexically_normal();
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string page = text.str();
    constexpr std::string_view open = "```yaml\n";
    for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at + 1)) {
        std::string block = page.substr(at + open.size(), page.find("```", at + 1) - at - open.size());
        if (block.find("layout:") != std::string::npos && block.find("parts:") != std::string::npos)
            return block;
    }
    return {};
}

TEST(Recording, TheDocumentedLayoutIsRead) {
    Diagnostics diagnostics;
    const auto document = spec::Document::parse("formats.md", documented_layout(), diagnostics);
    ASSERT_TRUE(document);
    const ReadRecording read = recording_from_value(document->root().as_value());
    for (const RecordingProblem& problem : read.problems)
        ADD_FAILURE() << problem.place() << ": " << problem.message;
    const auto layout = recorded_layout(read.recording.servers.at("web-1").applied.value().layout);
    ASSERT_TRUE(layout);
    ASSERT_EQ(layout->volumes.size(), 2u);
    EXPECT_TRUE(layout->volumes[1].preserve);
}

TEST(Recording, FingerprintsOfAnotherKeyEqualWhatHasAsManyBytes) {
    const Value theirs = api::recorded_fingerprint(api::fingerprint({"their key"}, "secret"));
    EXPECT_TRUE(api::same_content(theirs, Value("secret"), kKey));
    EXPECT_TRUE(api::same_content(Value("sEcret"), theirs, kKey));
    EXPECT_FALSE(api::same_content(theirs, Value("longer secret"), kKey));
    EXPECT_TRUE(api::same_content(theirs, api::fingerprint(kKey, "secret"), kKey));
    EXPECT_FALSE(
        api::same_content(theirs, api::recorded_fingerprint(api::fingerprint({"their key"}, "sEcret")), kKey))
        << "two of one recording can be told apart";
}

TEST(Recording, APlanOnOneSaysSo) {
    PlanInput given = input({settled("web-1", {unit("motd", {file("/etc/motd", "hi\n")})})});
    given.observed = "sha256:00";
    const api::Plan calm = make_plan(given).plan;
    EXPECT_EQ(*calm.observed, "sha256:00");
    EXPECT_TRUE(calm.is_for_review());
    EXPECT_NE(render_text(calm, {}).find("as recorded"), std::string::npos) << render_text(calm, {});
    given.servers[0].observed->resources["file/etc/motd"] = absent();
    const api::Plan busy = make_plan(given).plan;
    EXPECT_NE(render_text(busy, {}).find("on a recording"), std::string::npos) << render_text(busy, {});
    EXPECT_NE(render_markdown(busy).find("on a recording"), std::string::npos);
}

} // namespace
} // namespace lab::planner::test
