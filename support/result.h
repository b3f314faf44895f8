#pragma once
// How an operation says that the world was in the way: a value, or an Error that tells what, where, why and
// what to do.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lab {

/// The closed list of reasons an operation can fail. Only Unavailable and Timeout are worth another try.
enum class ErrorCode {
    NotFound,
    Conflict,
    Invalid,
    Denied,
    Unavailable,
    Timeout,
    Unsupported,
    Cancelled,
    Internal
};

std::string_view to_string(ErrorCode code) noexcept;

/// An operational failure. `message` is lower case without a full stop; `hint` says what the user can do.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::vector<std::string> context; // innermost first: "while reading servers/a.yaml"
    std::string hint;                 // may be empty

    /// The same error with one more line of context.
    Error during(std::string what) &&;
    Error with_hint(std::string text) &&;
    /// One line: message, then the context in brackets.
    std::string text() const;
    bool retryable() const noexcept { return code == ErrorCode::Unavailable || code == ErrorCode::Timeout; }
};

/// An Error whose message ends in the text of `errno_value`, its code chosen from it.
Error errno_error(std::string what, int errno_value);

/// Prints `message` with its place and aborts. For bugs of ours only, never for input.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

#define LAB_CHECK(condition, message)                                                                        \
    do {                                                                                                     \
        if (!(condition)) ::lab::check_failed(__FILE__, __LINE__, #condition, message);                      \
    } while (false)

/// A value or an Error. Asking for the one that is not there is a bug and aborts.
template <typename T>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return expect(), std::get<0>(state_); }
    const T& value() const& { return expect(), std::get<0>(state_); }
    T&& value() && { return expect(), std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T value_or(T other) && { return has_value() ? std::get<0>(std::move(state_)) : std::move(other); }

    Error& error() & { return refuse(), std::get<1>(state_); }
    const Error& error() const& { return refuse(), std::get<1>(state_); }
    Error&& error() && { return refuse(), std::get<1>(std::move(state_)); }

  private:
    void expect() const {
        if (!has_value()) check_failed(__FILE__, __LINE__, "has_value()", std::get<1>(state_).message);
    }
    void refuse() const { LAB_CHECK(!has_value(), "asked a success for its error"); }
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const {
        if (error_) check_failed(__FILE__, __LINE__, "has_value()", error_->message);
    }
    Error& error() & { return refuse(), *error_; }
    const Error& error() const& { return refuse(), *error_; }
    Error&& error() && { return refuse(), std::move(*error_); }

  private:
    void refuse() const { LAB_CHECK(error_.has_value(), "asked a success for its error"); }
    std::optional<Error> error_;
};

/// Hands an error to the caller: `LAB_TRY(write(file));`
#define LAB_TRY(expression)                                                                                  \
    do {                                                                                                     \
        if (auto lab_try_result = (expression); !lab_try_result) return std::move(lab_try_result).error();   \
    } while (false)

} // namespace lab
