#include "spec/detail/manifest_lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;
using Kind = ManifestToken::Kind;

constexpr std::size_t kDeepest = 16;

/// After these a '/' begins a regular expression, though they look like names.
constexpr std::array kKeywords{"and"sv,  "case"sv, "else"sv,   "elsif"sv,   "if"sv,    "in"sv,
                               "node"sv, "or"sv,   "unless"sv, "default"sv, "return"sv};

constexpr bool is_small(char c) noexcept {
    return (c >= 'a' && c <= 'z') || c == '_';
}
constexpr bool is_capital(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) noexcept {
    return is_small(c) || is_capital(c) || is_digit(c);
}
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r';
}

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    ManifestTokens run() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
        lex(text_.size(), /*nested=*/false);
        return std::move(out_);
    }

  private:
    bool failed() const { return !out_.problem.empty(); }
    void fail(std::size_t at, std::string problem) {
        if (failed()) return;
        out_.problem = std::move(problem);
        out_.problem_at = at;
    }
    char peek(std::size_t ahead = 0) const { return at_ + ahead < end_ ? text_[at_ + ahead] : '\0'; }

    ManifestToken& put(Kind kind, std::size_t from, std::string text) {
        return out_.tokens.emplace_back(ManifestToken{kind, std::move(text), true, from, at_ - from});
    }

    /// Reads code up to `end`; nested, up to the '}' that closes an interpolation, which is taken.
    void lex(std::size_t end, bool nested) {
        const std::size_t outer = std::exchange(end_, end);
        std::size_t braces = 0;
        while (!failed() && at_ < end_) {
            const char c = text_[at_];
            if (c == '\n') {
                at_ = behind_heredocs_ > at_ ? std::exchange(behind_heredocs_, 0) : at_ + 1;
            } else if (is_blank(c)) {
                ++at_;
            } else if (nested && c == '}' && braces == 0) {
                ++at_;
                end_ = outer;
                return;
            } else {
                if (c == '{') ++braces;
                if (c == '}' && braces > 0) --braces;
                token(c);
            }
        }
        end_ = outer;
        if (nested) fail(at_, "an interpolation has no end");
    }

    void token(char c) {
        if (c == '#') return comment();
        if (c == '/' && peek(1) == '*') return long_comment();
        if (c == '/' && regex_may_begin() && regex()) return;
        if (c == '\'') return single_quoted();
        if (c == '"') return double_quoted();
        if (c == '@' && peek(1) == '(') return heredoc();
        if (c == '$') return variable();
        if (is_digit(c)) return number();
        const bool scoped = c == ':' && peek(1) == ':' && is_word(peek(2));
        if (is_small(c) || (scoped && is_small(peek(2)))) return name();
        if (is_capital(c) || (scoped && is_capital(peek(2)))) return reference();
        symbol(c);
    }

    void comment() { at_ = std::min(text_.find('\n', at_), end_); }
    void long_comment() {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos || end + 2 > end_) return fail(at_, "a comment has no end");
        if (crosses(at_, end)) return fail(at_, "a comment goes on behind a heredoc");
        at_ = end + 2;
    }
    /// Whether what begins in a line with a heredoc would go on in its text.
    bool crosses(std::size_t from, std::size_t to) const {
        return behind_heredocs_ > from && text_.substr(from, to - from).find('\n') != std::string_view::npos;
    }

    /// A '/' after a value divides.
    bool regex_may_begin() const {
        if (out_.tokens.empty()) return true;
        const ManifestToken& last = out_.tokens.back();
        switch (last.kind) {
        case Kind::Name: return std::find(kKeywords.begin(), kKeywords.end(), last.text) != kKeywords.end();
        case Kind::Reference:
        case Kind::Variable:
        case Kind::Number:
        case Kind::Text:
        case Kind::Close:
        case Kind::Regex: return false;
        case Kind::Open: return true;
        case Kind::Symbol: return last.text != ")" && last.text != "]" && last.text != "|>";
        }
        return true;
    }
    /// False where no '/' closes it: then it divides.
    bool regex() {
        std::size_t end = at_ + 1;
        while (end < end_ && text_[end] != '/' && text_[end] != '\n')
            end += text_[end] == '\\' ? 2u : 1u;
        if (end >= end_ || text_[end] != '/') return false;
        const std::size_t from = std::exchange(at_, end + 1);
        put(Kind::Regex, from, {});
        return true;
    }

    void single_quoted() {
        const std::size_t from = at_++;
        std::string meant;
        while (at_ < end_ && text_[at_] != '\'') {
            if (text_[at_] == '\\' && (peek(1) == '\'' || peek(1) == '\\')) ++at_;
            if (at_ < end_) meant += text_[at_++];
        }
        if (at_ >= end_) return fail(from, "a text has no end");
        if (crosses(from, at_)) return fail(from, "a text goes on behind a heredoc");
        ++at_;
        put(Kind::Text, from, std::move(meant));
    }

    void double_quoted() {
        const std::size_t from = at_++;
        const std::size_t token = out_.tokens.size();
        put(Kind::Text, from, {});
        std::string meant;
        while (!failed() && at_ < end_ && text_[at_] != '"')
            interpolated(token, meant, /*escapes=*/true);
        if (failed()) return;
        if (at_ >= end_) return fail(from, "a text has no end");
        if (crosses(from, at_)) return fail(from, "a text goes on behind a heredoc");
        ++at_;
        finish(token, from, std::move(meant));
    }

    void finish(std::size_t token, std::size_t from, std::string meant) {
        out_.tokens[token].bytes = at_ - from;
        if (out_.tokens[token].literal) out_.tokens[token].text = std::move(meant);
    }

    /// One step through a text in which there may be interpolations.
    void interpolated(std::size_t token, std::string& meant, bool escapes) {
        const char c = text_[at_], next = peek(1);
        if (c == '\\' && escapes && at_ + 1 < end_) {
            meant += escaped(next);
            at_ += 2;
        } else if (c == '$' && next == '{') {
            out_.tokens[token].literal = false;
            if (depth_ == kDeepest) return fail(at_, "interpolations are nested too deep");
            const std::size_t from = at_;
            at_ += 2;
            put(Kind::Open, from, {});
            ++depth_;
            lex(end_, /*nested=*/true);
            --depth_;
            put(Kind::Close, at_ - 1, {});
        } else {
            if (c == '$' && (is_word(next) || next == ':')) out_.tokens[token].literal = false;
            meant += c;
            ++at_;
        }
    }
    static char escaped(char c) {
        switch (c) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case 's': return ' ';
        default: return c;
        }
    }

    /// @(END), @("END":json/t): its text begins on the next line.
    void heredoc() {
        const std::size_t from = at_;
        const std::size_t close = text_.find(')', at_), line = std::min(text_.find('\n', at_), end_);
        if (close == std::string_view::npos || close > line) return fail(from, "a heredoc has no tag");
        std::string_view tag = text_.substr(at_ + 2, close - at_ - 2);
        const std::size_t slash = tag.find('/');
        const bool escapes = slash != std::string_view::npos;
        tag = tag.substr(0, std::min(slash, tag.find(':')));
        trim(tag);
        const bool interpolates = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"';
        if (interpolates) tag = tag.substr(1, tag.size() - 2);
        trim(tag);
        if (tag.empty()) return fail(from, "a heredoc has no tag");
        at_ = close + 1;
        const std::size_t token = out_.tokens.size();
        put(Kind::Text, from, {});
        const std::size_t begin = behind_heredocs_ > from ? behind_heredocs_ : line + 1;
        const auto end = end_of_heredoc(begin, tag);
        if (!end) return fail(from, "a heredoc has no end");
        std::string meant;
        if (interpolates) {
            const std::size_t resume = std::exchange(at_, begin), limit = std::exchange(end_, end->first);
            while (!failed() && at_ < end_)
                interpolated(token, meant, escapes);
            at_ = resume;
            end_ = limit;
        } else {
            meant = text_.substr(begin, end->first - begin);
        }
        if (out_.tokens[token].literal) out_.tokens[token].text = std::move(meant);
        behind_heredocs_ = end->second;
    }
    static void trim(std::string_view& text) {
        while (!text.empty() && is_blank(text.front()))
            text.remove_prefix(1);
        while (!text.empty() && is_blank(text.back()))
            text.remove_suffix(1);
    }
    /// Where its text ends, and where what follows begins.
    std::optional<std::pair<std::size_t, std::size_t>> end_of_heredoc(std::size_t begin,
                                                                      std::string_view tag) const {
        for (std::size_t at = begin; at < end_;) {
            const std::size_t line = std::min(text_.find('\n', at), end_);
            std::string_view rest = text_.substr(at, line - at);
            trim(rest);
            for (const char mark : {'|', '-'})
                if (rest.starts_with(mark)) {
                    rest.remove_prefix(1);
                    trim(rest);
                }
            if (rest == tag) return std::pair(at, std::min(line + 1, end_));
            at = line + 1;
        }
        return std::nullopt;
    }

    void variable() {
        const std::size_t from = at_++;
        while (is_word(peek()) || (peek() == ':' && peek(1) == ':' && is_word(peek(2))))
            at_ += peek() == ':' ? 2u : 1u;
        put(Kind::Variable, from, {});
    }
    void number() {
        const std::size_t from = at_;
        while (is_word(peek()) || (peek() == '.' && is_digit(peek(1))))
            ++at_;
        put(Kind::Number, from, {});
    }
    /// Words with ':' and '-' inside; without the "::" that says "from the top".
    void word(Kind kind) {
        const std::size_t from = at_;
        if (peek() == ':') at_ += 2;
        const std::size_t begin = at_;
        while (is_word(peek()) || (peek() == ':' && peek(1) == ':' && is_word(peek(2))) ||
               (kind == Kind::Name && peek() == '-' && is_word(peek(1))))
            at_ += peek() == ':' ? 2u : 1u;
        put(kind, from, std::string(text_.substr(begin, at_ - begin)));
    }
    void name() { word(Kind::Name); }
    void reference() { word(Kind::Reference); }

    void symbol(char c) {
        const std::size_t from = at_;
        const char next = peek(1);
        const bool two = (c == '=' && (next == '>' || next == '~' || next == '=')) ||
                         (c == '+' && next == '>') || (c == '|' && next == '>') ||
                         (c == '!' && (next == '~' || next == '='));
        at_ += two ? 2u : 1u;
        put(Kind::Symbol, from, std::string(text_.substr(from, at_ - from)));
    }

    std::string_view text_;
    std::size_t at_ = 0, end_ = 0, depth_ = 0;
    std::size_t behind_heredocs_ = 0; // where the line after this one's heredocs begins; 0: there are none
    ManifestTokens out_;
};

} // namespace

ManifestTokens lex_manifest(std::string_view text) {
    return Lexer(text).run();
}

} // namespace lab::spec::detail
