#include "spec/detail/reporter.h"

#include <fmt/format.h>

namespace lab::spec::detail {

void Reporter::error(std::string_view code, std::string message, const Span& at, std::string help,
                     std::vector<Diagnostic::Note> notes, const Server* server) {
    if (is_full(*diagnostics_)) return;
    if (!said_.insert(fmt::format("{} {} {}", code, at.text(), message)).second) return;
    if (server) notes.push_back({fmt::format("on server '{}'", server->name), server->at});
    add_error(*diagnostics_, code, std::move(message), at, std::move(help), std::move(notes));
}

} // namespace lab::spec::detail
