#pragma once
// The base protocol of LSP 3.17: "Content-Length: N", an empty line, N bytes of JSON.

#include "support/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace lab::editor {

struct FrameLimits {
    std::size_t header_bytes = 4096;
    std::size_t body_bytes = 48u << 20; // a file of the largest size an inventory may have, escaped
};

/// Makes messages out of bytes as they come. Holds no more than one header and one body beyond what was fed.
class FrameReader {
  public:
    explicit FrameReader(const FrameLimits& limits = {}) : limits_(limits) {}
    void feed(std::string_view bytes);
    /// The next whole message; nullopt where more bytes are needed. After an error (Invalid: a header that is
    /// none, a body that is too long) the stream cannot be followed any more, and each call gives it again.
    Result<std::optional<std::string>> next();
    /// Whether the stream may end here.
    bool idle() const noexcept { return at_ == buffer_.size(); }

  private:
    Result<std::optional<std::size_t>> read_header();

    FrameLimits limits_;
    std::string buffer_;
    std::size_t at_ = 0;              // what is before was handed out
    std::optional<std::size_t> body_; // its length, once the header was read
    std::optional<Error> broken_;
};

std::string frame(std::string_view body);

} // namespace lab::editor
