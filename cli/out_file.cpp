#include "cli/out_file.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

/// Empty, or a document whose first key is its format, as JSON or as YAML.
bool may_replace(const fs::path& file, std::string_view format) {
    constexpr std::string_view kBetween = " \t\r\n{\"'";
    std::ifstream in(file, std::ios::binary);
    std::string head(256, '\0');
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    if (head.empty()) return in.eof(); // else it cannot be read
    head.erase(
        std::remove_if(head.begin(), head.end(), [=](char c) { return kBetween.find(c) != kBetween.npos; }),
        head.end());
    return head.starts_with(fmt::format("format:{}", format));
}

} // namespace

Result<void> check_out_file(const std::string& path, const OutFile& kind, const Context& context) {
    if (path == "-")
        return Error{.code = ErrorCode::Invalid,
                     .message = "--out takes the name of a file",
                     .hint = std::string(kind.print)};
    const fs::path target = context.directory / path;
    std::error_code failed;
    const auto type = fs::symlink_status(target, failed).type();
    if (type == fs::file_type::not_found) return {};
    if (type != fs::file_type::regular)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no regular file: a {} is not written over it", path,
                                            kind.document),
                     .hint = fmt::format("name a new file; {}", kind.print)};
    if (may_replace(target, kind.format)) return {};
    return Error{.code = ErrorCode::Conflict,
                 .message =
                     fmt::format("'{}' is there and is no {}: it is not written over", path, kind.saved),
                 .hint = "name a new file"};
}

} // namespace lab::cli
