#include "editor/frames.h"

#include <gtest/gtest.h>

namespace lab::editor {
namespace {

std::string error_of(std::string_view bytes, const FrameLimits& limits = {}) {
    FrameReader reader(limits);
    reader.feed(bytes);
    const auto message = reader.next();
    return message ? "none" : message.error().message;
}

TEST(Frames, AreReadHoweverTheyCome) {
    const std::string bytes =
        frame("{\"a\":1}") +
        "content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH: 2\r\n\r\n{}" + frame("");
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
        FrameReader reader;
        std::vector<std::string> messages;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            reader.feed(std::string_view(bytes).substr(at, step));
            while (true) {
                auto message = reader.next();
                ASSERT_TRUE(message);
                if (!*message) break;
                messages.push_back(**message);
            }
        }
        EXPECT_EQ(messages, (std::vector<std::string>{"{\"a\":1}", "{}", ""}));
        EXPECT_TRUE(reader.idle());
    }
}

TEST(Frames, HostileOnesAreRefused) {
    EXPECT_EQ(error_of("Content-Length: 99999999999999999999999\r\n\r\n"),
              "'Content-Length: 99999999999999999999999' is no length of a message");
    EXPECT_EQ(error_of("Content-Length: 1000\r\n\r\n", {.body_bytes = 999}),
              "a message of 1000 bytes, more than 999");
    EXPECT_EQ(error_of("Content-Length: -1\r\n\r\n"), "'Content-Length: -1' is no length of a message");
    EXPECT_EQ(error_of("Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
              "'Content-Length: 1' is no length of a message");
    EXPECT_EQ(error_of("Content-Length: 0x10\r\n\r\n"), "'Content-Length: 0x10' is no length of a message");
    EXPECT_EQ(error_of("X: 1\r\n\r\n"), "a message without Content-Length");
    EXPECT_EQ(error_of("{\"jsonrpc\": 1}\r\n\r\n"), "a message without Content-Length");
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), "'GET / HTTP/1.1' is no header of a message");
    EXPECT_EQ(error_of(std::string(5000, 'x')), "a message's header has more than 4096 bytes");
    EXPECT_EQ(error_of(std::string(4000, 'x')), "none");
}

TEST(Frames, AStreamThatBrokeStaysBroken) {
    FrameReader reader;
    reader.feed("nonsense\r\n\r\n");
    EXPECT_FALSE(reader.next());
    reader.feed(frame("{}"));
    EXPECT_FALSE(reader.next());
}

} // namespace
} // namespace lab::editor
