#pragma once
// The syntax tree of a template. Chains (a and b and c, x | f | g, a.b.c, elif) are lists in one node, so
// that the depth of the tree is the depth of nesting in the text, which the parser limits: whoever walks it
// may recurse.

#include "support/template.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lab::detail {

/// Bytes of the template's text.
struct Place {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
};

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

/// `.name` or `[key]`, one step down from a value. Its place is the name, or the brackets and what is in
/// them.
struct PathStep {
    std::variant<std::string, ExpressionPtr> key;
    Place at;
};
/// A name of the scope, a loop variable or any other expression, and the steps down from it.
struct Path {
    struct Global {
        std::string name;
    };
    struct Local {
        std::string name;
        std::size_t slot = 0;
    };
    std::variant<Global, Local, ExpressionPtr> base;
    Place base_at;
    std::vector<PathStep> steps;
};

enum class Filter { Default, Join, Lower, Upper, Trim, Replace, Json, Length, Sort };
struct FilterCall {
    Filter filter = Filter::Default;
    std::vector<Expression> arguments;
    Place at;
};
struct Filtered {
    ExpressionPtr input;
    std::vector<FilterCall> filters;
};

struct ListLiteral {
    std::vector<Expression> items;
};

enum class Operator { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, NotIn };
struct Comparison {
    Operator what = Operator::Equal;
    ExpressionPtr left, right;
};
struct AllOf {
    std::vector<Expression> operands;
};
struct AnyOf {
    std::vector<Expression> operands;
};
struct Negation {
    ExpressionPtr operand;
};

struct Expression {
    using Form = std::variant<Value, Path, Filtered, ListLiteral, Comparison, AllOf, AnyOf, Negation>;
    Form form;
    Place at;
};

struct Statement;
using Block = std::vector<Statement>;

struct Branch {
    std::optional<Expression> condition; // none: else
    Block body;
};
struct If {
    std::vector<Branch> branches;
};
struct For {
    std::optional<std::size_t> key_slot; // set for `key, value in map`
    std::size_t slot = 0;
    std::size_t loop_slot = 0; // of the name `loop`
    Expression over;
    Block body;
};
/// Text of the template as it is, something to write, a decision or a repetition.
struct Statement {
    std::variant<Place, Expression, If, For> form;
};

/// What parsing makes of a text.
struct ParsedTemplate {
    Block body;
    std::size_t slots = 0; // loop variables alive at once, at most
    std::vector<Template::Reference> references;
};

/// Carries a problem out of the parser and the evaluator; caught in template.cpp.
struct TemplateFailure {
    TemplateError error;
};

/// The problem at `at` of `text`.
TemplateError template_error(std::string_view text, Place at, std::string message, std::string help = {});
/// "did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

/// Both throw TemplateFailure.
ParsedTemplate parse_template(std::string_view text);
ParsedTemplate parse_template_expression(std::string_view text);

} // namespace lab::detail

struct lab::Template::Node {
    std::string source;
    detail::ParsedTemplate parsed;
};
