#pragma once
// What commands print: data to stdout in one of the forms of -o, everything else to stderr.

#include "support/result.h"
#include "support/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace lab::cli {

/// Where text goes. Each write goes out at once; the first failure is kept and what follows is dropped.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(std::string_view text) = 0;
    /// Why something could not be written. A reader that went away (EPIPE) is no failure.
    virtual const Error* failure() const noexcept { return nullptr; }
    /// Nobody reads any more: long listings may stop.
    virtual bool closed() const noexcept { return false; }
};

class DescriptorSink final : public Sink {
  public:
    explicit DescriptorSink(int fd, std::string_view name) : fd_(fd), name_(name) {}
    void write(std::string_view text) override;
    const Error* failure() const noexcept override { return failure_ ? &*failure_ : nullptr; }
    bool closed() const noexcept override { return closed_; }

  private:
    int fd_;
    std::string_view name_;
    std::optional<Error> failure_;
    bool closed_ = false;
};

/// Keeps what is written; for tests.
class StringSink final : public Sink {
  public:
    void write(std::string_view text) override { text_ += text; }
    const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
};

enum class Form { Table, Wide, Json, Yaml, Name };

/// Colors, or plain text where they are off.
struct Paint {
    bool on = false;
    std::string bold(std::string_view text) const { return wrap("1", text); }
    std::string dim(std::string_view text) const { return wrap("2", text); }
    std::string red(std::string_view text) const { return wrap("31", text); }
    std::string green(std::string_view text) const { return wrap("32", text); }
    std::string yellow(std::string_view text) const { return wrap("33", text); }
    std::string cyan(std::string_view text) const { return wrap("36", text); }

  private:
    std::string wrap(std::string_view code, std::string_view text) const;
};

/// How a cell is painted; the text is aligned by its width before.
enum class Tone { Plain, Good, Warning, Bad, Faint };

struct Cell {
    std::string text; // printed with control characters escaped; empty prints "-"
    Tone tone = Tone::Plain;

    Cell() = default;
    Cell(std::string cell_text, Tone cell_tone = Tone::Plain) : text(std::move(cell_text)), tone(cell_tone) {}
    Cell(const char* cell_text, Tone cell_tone = Tone::Plain) : text(cell_text), tone(cell_tone) {}
    Cell(std::string_view cell_text, Tone cell_tone = Tone::Plain) : text(cell_text), tone(cell_tone) {}
};

struct Column {
    std::string title; // upper case
    bool wide = false; // only in -o wide
    bool right = false;
};

struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows; // as many cells as columns

    /// Columns aligned by display width and three spaces apart; nothing trails a line. A table without rows
    /// prints nothing.
    std::string text(bool wide, const Paint& paint) const;
};

/// A tree of lines as the `show` commands print it: "├── ", "└── ".
std::string branches(const std::vector<std::string>& lines, std::string_view indent = "  ");

/// "Name:   db-1" lines; the values begin in one column. An empty value prints "-".
using Facts = std::vector<std::pair<std::string, std::string>>;
std::string facts_text(const Facts& facts);
/// The cells of each row in columns two spaces apart, as lines without their ends.
std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows);
/// Lines below `title`, indented by two; nothing where there are none.
std::string section_text(std::string_view title, const std::vector<std::string>& lines);

/// YAML 1.2 of a value, block style; strings are quoted where they would read as something else. Ends in a
/// newline.
std::string write_yaml(const Value& value);

} // namespace lab::cli
