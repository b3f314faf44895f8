#include "support/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace lab {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::NotFound: return "not_found";
    case ErrorCode::Conflict: return "conflict";
    case ErrorCode::Invalid: return "invalid";
    case ErrorCode::Denied: return "denied";
    case ErrorCode::Unavailable: return "unavailable";
    case ErrorCode::Timeout: return "timeout";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::Cancelled: return "cancelled";
    case ErrorCode::Internal: return "internal";
    }
    return "internal";
}

Error Error::during(std::string what) && {
    context.push_back(std::move(what));
    return std::move(*this);
}

Error Error::with_hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
}

std::string Error::text() const {
    std::string out = message;
    for (const auto& line : context) {
        out += " (";
        out += line;
        out += ')';
    }
    return out;
}

Error errno_error(std::string what, int errno_value) {
    ErrorCode code = ErrorCode::Unavailable;
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR: code = ErrorCode::NotFound; break;
    case EACCES:
    case EPERM:
    case EROFS: code = ErrorCode::Denied; break;
    case EEXIST:
    case ENOTEMPTY:
    case EISDIR:
    case EBUSY: code = ErrorCode::Conflict; break;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP: code = ErrorCode::Invalid; break;
    case ETIMEDOUT: code = ErrorCode::Timeout; break;
    case ENOSYS:
    case EOPNOTSUPP: code = ErrorCode::Unsupported; break;
    default: break;
    }
    // generic_category().message() is strerror without its shared buffer.
    return Error{.code = code,
                 .message = std::move(what) + ": " + std::generic_category().message(errno_value)};
}

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
    std::fprintf(stderr, "lab: bug at %s:%d: %s (%.*s)\n", file, line, condition,
                 static_cast<int>(message.size()), message.data());
    std::abort();
}

} // namespace lab
