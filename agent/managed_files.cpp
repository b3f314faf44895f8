#include "agent/detail/managed_files.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;

} // namespace

Result<std::optional<std::string>> read_managed(const Tree& tree, std::string_view path) {
    auto text = tree.read(path, kMaxBytes);
    if (!text) {
        if (text.error().code == ErrorCode::NotFound) return std::optional<std::string>();
        return std::move(text).error();
    }
    std::string lines;
    for (std::string_view line : split(*text, '\n')) {
        line = trim(line);
        if (line.empty() || line.front() == '#') continue;
        lines.append(line).push_back('\n');
    }
    return std::optional(std::move(lines));
}

Result<void> write_managed(const Tree& tree, std::string_view path, std::string_view lines) {
    LAB_TRY(tree.make_parents(path));
    return tree.write(path, fmt::format("# managed by lab: changes made here are undone\n{}", lines),
                      {.mode = 0644});
}

} // namespace lab::agent
