#pragma once
// Help from the table: for the terminal and as man pages.

#include "cli/commands.h"
#include "cli/output.h"

#include <string>
#include <utility>
#include <vector>

namespace lab::cli {

/// "lab get [options] KIND [NAME...]"
std::string synopsis(const Command& command);
/// What `lab COMMAND --help` prints.
std::string command_help(const Command& command, const Paint& paint);
/// What `lab config --help` prints: the commands that begin with `group`; empty where none does.
std::string group_help(std::string_view group, const Paint& paint);
/// What `lab help` prints: all commands by section.
std::string overview(const Paint& paint);

/// A subject of `lab help TOPIC` that is no command: "exit-codes", "targets".
struct Topic {
    std::string_view name, summary;
};
std::span<const Topic> topics();
/// The text of a topic or command in cli/help/; nullopt where there is no such file.
std::optional<std::string_view> help_text(std::string_view name);
/// The name of a command's file in cli/help/.
std::string help_name(const Command& command);

/// Every man page: file name ("lab-get.1") and roff text. `date` is "2026-03-15".
std::vector<std::pair<std::string, std::string>> man_pages(std::string_view date);

/// The small Markdown of cli/help/ (paragraphs, "- " lists, indented code, `code`, "## " headings) for a
/// terminal.
std::string markdown_to_text(std::string_view markdown, const Paint& paint);
/// The same as roff with man macros.
std::string markdown_to_roff(std::string_view markdown);

} // namespace lab::cli
