#include "editor/place.h"

#include <algorithm>
#include <utility>

namespace lab::editor {
namespace {

constexpr std::size_t kDeepest = 100; // deeper than any file that loads

class Finder {
  public:
    Finder(std::string_view text, std::size_t offset) : text_(text), offset_(std::min(offset, text.size())) {
        constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
        if (text_.starts_with(kByteOrderMark)) pos_ = kByteOrderMark.size();
        offset_ = std::max(offset_, pos_);
    }

    Place run() {
        while (pos_ <= text_.size())
            line();
        if (!found_) place_.nothing = true;
        for (const Key& key : keys_) {
            if (key.map != map_) continue;
            const bool own = place_.key ? key.begin == place_.begin : key.text == place_.path.back();
            if (!own) place_.siblings.emplace_back(key.text);
        }
        return std::move(place_);
    }

  private:
    struct Frame { // an open list or map
        std::size_t column = 0;
        bool list = false;
        bool value = false; // in braces: behind the ':'
        std::size_t id = 0;
        std::string_view key;
    };
    struct Key {
        std::size_t map = 0, begin = 0;
        std::string_view text;
    };

    bool at_end(std::size_t at) const { return at >= text_.size(); }
    bool is_blank(std::size_t at) const { return !at_end(at) && (text_[at] == ' ' || text_[at] == '\t'); }
    bool is_break(std::size_t at) const { return at_end(at) || text_[at] == '\n' || text_[at] == '\r'; }
    bool is_gap(std::size_t at) const { return is_break(at) || is_blank(at); }
    bool is_dash(std::size_t at) const { return !at_end(at) && text_[at] == '-' && is_gap(at + 1); }
    std::size_t line_end(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }
    std::size_t skip_blanks(std::size_t at) const {
        while (is_blank(at))
            ++at;
        return at;
    }
    bool touches(std::size_t begin, std::size_t end) const { return offset_ >= begin && offset_ <= end; }

    std::vector<std::string> path(const std::vector<Frame>& frames) const {
        std::vector<std::string> steps;
        for (const Frame& frame : frames)
            steps.emplace_back(frame.list ? kItem : frame.key);
        return steps;
    }
    void find_nothing() {
        if (std::exchange(found_, true)) return;
        place_.nothing = true;
    }
    /// A value: of the last key, or an item. An item may become a map, so it counts as a key as well.
    void find_value(std::size_t begin, std::size_t end) {
        if (std::exchange(found_, true)) return;
        place_.path = path(frames_);
        place_.key = !frames_.empty() && frames_.back().list;
        set_word(begin, end);
        map_ = frames_.empty() || frames_.back().list ? kNoMap : frames_.back().id;
    }
    void find_key(const std::vector<Frame>& in, std::size_t begin, std::size_t end, bool colon) {
        if (std::exchange(found_, true)) return;
        place_.path = path(in);
        if (!in.empty()) place_.path.pop_back();
        place_.key = true;
        place_.colon = colon;
        set_word(begin, end);
        map_ = in.empty() ? 0 : in.back().id;
    }
    void set_word(std::size_t begin, std::size_t end) {
        place_.begin = begin;
        place_.end = end;
        std::string_view word = text_.substr(begin, end - begin);
        if (!word.empty() && (word.front() == '"' || word.front() == '\'')) {
            if (word.size() > 1 && word.back() == word.front()) word.remove_suffix(1);
            word.remove_prefix(1);
        }
        place_.word = word;
    }
    void push(std::size_t column, bool list) {
        if (frames_.size() < kDeepest) frames_.push_back({column, list, false, ++last_id_, {}});
    }
    void add_key(std::size_t begin, std::size_t end) {
        std::string_view text = text_.substr(begin, end - begin);
        if (text.size() > 1 && (text.front() == '"' || text.front() == '\''))
            text = text.substr(1, text.size() - 2);
        frames_.back().key = text;
        keys_.push_back({frames_.back().id, begin, text});
    }

    void line();
    void empty_line(std::size_t end);
    void fit(std::size_t column, bool dash);
    std::size_t token_end(std::size_t at) const;
    void content(std::size_t at, std::size_t end);
    void entry(std::size_t begin, std::size_t key_end);
    void value(std::size_t at);
    void block_text(std::size_t at);
    void flow(std::size_t at);
    void flow_gap(std::size_t begin, std::size_t end);
    std::size_t flow_token(std::size_t at);

    static constexpr std::size_t kNoMap = static_cast<std::size_t>(-1);
    std::string_view text_;
    std::size_t offset_;
    std::size_t pos_ = 0, line_start_ = 0;
    std::vector<Frame> frames_;
    bool pending_ = false; // the last key or dash has no value yet
    std::size_t last_id_ = 0;
    std::vector<Key> keys_;
    bool found_ = false;
    std::size_t map_ = kNoMap;
    Place place_;
};

/// One line of block style, and what it begins: a text or brackets over several lines.
void Finder::line() {
    line_start_ = pos_;
    const std::size_t end = line_end(pos_), first = skip_blanks(pos_);
    if (is_break(first) || text_[first] == '#') {
        if (touches(pos_, end)) {
            if (offset_ > first && !is_break(first))
                find_nothing();
            else
                empty_line(offset_);
        }
        pos_ = end + 1;
        return;
    }
    if (offset_ >= pos_ && offset_ < first) find_nothing();
    content(first, end);
    if (touches(line_start_, end)) find_nothing(); // between words
    pos_ = std::max(pos_, end + 1);
}

/// Nothing stands there yet: its column says what it would belong to.
void Finder::empty_line(std::size_t at) {
    const std::size_t column = at - line_start_;
    if (frames_.empty()) return find_key({}, at, at, false);
    if (pending_ && column > frames_.back().column) {
        find_value(at, at);
        place_.key = true;
        map_ = kNoMap; // a map that begins here
        return;
    }
    std::vector<Frame> frames = frames_;
    while (!frames.empty() &&
           (frames.back().column > column || (frames.back().column == column && frames.back().list)))
        frames.pop_back();
    if (frames.empty() || frames.back().column != column) return find_nothing();
    find_key(frames, at, at, false);
}

void Finder::fit(std::size_t column, bool dash) {
    const bool below =
        !frames_.empty() && pending_ &&
        (column > frames_.back().column || (column == frames_.back().column && dash && !frames_.back().list));
    pending_ = false;
    if (!below)
        while (!frames_.empty() && (frames_.back().column > column ||
                                    (frames_.back().column == column && frames_.back().list && !dash)))
            frames_.pop_back();
    if (below || frames_.empty() || frames_.back().column != column || frames_.back().list != dash)
        push(column, dash);
}

/// Where the scalar at `at` ends on its line.
std::size_t Finder::token_end(std::size_t at) const {
    const std::size_t begin = at;
    if (const char quote = text_[at]; quote == '"' || quote == '\'') {
        for (++at; !is_break(at); ++at) {
            if (text_[at] == '\\' && quote == '"' && !is_break(at + 1))
                ++at;
            else if (text_[at] == quote)
                return at + 1;
        }
    } else {
        while (!is_break(at) && !(text_[at] == ':' && is_gap(at + 1)) &&
               !(text_[at] == '#' && is_blank(at - 1)))
            ++at;
    }
    while (at > begin && is_blank(at - 1))
        --at;
    return at;
}

void Finder::content(std::size_t at, std::size_t end) {
    const bool dashed = is_dash(at);
    while (is_dash(at)) {
        fit(at - line_start_, true);
        pending_ = true;
        const std::size_t next = skip_blanks(at + 1);
        if (offset_ > at && offset_ <= std::min(next, end) && (is_break(next) || text_[next] == '#'))
            find_value(offset_, offset_);
        at = next;
        if (is_break(at) || text_[at] == '#') return;
    }
    if (std::string_view("[{|>").find(text_[at]) != std::string_view::npos) {
        pending_ = false;
        return value(at);
    }
    const std::size_t stop = token_end(at), colon = skip_blanks(stop);
    if (!at_end(colon) && text_[colon] == ':' && is_gap(colon + 1)) {
        fit(at - line_start_, false);
        return entry(at, stop);
    }
    if (touches(at, stop)) {
        dashed ? find_value(at, stop) : empty_line(at);
        if (!place_.nothing) set_word(at, stop);
    }
    pending_ = false;
}

void Finder::entry(std::size_t begin, std::size_t key_end) {
    add_key(begin, key_end);
    if (touches(begin, key_end)) find_key(frames_, begin, key_end, true);
    const std::size_t colon = text_.find(':', key_end), at = skip_blanks(colon + 1);
    if (!is_break(at) && text_[at] != '#') return value(at);
    pending_ = true;
    if (offset_ > colon && offset_ <= at) find_value(offset_, offset_);
}

/// What stands behind a key or dash on its line.
void Finder::value(std::size_t at) {
    if (text_[at] == '[' || text_[at] == '{') return flow(at);
    if (text_[at] == '|' || text_[at] == '>') return block_text(at);
    const std::size_t stop = token_end(at);
    if (touches(at, stop)) find_value(at, stop);
}

void Finder::block_text(std::size_t at) {
    const std::size_t parent = frames_.empty() ? 0 : frames_.back().column;
    std::size_t end = line_end(at);
    while (!at_end(end)) {
        const std::size_t next = end + 1, first = skip_blanks(next);
        if (!is_break(first) && first - next <= parent) break;
        end = line_end(next);
    }
    if (touches(at, end)) find_nothing();
    pos_ = end + 1;
}

/// Brackets, to their end; or to the first line that is indented no more than what they belong to, where the
/// end has not been typed yet.
void Finder::flow(std::size_t at) {
    const std::size_t depth = frames_.size();
    const std::size_t base = frames_.empty() ? 0 : frames_.back().column;
    pos_ = at;
    do {
        if (is_break(pos_)) {
            const std::size_t end = line_end(pos_), next = skip_blanks(end + 1);
            const bool goes_on =
                !at_end(end) && !at_end(next) &&
                (is_break(next) || next - end - 1 > base || text_[next] == ']' || text_[next] == '}');
            if (!goes_on) break;
            flow_gap(pos_, next);
            pos_ = next;
            continue;
        }
        const std::size_t next = skip_blanks(pos_);
        if (next > pos_) {
            flow_gap(pos_ + 1, next);
            pos_ = next;
        } else {
            pos_ = flow_token(pos_);
        }
    } while (frames_.size() > depth && !at_end(pos_));
    if (frames_.size() > depth) flow_gap(pos_, pos_);
    frames_.resize(depth);
    pos_ = line_end(pos_) + 1;
}

/// Between tokens: what could be typed there. In front of a word it is the word that is meant.
void Finder::flow_gap(std::size_t begin, std::size_t end) {
    const bool word = !is_gap(end) && std::string_view(",:[]{}#").find(text_[end]) == std::string_view::npos;
    if (word && end == offset_) return;
    if (!touches(begin, end) || found_ || frames_.empty()) return;
    if (frames_.back().list || frames_.back().value)
        find_value(offset_, offset_);
    else
        find_key(frames_, offset_, offset_, false);
}

/// Reads the token at `at` and gives where it ends.
std::size_t Finder::flow_token(std::size_t at) {
    const char c = text_[at];
    if (c == '#' && at > 0 && is_gap(at - 1)) {
        std::size_t end = at;
        while (!is_break(end))
            ++end;
        if (touches(at, end)) find_nothing();
        return end;
    }
    if (c == '[' || c == '{') {
        push(kNoMap, c == '[');
        flow_gap(at + 1, at + 1);
        return at + 1;
    }
    if (c == ']' || c == '}') {
        if (!frames_.empty()) frames_.pop_back();
        return at + 1;
    }
    if (c == ',') {
        frames_.back().value = false;
        if (!frames_.back().list) frames_.back().key = {};
        if (is_gap(at + 1)) flow_gap(at + 1, at + 1);
        return at + 1;
    }
    if (c == ':') {
        frames_.back().value = true;
        if (is_gap(at + 1)) flow_gap(at + 1, at + 1);
        return at + 1;
    }
    std::size_t end = at;
    if (c == '"' || c == '\'') {
        end = token_end(at);
    } else {
        while (!is_break(end) && std::string_view(",[]{}").find(text_[end]) == std::string_view::npos &&
               !(text_[end] == ':' && (is_gap(end + 1) || text_[end + 1] == '}')) &&
               !(text_[end] == '#' && end > 0 && is_blank(end - 1)))
            ++end;
        while (end > at + 1 && is_blank(end - 1))
            --end;
    }
    end = std::max(end, at + 1);
    const std::size_t next = skip_blanks(end);
    const bool colon = !at_end(next) && text_[next] == ':';
    if (!frames_.back().list && !frames_.back().value) {
        if (colon) add_key(at, end);
        if (touches(at, end)) find_key(frames_, at, end, colon);
    } else if (touches(at, end)) {
        find_value(at, end);
    }
    return end;
}

} // namespace

Place place_at(std::string_view text, std::size_t offset) {
    return Finder(text, offset).run();
}

} // namespace lab::editor
