// Lists and maps in brackets: where they break stays, what is below is indented.

#include "spec/detail/formatter.h"

namespace lab::spec::detail {

namespace {

bool is_flow_mark(char c) {
    return std::string_view(",[]{}").find(c) != std::string_view::npos;
}

} // namespace

/// A list or map in brackets, in a line that is indented to `base`.
bool Formatter::flow(std::size_t base) {
    std::vector<Bracket> open;
    flow_base_ = base;
    last_ = 0;
    do {
        skip_blanks();
        if (at_end(pos_)) return refuse("a bracket that does not close");
        if (text_[pos_] == '#') put_comment();
        if (!(is_break(pos_) ? flow_break(open) : flow_token(open))) return false;
    } while (!open.empty());
    return true;
}

/// From the end of a line inside brackets to the next token, which is in a line of its own then.
bool Formatter::flow_break(const std::vector<Bracket>& open) {
    bool gap = false;
    for (std::size_t breaks = 0;; skip_blanks()) {
        if (at_end(pos_)) return refuse("a bracket that does not close");
        if (is_break(pos_)) {
            gap = ++breaks > 1;
            new_line();
            continue;
        }
        const bool comment = text_[pos_] == '#';
        const bool closes = text_[pos_] == open.back().closing;
        if (gap && !closes && last_ != '[') lines_.emplace_back();
        flow_base_ = closes ? open.back().outside : open.back().inside;
        lines_.push_back({std::string(flow_base_, ' '), {}, 0});
        last_ = 0;
        if (!comment) return true;
        const std::size_t end = line_end(pos_);
        put(text_.substr(pos_, text_.find_last_not_of(" \t\r", end - 1) + 1 - pos_));
        pos_ = end;
        breaks = 0;
        gap = false;
    }
}

void Formatter::flow_open(std::vector<Bracket>& open) {
    Bracket bracket{
        .closing = text_[pos_] == '[' ? ']' : '}', .inside = flow_base_ + 2, .outside = flow_base_};
    put(text_.substr(pos_++, 1));
    skip_blanks();
    // What follows on the same line is what the lines below stand under.
    if (!is_break(pos_) && text_[pos_] != '#') bracket.inside = bracket.outside = width();
    open.push_back(bracket);
    last_ = '[';
}

/// One token and the space in front of it.
bool Formatter::flow_token(std::vector<Bracket>& open) {
    const char c = text_[pos_];
    const bool mark = c == ',' || c == ']' || c == '}' || (c == ':' && last_ != ',' && last_ != '[');
    if (last_ == ':' || (last_ != 0 && last_ != '[' && !mark)) put(" ");
    if (c == '[' || c == '{') {
        flow_open(open);
        return true;
    }
    last_ = 'x';
    if (c == ']' || c == '}') {
        if (c != open.back().closing) return refuse("a bracket that does not close");
        open.pop_back();
        put(text_.substr(pos_++, 1));
        return true;
    }
    if (c == ',' || (c == ':' && mark)) {
        last_ = c;
        put(text_.substr(pos_++, 1));
        return true;
    }
    if (c == '!' || (c == '?' && is_gap(pos_ + 1))) return refuse("a tag, or a key that begins with '?'");
    if (c == '"' || c == '\'') return quoted(open.back().inside);
    const std::size_t end = flow_plain_end(pos_);
    if (end == pos_) return refuse("text in brackets");
    put(text_.substr(pos_, end - pos_));
    pos_ = end;
    return true;
}

/// Where a text without quotes, an anchor or an alias ends on its line.
std::size_t Formatter::flow_plain_end(std::size_t at) const {
    const std::size_t begin = at;
    const bool word = text_[at] == '&' || text_[at] == '*';
    for (; !is_break(at) && !is_flow_mark(text_[at]); ++at) {
        if (word && is_blank(at)) break;
        if (!word && text_[at] == ':' && (is_gap(at + 1) || is_flow_mark(text_[at + 1]))) break;
        if (text_[at] == '#' && at > begin && is_blank(at - 1)) break;
    }
    while (at > begin && is_blank(at - 1))
        --at;
    return at;
}

} // namespace lab::spec::detail
