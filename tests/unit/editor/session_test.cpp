#include "editor/session.h"

#include "support/json.h"

#include <gtest/gtest.h>

namespace lab::editor {
namespace {

using std::chrono::milliseconds;

/// A session with the file of an inventory that is nowhere on disk open, loaded once.
class Typing : public testing::Test {
  protected:
    Typing() {
        send(R"({"id": 1, "method": "initialize", "params": {}})");
        send(
            R"({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///no/where/lab.yaml", "text": "lab:"}}})");
    }
    std::vector<Value> send(std::string_view message) { return session_.receive(*parse_json(message), now_); }
    void type() {
        send(
            R"({"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///no/where/lab.yaml"}, "contentChanges": [{"text": "lab: {}"}]}})");
    }
    std::optional<std::int64_t> due_in() const {
        const auto due = session_.due();
        if (!due) return std::nullopt;
        return std::chrono::duration_cast<milliseconds>(*due - now_).count();
    }

    Session session_{{.version = "1", .pause = milliseconds(100), .longest_wait = milliseconds(300)}};
    SteadyTime now_{};
};

TEST_F(Typing, AnOpenedFileIsLoadedAtOnce) {
    EXPECT_EQ(due_in(), 0);
    const auto requests = session_.requests(now_);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].root, std::filesystem::path("/no/where"));
    EXPECT_EQ(requests[0].changes.at("lab.yaml"), "lab:");
    EXPECT_EQ(due_in(), std::nullopt);
}

TEST_F(Typing, IsWaitedForButNotForever) {
    session_.requests(now_);
    for (int i = 0; i < 3; ++i) {
        type();
        EXPECT_EQ(due_in(), 100);
        EXPECT_TRUE(session_.requests(now_).empty());
        now_ += milliseconds(90);
    }
    type(); // 270 ms since the first
    EXPECT_EQ(due_in(), 30);
    now_ += milliseconds(30);
    const auto requests = session_.requests(now_);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].changes.at("lab.yaml"), "lab: {}");
    EXPECT_EQ(requests[0].generation, 2u);
}

TEST_F(Typing, QuestionsWaitForTheFirstLoad) {
    const auto question = parse_json(
        R"({"id": 2, "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///no/where/lab.yaml"}, "position": {"line": 0, "character": 0}}})");
    EXPECT_FALSE(session_.ready(*question));
    const auto formatting = parse_json(
        R"({"id": 3, "method": "textDocument/formatting", "params": {"textDocument": {"uri": "file:///no/where/lab.yaml"}}})");
    EXPECT_TRUE(session_.ready(*formatting));
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->root = "/no/where";
    snapshot->failure = Error{.code = ErrorCode::Denied, .message = "no entry"};
    const auto told = session_.loaded(snapshot);
    ASSERT_EQ(told.size(), 2u); // what failed, and that nothing is known against the open file
    EXPECT_EQ(
        write_json(told[0]),
        R"({"jsonrpc":"2.0","method":"window/showMessage","params":{"type":1,"message":"lab: no entry"}})");
    EXPECT_TRUE(session_.ready(*question));
    EXPECT_EQ(write_json(session_.receive(*question, now_).at(0)),
              R"({"jsonrpc":"2.0","id":2,"result":null})");
}

TEST_F(Typing, TooMuchTextIsRefused) {
    Session small({.version = "1", .open_bytes = 10});
    small.receive(*parse_json(R"({"id": 1, "method": "initialize"})"), now_);
    const auto told = small.receive(
        *parse_json(
            R"({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///a", "text": "0123456789x"}}})"),
        now_);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(*told[0].get("method")->if_string(), "window/showMessage");
}

} // namespace
} // namespace lab::editor
