#include "spec/condition.h"

#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using Kind = Condition::Kind;

constexpr std::size_t kMostBytes = 1000;
constexpr std::size_t kMostLevels = 32;

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_boolean(const Condition& condition) noexcept {
    return condition.kind == Kind::Or || condition.kind == Kind::And || condition.kind == Kind::Not ||
           condition.kind == Kind::Compare;
}

bool reads_metric(const Condition& condition) {
    return condition.kind == Kind::Metric ||
           std::any_of(condition.parts.begin(), condition.parts.end(), reads_metric);
}

struct Token {
    enum class Kind : std::uint8_t { End, Word, Number, Text, Symbol };
    Kind kind = Kind::End;
    std::string_view text; // of a Text: without its quotes
    std::size_t at = 0, bytes = 0;
};

/// The number of "85", "0.5", "30d" or "8GB"; nullopt where it is none.
std::optional<double> number_of(std::string_view text) {
    const auto unit = std::find_if(text.begin(), text.end(), is_letter);
    if (unit == text.end()) {
        double number = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
            return std::nullopt;
        return number;
    }
    if (const auto duration = parse_duration(text)) return static_cast<double>(duration->count()) / 1000;
    if (const auto size = parse_size(text)) return static_cast<double>(*size);
    return std::nullopt;
}

/// What numbers alone come to; none where a metric has a say.
std::optional<double> constant(const Condition& condition) {
    if (condition.kind == Condition::Kind::Number) return condition.number;
    if (condition.kind != Condition::Kind::Negative && condition.kind != Condition::Kind::Arithmetic)
        return std::nullopt;
    const auto left = constant(condition.parts.front());
    const auto right = constant(condition.parts.back());
    if (!left || !right) return std::nullopt;
    if (condition.kind == Condition::Kind::Negative) return -*left;
    switch (condition.text.front()) {
    case '+': return *left + *right;
    case '-': return *left - *right;
    case '*': return *left * *right;
    default: return *left / *right;
    }
}

/// Recursive descent; the first problem ends it.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) { next(); }

    std::variant<Condition, ConditionProblem> run() {
        std::optional<Condition> condition = either();
        if (condition && token_.kind != Token::Kind::End)
            fail("is not expected here",
                 is_symbol("%") ? "write the number alone, on the metric's own scale: 80, or 0.8" : "");
        if (condition && !problem_ && !is_boolean(*condition))
            fail_at(0, text_.size(), "this is a number, and an alert needs a comparison",
                    "write METRIC > NUMBER");
        if (problem_) return *std::move(problem_);
        return *std::move(condition);
    }

  private:
    void next() {
        while (at_ < text_.size() && is_space(text_[at_]))
            ++at_;
        token_ = {Token::Kind::End, {}, at_, 1};
        if (at_ >= text_.size() || problem_) return;
        const char c = text_[at_];
        std::size_t end = at_ + std::max<std::size_t>(1, utf8_length(text_.substr(at_)));
        if (is_letter(c)) {
            while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == ':'))
                ++end;
            token_.kind = Token::Kind::Word;
        } else if (is_digit(c)) {
            while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '.'))
                ++end;
            token_.kind = Token::Kind::Number;
        } else if (c == '"' || c == '\'') {
            end = text_.find(c, at_ + 1);
            if (end == std::string_view::npos)
                return fail_at(at_, text_.size() - at_, "this text has no end",
                               "close it with the quote it began with");
            ++end;
            token_.kind = Token::Kind::Text;
        } else {
            const bool two = end < text_.size() && text_[end] == '=' &&
                             std::string_view("><=!").find(c) != std::string_view::npos;
            if (two) ++end;
            token_.kind = Token::Kind::Symbol;
        }
        token_.bytes = end - at_;
        token_.text = text_.substr(at_, token_.bytes);
        if (token_.kind == Token::Kind::Text) token_.text = token_.text.substr(1, token_.text.size() - 2);
        at_ = end;
    }

    std::uint32_t characters(std::string_view text) const {
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < text.size(); ++count)
            i += std::max<std::size_t>(1, utf8_length(text.substr(i)));
        return count;
    }

    void fail_at(std::size_t at, std::size_t bytes, std::string message, std::string help = {}) {
        if (problem_) return;
        while (bytes > 1 && at + bytes <= text_.size() && is_space(text_[at + bytes - 1]))
            --bytes; // a part ends where the next token begins
        problem_ = ConditionProblem{.message = std::move(message),
                                    .help = std::move(help),
                                    .column = characters(text_.substr(0, at)) + 1,
                                    .length = std::max(1u, characters(text_.substr(at, bytes)))};
    }
    void fail(std::string_view what, std::string help = {}) {
        const bool ended = token_.kind == Token::Kind::End;
        const std::string_view shown = text_.substr(token_.at, token_.bytes);
        fail_at(token_.at, token_.bytes,
                ended ? std::string("the condition ends too early")
                      : fmt::format("'{}' {}", escape_controls(shown), what),
                std::move(help));
    }

    bool is_symbol(std::string_view text) const {
        return token_.kind == Token::Kind::Symbol && token_.text == text;
    }
    bool is_word(std::string_view text) const {
        return token_.kind == Token::Kind::Word && token_.text == text;
    }
    bool take(bool here) {
        if (here) next();
        return here;
    }

    using Part = std::optional<Condition>;

    static Condition joined(Kind kind, std::string_view text, Condition left, Condition right) {
        Condition out{.kind = kind, .text = std::string(text), .number = 0, .matchers = {}, .parts = {}};
        out.parts.push_back(std::move(left));
        out.parts.push_back(std::move(right));
        return out;
    }

    bool wants(const Part& part, bool boolean, std::size_t from) {
        if (problem_ || !part) return false;
        if (is_boolean(*part) == boolean) return true;
        fail_at(from, token_.at - from,
                boolean ? "this is a number where a comparison is wanted"
                        : "this is a comparison where a number is wanted",
                boolean ? "write METRIC > NUMBER" : "");
        return false;
    }

    /// Words that join comparisons: `or` of `and`s.
    Part either() {
        return chain(Kind::Or, "or", [this] { return both(); });
    }
    Part both() {
        return chain(Kind::And, "and", [this] { return negated(); });
    }

    template <typename Operand>
    Part chain(Kind kind, std::string_view word, Operand operand) {
        const std::size_t from = token_.at;
        Part left = operand();
        for (std::size_t levels = 0; left && is_word(word); ++levels) {
            if (!wants(left, true, from) || !deep_enough(levels)) return std::nullopt;
            next();
            const std::size_t right_from = token_.at;
            Part right = operand();
            if (!wants(right, true, right_from)) return std::nullopt;
            left = joined(kind, {}, *std::move(left), *std::move(right));
        }
        return left;
    }

    Part negated() {
        if (!is_word("not")) return comparison();
        if (!deep_enough(depth_)) return std::nullopt;
        next();
        ++depth_;
        const std::size_t from = token_.at;
        Part part = negated();
        --depth_;
        if (!wants(part, true, from)) return std::nullopt;
        Condition out{.kind = Kind::Not, .text = {}, .number = 0, .matchers = {}, .parts = {}};
        out.parts.push_back(*std::move(part));
        return out;
    }

    Part comparison() {
        const std::size_t from = token_.at;
        Part left = sum();
        static constexpr std::string_view kOperators[] = {">", ">=", "<", "<=", "==", "!="};
        const bool here =
            left && token_.kind == Token::Kind::Symbol &&
            std::find(std::begin(kOperators), std::end(kOperators), token_.text) != std::end(kOperators);
        if (left && is_symbol("=")) fail("compares nothing", "write ==");
        if (!here) return problem_ ? std::nullopt : std::move(left);
        if (!wants(left, false, from)) return std::nullopt;
        const std::string_view op = token_.text;
        next();
        const std::size_t right_from = token_.at;
        Part right = sum();
        if (!wants(right, false, right_from)) return std::nullopt;
        if (!reads_metric(*left) && !reads_metric(*right)) {
            fail_at(from, token_.at - from, "this compares numbers, and looks at no metric");
            return std::nullopt;
        }
        return joined(Kind::Compare, op, *std::move(left), *std::move(right));
    }

    Part sum() {
        return arithmetic("+", "-", [this] { return product(); });
    }
    Part product() {
        return arithmetic("*", "/", [this] { return signed_term(); });
    }

    template <typename Operand>
    Part arithmetic(std::string_view one, std::string_view other, Operand operand) {
        const std::size_t from = token_.at;
        Part left = operand();
        for (std::size_t levels = 0; left && (is_symbol(one) || is_symbol(other)); ++levels) {
            if (!wants(left, false, from) || !deep_enough(levels)) return std::nullopt;
            const std::string_view op = token_.text;
            next();
            const std::size_t right_from = token_.at;
            Part right = operand();
            if (!wants(right, false, right_from)) return std::nullopt;
            if (op == "/" && constant(*right) == 0.0) {
                fail_at(right_from, token_.at - right_from, "this is zero, and nothing is divided by it");
                return std::nullopt;
            }
            left = joined(Kind::Arithmetic, op, *std::move(left), *std::move(right));
        }
        return left;
    }

    Part signed_term() {
        if (!is_symbol("-")) return term();
        if (!deep_enough(depth_)) return std::nullopt;
        next();
        ++depth_;
        const std::size_t from = token_.at;
        Part part = signed_term();
        --depth_;
        if (!wants(part, false, from)) return std::nullopt;
        Condition out{.kind = Kind::Negative, .text = {}, .number = 0, .matchers = {}, .parts = {}};
        out.parts.push_back(*std::move(part));
        return out;
    }

    Part term() {
        if (take(is_symbol("("))) {
            if (!deep_enough(depth_)) return std::nullopt;
            ++depth_;
            Part part = either();
            --depth_;
            if (part && !take(is_symbol(")"))) fail("is not expected here", "a bracket is not closed");
            return problem_ ? std::nullopt : std::move(part);
        }
        if (token_.kind == Token::Kind::Number) {
            const auto number = number_of(token_.text);
            if (!number) {
                fail("is no number", "such as 85, 0.5, a time (30d) or a size (8GB)");
                return std::nullopt;
            }
            Condition out{.kind = Kind::Number,
                          .text = std::string(token_.text),
                          .number = *number,
                          .matchers = {},
                          .parts = {}};
            next();
            return out;
        }
        const bool word = is_word("and") || is_word("or") || is_word("not");
        if (token_.kind == Token::Kind::Word && !word) return metric();
        fail("is not expected here", "a metric or a number is wanted");
        return std::nullopt;
    }

    Part metric() {
        Condition out{
            .kind = Kind::Metric, .text = std::string(token_.text), .number = 0, .matchers = {}, .parts = {}};
        next();
        if (!take(is_symbol("{"))) return out;
        do {
            if (is_symbol("}") && !out.matchers.empty()) break; // a comma may come last
            Condition::Matcher matcher{.label = std::string(token_.text), .value = {}, .equal = true};
            if (token_.kind != Token::Kind::Word) return wanted("the name of a label is wanted");
            next();
            matcher.equal = is_symbol("=");
            if (!take(is_symbol("=") || is_symbol("!="))) return wanted("'=' or '!=' is wanted");
            if (token_.kind != Token::Kind::Text) return wanted("a value in quotes is wanted");
            matcher.value = std::string(token_.text);
            next();
            out.matchers.push_back(std::move(matcher));
        } while (take(is_symbol(",")));
        if (!take(is_symbol("}"))) return wanted("',' or '}' is wanted");
        return out;
    }

    Part wanted(std::string help) {
        fail("is not expected here", std::move(help));
        return std::nullopt;
    }

    bool deep_enough(std::size_t levels) {
        if (levels < kMostLevels) return true;
        fail_at(token_.at, token_.bytes, fmt::format("the condition has more than {} levels", kMostLevels));
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0, depth_ = 0;
    Token token_;
    std::optional<ConditionProblem> problem_;
};

int tightness(const Condition& condition) noexcept {
    switch (condition.kind) {
    case Kind::Or: return 0;
    case Kind::And: return 1;
    case Kind::Not: return 2;
    case Kind::Compare: return 3;
    case Kind::Arithmetic: return condition.text == "+" || condition.text == "-" ? 4 : 5;
    case Kind::Negative: return 6;
    case Kind::Metric:
    case Kind::Number: return 7;
    }
    return 7;
}

std::string part_text(const Condition& part, int at_least) {
    return tightness(part) < at_least ? fmt::format("({})", to_text(part)) : to_text(part);
}

std::string metric_text(const Condition& metric) {
    std::string out = metric.text;
    for (std::size_t i = 0; i < metric.matchers.size(); ++i) {
        const Condition::Matcher& matcher = metric.matchers[i];
        const char quote = matcher.value.find('"') == std::string::npos ? '"' : '\'';
        out += fmt::format("{}{}{}{}{}{}", i ? ", " : "{", matcher.label, matcher.equal ? "=" : "!=", quote,
                           matcher.value, quote);
    }
    return metric.matchers.empty() ? out : out + "}";
}

void collect_metrics(const Condition& condition, std::vector<std::string>& names) {
    if (condition.kind == Kind::Metric) names.push_back(condition.text);
    for (const Condition& part : condition.parts)
        collect_metrics(part, names);
}

} // namespace

std::variant<Condition, ConditionProblem> parse_condition(std::string_view text) {
    if (text.size() > kMostBytes)
        return ConditionProblem{.message = fmt::format("the condition is longer than {} bytes", kMostBytes),
                                .help = "make two alerts of it",
                                .column = 1,
                                .length = 1};
    return Parser(text).run();
}

std::string to_text(const Condition& condition) {
    const int own = tightness(condition);
    switch (condition.kind) {
    case Kind::Or:
    case Kind::And:
        return fmt::format("{} {} {}", part_text(condition.parts[0], own),
                           condition.kind == Kind::Or ? "or" : "and", part_text(condition.parts[1], own + 1));
    case Kind::Not: return "not " + part_text(condition.parts[0], own);
    case Kind::Compare:
        return fmt::format("{} {} {}", part_text(condition.parts[0], own + 1), condition.text,
                           part_text(condition.parts[1], own + 1));
    case Kind::Arithmetic:
        return fmt::format("{} {} {}", part_text(condition.parts[0], own), condition.text,
                           part_text(condition.parts[1], own + 1));
    case Kind::Negative: return "-" + part_text(condition.parts[0], own);
    case Kind::Metric: return metric_text(condition);
    case Kind::Number: return condition.text;
    }
    return {};
}

std::vector<std::string> metrics_of(const Condition& condition) {
    std::vector<std::string> names;
    collect_metrics(condition, names);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

} // namespace lab::spec
