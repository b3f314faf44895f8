#include "agent/detail/kernel_settings.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace lab::agent {
namespace {

Error no_key(std::string_view key) {
    return Error{ErrorCode::Invalid,
                 fmt::format("'{}' is no sysctl key", escape_controls(key)),
                 {},
                 "a key reads like net.ipv4.ip_forward"};
}

} // namespace

Result<std::string> sysctl_path(std::string_view key) {
    std::string path(key);
    const std::size_t separator = path.find_first_of("./");
    if (separator != std::string::npos && path[separator] == '.') {
        for (char& c : path) {
            if (c == '.')
                c = '/';
            else if (c == '/')
                c = '.';
        }
    }
    for (std::string_view part : split(path, '/')) {
        const bool harmless = std::all_of(part.begin(), part.end(), [](char c) {
            return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '=' && c != '#' && c != ';';
        });
        if (part.empty() || part == "." || part == ".." || !harmless) return no_key(key);
    }
    return path;
}

std::string sysctl_file(std::string_view key) {
    std::string name(key);
    std::replace(name.begin(), name.end(), '/', ':');
    return fmt::format("/etc/sysctl.d/60-lab-{}.conf", name);
}

std::string sysctl_value(std::string_view text) {
    std::string value;
    for (char c : trim(text)) {
        const bool blank = c == ' ' || c == '\t' || c == '\n';
        if (!blank)
            value.push_back(c);
        else if (value.back() != ' ')
            value.push_back(' ');
    }
    return value;
}

std::string module_name(std::string_view name) {
    std::string normal(name);
    std::replace(normal.begin(), normal.end(), '-', '_');
    return normal;
}

Result<void> check_module_name(std::string_view name) {
    const bool fits = !name.empty() && name.size() <= 64 && name[0] != '-' &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 c == '_' || c == '-';
                      });
    if (fits) return {};
    return Error{
        ErrorCode::Invalid, fmt::format("'{}' is no name of a kernel module", escape_controls(name)), {}, {}};
}

bool lists_module(std::string_view proc_modules, std::string_view name) {
    const std::string wanted = module_name(name);
    for (std::string_view line : split(proc_modules, '\n'))
        if (module_name(line.substr(0, line.find(' '))) == wanted) return true;
    return false;
}

bool lists_builtin(std::string_view modules_builtin, std::string_view name) {
    const std::string wanted = module_name(name);
    for (std::string_view line : split(modules_builtin, '\n')) {
        line = trim(line);
        const std::size_t slash = line.rfind('/');
        if (slash != std::string_view::npos) line.remove_prefix(slash + 1);
        line = line.substr(0, line.find(".ko"));
        if (!line.empty() && module_name(line) == wanted) return true;
    }
    return false;
}

} // namespace lab::agent
