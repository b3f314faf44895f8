#include "support/result.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <memory>

namespace lab {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Error{.code = ErrorCode::Invalid, .message = "the number is odd"};
    return number / 2;
}

Result<void> check_half(int number) {
    LAB_TRY(half(number));
    return {};
}

TEST(Result, HoldsAValueOrAnError) {
    EXPECT_EQ(*half(4), 2);
    EXPECT_EQ(half(3).error().message, "the number is odd");
    EXPECT_EQ(half(3).value_or(7), 7);
    EXPECT_TRUE(check_half(4));
    EXPECT_EQ(check_half(3).error().code, ErrorCode::Invalid);
}

TEST(Result, CarriesMoveOnlyValues) {
    Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(made).value();
    EXPECT_EQ(*taken, 5);
}

TEST(Result, AskingForWhatIsNotThereIsABug) {
    EXPECT_DEATH(static_cast<void>(half(3).value()), "the number is odd");
    EXPECT_DEATH(static_cast<void>(half(4).error()), "asked a success");
}

TEST(Error, TellsItsContextFromTheInside) {
    const auto error = Error{.code = ErrorCode::Timeout, .message = "no answer"}
                           .during("while asking web-1")
                           .during("while planning");
    EXPECT_EQ(error.text(), "no answer (while asking web-1) (while planning)");
    EXPECT_TRUE(error.retryable());
    EXPECT_EQ(to_string(error.code), "timeout");
}

TEST(Error, ComesFromErrno) {
    EXPECT_EQ(errno_error("cannot read 'x'", ENOENT).text(), "cannot read 'x': No such file or directory");
    EXPECT_EQ(errno_error("x", ENOENT).code, ErrorCode::NotFound);
    EXPECT_EQ(errno_error("x", EACCES).code, ErrorCode::Denied);
    EXPECT_EQ(errno_error("x", ENOSPC).code, ErrorCode::Unavailable);
}

} // namespace
} // namespace lab
