#pragma once
// Every key of the language with what may stand behind it: what editors complete and explain, and the JSON
// Schema. A test holds it to what the decoders take, in both directions.

#include "support/value.h"

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

/// What a text refers to, or a key defines.
enum class Names {
    Nothing,
    Server,
    ServerGlob,
    Label,
    Group,
    Environment,
    Cloud,
    Provider,
    Region,
    Module,
    Param, // of the module one level up
    Size,
    Layout,
    Image,
    Alert,
    Secret,
    Cluster,
    App,
    Role,
    User,
    PuppetClass,
    Port,
};
std::string_view to_string(Names names) noexcept; // "label"; "" for Nothing

struct Shape;

struct Word { // a key
    std::string_view name, summary;
    const Shape* shape = nullptr;
    bool required = false;
};

/// What may stand somewhere.
struct Shape {
    enum class Kind {
        String, // not empty
        Integer,
        Number,
        Boolean,
        Any,
        List,   // of `each`
        Map,    // of `keys`
        Named,  // names of the user's choice, each with `each`
        Either, // any of `choices_of`
    };
    Kind kind = Kind::Any;
    std::string_view what; // "a server"
    /// Of a text: what it names. Of a Named map: what its keys are names of.
    Names names = Names::Nothing;
    bool refers = false; // Named: its keys refer to things instead of defining them
    const Shape* each = nullptr;
    std::vector<Word> keys;
    bool open = false;                      // a Map that takes further keys: a provider's settings
    std::vector<std::string_view> some_of;  // of a Map: one of these keys must be there
    std::vector<std::string_view> choices;  // String: one of these, where there are any
    std::vector<const Shape*> alternatives; // Either
    std::string pattern;                    // String: regular expression (ECMA 262); may be empty
    std::optional<std::int64_t> min, max;   // Integer

    const Word* find(std::string_view key) const noexcept;
};

class Vocabulary {
  public:
    Vocabulary();
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    /// A file of an inventory; a module.yaml.
    const Shape& inventory() const noexcept { return *inventory_; }
    const Shape& module() const noexcept { return *module_; }

    /// The shapes that may stand at a path of keys ("[]" for an item of a list) below `root`; empty where
    /// nothing may. Several where the language allows several forms.
    std::vector<const Shape*> at(const Shape& root, std::span<const std::string> path) const;

  private:
    std::deque<Shape> shapes_; // stay where they are
    const Shape* inventory_ = nullptr;
    const Shape* module_ = nullptr;
};

/// JSON Schema (draft 2020-12) of a file of an inventory, or of a module.yaml.
Value inventory_schema(const Vocabulary& vocabulary);
Value module_schema(const Vocabulary& vocabulary);

} // namespace lab::spec
