#include "agent/nested.h"

#include "api/resource.h"
#include "support/text.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace lab::agent {
namespace {

std::optional<dev_t> device_of(const std::filesystem::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return status.st_dev;
}

} // namespace

Result<std::optional<std::string>> find_machine_inside(const std::filesystem::path& root) {
    namespace fs = std::filesystem;
    const std::string record = fmt::format("{}/machine.json", api::kRecordsFolder);
    const auto device = device_of(root);
    std::error_code failed;
    auto walk = fs::recursive_directory_iterator(root, failed);
    for (; !failed && walk != fs::recursive_directory_iterator(); walk.increment(failed)) {
        const std::string path = walk->path().lexically_relative(root).native();
        if (path.ends_with(record)) return std::optional(path.substr(0, path.size() - record.size()));
        std::error_code gone;
        if (walk->symlink_status(gone).type() == fs::file_type::directory &&
            device_of(walk->path()) != device)
            walk.disable_recursion_pending();
    }
    if (failed)
        return errno_error(fmt::format("cannot look through '{}'", escape_controls(root.native())),
                           failed.value());
    return std::optional<std::string>();
}

} // namespace lab::agent
