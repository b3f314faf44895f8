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

/// What the word there names, or defines. Names::Nothing where it names nothing.
spec::Names named_at(const Spot& spot);
/// The key there, where it is one of the language's own.
const spec::Word* word_at(const Spot& spot);

} // namespace lab::editor
