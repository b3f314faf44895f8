#pragma once
// A Puppet manifest as tokens: comments left out, texts and heredocs with what is interpolated in them. By
// the rules of Puppet's own lexer (lexer2.rb, heredoc_support.rb of Puppet 7).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

struct ManifestToken {
    enum class Kind : std::uint8_t {
        Name,      // include, postfix::server, lab::secret: begins with a small letter; keywords too
        Reference, // Package, Postfix::Map
        Variable,  // $x
        Number,
        Text, // 'x', "x" or a heredoc; what is interpolated follows between Open and Close
        Open,
        Close, // ${ and its }
        Regex,
        Symbol // =>, |> and every single character
    };
    Kind kind = Kind::Symbol;
    std::string text;              // of a literal Text: what it means
    bool literal = true;           // of a Text: nothing is interpolated
    std::size_t at = 0, bytes = 1; // in the manifest
};

struct ManifestTokens {
    std::vector<ManifestToken> tokens;
    std::string problem; // what could not be read; empty: all was
    std::size_t problem_at = 0;
};

/// Interpolations nested at most 16 deep.
ManifestTokens lex_manifest(std::string_view text);

} // namespace lab::spec::detail
