#include "planner/detail/part_text.h"

#include "support/units.h"

#include <fmt/format.h>

namespace lab::planner::detail {

std::string fs_text(spec::FileSystem fs) {
    return fs == spec::FileSystem::None ? "lvm" : std::string(to_string(fs));
}

std::string fs_text(std::string_view fact) {
    return fact == "LVM2_member" ? "lvm" : std::string(fact);
}

std::string wanted_text(const spec::LayoutPart& part, std::uint64_t bytes) {
    const bool is_bytes = part.size.kind == spec::LayoutSize::Kind::Bytes;
    const std::string size = is_bytes    ? format_size(part.size.amount)
                             : bytes > 0 ? format_size(bytes)
                                         : part.size.text;
    return fmt::format("{} {}", size, fs_text(part.fs));
}

std::string present_text(const PresentPart& part, const spec::LayoutPart* want) {
    if (!part.text.empty()) return part.text;
    const std::string size = format_size(part.bytes);
    if (want && fact_name(want->fs) == part.fs) return fmt::format("{} {}", size, fs_text(want->fs));
    return part.fs.empty() ? size + ", file system not seen" : fmt::format("{} {}", size, fs_text(part.fs));
}

std::string found_on(const PresentPart& part) {
    return part.fs.empty() ? fmt::format("nobody saw what is on {}", part.name)
                           : fmt::format("{} has {}", part.name, fs_text(part.fs));
}

} // namespace lab::planner::detail
