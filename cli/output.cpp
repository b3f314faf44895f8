#include "cli/output.h"

#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include <unistd.h>

namespace lab::cli {
namespace {

std::string shown(const Cell& cell) {
    return cell.text.empty() ? "-" : escape_controls(cell.text);
}

std::string painted(const Paint& paint, Tone tone, const std::string& text) {
    switch (tone) {
    case Tone::Plain: return text;
    case Tone::Good: return paint.green(text);
    case Tone::Warning: return paint.yellow(text);
    case Tone::Bad: return paint.red(text);
    case Tone::Faint: return paint.dim(text);
    }
    return text;
}

} // namespace

void DescriptorSink::write(std::string_view text) {
    while (!text.empty() && !failure_ && !closed_) {
        const ssize_t written = ::write(fd_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            closed_ = true;
        } else if (errno != EINTR) {
            failure_ = errno_error(fmt::format("cannot write to {}", name_), errno);
        }
    }
}

std::string Paint::wrap(std::string_view code, std::string_view text) const {
    return on ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string Table::text(bool wide, const Paint& paint) const {
    if (rows.empty()) return {};
    std::vector<std::size_t> shown_columns, widths;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        if (columns[c].wide && !wide) continue;
        std::size_t width = display_width(columns[c].title);
        for (const auto& row : rows)
            width = std::max(width, display_width(shown(row[c])));
        shown_columns.push_back(c);
        widths.push_back(width);
    }
    std::string out;
    const auto line = [&](const auto& text_of, const auto& tone_of) {
        for (std::size_t i = 0; i < shown_columns.size(); ++i) {
            const Column& column = columns[shown_columns[i]];
            const std::string text = text_of(shown_columns[i]);
            const std::string gap(widths[i] - display_width(text), ' ');
            const bool last = i + 1 == shown_columns.size();
            if (column.right) out += gap;
            out += painted(paint, tone_of(shown_columns[i]), text);
            if (!column.right && !last) out += gap;
            out += last ? "\n" : "   ";
        }
    };
    line([&](std::size_t c) { return columns[c].title; }, [](std::size_t) { return Tone::Faint; });
    for (const auto& row : rows)
        line([&](std::size_t c) { return shown(row[c]); }, [&](std::size_t c) { return row[c].tone; });
    return out;
}

std::string branches(const std::vector<std::string>& lines, std::string_view indent) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i)
        out += fmt::format("{}{} {}\n", indent, i + 1 == lines.size() ? "└──" : "├──", lines[i]);
    return out;
}

std::string facts_text(const Facts& facts) {
    std::size_t width = 0;
    for (const auto& fact : facts)
        width = std::max(width, display_width(fact.first));
    std::string out;
    for (const auto& [name, value] : facts) {
        out += name + ":" + std::string(width - display_width(name) + 2, ' ');
        out += (value.empty() ? "-" : escape_controls(value)) + "\n";
    }
    return out;
}

std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(escape_controls(row[i])));
    }
    std::vector<std::string> lines;
    for (const auto& row : rows) {
        std::string line;
        std::size_t gap = 0;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string text = escape_controls(row[i]);
            if (!text.empty()) line += std::string(gap, ' ') + text;
            gap = text.empty() ? gap + widths[i] : widths[i] - display_width(text);
            if (widths[i] != 0) gap += 2;
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string section_text(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string out = fmt::format("{}:\n", title);
    for (const std::string& line : lines)
        out += fmt::format("  {}\n", line);
    return out;
}

} // namespace lab::cli
