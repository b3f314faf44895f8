#pragma once
// Cuts a template into text, tags and the words inside the tags.

#include "support/detail/template_tree.h"

namespace lab::detail {

enum class TokenKind {
    Text,        // between tags, as it is
    OutputOpen,  // {{
    OutputClose, // }}
    TagOpen,     // {%
    TagClose,    // %}
    Name,
    Number,
    String,
    Symbol, // == != < <= > >= . , | ( ) [ ]
    End,
};

struct Token {
    TokenKind kind = TokenKind::End;
    Place at;
    Value value; // of a Number or String; the word of a Name or Symbol
    std::string_view word() const { return value.if_string() ? std::string_view(*value.if_string()) : ""; }
    bool is(TokenKind wanted, std::string_view text) const { return kind == wanted && word() == text; }
};

/// All tokens, the last one End. Comments are gone, and so are the lines that held only a tag. Throws
/// TemplateFailure.
std::vector<Token> lex_template(std::string_view text);
/// The same for one bare expression.
std::vector<Token> lex_expression(std::string_view text);

} // namespace lab::detail
