#pragma once
// What is wrong with a document a person wrote: every problem with its place, collected, sorted, rendered in
// one way.

#include "support/file_name.h"
#include "support/value.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// A place in a file. Line and column count from 1; columns count characters, not bytes. Line 0: the file as
/// a whole. `length` is what the caret underlines, in characters (at least 1). Small and plain: a fleet has
/// some fifteen a server.
struct Span {
    FileName file; // null: no file (the command line, say)
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t length = 1;

    bool known() const noexcept { return file != nullptr; }
    /// "servers/a.yaml:3:5"; "servers/a.yaml" where there is no line; "" where there is no file.
    std::string text() const;
};

enum class Severity { Error, Warning };

struct Diagnostic {
    Severity severity = Severity::Error;
    std::string code;    // stable slug, "spec/unknown-key"; every one is listed in docs/diagnostics.md
    std::string message; // lower case, no full stop
    Span at;
    std::string help; // what to do, "did you mean 'environment'?"; may be empty
    struct Note {
        std::string message; // "first defined here"
        Span at;
    };
    std::vector<Note> notes;
};

/// All problems of one run. Order of adding does not matter: rendering sorts by file, line, column, code.
class Diagnostics {
  public:
    void add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
    void append(Diagnostics other);
    bool has_errors() const noexcept;
    std::size_t errors() const noexcept;
    std::size_t warnings() const noexcept;
    bool empty() const noexcept { return items_.empty(); }
    /// Sorted and without exact repeats.
    std::vector<Diagnostic> sorted() const;
    const std::vector<Diagnostic>& items() const noexcept { return items_; }

  private:
    std::vector<Diagnostic> items_;
};

/// Gives the text of line `line` of `file` without its newline, for the excerpt; nullopt where it cannot be
/// had.
using SourceLines = std::function<std::optional<std::string>(const std::string& file, std::uint32_t line)>;

struct RenderStyle {
    bool color = false;
    std::size_t limit = 200; // diagnostics shown in full; the rest are counted
};

/// file:line:column: error: message [slug], then the line and a caret, then help and notes. Ends with a count
/// line.
std::string render_text(const Diagnostics& diagnostics, const SourceLines& lines,
                        const RenderStyle& style = {});
/// {"format": "lab.diagnostics/1", "errors": n, "warnings": n, "diagnostics": [...]}
Value to_value(const Diagnostics& diagnostics);

} // namespace lab
