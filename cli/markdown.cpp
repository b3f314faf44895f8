// The Markdown that the texts of cli/help/ keep to, for a terminal and for man. Anything else in it is
// printed as it stands.
#include "cli/help.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

enum class LineKind { Blank, Heading, Code, Item, Text };

LineKind kind_of(std::string_view line) {
    if (trim(line).empty()) return LineKind::Blank;
    if (line.starts_with("## ")) return LineKind::Heading;
    if (line.starts_with("    ")) return LineKind::Code;
    if (line.starts_with("- ")) return LineKind::Item;
    return LineKind::Text;
}

/// Calls `plain` and `code` for the parts of a line outside and inside of backquotes.
template <typename Plain, typename Code>
std::string spans(std::string_view line, const Plain& plain, const Code& code) {
    std::string out;
    while (!line.empty()) {
        const auto open = line.find('`');
        const auto close = open == line.npos ? line.npos : line.find('`', open + 1);
        if (close == line.npos) return out + plain(line);
        out += plain(line.substr(0, open));
        out += code(line.substr(open + 1, close - open - 1));
        line.remove_prefix(close + 1);
    }
    return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    auto lines = split(text, '\n');
    while (!lines.empty() && trim(lines.back()).empty())
        lines.pop_back();
    return lines;
}

/// Text that roff prints as it stands.
std::string roff_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '\\': out += "\\e"; break;
        case '-': out += "\\-"; break;
        case '\'': out += "\\(aq"; break;
        case '`': out += "\\(ga"; break;
        case '^': out += "\\(ha"; break;
        case '~': out += "\\(ti"; break;
        default: out += c;
        }
    }
    return out;
}

/// A line of running text: a leading dot would be a request.
std::string roff_line(std::string_view line) {
    std::string out = spans(
        line, [](std::string_view text) { return roff_escaped(text); },
        [](std::string_view text) { return fmt::format("\\fB{}\\fR", roff_escaped(text)); });
    return out.starts_with('.') ? "\\&" + out : out;
}

std::string roff_block(std::string_view title, const std::vector<std::pair<std::string, std::string>>& rows) {
    if (rows.empty()) return {};
    std::string out = title.empty() ? std::string() : fmt::format(".SH {}\n", title);
    for (const auto& [name, text] : rows)
        out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff_escaped(name), roff_line(text));
    return out;
}

std::string option_name(const Option& option) {
    std::string out = option.letter ? fmt::format("-{}, ", option.letter) : std::string();
    out += fmt::format("--{}", option.name);
    if (!option.other.empty()) out += fmt::format(", --{}", option.other);
    return option.value.empty() ? out : fmt::format("{} {}", out, option.value);
}

std::vector<std::pair<std::string, std::string>> option_rows(std::span<const Option> options) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Option& option : options) {
        std::string text(option.summary);
        for (std::size_t i = 0; i < option.choices.size(); ++i)
            text += fmt::format("{}`{}`", i ? ", " : ": ", option.choices[i]);
        if (option.repeatable) text += "; may be repeated";
        rows.emplace_back(option_name(option), text + ".");
    }
    return rows;
}

std::string page_name(const Command& command) {
    std::string name = fmt::format("lab-{}", command.words);
    for (char& c : name)
        if (c == ' ') c = '-';
    return name;
}

std::string title_line(std::string_view name, std::string_view date, std::string_view section = "1") {
    std::string upper(name);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return fmt::format(".TH \"{}\" \"{}\" \"{}\" \"lab\" \"lab manual\"\n", upper, section, date);
}

std::string command_page(const Command& command, std::string_view date) {
    const std::string name = page_name(command);
    std::string out = title_line(name, date);
    out += fmt::format(".SH NAME\n{} \\- {}\n", roff_escaped(name), roff_escaped(command.summary));
    out += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR\n", roff_escaped(synopsis(command)));
    if (const auto text = help_text(help_name(command))) out += ".SH DESCRIPTION\n" + markdown_to_roff(*text);
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Positional& positional : command.positionals) {
        std::string text(positional.summary);
        for (std::size_t i = 0; i < positional.choices.size(); ++i)
            text += fmt::format("{}`{}`", i ? ", " : ": ", positional.choices[i]);
        rows.emplace_back(std::string(positional.name), text + ".");
    }
    out += roff_block("ARGUMENTS", rows);
    out += roff_block("OPTIONS", option_rows(command.options));
    if (command.filters) out += roff_block("FILTERS", option_rows(filter_options()));
    out += roff_block("GLOBAL OPTIONS", option_rows(global_options()));
    if (!command.examples.empty()) {
        out += ".SH EXAMPLES\n";
        for (const Example& example : command.examples)
            out +=
                fmt::format(".TP\n{}\n.nf\n{}\n.fi\n", roff_line(example.does), roff_escaped(example.line));
    }
    return out + fmt::format(".SH SEE ALSO\n{}\n", command.words == "help"
                                                       ? "\\fBlab\\fR(1)"
                                                       : "\\fBlab\\fR(1), \\fBlab\\-help\\fR(1)");
}

std::string overview_page(std::string_view date) {
    std::string out = title_line("lab", date);
    out += ".SH NAME\nlab \\- manage a fleet of machines from YAML in a git repository\n";
    out += ".SH SYNOPSIS\n\\fBlab\\fR [\\fIglobal options\\fR] \\fICOMMAND\\fR [\\fIoptions\\fR] "
           "[\\fIarguments\\fR]\n";
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command* command : commands())
        if (command->section != Section::Hidden)
            rows.emplace_back(fmt::format("lab {}", command->words), std::string(command->summary) + ".");
    out += roff_block("COMMANDS", rows);
    out += roff_block("GLOBAL OPTIONS", option_rows(global_options()));
    for (const Topic& topic : topics()) {
        std::string upper(topic.name);
        for (char& c : upper)
            c = c == '-' ? ' ' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
        if (const auto text = help_text(topic.name))
            out += fmt::format(".SH {}\n{}", upper, markdown_to_roff(*text));
    }
    return out;
}

} // namespace

std::string markdown_to_text(std::string_view markdown, const Paint& paint) {
    std::string out;
    for (const std::string_view line : lines_of(markdown)) {
        switch (kind_of(line)) {
        case LineKind::Blank: break;
        case LineKind::Heading: out += paint.bold(line.substr(3)); break;
        case LineKind::Code: out += fmt::format("  {}", line); break;
        case LineKind::Item:
        case LineKind::Text:
            out += "  ";
            out += spans(
                line, [](std::string_view text) { return std::string(text); },
                [&paint](std::string_view text) {
                    return paint.on ? paint.bold(text) : fmt::format("'{}'", text);
                });
            break;
        }
        out += '\n';
    }
    return out;
}

std::string markdown_to_roff(std::string_view markdown) {
    std::string out;
    LineKind before = LineKind::Text;
    bool in_item = false, gap = false;
    for (const std::string_view line : lines_of(markdown)) {
        const LineKind kind = kind_of(line);
        if (before == LineKind::Code && kind != LineKind::Code && kind != LineKind::Blank)
            out += ".fi\n.RE\n";
        switch (kind) {
        case LineKind::Blank: gap = true; continue;
        case LineKind::Heading:
            out += fmt::format(".SS {}\n", roff_line(line.substr(3)));
            in_item = false;
            break;
        case LineKind::Code:
            out += before == LineKind::Code ? (gap ? "\n" : "") : ".PP\n.RS 4\n.nf\n";
            out += "\\&" + roff_escaped(line.substr(4)) + "\n";
            break;
        case LineKind::Item:
            out += fmt::format(".IP \\(bu 2\n{}\n", roff_line(line.substr(2)));
            in_item = true;
            break;
        case LineKind::Text:
            if (gap && !(in_item && line.starts_with("  "))) {
                if (before != LineKind::Heading) out += ".PP\n";
                in_item = false;
            }
            out += roff_line(trim(line)) + "\n";
            break;
        }
        gap = false;
        before = kind;
    }
    if (before == LineKind::Code) out += ".fi\n.RE\n";
    return out;
}

std::vector<std::pair<std::string, std::string>> man_pages(std::string_view date) {
    std::vector<std::pair<std::string, std::string>> pages{{"lab.1", overview_page(date)}};
    for (const Command* command : commands())
        if (command->section != Section::Hidden)
            pages.emplace_back(fmt::format("{}.1", page_name(*command)), command_page(*command, date));
    return pages;
}

} // namespace lab::cli
