#include "reconciler/leave_out.h"

#include <algorithm>

namespace lab::reconciler {
namespace {

bool begins_with(std::string_view line, std::string_view name) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line.starts_with(name) && line.substr(name.size()).starts_with(':');
}

} // namespace

std::string leave_out(std::string text, std::span<const WrittenServer> servers) {
    std::string kept;
    kept.reserve(text.size());
    std::size_t next = 0; // the first server that was not met yet
    std::uint32_t number = 1;
    bool wanted = true; // what comes before the first server is
    for (std::size_t begin = 0; begin < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        begin = end;
        if (next < servers.size() && servers[next].line == number) {
            if (!begins_with(line, servers[next].name)) return text;
            wanted = servers[next++].wanted;
        }
        kept += wanted ? line : "#\n";
    }
    return next == servers.size() ? kept : text;
}

} // namespace lab::reconciler
