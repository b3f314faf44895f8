#include "spec/detail/yaml_scanner.h"

#include "spec/detail/yaml_value.h"

#include <algorithm>
#include <array>

namespace lab::spec::detail {

namespace {

/// What a byte can be to the scanner. Everything that is no member of a class is ordinary text.
enum ByteClass : std::uint8_t {
    kNoStart = 1,   // cannot begin a plain scalar, or can only in ways that are left to the referee
    kBlockStop = 2, // may end a plain scalar in block style
    kFlowStop = 4,  // may end a plain scalar in brackets
};

constexpr std::array<std::uint8_t, 256> byte_classes() {
    std::array<std::uint8_t, 256> classes{};
    const auto mark = [&](std::string_view bytes, std::uint8_t bits) {
        for (const char byte : bytes)
            classes[static_cast<std::uint8_t>(byte)] |= bits;
    };
    mark(" \t\r\n?:,[]{}#&*!|>'\"%@`", kNoStart);
    mark("\t\r\n:#", kBlockStop);
    mark("\t\r\n:#,?[]{}", kFlowStop);
    return classes;
}
constexpr auto kClasses = byte_classes();

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

class Scanner {
  public:
    Scanner(const YamlBody& body, DocumentBuilder& builder)
        : text_(body.text), builder_(&builder), columns_(body.text, body.ascii) {}
    ScanOutcome run();

  private:
    /// The key of a simple map entry must not be longer (standard: 1024 characters, its quotes included).
    static constexpr std::size_t kLongestKey = 1000;

    struct Block {
        std::size_t column = 0;
        bool list = false;
    };
    struct Token { // a scalar on one line
        std::string_view text;
        std::size_t begin = 0, end = 0;
        bool plain = true;
        bool key = false; // a ':' that ends a key follows
    };

    bool refuse() {
        outcome_ = ScanOutcome::NotMine;
        return false;
    }
    bool built(bool well) {
        if (!well) outcome_ = ScanOutcome::Failed;
        return well;
    }

    bool at_end(std::size_t at) const { return at >= text_.size(); }
    bool is_break(std::size_t at) const { return at_end(at) || text_[at] == '\n' || text_[at] == '\r'; }
    bool is_gap(std::size_t at) const { return is_break(at) || text_[at] == ' ' || text_[at] == '\t'; }
    bool is_dash(std::size_t at) const { return !at_end(at) && text_[at] == '-' && is_gap(at + 1); }
    void skip_spaces() {
        while (!at_end(pos_) && text_[pos_] == ' ')
            ++pos_;
    }
    void new_line() { // pos_ is at a break
        pos_ += text_[pos_] == '\r' ? 2u : 1u;
        line_start_ = pos_;
        ++line_;
    }
    void skip_comment() { pos_ = std::min(text_.find('\n', pos_), text_.size()); }
    Place place(std::size_t begin, std::size_t end) {
        return {line_, columns_.column(line_start_, begin), columns_.length(begin, end)};
    }

    // lines
    bool next_line();
    bool end_of_line();
    bool line();
    bool fit(std::size_t column, bool dash);
    bool open(std::size_t column, bool list);
    bool close();
    bool miss();

    // block style
    bool items();
    bool item();
    bool entry(const Token& key);
    bool value();
    bool literal(std::size_t parent);
    bool literal_lines(std::size_t indent, std::size_t parent, std::string& content);

    // scalars
    bool token(Token& found, bool flow);
    bool quoted(Token& found);
    bool plain(Token& found);
    bool flow_plain(Token& found);
    bool emit(const Token& found) {
        return built(builder_->scalar(found.text, found.plain, place(found.begin, found.end)));
    }

    // flow style
    bool flow();
    bool flow_gap();
    bool flow_value();
    bool flow_entry();

    std::string_view text_;
    DocumentBuilder* builder_;
    ColumnCounter columns_;
    ScanOutcome outcome_ = ScanOutcome::Read;
    std::size_t pos_ = 0;
    std::size_t line_start_ = 0;
    std::uint32_t line_ = 1;
    std::vector<Block> blocks_;
    bool pending_ = false; // the last key or dash may find its value on the lines below
    Place dash_;           // the last dash
};

ScanOutcome Scanner::run() {
    if (next_line() && pos_ == line_start_ && text_.substr(pos_, 3) == "---" && is_gap(pos_ + 3)) {
        pos_ += 3; // the one place where it says nothing
        if (!end_of_line()) return outcome_;
    } else if (outcome_ == ScanOutcome::Read) {
        pos_ = line_start_;
    }
    while (next_line())
        if (!line()) return outcome_;
    if (outcome_ != ScanOutcome::Read) return outcome_;
    if (pending_ && !miss()) return outcome_;
    while (!blocks_.empty())
        if (!close()) return outcome_;
    return outcome_;
}

/// Goes to the content of the next line that has some. False at the end, or with an outcome.
bool Scanner::next_line() {
    while (true) {
        skip_spaces();
        if (at_end(pos_)) return false;
        if (text_[pos_] == '\t') return refuse();
        if (text_[pos_] == '#') skip_comment();
        if (!is_break(pos_)) return true;
        if (at_end(pos_)) return false;
        new_line();
    }
}

/// Nothing but a comment may follow a value.
bool Scanner::end_of_line() {
    const std::size_t begin = pos_;
    skip_spaces();
    if (!is_break(pos_)) {
        if (text_[pos_] != '#' || pos_ == begin) return refuse();
        skip_comment();
    }
    if (!at_end(pos_)) new_line();
    return true;
}

bool Scanner::line() {
    const std::size_t column = pos_ - line_start_;
    const std::string_view rest = text_.substr(pos_, 3);
    if (column == 0 && (rest == "---" || rest == "...")) return refuse();
    if (blocks_.empty() && !builder_->has_root() && (rest[0] == '[' || rest[0] == '{'))
        return flow() && end_of_line();
    const bool dash = is_dash(pos_);
    if (!fit(column, dash)) return false;
    if (dash) return items();
    Token key;
    if (!token(key, false)) return false;
    return key.key ? entry(key) : refuse();
}

/// Ends the blocks that a line at `column` is outside of and opens the one that it begins.
bool Scanner::fit(std::size_t column, bool dash) {
    if (blocks_.empty()) return builder_->has_root() ? refuse() : open(column, dash);
    const Block top = blocks_.back();
    if (pending_) {
        // A list may stand right under its key, without indentation.
        if (column > top.column || (column == top.column && dash && !top.list)) return open(column, dash);
        if (!miss()) return false;
    } else if (column > top.column) {
        return refuse();
    }
    while (blocks_.back().column > column ||
           (blocks_.back().column == column && blocks_.back().list && !dash)) {
        if (!close()) return false;
        if (blocks_.empty()) return refuse();
    }
    return blocks_.back().column == column && blocks_.back().list == dash ? true : refuse();
}

bool Scanner::open(std::size_t column, bool list) {
    pending_ = false;
    blocks_.push_back({column, list});
    const std::size_t at = line_start_ + column;
    return built(builder_->begin(list ? NodeKind::List : NodeKind::Map, place(at, at + 1)));
}

bool Scanner::close() {
    blocks_.pop_back();
    return built(builder_->end());
}

bool Scanner::miss() {
    pending_ = false;
    return built(builder_->missing(dash_));
}

/// One or more dashes, "- - x", and what follows them.
bool Scanner::items() {
    while (true) {
        dash_ = place(pos_, pos_ + 1);
        ++pos_;
        skip_spaces();
        if (is_break(pos_) || text_[pos_] == '#') {
            pending_ = true;
            return end_of_line();
        }
        if (!is_dash(pos_)) return item();
        if (!open(pos_ - line_start_, true)) return false;
    }
}

bool Scanner::item() {
    if (const char c = text_[pos_]; c == '[' || c == '{' || c == '|') return value();
    Token found;
    if (!token(found, false)) return false;
    if (found.key) return open(found.begin - line_start_, false) && entry(found);
    return emit(found) && end_of_line();
}

/// A key that was read, up to its ':', and its value.
bool Scanner::entry(const Token& key) {
    if (key.end - key.begin > kLongestKey) return refuse();
    if (!emit(key)) return false;
    pos_ = key.end + 1;
    skip_spaces();
    if (is_break(pos_) || text_[pos_] == '#') {
        pending_ = true;
        return end_of_line();
    }
    return value();
}

/// A value on the line of its key or dash.
bool Scanner::value() {
    const char c = text_[pos_];
    if (c == '[' || c == '{') return flow() && end_of_line();
    if (c == '|') return literal(blocks_.back().column);
    Token found;
    if (!token(found, false)) return false;
    return found.key ? refuse() : emit(found) && end_of_line();
}

bool Scanner::literal(std::size_t parent) {
    const std::size_t begin = pos_++;
    const bool strip = !at_end(pos_) && text_[pos_] == '-';
    if (strip) ++pos_;
    if (at_end(pos_) || !is_break(pos_)) return refuse();
    const Place where = place(begin, pos_);
    new_line();
    const std::size_t indent = std::min(text_.find_first_not_of(' ', pos_), text_.size()) - pos_;
    if (indent <= parent || is_gap(pos_ + indent)) return refuse();
    std::string content;
    if (!literal_lines(indent, parent, content)) return false;
    while (content.ends_with('\n'))
        content.pop_back();
    if (!strip && text_[pos_ - 1] == '\n') content += '\n';
    return built(builder_->scalar(builder_->keep(std::move(content)), false, where));
}

/// The lines of a literal block; ends at the beginning of the first line that is not in it.
bool Scanner::literal_lines(std::size_t indent, std::size_t parent, std::string& content) {
    while (!at_end(pos_)) {
        std::size_t spaces = 0;
        while (spaces < indent && !at_end(pos_ + spaces) && text_[pos_ + spaces] == ' ')
            ++spaces;
        const std::size_t begin = pos_ + spaces;
        if (is_break(begin)) {
            if (spaces > 0 || at_end(begin)) return refuse(); // blanks in an empty line
            content += '\n';
        } else if (spaces < indent) {
            return spaces <= parent && text_[begin] != '\t' ? true : refuse();
        } else {
            const std::size_t newline = std::min(text_.find('\n', begin), text_.size());
            std::string_view line = text_.substr(begin, newline - begin);
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.find_first_not_of(" \t") == std::string_view::npos) return refuse();
            content += line;
            content += '\n';
            pos_ = newline;
            if (at_end(pos_)) return true;
            line_start_ = ++pos_;
            ++line_;
            continue;
        }
        new_line();
    }
    return true;
}

bool Scanner::token(Token& found, bool in_flow) {
    const char c = text_[pos_];
    if (c == '"' || c == '\'') {
        if (!quoted(found)) return false;
        found.key = !at_end(found.end) && text_[found.end] == ':' && (in_flow || is_gap(found.end + 1));
    } else {
        if (kClasses[static_cast<std::uint8_t>(c)] & kNoStart) return refuse();
        if (c == '-' && (at_end(pos_ + 1) || (!is_word(text_[pos_ + 1]) && text_[pos_ + 1] != '-')))
            return refuse();
        if (!(in_flow ? flow_plain(found) : plain(found))) return false;
    }
    pos_ = found.end;
    return true;
}

/// The byte that an escape of one letter in double quotes stands for; 0 for those that are left to the
/// referee.
char escaped(char c) {
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case '"':
    case '\\':
    case '/': return c;
    default: return 0;
    }
}

bool Scanner::quoted(Token& found) {
    const char quote = text_[pos_];
    found.begin = pos_;
    found.plain = false;
    std::string decoded;
    std::size_t piece = pos_ + 1; // what is not in `decoded` yet
    for (std::size_t at = piece;; ++at) {
        if (is_break(at)) return refuse();
        const char c = text_[at];
        if (c == quote && (quote == '"' || at_end(at + 1) || text_[at + 1] != '\'')) {
            found.end = at + 1;
            found.text = text_.substr(piece, at - piece);
            if (piece != pos_ + 1) found.text = builder_->keep(decoded.append(found.text));
            return true;
        }
        if (c != quote && (c != '\\' || quote == '\'')) continue;
        if (is_break(at + 1)) return refuse();
        decoded.append(text_, piece, at - piece);
        piece = at + 2;
        if (const char stands_for = quote == '\'' ? '\'' : escaped(text_[at + 1])) {
            decoded += stands_for;
        } else {
            const std::size_t length = append_unicode(text_.substr(at), decoded);
            if (length == 0 || decoded.back() == '\0') return refuse();
            piece = at + length;
        }
        at = piece - 1;
    }
}

bool Scanner::plain(Token& found) {
    std::size_t at = pos_;
    for (;; ++at) {
        if (at_end(at)) break;
        const char c = text_[at];
        if (!(kClasses[static_cast<std::uint8_t>(c)] & kBlockStop)) continue;
        if (c == '\t') return refuse();
        if (c == ':' ? is_gap(at + 1) : c == '#' ? text_[at - 1] == ' ' : true) break;
    }
    found.begin = pos_;
    found.end = at;
    while (text_[found.end - 1] == ' ')
        --found.end;
    found.text = text_.substr(pos_, found.end - pos_);
    found.key = !at_end(at) && text_[at] == ':';
    return !found.key || (found.end == at && (at_end(at + 1) || text_[at + 1] != '\t')) ? true : refuse();
}

bool Scanner::flow_plain(Token& found) {
    std::size_t at = pos_;
    for (;; ++at) {
        if (at_end(at)) return refuse();
        const char c = text_[at];
        if (!(kClasses[static_cast<std::uint8_t>(c)] & kFlowStop)) continue;
        if (c == '\t' || c == '?' || c == '[' || c == '{') return refuse();
        if (c == ':' && !is_gap(at + 1)) {
            if (!is_word(text_[at + 1]) && text_[at + 1] != '/') return refuse();
            continue;
        }
        if (c != '#' || text_[at - 1] == ' ') break;
    }
    found.begin = pos_;
    found.end = at;
    while (text_[found.end - 1] == ' ')
        --found.end;
    found.text = text_.substr(pos_, found.end - pos_);
    found.key = text_[at] == ':';
    return !found.key || found.end == at ? true : refuse();
}

/// A list or map in brackets. As deep as the builder lets it be.
bool Scanner::flow() {
    const bool list = text_[pos_] == '[';
    const char closing = list ? ']' : '}';
    if (!built(builder_->begin(list ? NodeKind::List : NodeKind::Map, place(pos_, pos_ + 1)))) return false;
    ++pos_;
    if (!flow_gap()) return false;
    while (text_[pos_] != closing) {
        if (!(list ? flow_value() : flow_entry()) || !flow_gap()) return false;
        if (text_[pos_] == ',') {
            ++pos_;
            if (!flow_gap()) return false;
        } else if (text_[pos_] != closing) {
            return refuse();
        }
    }
    ++pos_;
    return built(builder_->end());
}

/// Blanks, line ends and comments between the tokens inside brackets. Refuses at the end of the file.
bool Scanner::flow_gap() {
    while (true) {
        skip_spaces();
        if (at_end(pos_)) return refuse();
        const char c = text_[pos_];
        if (c == '\t') return refuse();
        if (c == '#') {
            if (text_[pos_ - 1] != ' ' && pos_ != line_start_) return refuse();
            skip_comment();
        }
        if (at_end(pos_)) return refuse();
        if (!is_break(pos_)) return true;
        new_line();
        // At the beginning of a line these may end the document.
        if (!at_end(pos_) && (text_[pos_] == '-' || text_[pos_] == '.' || text_[pos_] == '%'))
            return refuse();
    }
}

bool Scanner::flow_value() {
    if (text_[pos_] == '[' || text_[pos_] == '{') return flow();
    Token found;
    if (!token(found, true)) return false;
    return found.key ? refuse() : emit(found);
}

bool Scanner::flow_entry() {
    Token key;
    if (!token(key, true)) return false;
    if (!key.key || key.end - key.begin > kLongestKey) return refuse();
    if (!emit(key)) return false;
    pos_ = key.end + 1;
    if (!flow_gap()) return false;
    return flow_value(); // one left out is left to the referee
}

} // namespace

ScanOutcome scan_yaml(const YamlBody& body, DocumentBuilder& builder) {
    return Scanner(body, builder).run();
}

} // namespace lab::spec::detail
