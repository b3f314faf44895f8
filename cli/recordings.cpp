#include "cli/recordings.h"

#include "support/files.h"
#include "support/text.h"

#include <fmt/format.h>
#include <iostream>
#include <iterator>

namespace lab::cli {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

Result<std::string> text_of(const std::string& file, const Context& context) {
    if (file != "-") return read_file(context.directory / file, kMaxBytes);
    std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    return text;
}

} // namespace

Result<reconciler::RecordingText> load_recording(const std::string& file, const std::string& inventory,
                                                 const spec::Fleet& fleet, Context& context) {
    auto text = text_of(file, context);
    if (!text) return std::move(text).error();
    auto read = reconciler::read_recording(file, std::move(*text), [&](const planner::Recording& recording) {
        if (!recording.inventory.empty() && recording.inventory != inventory)
            return std::vector<planner::RecordingProblem>(); // that is said below
        return reconciler::unknown_resources(recording, fleet, fleet);
    });
    if (!read.diagnostics.empty())
        context.err.write(render_text(read.diagnostics, read.lines, {.color = context.err_paint.on}));
    if (read.diagnostics.has_errors())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the recording '{}' has {}: nothing was planned", file,
                                            counted(read.diagnostics.errors(), "error"))};
    const std::string& of = read.recording.inventory;
    if (!of.empty() && of != inventory)
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("the recording '{}' is of inventory '{}', this is '{}'", file, of,
                                            inventory),
                     .hint = "take its key 'inventory' out to plan on it all the same"};
    return read;
}

} // namespace lab::cli
