#include "support/detail/template_lexer.h"
#include "support/detail/template_tree.h"

#include "support/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace lab::detail {
namespace {

constexpr std::size_t kDeepest = 64; // of blocks and brackets together

struct FilterSyntax {
    std::string_view name;
    Filter filter;
    std::size_t least, most; // arguments
};
constexpr std::array kFilters = {
    FilterSyntax{"default", Filter::Default, 1, 1}, FilterSyntax{"join", Filter::Join, 0, 1},
    FilterSyntax{"lower", Filter::Lower, 0, 0},     FilterSyntax{"upper", Filter::Upper, 0, 0},
    FilterSyntax{"trim", Filter::Trim, 0, 0},       FilterSyntax{"replace", Filter::Replace, 2, 2},
    FilterSyntax{"json", Filter::Json, 0, 0},       FilterSyntax{"length", Filter::Length, 0, 0},
    FilterSyntax{"sort", Filter::Sort, 0, 0},
};

struct OperatorSyntax {
    std::string_view word;
    Operator what;
};
constexpr std::array kOperators = {
    OperatorSyntax{"==", Operator::Equal},     OperatorSyntax{"!=", Operator::NotEqual},
    OperatorSyntax{"<=", Operator::LessEqual}, OperatorSyntax{">=", Operator::GreaterEqual},
    OperatorSyntax{"<", Operator::Less},       OperatorSyntax{">", Operator::Greater},
};

constexpr std::array<std::string_view, 14> kReserved = {"and",  "or",    "not",  "in",    "if",
                                                        "elif", "else",  "for",  "endif", "endfor",
                                                        "true", "false", "null", "loop"};

bool reserved(std::string_view word) {
    return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

Place from_to(Place first, Place last) {
    return {first.offset, last.offset + last.length - first.offset};
}

ExpressionPtr boxed(Expression expression) {
    return std::make_unique<const Expression>(std::move(expression));
}

std::uint32_t count_characters(std::string_view text) {
    std::uint32_t count = 0;
    for (; !text.empty(); ++count)
        text.remove_prefix(std::max<std::size_t>(1, utf8_length(text)));
    return count;
}

std::uint32_t column_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t newline = before.rfind('\n');
    return count_characters(newline == std::string_view::npos ? before : before.substr(newline + 1)) + 1;
}

/// Characters of a place, on its first line.
std::uint32_t length_of(std::string_view text, Place at) {
    const std::string_view span = text.substr(at.offset, at.length);
    return std::max(1u, count_characters(span.substr(0, span.find('\n'))));
}

class Parser {
  public:
    Parser(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

    ParsedTemplate whole_template() {
        result_.body = block({});
        return finish();
    }

    ParsedTemplate bare_expression() {
        if (peek().kind == TokenKind::End) fail(peek().at, "the expression is empty");
        Expression only = expression();
        if (peek().kind != TokenKind::End) unexpected("the end");
        result_.body.push_back(Statement{std::move(only)});
        return finish();
    }

  private:
    struct Mention {
        std::vector<std::string> path;
        Place at;
        bool optional = false;
    };

    /// Puts lines and columns to the names. They are in the order of the text, so one walk over it does for
    /// all.
    ParsedTemplate finish() {
        std::size_t counted_to = 0;
        std::uint32_t line = 1, column = 1;
        for (auto& mention : references_) {
            const std::string_view between = text_.substr(counted_to, mention.at.offset - counted_to);
            const std::size_t newline = between.rfind('\n');
            line += static_cast<std::uint32_t>(std::count(between.begin(), between.end(), '\n'));
            column = newline == std::string_view::npos ? column + count_characters(between)
                                                       : 1 + count_characters(between.substr(newline + 1));
            counted_to = mention.at.offset;
            result_.references.push_back({.path = std::move(mention.path),
                                          .line = line,
                                          .column = column,
                                          .length = length_of(text_, mention.at),
                                          .optional = mention.optional});
        }
        return std::move(result_);
    }

    // ---- tokens

    const Token& peek(std::size_t ahead = 0) const {
        return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
    }
    const Token& take() {
        const Token& token = peek();
        if (next_ + 1 < tokens_.size()) ++next_; // End stays
        return token;
    }
    bool at_word(std::string_view word) const { return peek().is(TokenKind::Name, word); }
    bool at_symbol(std::string_view symbol) const { return peek().is(TokenKind::Symbol, symbol); }
    bool accept_word(std::string_view word) { return at_word(word) && (take(), true); }
    bool accept_symbol(std::string_view symbol) { return at_symbol(symbol) && (take(), true); }
    void expect_symbol(std::string_view symbol) {
        if (!accept_symbol(symbol)) unexpected(fmt::format("'{}'", symbol));
    }

    [[noreturn]] void fail(Place at, std::string message, std::string help = {}) const {
        throw TemplateFailure{template_error(text_, at, std::move(message), std::move(help))};
    }
    [[noreturn]] void unexpected(std::string_view wanted) const {
        const Token& token = peek();
        if (token.kind == TokenKind::End) fail(token.at, fmt::format("expected {}, found the end", wanted));
        fail(token.at,
             fmt::format("expected {}, found '{}'", wanted,
                         escape_controls(text_.substr(token.at.offset, std::min(token.at.length, 40u)))));
    }

    /// Counts one level of nesting for as long as it lives.
    class Level {
      public:
        explicit Level(Parser& parser) : parser_(parser) {
            if (++parser.depth_ > kDeepest)
                parser.fail(parser.peek().at, "the template is nested too deeply");
        }
        ~Level() { --parser_.depth_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

      private:
        Parser& parser_;
    };

    // ---- statements

    /// Statements up to a tag whose word is one of `enders` (it is not consumed), or to the end where there
    /// are none.
    Block block(const std::vector<std::string_view>& enders) {
        const Level level(*this);
        Block out;
        for (;;) {
            const Token& token = peek();
            if (token.kind == TokenKind::Text) {
                if (token.at.length != 0) out.push_back(Statement{token.at});
                take();
            } else if (token.kind == TokenKind::OutputOpen) {
                take();
                if (peek().kind == TokenKind::OutputClose)
                    fail(from_to(token.at, peek().at), "the tag is empty");
                out.push_back(Statement{expression()});
                if (peek().kind != TokenKind::OutputClose) unexpected("an operator or '}}'");
                take();
            } else if (token.kind == TokenKind::End) {
                return out; // the caller knows whether something is still open
            } else {
                const std::string_view word = peek(1).kind == TokenKind::Name ? peek(1).word() : "";
                if (std::find(enders.begin(), enders.end(), word) != enders.end()) return out;
                out.push_back(tag(enders));
            }
        }
    }

    Statement tag(const std::vector<std::string_view>& enders) {
        const Place open = take().at;
        const Token word = take();
        if (word.kind == TokenKind::Name && word.word() == "if") return Statement{if_tag(open)};
        if (word.kind == TokenKind::Name && word.word() == "for") return Statement{for_tag(open)};
        if (word.kind != TokenKind::Name) fail(open, "the tag has no word", "write 'if' or 'for'");
        const std::string name = escape_controls(word.word());
        for (const std::string_view known : {"elif", "else", "endif", "endfor"})
            if (word.word() == known)
                fail(word.at, fmt::format("'{}' without what it belongs to", name),
                     enders.empty() ? std::string() : fmt::format("expected '{}'", enders.back()));
        fail(word.at, fmt::format("unknown tag '{}'", name),
             did_you_mean(word.word(), {"if", "elif", "else", "endif", "for", "endfor"}));
    }

    void close_tag() {
        if (peek().kind != TokenKind::TagClose) unexpected("'%}'");
        take();
    }

    /// Goes over `{% word`; whatever else stands here means that the tag at `open` never ended.
    void expect_tag(Place open, std::string_view opened, std::string_view word) {
        if (peek().kind != TokenKind::TagOpen || !peek(1).is(TokenKind::Name, word))
            fail(open, fmt::format("'{}' is not closed", opened),
                 fmt::format("write '{{% {} %}}' behind it", word));
        take();
        take();
    }

    If if_tag(Place open) {
        If out;
        Expression condition = expression();
        close_tag();
        Block body = block({"elif", "else", "endif"});
        out.branches.push_back(Branch{std::move(condition), std::move(body)});
        while (peek(1).is(TokenKind::Name, "elif")) {
            take();
            take();
            Expression next = expression();
            close_tag();
            Block next_body = block({"elif", "else", "endif"});
            out.branches.push_back(Branch{std::move(next), std::move(next_body)});
        }
        if (peek(1).is(TokenKind::Name, "else")) {
            take();
            take();
            close_tag();
            out.branches.push_back(Branch{std::nullopt, block({"endif"})});
        }
        expect_tag(open, "if", "endif");
        close_tag();
        return out;
    }

    std::string loop_variable() {
        if (peek().kind != TokenKind::Name) unexpected("the name of a loop variable");
        const Token token = take();
        if (reserved(token.word()))
            fail(token.at, fmt::format("'{}' cannot name a loop variable", token.word()));
        return std::string(token.word());
    }

    For for_tag(Place open) {
        For out;
        std::string value = loop_variable();
        std::optional<std::string> key;
        if (accept_symbol(",")) key = std::exchange(value, loop_variable());
        if (!accept_word("in")) unexpected("'in'");
        out.over = expression(); // before the names are known: they are not for it
        close_tag();
        const std::size_t outer = locals_.size();
        if (key) out.key_slot = declare(std::move(*key));
        out.slot = declare(std::move(value));
        out.loop_slot = declare("loop");
        out.body = block({"endfor"});
        locals_.resize(outer);
        expect_tag(open, "for", "endfor");
        close_tag();
        return out;
    }

    std::size_t declare(std::string name) {
        locals_.push_back(std::move(name));
        result_.slots = std::max(result_.slots, locals_.size());
        return locals_.size() - 1;
    }

    // ---- expressions, weakest binding first

    Expression expression() {
        const Level level(*this);
        return chain<AnyOf>("or", [this] { return chain<AllOf>("and", [this] { return negation(); }); });
    }

    template <typename Chain, typename Operand>
    Expression chain(std::string_view word, Operand operand) {
        Expression first = operand();
        if (!at_word(word)) return first;
        Chain out;
        const Place start = first.at;
        out.operands.push_back(std::move(first));
        while (accept_word(word))
            out.operands.push_back(operand());
        const Place end = out.operands.back().at;
        return Expression{std::move(out), from_to(start, end)};
    }

    Expression negation() {
        if (!at_word("not")) return comparison();
        const Level level(*this);
        const Place start = take().at;
        Expression operand = negation();
        const Place at = from_to(start, operand.at);
        return Expression{Negation{boxed(std::move(operand))}, at};
    }

    std::optional<Operator> accept_operator() {
        if (accept_word("in")) return Operator::In;
        if (at_word("not") && peek(1).is(TokenKind::Name, "in")) return take(), take(), Operator::NotIn;
        for (const auto& known : kOperators)
            if (accept_symbol(known.word)) return known.what;
        return std::nullopt;
    }

    Expression comparison() {
        Expression left = filtered();
        const auto what = accept_operator();
        if (!what) return left;
        Expression right = filtered();
        const Token& behind = peek();
        if (accept_operator())
            fail(behind.at, "comparisons cannot be chained", "join two of them with 'and'");
        const Place at = from_to(left.at, right.at);
        return Expression{Comparison{*what, boxed(std::move(left)), boxed(std::move(right))}, at};
    }

    Expression filtered() {
        const std::size_t first_reference = references_.size();
        Expression input = postfix();
        if (!at_symbol("|")) return input;
        Filtered out;
        Place at = input.at;
        const bool is_path = std::holds_alternative<Path>(input.form);
        out.input = boxed(std::move(input));
        while (accept_symbol("|")) {
            out.filters.push_back(filter_call());
            at = from_to(at, out.filters.back().at);
        }
        // `a.b | default(x)` may be without a.b; indexes inside the path come after it in the list.
        if (is_path && out.filters.front().filter == Filter::Default && first_reference < references_.size())
            references_[first_reference].optional = true;
        return Expression{std::move(out), at};
    }

    FilterCall filter_call() {
        if (peek().kind != TokenKind::Name) unexpected("the name of a filter");
        const Token name = take();
        const auto syntax = std::find_if(kFilters.begin(), kFilters.end(), [&](const FilterSyntax& known) {
            return known.name == name.word();
        });
        if (syntax == kFilters.end()) {
            std::vector<std::string_view> names;
            for (const auto& known : kFilters)
                names.push_back(known.name);
            fail(name.at, fmt::format("unknown filter '{}'", name.word()), did_you_mean(name.word(), names));
        }
        FilterCall out{.filter = syntax->filter, .arguments = {}, .at = name.at};
        if (at_symbol("(")) {
            take();
            out.arguments = expressions_until(")");
            out.at = from_to(name.at, tokens_[next_ - 1].at);
        }
        if (out.arguments.size() < syntax->least || out.arguments.size() > syntax->most)
            fail(out.at, fmt::format("the filter '{}' takes {}", name.word(), wanted_arguments(*syntax)));
        return out;
    }

    static std::string wanted_arguments(const FilterSyntax& syntax) {
        if (syntax.most == 0) return "no arguments";
        if (syntax.least == syntax.most) return counted(syntax.most, "argument");
        return fmt::format("{} or {} arguments", syntax.least, syntax.most);
    }

    /// `a, b)`: what stands between the brackets, which may be nothing. The opening one was taken.
    std::vector<Expression> expressions_until(std::string_view closer) {
        std::vector<Expression> out;
        if (accept_symbol(closer)) return out;
        do {
            out.push_back(expression());
        } while (accept_symbol(","));
        expect_symbol(closer);
        return out;
    }

    Expression postfix() {
        const Token first = peek();
        const std::size_t reference = references_.size(); // a name's own; those of indexes come behind it
        Expression base = primary();
        if (!at_symbol(".") && !at_symbol("[")) return base;
        Path path;
        Path* const name = first.kind == TokenKind::Name ? std::get_if<Path>(&base.form) : nullptr;
        bool fixed =
            name && std::holds_alternative<Path::Global>(name->base); // all steps so far are written out
        Place at = base.at;
        if (name)
            path = std::move(*name);
        else
            path = Path{boxed(std::move(base)), at, {}};
        while (at_symbol(".") || at_symbol("[")) {
            path.steps.push_back(step());
            at = from_to(at, path.steps.back().at);
            const auto* key = std::get_if<std::string>(&path.steps.back().key);
            fixed = fixed && key;
            if (!fixed) continue;
            references_[reference].path.push_back(*key);
            references_[reference].at = at;
        }
        return Expression{std::move(path), at};
    }

    PathStep step() {
        const Token opener = take();
        if (opener.word() == ".") {
            if (peek().kind != TokenKind::Name) unexpected("a name behind '.'");
            const Token name = take();
            return PathStep{std::string(name.word()), name.at};
        }
        // A string in brackets is a name too, one that could not be written behind a dot.
        if (peek().kind == TokenKind::String && peek(1).is(TokenKind::Symbol, "]")) {
            const Token name = take();
            return PathStep{std::string(name.word()), from_to(opener.at, take().at)};
        }
        Expression key = expression();
        const Place end = peek().at;
        expect_symbol("]");
        return PathStep{boxed(std::move(key)), from_to(opener.at, end)};
    }

    Expression primary() {
        const Token token = peek();
        switch (token.kind) {
        case TokenKind::Number:
        case TokenKind::String: take(); return Expression{token.value, token.at};
        case TokenKind::Name: return name();
        case TokenKind::Symbol:
            if (accept_symbol("(")) {
                Expression inner = expression();
                const Place end = peek().at;
                expect_symbol(")");
                inner.at = from_to(token.at, end);
                return inner;
            }
            if (accept_symbol("[")) {
                ListLiteral list{expressions_until("]")};
                return Expression{std::move(list), from_to(token.at, tokens_[next_ - 1].at)};
            }
            break;
        case TokenKind::Text:
        case TokenKind::OutputOpen:
        case TokenKind::OutputClose:
        case TokenKind::TagOpen:
        case TokenKind::TagClose:
        case TokenKind::End: break;
        }
        unexpected("a value");
    }

    Expression name() {
        const Token token = take();
        const std::string word(token.word());
        if (word == "true" || word == "false") return Expression{Value(word == "true"), token.at};
        if (word == "null") return Expression{Value(), token.at};
        for (std::size_t slot = locals_.size(); slot-- > 0;)
            if (locals_[slot] == word)
                return Expression{Path{Path::Local{word, slot}, token.at, {}}, token.at};
        if (word == "loop") fail(token.at, "'loop' is known only inside 'for'");
        if (reserved(word)) fail(token.at, fmt::format("expected a value, found '{}'", word));
        references_.push_back(Mention{.path = {word}, .at = token.at});
        return Expression{Path{Path::Global{word}, token.at, {}}, token.at};
    }

    std::string_view text_;
    std::vector<Token> tokens_;
    std::size_t next_ = 0;
    std::size_t depth_ = 0;
    std::vector<std::string> locals_; // loop variables in scope, by slot
    std::vector<Mention> references_;
    ParsedTemplate result_;
};

} // namespace

TemplateError template_error(std::string_view text, Place at, std::string message, std::string help) {
    const std::string_view before = text.substr(0, at.offset);
    return TemplateError{.message = std::move(message),
                         .help = std::move(help),
                         .line =
                             static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
                         .column = column_at(text, at.offset),
                         .length = length_of(text, at)};
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
    const auto near = nearest(word, std::span<const std::string_view>(candidates));
    return near ? fmt::format("did you mean '{}'?", *near) : std::string();
}

ParsedTemplate parse_template(std::string_view text) {
    return Parser(text, lex_template(text)).whole_template();
}

ParsedTemplate parse_template_expression(std::string_view text) {
    return Parser(text, lex_expression(text)).bare_expression();
}

} // namespace lab::detail
