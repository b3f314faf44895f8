#include "editor/frames.h"

#include "support/text.h"

#include <charconv>

#include <fmt/format.h>

namespace lab::editor {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

bool same_word(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]) != lower[i]) return false;
    return true;
}

Error invalid(std::string message) {
    return {.code = ErrorCode::Invalid, .message = std::move(message)};
}

/// The number in "Content-Length: N"; other fields (Content-Type) are no matter.
Result<std::size_t> content_length(std::string_view header) {
    std::optional<std::size_t> length;
    for (std::string_view field : split(header, '\n')) {
        if (field.ends_with('\r')) field.remove_suffix(1);
        const auto colon = field.find(':');
        if (colon == std::string_view::npos)
            return invalid(
                fmt::format("'{}' is no header of a message", escape_controls(field.substr(0, 40))));
        if (!same_word(field.substr(0, colon), "content-length")) continue;
        const std::string_view number = trim(field.substr(colon + 1));
        std::size_t value = 0;
        const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
        if (length || read.ec != std::errc{} || read.ptr != number.data() + number.size())
            return invalid(
                fmt::format("'{}' is no length of a message", escape_controls(field.substr(0, 60))));
        length = value;
    }
    if (!length) return invalid("a message without Content-Length");
    return *length;
}

} // namespace

void FrameReader::feed(std::string_view bytes) {
    if (broken_) return;
    if (at_ > 0) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    buffer_ += bytes;
}

Result<std::optional<std::size_t>> FrameReader::read_header() {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const auto end = rest.substr(0, limits_.header_bytes).find(kEnd);
    if (end == std::string_view::npos) {
        if (rest.size() >= limits_.header_bytes)
            return invalid(fmt::format("a message's header has more than {} bytes", limits_.header_bytes));
        return std::optional<std::size_t>();
    }
    auto length = content_length(rest.substr(0, end));
    if (!length) return std::move(length).error();
    if (*length > limits_.body_bytes)
        return invalid(fmt::format("a message of {} bytes, more than {}", *length, limits_.body_bytes));
    at_ += end + kEnd.size();
    return std::optional(*length);
}

Result<std::optional<std::string>> FrameReader::next() {
    if (broken_) return *broken_;
    if (!body_) {
        auto length = read_header();
        if (!length) {
            broken_ = length.error();
            buffer_.clear();
            at_ = 0;
            return *broken_;
        }
        body_ = *length;
        if (!body_) return std::optional<std::string>();
    }
    if (buffer_.size() - at_ < *body_) return std::optional<std::string>();
    std::string message = buffer_.substr(at_, *body_);
    at_ += *body_;
    body_.reset();
    return std::optional(std::move(message));
}

std::string frame(std::string_view body) {
    return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

} // namespace lab::editor
