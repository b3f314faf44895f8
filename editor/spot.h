#pragma once
// A place in a file by what the language says of it: which keys or names may stand there, and what is named.

#include "editor/answers.h"
#include "editor/place.h"
#include "spec/vocabulary.h"

namespace lab::editor {

struct Spot {
    Place place;
    std::vector<const spec::Shape*> shapes; // that may stand there
    bool in_module = false;                 // the file is a module.yaml
    std::string module;                     // whose params are being written or declared
};

Spot spot_of(const Question& question, const spec::Vocabulary& vocabulary);

/// A name at a place.
struct Named {
    spec::Names names = spec::Names::Nothing;
    std::string text, module;       // `module`: whose param it is
    std::size_t begin = 0, end = 0; // in the buffer, in bytes
};
/// What is named or defined there, by the language or in a template. Names::Nothing where nothing is.
Named named(const Question& question, const Spot& spot);

/// What the word there names, or defines. Names::Nothing where it names nothing.
spec::Names named_at(const Spot& spot);
/// The key there, where it is one of the language's own.
const spec::Word* word_at(const Spot& spot);

} // namespace lab::editor
