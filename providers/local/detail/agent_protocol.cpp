#include "providers/local/detail/agent_protocol.h"

#include "support/json.h"
#include "support/text.h"

#include <array>

#include <fmt/format.h>

namespace lab::providers::local::detail {
namespace {

constexpr std::size_t kLongestText = 4096; // of what is shown to people

std::string_view to_string(Mode mode) noexcept {
    switch (mode) {
    case Mode::Check: return "check";
    case Mode::Apply: return "apply";
    case Mode::Destroy: return "destroy";
    }
    return "check";
}

Error nonsense(std::string_view why) {
    return {.code = ErrorCode::Invalid, .message = fmt::format("answered nonsense: {}", why)};
}

/// Text for people, from a program that may be anything: bounded and safe to print.
std::string text_of(const Value& value, std::string_view key) {
    const Value* found = value.get(key);
    const auto* text = found ? found->if_string() : nullptr;
    return text ? escape_controls(std::string_view(*text).substr(0, kLongestText)) : std::string();
}

ErrorCode code_from(std::string_view text) noexcept {
    for (const auto code : {ErrorCode::NotFound, ErrorCode::Conflict, ErrorCode::Invalid, ErrorCode::Denied,
                            ErrorCode::Unavailable, ErrorCode::Timeout, ErrorCode::Unsupported,
                            ErrorCode::Cancelled, ErrorCode::Internal})
        if (to_string(code) == text) return code;
    return ErrorCode::Internal;
}

Result<AgentAnswer> read_error(std::string id, const Value& answer) {
    const Value* error = answer.get("error");
    if (!error || !error->if_map() || text_of(*error, "message").empty())
        return nonsense("an error without a message");
    return AgentAnswer{.id = std::move(id),
                       .event = Error{.code = code_from(text_of(*error, "code")),
                                      .message = text_of(*error, "message"),
                                      .context = {},
                                      .hint = text_of(*error, "hint")}};
}

} // namespace

std::string write_request(const AgentRequest& request) {
    // The document is written once, not copied into a tree of values first.
    return fmt::format(
        R"({{"format":"lab.agent-request/1","id":{},"mode":"{}","root":{},"create":{},"desired":{}}})",
        write_json(request.id), to_string(request.mode), write_json(request.root), request.create,
        api::write_desired(*request.desired));
}

Result<AgentAnswer> read_answer(std::string_view line) {
    const auto answer = parse_json(line);
    if (!answer) return nonsense(answer.error().message);
    const Value* id = answer->get("id");
    if (!id || !id->if_string()) return nonsense("a line without an id");
    const std::string event = text_of(*answer, "event");
    if (event == "error") return read_error(*id->if_string(), *answer);
    if (event == "progress")
        return AgentAnswer{.id = *id->if_string(),
                           .event = AgentProgress{.resource = text_of(*answer, "resource"),
                                                  .status = text_of(*answer, "status")}};
    if (event != "report") return nonsense(fmt::format("the unknown event '{}'", event));
    const Value* document = answer->get("report");
    if (!document) return nonsense("a report event without a report");
    auto report = api::report_from_value(*document);
    if (!report) return nonsense(report.error().text());
    return AgentAnswer{.id = *id->if_string(), .event = std::move(*report)};
}

} // namespace lab::providers::local::detail
