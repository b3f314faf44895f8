#include "cli/help.h"

#include "cli/arguments.h"
#include "cli/context.h"
#include "support/clock.h"
#include "support/files.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "TOPIC",
     .summary = "a command or a topic; nothing: all commands",
     .required = false,
     .repeated = true,
     .complete = Complete::Command},
};
constexpr Option kOptions[] = {
    {.name = "man",
     .value = "DIR",
     .summary = "write the man pages of all commands into this folder",
     .complete = Complete::Directory},
};
constexpr Example kExamples[] = {
    {"lab help exit-codes", "what the exit codes mean"},
    {"lab help config set", "the same as 'lab config set --help'"},
    {"lab help --man /tmp/lab-man && man -l /tmp/lab-man/lab-get.1", "read the man page of 'lab get'"},
};

/// The pages carry the day of SOURCE_DATE_EPOCH where it is given, so that a build can be repeated byte by
/// byte.
Result<std::string> page_date(const Context& context) {
    const auto epoch = context.environment.find("SOURCE_DATE_EPOCH");
    if (epoch == context.environment.end()) return format_time(context.clock.wall()).substr(0, 10);
    std::int64_t seconds = 0;
    for (const char c : epoch->second) {
        if (c < '0' || c > '9' || seconds > 100'000'000'000)
            return Error{.code = ErrorCode::Invalid,
                         .message = "SOURCE_DATE_EPOCH must be a number of seconds"};
        seconds = seconds * 10 + (c - '0');
    }
    return format_time(WallTime(std::chrono::seconds(seconds))).substr(0, 10);
}

Result<int> write_man_pages(const std::filesystem::path& folder, Context& context) {
    auto date = page_date(context);
    if (!date) return std::move(date).error();
    LAB_TRY(make_directories(folder));
    const auto pages = man_pages(*date);
    for (const auto& [name, text] : pages)
        LAB_TRY(write_file_atomic(folder / name, text, {.durable = false}));
    context.note(fmt::format("wrote {} to {}", counted(pages.size(), "man page"), folder.string()));
    return kExitDone;
}

int unknown_topic(const std::string& topic, Context& context) {
    std::vector<std::string_view> names;
    for (const Command* command : commands())
        if (command->section != Section::Hidden) names.push_back(command->words);
    for (const Topic& known : topics())
        names.push_back(known.name);
    const auto near = nearest(topic, std::span<const std::string_view>(names));
    return refuse_usage(context,
                        {.message = fmt::format("there is no command or topic '{}'", escape_controls(topic)),
                         .hint = near ? fmt::format("did you mean '{}'?", *near) : std::string()});
}

Result<int> print_help(const Arguments& arguments, Context& context) {
    if (const auto folder = arguments.value("man")) return write_man_pages(*folder, context);
    const std::string topic = fmt::format("{}", fmt::join(arguments.positionals(), " "));
    if (topic.empty()) {
        context.out.write(overview(context.paint));
        return kExitDone;
    }
    for (const Command* command : commands()) {
        if (command->words != topic) continue;
        context.out.write(command_help(*command, context.paint));
        return kExitDone;
    }
    if (const std::string text = group_help(topic, context.paint); !text.empty()) {
        context.out.write(text);
        return kExitDone;
    }
    for (const Topic& known : topics()) {
        if (known.name != topic) continue;
        context.out.write(markdown_to_text(*help_text(known.name), context.paint));
        return kExitDone;
    }
    return unknown_topic(topic, context);
}

} // namespace

constinit const Command kHelp{.words = "help",
                              .section = Section::Machine,
                              .summary = "explain a command or a topic; write man pages",
                              .positionals = kPositionals,
                              .options = kOptions,
                              .examples = kExamples,
                              .run = print_help};

} // namespace lab::cli
