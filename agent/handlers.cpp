#include "agent/detail/handlers.h"

#include <array>

namespace lab::agent {

std::span<const std::unique_ptr<Handler>> handlers() {
    static const std::array kHandlers{
        file_handler(), template_handler(), directory_handler(), link_handler(),
        line_handler(), command_handler(),  package_handler(),   service_handler(),
        user_handler(), group_handler(),    sysctl_handler(),    kernel_module_handler(),
    };
    return kHandlers;
}

} // namespace lab::agent
