#include "cli/context.h"

#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {

void Context::note(std::string_view text) {
    if (!quiet) err.write(fmt::format("{}\n", escape_controls(text, /*keep_newlines=*/true)));
}

void Context::trace(std::string_view text) {
    if (verbose) err.write(fmt::format("{}\n", escape_controls(text, /*keep_newlines=*/true)));
}

void Context::warn(std::string_view text) {
    err.write(
        fmt::format("{}: {}\n", err_paint.yellow("warning"), escape_controls(text, /*keep_newlines=*/true)));
}

void print_error(Context& context, const Error& error) {
    std::string out = fmt::format("{}: {}\n", context.err_paint.red("error"),
                                  escape_controls(error.message, /*keep_newlines=*/true));
    for (const std::string& line : error.context)
        out += fmt::format("  {}\n", escape_controls(line));
    if (!error.hint.empty())
        out += fmt::format("  hint: {}\n", escape_controls(error.hint, /*keep_newlines=*/true));
    context.err.write(out);
}

int refuse_usage(Context& context, const UsageError& error) {
    std::string out = fmt::format("{}: {}\n", context.err_paint.red("error"), error.message);
    if (!error.hint.empty()) out += fmt::format("  hint: {}\n", error.hint);
    out +=
        error.command ? fmt::format("  see 'lab {} --help'\n", error.command->words) : "  see 'lab help'\n";
    context.err.write(out);
    return kExitUsage;
}

void print_document(Context& context, std::string_view format, const ValueMap& document) {
    ValueMap whole{{"format", Value(format)}};
    for (const auto& [key, value] : document)
        whole.append(key, value);
    const Value value(std::move(whole));
    context.out.write(context.form == Form::Yaml ? write_yaml(value) : write_json_pretty(value));
}

} // namespace lab::cli
