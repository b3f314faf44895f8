#include "support/diagnostics.h"

#include "support/text.h"
#include "support/url_mask.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace lab {
namespace {

std::string_view file_of(const Span& span) {
    return span.file ? std::string_view(*span.file) : std::string_view();
}

auto place_key(const Span& span) {
    return std::tuple(file_of(span), span.line, span.column, span.length);
}

bool before(const Diagnostic& left, const Diagnostic& right) {
    const auto key = [](const Diagnostic& item) {
        return std::tuple(file_of(item.at), item.at.line, item.at.column, std::string_view(item.code),
                          item.severity, std::string_view(item.message), item.at.length,
                          std::string_view(item.help));
    };
    if (key(left) != key(right)) return key(left) < key(right);
    return std::lexicographical_compare(
        left.notes.begin(), left.notes.end(), right.notes.begin(), right.notes.end(),
        [](const Diagnostic::Note& a, const Diagnostic::Note& b) {
            return std::tuple_cat(place_key(a.at), std::tuple(std::string_view(a.message))) <
                   std::tuple_cat(place_key(b.at), std::tuple(std::string_view(b.message)));
        });
}

std::string_view name_of(Severity severity) {
    switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    }
    return "error";
}

// ---- the excerpt: one line of the file and a caret under the span

constexpr std::size_t kExcerptWidth = 100; // columns of the line that are shown at most
constexpr std::size_t kBeforeCaret = 40;   // characters left of the caret once a line is cut
constexpr std::string_view kCut = "...";
constexpr std::string_view kTab = "    ";

struct Excerpt {
    std::string text;
    std::size_t caret = 0; // columns before it
    std::size_t width = 1; // columns of it
};

/// Bytes of the next character; a broken byte counts as one.
std::size_t step(std::string_view text) {
    return std::max<std::size_t>(1, utf8_length(text));
}

/// Cuts `line` around the span, makes it safe to print and finds the caret's columns in what came out.
Excerpt cut_excerpt(std::string_view line, std::uint32_t column, std::uint32_t length) {
    const std::size_t target = column == 0 ? 0 : column - 1; // characters before the span
    const std::size_t first = target + 20 > kExcerptWidth ? target - std::min(target, kBeforeCaret) : 0;
    std::size_t index = 0;
    for (; index < first && !line.empty(); ++index)
        line.remove_prefix(step(line));

    Excerpt out;
    if (index != 0) out.text = kCut;
    std::size_t column_now = out.text.size(), caret_end = 0;
    const std::size_t end = column_now + kExcerptWidth;
    bool caret_set = false;
    while (!line.empty() && column_now < end) {
        const std::string_view character = line.substr(0, step(line));
        const std::string shown = character == "\t" ? std::string(kTab) : escape_controls(character);
        if (index == target) {
            out.caret = column_now;
            caret_set = true;
        }
        column_now += display_width(shown);
        if (caret_set && index - target < std::max(1u, length)) caret_end = column_now;
        out.text += shown;
        line.remove_prefix(character.size());
        ++index;
    }
    if (!caret_set) out.caret = column_now; // behind the end of the line
    out.width = caret_end > out.caret ? caret_end - out.caret : 1;
    if (!line.empty()) out.text += kCut;
    return out;
}

// ---- the whole text

class Renderer {
  public:
    Renderer(const SourceLines& lines, bool color) : lines_(lines), color_(color) {}

    void add(const Diagnostic& item) {
        const std::string_view tone = item.severity == Severity::Error ? kRed : kYellow;
        header(item.at, name_of(item.severity), tone, item.message);
        if (!item.code.empty()) out_ += paint(kDim, fmt::format(" [{}]", escape_controls(item.code)));
        out_ += '\n';
        const std::string help = escape_controls(item.help);
        const bool beside = excerpt(item.at, tone, help.size() <= kHelpBesideCaret ? help : "");
        if (!help.empty() && !(beside && help.size() <= kHelpBesideCaret))
            out_ += fmt::format("  {} {}\n", paint(kBlue, "= help:"), help);
        for (const auto& note : item.notes) {
            header(note.at, "note", kBlue, note.message);
            out_ += '\n';
            excerpt(note.at, kBlue, "");
        }
        out_ += '\n';
    }
    void line(std::string_view text) {
        out_ += text;
        out_ += '\n';
    }
    std::string take() { return std::move(out_); }

  private:
    static constexpr std::size_t kHelpBesideCaret = 80; // longer help gets a line of its own
    static constexpr std::string_view kBold = "1", kDim = "2", kRed = "1;31", kYellow = "1;33",
                                      kBlue = "1;34";

    std::string paint(std::string_view tone, std::string_view text) const {
        return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", tone, text) : std::string(text);
    }
    void header(const Span& at, std::string_view kind, std::string_view tone, std::string_view message) {
        if (at.known()) out_ += paint(kBold, escape_controls(at.text()) + ":") + " ";
        out_ += paint(tone, fmt::format("{}:", kind));
        out_ += fmt::format(" {}", paint(kBold, escape_controls(message)));
    }
    /// False where the line cannot be had: nothing was written then.
    bool excerpt(const Span& at, std::string_view tone, std::string_view beside) {
        if (!at.known() || at.line == 0 || at.column == 0 || !lines_) return false;
        const auto source = lines_(std::string(*at.file), at.line);
        if (!source) return false;
        const Excerpt cut = cut_excerpt(mask_url_secrets(*source), at.column, at.length);
        const std::string number = std::to_string(at.line), blank(number.size(), ' ');
        const std::string bar = paint(kBlue, "|");
        out_ += fmt::format("{} {}\n", blank, bar);
        out_ += fmt::format("{} {} {}\n", paint(kBlue, number), bar, cut.text);
        out_ += fmt::format("{} {} {}{}", blank, bar, std::string(cut.caret, ' '),
                            paint(tone, std::string(cut.width, '^')));
        if (!beside.empty()) out_ += fmt::format(" {}", paint(tone, beside));
        out_ += '\n';
        return true;
    }

    const SourceLines& lines_;
    bool color_;
    std::string out_;
};

std::string count_line(std::size_t errors, std::size_t warnings) {
    if (warnings == 0) return counted(errors, "error");
    if (errors == 0) return counted(warnings, "warning");
    return counted(errors, "error") + ", " + counted(warnings, "warning");
}

void put_place(ValueMap& map, const Span& at) {
    const bool placed = at.known() && at.line != 0;
    map.append("file", at.known() ? Value(*at.file) : Value());
    map.append("line", placed ? Value(std::int64_t{at.line}) : Value());
    map.append("column", placed && at.column != 0 ? Value(std::int64_t{at.column}) : Value());
    map.append("length", placed && at.column != 0 ? Value(std::int64_t{at.length}) : Value());
}

Value to_value(const Diagnostic& item) {
    ValueMap map{{"severity", Value(name_of(item.severity))},
                 {"code", Value(item.code)},
                 {"message", Value(item.message)}};
    put_place(map, item.at);
    map.append("help", item.help.empty() ? Value() : Value(item.help));
    ValueList notes;
    for (const auto& note : item.notes) {
        ValueMap entry{{"message", Value(note.message)}};
        put_place(entry, note.at);
        notes.emplace_back(std::move(entry));
    }
    map.append("notes", Value(std::move(notes)));
    return Value(std::move(map));
}

} // namespace

std::string Span::text() const {
    if (!file) return {};
    if (line == 0) return std::string(*file);
    return column == 0 ? fmt::format("{}:{}", *file, line) : fmt::format("{}:{}:{}", *file, line, column);
}

void Diagnostics::append(Diagnostics other) {
    items_.insert(items_.end(), std::make_move_iterator(other.items_.begin()),
                  std::make_move_iterator(other.items_.end()));
}

std::size_t Diagnostics::errors() const noexcept {
    return static_cast<std::size_t>(std::count_if(items_.begin(), items_.end(), [](const Diagnostic& item) {
        return item.severity == Severity::Error;
    }));
}

std::size_t Diagnostics::warnings() const noexcept {
    return items_.size() - errors();
}
bool Diagnostics::has_errors() const noexcept {
    return errors() != 0;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    std::vector<Diagnostic> out = items_;
    std::stable_sort(out.begin(), out.end(), before);
    const auto same = [](const Diagnostic& a, const Diagnostic& b) { return !before(a, b) && !before(b, a); };
    out.erase(std::unique(out.begin(), out.end(), same), out.end());
    for (Diagnostic& item : out) {
        item.message = mask_url_secrets(item.message);
        item.help = mask_url_secrets(item.help);
        for (auto& note : item.notes)
            note.message = mask_url_secrets(note.message);
    }
    return out;
}

std::string render_text(const Diagnostics& diagnostics, const SourceLines& lines, const RenderStyle& style) {
    const std::vector<Diagnostic> items = diagnostics.sorted();
    if (items.empty()) return {};
    const auto errors = static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [](const Diagnostic& item) { return item.severity == Severity::Error; }));
    // Where not all are shown, errors go first: a warning must not hide one.
    std::size_t errors_left = std::min(errors, style.limit);
    std::size_t warnings_left = style.limit - errors_left;
    Renderer renderer(lines, style.color);
    std::size_t hidden = 0;
    for (const auto& item : items) {
        std::size_t& left = item.severity == Severity::Error ? errors_left : warnings_left;
        if (left == 0) {
            ++hidden;
            continue;
        }
        --left;
        renderer.add(item);
    }
    const std::string rest = hidden == 0 ? "" : fmt::format(" ({} not shown)", hidden);
    renderer.line(count_line(errors, items.size() - errors) + rest);
    return renderer.take();
}

Value to_value(const Diagnostics& diagnostics) {
    const std::vector<Diagnostic> items = diagnostics.sorted();
    std::int64_t errors = 0;
    ValueList list;
    for (const auto& item : items) {
        errors += item.severity == Severity::Error ? 1 : 0;
        list.push_back(to_value(item));
    }
    return Value(ValueMap{{"format", Value("lab.diagnostics/1")},
                          {"errors", Value(errors)},
                          {"warnings", Value(static_cast<std::int64_t>(items.size()) - errors)},
                          {"diagnostics", Value(std::move(list))}});
}

} // namespace lab
