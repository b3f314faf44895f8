#pragma once
// The kinds of things that commands speak of, and how a person names one: `server db-1`, `servers db-1`,
// `server/db-1`.

#include "support/result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::cli {

enum class Kind {
    Server,
    Label,
    Group,
    Environment,
    Cloud,
    Size,
    Layout,
    Image,
    Module,
    Param,
    PuppetClass,
    Container,
    Cluster,
    App,
    Role,
    User,
    Alert,
    Secret,
    Run,
};

struct KindWords {
    Kind kind;
    std::string_view one, many;
    std::string_view short_one = {}, short_many = {}; // "env", "envs"
    std::string_view summary;
    bool defined = true; // in a section of the inventory that is called as `many`
};
std::span<const KindWords> kind_words();
const KindWords& words_of(Kind kind);

/// Invalid, with the nearest word, where `word` names no kind.
Result<Kind> parse_kind(std::string_view word);

struct Reference {
    Kind kind = Kind::Server;
    std::vector<std::string> names;
};
/// Reads positionals: KIND [NAME...] or KIND/NAME..., all of one kind.
Result<Reference> parse_reference(std::span<const std::string> words);

/// NotFound: "there is no server 'bd-1'", with the nearest of `known`.
Error no_such(Kind kind, std::string_view name, const std::vector<std::string>& known);

} // namespace lab::cli
