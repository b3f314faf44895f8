#pragma once
// Lays out the lines of a YAML file that is known to parse. It follows the structure as the scanner does, and
// refuses what it does not know; its caller compares what the text means before and after.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

class Formatter {
  public:
    explicit Formatter(std::string_view text) : text_(text) {}
    /// Once. Nullopt where the text is left as it is; then `why` and `line` say what is in the way.
    std::optional<std::string> run();
    const std::string& why() const noexcept { return why_; }
    std::uint32_t line() const noexcept { return line_; }

  private:
    struct Block {
        std::size_t column = 0; // as written, in bytes
        std::size_t out = 0;    // as it comes out
        bool list = false;
    };
    struct Comment { // on a line of its own
        std::size_t column = 0;
        std::string_view text;
        bool gap = false;  // blank lines before it
        bool tail = false; // goes on with the comment that ends the line above
    };
    struct Next { // the next line with content
        std::size_t column = 0;
        bool dash = false;
        bool below = false; // it is what the last key or dash holds
    };
    struct Line {
        std::string code, comment;
        std::size_t comment_column = 0; // as written
    };
    struct Bracket {
        char closing = 0;
        std::size_t inside = 0;  // column of lines inside it
        std::size_t outside = 0; // column of its end, where that begins a line
    };

    bool refuse(std::string why) {
        why_ = std::move(why);
        return false;
    }
    // reading
    bool at_end(std::size_t at) const { return at >= text_.size(); }
    bool is_break(std::size_t at) const { return at_end(at) || text_[at] == '\n' || text_[at] == '\r'; }
    bool is_blank(std::size_t at) const { return !at_end(at) && (text_[at] == ' ' || text_[at] == '\t'); }
    bool is_gap(std::size_t at) const { return is_break(at) || is_blank(at); }
    bool is_dash(std::size_t at) const { return !at_end(at) && text_[at] == '-' && is_gap(at + 1); }
    void skip_blanks();
    void new_line();
    std::size_t line_end(std::size_t at) const;
    std::size_t quote_end(std::size_t at) const;
    std::size_t plain_end(std::size_t at) const;
    std::optional<std::size_t> key_end() const;

    // structure
    bool next_line();
    bool line_of_content();
    bool document_start();
    bool fit(std::size_t column, bool dash, bool below);
    void open(std::size_t column, bool list);
    static bool ends(const Block& block, std::size_t column, bool dash) {
        return block.column > column || (block.column == column && block.list && !dash);
    }
    bool items();
    bool entry(std::size_t end);
    bool value(std::size_t base);
    bool block_text();
    bool quoted(std::size_t inside);
    bool plain();
    bool end_of_line();

    // flow style
    bool flow(std::size_t base);
    bool flow_break(const std::vector<Bracket>& open);
    void flow_open(std::vector<Bracket>& open);
    bool flow_token(std::vector<Bracket>& open);
    std::size_t flow_plain_end(std::size_t at) const;

    // writing
    /// The column of what is below the innermost block.
    std::size_t inside() const { return blocks_.empty() ? 0 : blocks_.back().out + 2; }
    std::size_t width() const;
    void begin_line(std::size_t column);
    void put(std::string_view text) { lines_.back().code += text; }
    void put_comment();
    void place_comments(const std::optional<Next>& next);
    void write_comments(std::size_t next_out);
    std::string written() const;

    std::string_view text_;
    std::size_t pos_ = 0, line_start_ = 0;
    std::uint32_t line_ = 1;
    std::vector<Block> blocks_;
    bool pending_ = false;                 // the last key or dash may find its value on the lines below
    bool started_ = false;                 // there was content
    bool complete_ = false;                // a value at the root ended; nothing but comments may follow
    bool open_end_ = false;                // the file ends in a block text without a line end
    std::vector<Comment> comments_;        // that wait for the line below them
    std::vector<std::size_t> comment_out_; // of each, its column
    bool gap_ = false;
    char last_ = 0;             // what was put last inside brackets; 0: nothing yet on the line, 'x': a value
    std::size_t flow_base_ = 0; // indentation of the line inside brackets
    std::vector<Line> lines_;
    std::string why_;
};

} // namespace lab::spec::detail
