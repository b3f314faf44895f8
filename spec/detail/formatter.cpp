#include "spec/detail/formatter.h"

#include "spec/detail/yaml_text.h"

#include <algorithm>
#include <utility>

namespace lab::spec::detail {

namespace {

constexpr std::size_t kAsNext = std::string_view::npos; // a comment goes where the next line goes

/// "# - x": an item of a list that was taken out, perhaps.
bool is_item(std::string_view comment) {
    const std::size_t at = comment.find_first_not_of("# ");
    return at != std::string_view::npos && comment[at] == '-';
}

std::string_view without_blanks(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r");
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

} // namespace

// ---- reading
// ------------------------------------------------------------------------------------------------------

void Formatter::skip_blanks() {
    while (is_blank(pos_))
        ++pos_;
}

void Formatter::new_line() { // pos_ is at a break, not at the end
    pos_ += text_[pos_] == '\r' ? 2u : 1u;
    line_start_ = pos_;
    ++line_;
}

std::size_t Formatter::line_end(std::size_t at) const {
    const std::size_t newline = std::min(text_.find('\n', at), text_.size());
    return newline > at && text_[newline - 1] == '\r' ? newline - 1 : newline;
}

/// One past the quote that closes the one at `at`; npos where none does.
std::size_t Formatter::quote_end(std::size_t at) const {
    const char quote = text_[at];
    for (++at; at < text_.size(); ++at) {
        const bool escape = text_[at] == '\\' && quote == '"';
        const bool doubled = text_.substr(at, 2) == "''" && quote == '\'';
        if (escape || doubled)
            ++at;
        else if (text_[at] == quote)
            return at + 1;
    }
    return std::string_view::npos;
}

/// Where a plain text of block style that begins at `at` ends on its line.
std::size_t Formatter::plain_end(std::size_t at) const {
    const std::size_t begin = at;
    for (; !is_break(at); ++at) {
        if (text_[at] == ':' && is_gap(at + 1)) break;
        if (text_[at] == '#' && at > begin && is_blank(at - 1)) break;
    }
    while (at > begin && is_blank(at - 1))
        --at;
    return at;
}

/// Where the key at `pos_` ends; nullopt where a value is there.
std::optional<std::size_t> Formatter::key_end() const {
    const char c = text_[pos_];
    std::size_t end = pos_;
    if (c == '"' || c == '\'') {
        end = quote_end(pos_);
        if (end > line_end(pos_)) return std::nullopt;
    } else if (std::string_view("[]{}&*!|>,").find(c) != std::string_view::npos) {
        return std::nullopt;
    } else {
        end = plain_end(pos_);
    }
    std::size_t colon = end;
    while (is_blank(colon))
        ++colon;
    if (at_end(colon) || text_[colon] != ':' || !is_gap(colon + 1)) return std::nullopt;
    return end;
}

/// Goes to the content of the next line that has some; keeps the comments before it. False at the end.
bool Formatter::next_line() {
    while (true) {
        skip_blanks();
        if (at_end(pos_)) return false;
        if (text_[pos_] == '#') {
            const std::size_t column = pos_ - line_start_;
            const bool first = comments_.empty();
            const bool tail = !gap_ && (first ? !lines_.empty() && lines_.back().comment_column == column
                                              : comments_.back().tail && comments_.back().column == column);
            const std::size_t end = line_end(pos_);
            comments_.push_back(
                {column, without_blanks(text_.substr(pos_, end - pos_)), gap_, tail && column > 0});
            gap_ = false;
            pos_ = end;
            if (at_end(pos_)) return false;
            new_line();
        } else if (is_break(pos_)) {
            gap_ = true;
            new_line();
        } else {
            return true;
        }
    }
}

// ---- structure
// ----------------------------------------------------------------------------------------------------

std::optional<std::string> Formatter::run() {
    while (next_line())
        if (!line_of_content()) return std::nullopt;
    place_comments(std::nullopt);
    gap_ = gap_ && !comments_.empty();
    write_comments(0);
    return written();
}

bool Formatter::document_start() {
    if (started_) return refuse("a second '---'");
    place_comments(Next{});
    write_comments(0);
    begin_line(0);
    put("---");
    pos_ += 3;
    started_ = true;
    return end_of_line();
}

bool Formatter::line_of_content() {
    const std::size_t column = pos_ - line_start_;
    if (text_.substr(line_start_, pos_ - line_start_).find('\t') != std::string_view::npos)
        return refuse("a tab in front of a line");
    if (column == 0) {
        const std::string_view marker = text_.substr(pos_, 3);
        if (marker == "---" && is_gap(pos_ + 3)) return document_start();
        if ((marker == "..." && is_gap(pos_ + 3)) || (marker[0] == '%' && !started_))
            return refuse("a marker of YAML streams");
    }
    started_ = true;
    if (complete_) return refuse("text after the end of the document");
    if (text_[pos_] == '?' && is_gap(pos_ + 1)) return refuse("a key that begins with '?'");
    const bool dash = is_dash(pos_);
    const bool below = pending_ && (column > blocks_.back().column ||
                                    (column == blocks_.back().column && dash && !blocks_.back().list));
    place_comments(Next{column, dash, below});
    const auto key = dash ? std::nullopt : key_end();
    if (!dash && !key) {
        complete_ = blocks_.empty();
        if (complete_ ? text_[pos_] != '[' && text_[pos_] != '{' : !below)
            return refuse("a text that is neither 'key: value' nor '- item'");
        if (text_[pos_] == '&') return refuse("an anchor on a line of its own");
        const std::size_t out = inside();
        write_comments(out);
        begin_line(out);
        pending_ = false;
        return value(out);
    }
    if (!fit(column, dash, below)) return refuse("a line whose indentation fits none above it");
    write_comments(blocks_.back().out);
    begin_line(blocks_.back().out);
    return dash ? items() : entry(*key);
}

/// Ends the blocks that a line at `column` is outside of and opens the one that it begins.
bool Formatter::fit(std::size_t column, bool dash, bool below) {
    pending_ = false;
    if (blocks_.empty() || below) {
        open(column, dash);
        return true;
    }
    while (!blocks_.empty() && ends(blocks_.back(), column, dash))
        blocks_.pop_back();
    return !blocks_.empty() && blocks_.back().column == column && blocks_.back().list == dash;
}

void Formatter::open(std::size_t column, bool list) {
    blocks_.push_back({column, inside(), list});
}

/// One or more dashes, "- - x", and what follows them.
bool Formatter::items() {
    while (true) {
        put("-");
        ++pos_;
        skip_blanks();
        if (is_break(pos_) || text_[pos_] == '#') {
            pending_ = true;
            return end_of_line();
        }
        put(" ");
        if (text_[pos_] == '?' && is_gap(pos_ + 1)) return refuse("a key that begins with '?'");
        const bool dash = is_dash(pos_);
        const auto key = dash ? std::nullopt : key_end();
        if (!dash && !key) return value(inside());
        open(pos_ - line_start_, dash);
        if (key) return entry(*key);
    }
}

bool Formatter::entry(std::size_t end) {
    put(text_.substr(pos_, end - pos_));
    put(":");
    pos_ = text_.find(':', end) + 1;
    skip_blanks();
    if (is_break(pos_) || text_[pos_] == '#') {
        pending_ = true;
        return end_of_line();
    }
    put(" ");
    return value(blocks_.back().out);
}

/// A value that begins at `pos_`, in a line that is indented to `base`.
bool Formatter::value(std::size_t base) {
    if (text_[pos_] == '&') {
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n", pos_), text_.size());
        put(text_.substr(pos_, end - pos_));
        pos_ = end;
        skip_blanks();
        if (is_break(pos_) || text_[pos_] == '#') {
            pending_ = true;
            return end_of_line();
        }
        if (key_end()) return refuse("an anchor in front of a key");
        put(" ");
    }
    const char c = text_[pos_];
    if (c == '!' || c == '&') return refuse("a tag or a second anchor");
    if (c == '[' || c == '{') return flow(base) && end_of_line();
    if (c == '|' || c == '>') return block_text();
    if (c == '"' || c == '\'') return quoted(inside()) && end_of_line();
    return plain();
}

/// Text below '|' or '>'. Its lines keep what they are indented by beyond the first.
bool Formatter::block_text() {
    const Block parent = blocks_.back();
    std::size_t given = 0;
    bool keep = false, strip = false;
    const std::size_t begin = pos_++;
    for (; !is_gap(pos_); ++pos_) {
        keep = keep || text_[pos_] == '+';
        strip = strip || text_[pos_] == '-';
        if (text_[pos_] >= '1' && text_[pos_] <= '9') given = static_cast<std::size_t>(text_[pos_] - '0');
    }
    put(text_.substr(begin, pos_ - begin));
    if (!end_of_line()) return false;
    std::size_t indent = parent.column + given;
    if (given == 0) {
        std::size_t first = pos_; // of the first line that is not empty
        while (!at_end(first) && (text_[first] == ' ' || is_break(first)))
            ++first;
        const std::size_t newline = text_.substr(0, first).rfind('\n');
        indent = std::max(first - newline - 1, parent.column + 1);
    }
    const std::size_t out = parent.out + (given == 0 ? 2 : given);
    const std::size_t header = lines_.size();
    bool ended = true;
    while (!at_end(pos_)) {
        std::size_t spaces = 0;
        while (!at_end(pos_ + spaces) && text_[pos_ + spaces] == ' ')
            ++spaces;
        const bool empty = is_break(pos_ + spaces);
        if (!empty && spaces < indent) break;
        const std::size_t end = line_end(pos_);
        Line line;
        if (!empty || spaces > indent)
            line.code = std::string(out, ' ').append(text_.substr(pos_ + indent, end - pos_ - indent));
        lines_.push_back(std::move(line));
        pos_ = end;
        ended = !at_end(pos_);
        if (ended) new_line();
    }
    open_end_ = !ended && !strip;
    while (!keep && lines_.size() > header && lines_.back().code.empty()) {
        lines_.pop_back();
        gap_ = true;
    }
    return true;
}

/// A text in quotes; what goes on below is indented to `inside`, which says nothing.
bool Formatter::quoted(std::size_t inside) {
    const std::size_t end = quote_end(pos_);
    if (end == std::string_view::npos) return refuse("a quote that does not close");
    while (end > line_end(pos_)) {
        const std::size_t stop = line_end(pos_);
        put(without_blanks(text_.substr(pos_, stop - pos_)));
        pos_ = stop;
        new_line();
        skip_blanks();
        for (; is_break(pos_); skip_blanks()) {
            lines_.emplace_back();
            new_line();
        }
        lines_.push_back({std::string(inside, ' '), {}, 0});
    }
    put(text_.substr(pos_, end - pos_));
    pos_ = end;
    return true;
}

/// A text without quotes, which may go on in the lines below.
bool Formatter::plain() {
    while (true) {
        const std::size_t end = plain_end(pos_);
        put(text_.substr(pos_, end - pos_));
        pos_ = end;
        skip_blanks();
        if (!is_break(pos_)) break;
        std::size_t next = pos_, start = pos_, empty = 0;
        while (!at_end(next) && is_gap(next)) {
            if (text_[next] == '\n') {
                start = next + 1;
                ++empty;
            }
            ++next;
        }
        if (at_end(next) || text_[next] == '#' || next - start <= blocks_.back().column) break;
        for (std::size_t i = 1; i < empty; ++i)
            lines_.emplace_back();
        lines_.push_back({std::string(inside(), ' '), {}, 0});
        pos_ = next;
        line_start_ = start;
        line_ += static_cast<std::uint32_t>(empty);
    }
    return end_of_line();
}

/// Nothing but a comment may follow a value.
bool Formatter::end_of_line() {
    const std::size_t begin = pos_;
    skip_blanks();
    if (!is_break(pos_)) {
        if (text_[pos_] != '#' || (pos_ == begin && begin > 0 && !is_blank(begin - 1)))
            return refuse("text after a value");
        put_comment();
    }
    if (!at_end(pos_)) new_line();
    return true;
}

// ---- writing
// ------------------------------------------------------------------------------------------------------

std::size_t Formatter::width() const {
    return count_characters(lines_.back().code);
}

void Formatter::begin_line(std::size_t column) {
    if (gap_ && !lines_.empty()) lines_.emplace_back();
    gap_ = false;
    lines_.push_back({std::string(column, ' '), {}, 0});
}

/// The comment at `pos_`, behind what was put.
void Formatter::put_comment() {
    const std::size_t end = line_end(pos_);
    lines_.back().comment = without_blanks(text_.substr(pos_, end - pos_));
    lines_.back().comment_column = pos_ - line_start_;
    pos_ = end;
}

/// Which level each waiting comment belongs to: that of the line below, or, where it is indented more than
/// that, that of the block above which it goes on with.
void Formatter::place_comments(const std::optional<Next>& next) {
    comment_out_.clear();
    const bool below = next && next->below;
    bool as_next = below;
    for (Comment& comment : comments_) {
        std::size_t out = 0;
        bool goes_on = next.has_value(); // the block it is in, with the next line
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const Block& block = blocks_[i];
            // A list right under its key shares its column: only what may be an item taken out is in the
            // list.
            const bool flat = i > 0 && block.list && block.column == blocks_[i - 1].column;
            if (block.column <= comment.column &&
                (!flat || comment.column > block.column || is_item(comment.text))) {
                out = block.out;
                goes_on = next && !ends(block, next->column, next->dash);
            }
        }
        if (pending_ && comment.column > blocks_.back().column) {
            out = inside();
            goes_on = false;
        }
        as_next = as_next || goes_on || (next && comment.column <= next->column);
        comment.tail = comment.tail && (!next || comment.column > next->column);
        comment_out_.push_back(as_next ? kAsNext : out);
    }
    if (!below) return;
    gap_ = gap_ && !comments_.empty();
    if (!comments_.empty()) comments_.front().gap = false;
}

void Formatter::write_comments(std::size_t next_out) {
    const bool gap = std::exchange(gap_, false);
    for (std::size_t i = 0; i < comments_.size(); ++i) {
        const Comment& comment = comments_[i];
        if (comment.gap && !lines_.empty()) lines_.emplace_back();
        if (comment.tail)
            lines_.push_back({{}, std::string(comment.text), comment.column});
        else
            lines_.push_back({std::string(comment_out_[i] == kAsNext ? next_out : comment_out_[i], ' ')
                                  .append(comment.text),
                              {},
                              0});
    }
    comments_.clear();
    gap_ = gap;
}

std::string Formatter::written() const {
    std::string out;
    std::size_t group_end = 0, column = 0; // comments of neighbouring lines that stood in one column
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const Line& line = lines_[i];
        out += line.code;
        if (!line.comment.empty()) {
            if (i >= group_end) {
                column = 0;
                for (group_end = i; group_end < lines_.size() && !lines_[group_end].comment.empty() &&
                                    lines_[group_end].comment_column == line.comment_column;
                     ++group_end)
                    column = std::max(column, count_characters(lines_[group_end].code) + 2);
            }
            out.append(column - count_characters(line.code), ' ').append(line.comment);
        }
        if (i + 1 < lines_.size() || !open_end_) out += '\n';
    }
    return out;
}

} // namespace lab::spec::detail
