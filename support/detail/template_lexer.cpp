#include "support/detail/template_lexer.h"

#include "support/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace lab::detail {
namespace {

constexpr std::size_t kLargestText = 4u << 20;
constexpr std::size_t kMostTokens = 200'000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
// There is no subtraction, so a hyphen can be part of a name, as it often is in YAML keys.
bool continues_name(char c) {
    return begins_name(c) || is_digit(c) || c == '-';
}
bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {
        if (text.size() > kLargestText)
            fail(0, 1,
                 fmt::format("the template has {} bytes, more than the limit of {}", text.size(),
                             kLargestText));
    }

    std::vector<Token> whole_template() {
        for (;;) {
            const std::size_t open = find_tag();
            add_text(open);
            if (open == text_.size()) break;
            const std::size_t before = tokens_.size();
            at_ = open + 2;
            if (text_[open + 1] == '#') {
                skip_comment(open);
                drop_line(open, before);
                continue;
            }
            const bool output = text_[open + 1] == '{';
            add(output ? TokenKind::OutputOpen : TokenKind::TagOpen, open);
            tag_body(open, output ? "}}" : "%}");
            add(output ? TokenKind::OutputClose : TokenKind::TagClose, at_ - 2);
            text_start_ = at_;
            if (!output) drop_line(open, before);
        }
        add(TokenKind::End, at_);
        return std::move(tokens_);
    }

    std::vector<Token> bare_expression() {
        for (skip_space(); at_ < text_.size(); skip_space())
            token();
        add(TokenKind::End, at_);
        return std::move(tokens_);
    }

  private:
    [[noreturn]] void fail(std::size_t start, std::size_t length, std::string message,
                           std::string help = {}) const {
        throw TemplateFailure{
            template_error(text_, place(start, start + length), std::move(message), std::move(help))};
    }
    static Place place(std::size_t start, std::size_t end) {
        return {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end - start)};
    }
    /// The token from `start` to where we are.
    void add(TokenKind kind, std::size_t start, Value value = {}) {
        if (tokens_.size() >= kMostTokens) fail(start, 1, "the template is too large");
        tokens_.push_back(Token{.kind = kind, .at = place(start, at_), .value = std::move(value)});
    }

    std::size_t find_tag() const {
        std::size_t brace = text_.find('{', at_);
        while (brace != std::string_view::npos && brace + 1 < text_.size()) {
            const char kind = text_[brace + 1];
            if (kind == '{' || kind == '%' || kind == '#') return brace;
            brace = text_.find('{', brace + 1);
        }
        return text_.size();
    }

    void add_text(std::size_t end) {
        at_ = end;
        if (text_start_ < end) add(TokenKind::Text, text_start_);
    }

    void skip_comment(std::size_t open) {
        const std::size_t close = text_.find("#}", at_);
        if (close == std::string_view::npos)
            fail(open, 2, "the comment is not closed", "write '#}' at its end");
        at_ = text_start_ = close + 2;
    }

    /// Takes the whole line away from the text around the tag that began at `open` and ends here, when
    /// nothing but white space is on the line with it. `before` is the number of tokens before the tag.
    void drop_line(std::size_t open, std::size_t before) {
        std::size_t start = open;
        while (start > 0 && is_blank(text_[start - 1]))
            --start;
        std::size_t end = at_;
        while (end < text_.size() && is_blank(text_[end]))
            ++end;
        if (text_.substr(end).starts_with("\r\n")) ++end;
        const bool begins = start == 0 || text_[start - 1] == '\n';
        const bool ends = end == text_.size() || text_[end] == '\n';
        if (!begins || !ends) return;
        at_ = text_start_ = std::min(end + 1, text_.size());
        if (start < open) tokens_[before - 1].at.length -= static_cast<std::uint32_t>(open - start);
    }

    void skip_space() {
        while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }

    void tag_body(std::size_t open, std::string_view closer) {
        for (;;) {
            skip_space();
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with(closer)) {
                at_ += 2;
                return;
            }
            if (rest.empty() || rest.starts_with("{%") || rest.starts_with("{{"))
                fail(open, 2, fmt::format("'{}' is not closed", text_.substr(open, 2)),
                     fmt::format("write '{}' at its end", closer));
            token();
        }
    }

    void token() {
        const char c = text_[at_];
        if (c == '"' || c == '\'') return string_literal(c);
        if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
        const std::size_t start = at_;
        if (begins_name(c)) {
            while (at_ < text_.size() && continues_name(text_[at_]))
                ++at_;
            return add(TokenKind::Name, start, Value(text_.substr(start, at_ - start)));
        }
        for (const std::string_view symbol :
             {"==", "!=", "<=", ">=", "<", ">", ".", ",", "|", "(", ")", "[", "]"}) {
            if (!text_.substr(at_).starts_with(symbol)) continue;
            at_ += symbol.size();
            return add(TokenKind::Symbol, start, Value(symbol));
        }
        const std::size_t length = std::max<std::size_t>(1, utf8_length(text_.substr(at_)));
        fail(at_, length, fmt::format("unexpected '{}'", escape_controls(text_.substr(at_, length))),
             meant_instead(c));
    }

    static std::string meant_instead(char c) {
        if (c == '=') return "write '==' to compare";
        if (c == '!') return "write 'not'";
        if (c == '&') return "write 'and'";
        return {};
    }

    void string_literal(char quote) {
        const std::size_t start = at_++;
        std::string value;
        for (;; ++at_) {
            if (at_ >= text_.size() || text_[at_] == '\n')
                fail(start, 1, "the string is not closed", fmt::format("write {} at its end", quote));
            if (text_[at_] == quote) break;
            value += text_[at_] == '\\' ? escape_sequence() : text_[at_];
        }
        ++at_;
        add(TokenKind::String, start, Value(std::move(value)));
    }

    char escape_sequence() {
        ++at_;
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        switch (c) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case '\\':
        case '"':
        case '\'': return c;
        default: fail(at_ - 1, 2, "unknown escape in a string", R"(known are \n \t \r \\ \" \')");
        }
    }

    void number() {
        const std::size_t start = at_;
        const auto digits = [this] {
            while (at_ < text_.size() && is_digit(text_[at_]))
                ++at_;
        };
        if (text_[at_] == '-') ++at_;
        digits();
        const bool real = at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1]);
        if (real) {
            ++at_;
            digits();
        }
        if (at_ < text_.size() && continues_name(text_[at_]))
            fail(start, at_ + 1 - start, "a number runs into a name",
                 "put a space or an operator between them");
        const char* const first = text_.data() + start;
        const char* const last = text_.data() + at_;
        if (real) {
            double value = 0;
            if (std::from_chars(first, last, value).ec != std::errc() || !std::isfinite(value))
                fail(start, at_ - start, "the number is out of range");
            return add(TokenKind::Number, start, Value(value));
        }
        std::int64_t value = 0;
        if (std::from_chars(first, last, value).ec != std::errc())
            fail(start, at_ - start, "the number is out of range");
        add(TokenKind::Number, start, Value(value));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t text_start_ = 0; // of the run of text after the last tag
    std::vector<Token> tokens_;
};

} // namespace

std::vector<Token> lex_template(std::string_view text) {
    return Lexer(text).whole_template();
}
std::vector<Token> lex_expression(std::string_view text) {
    return Lexer(text).bare_expression();
}

} // namespace lab::detail
