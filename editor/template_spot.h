#pragma once
// Params in the templates of a module: the one that is read at a place, and the one that is being typed.

#include "editor/spot.h"

#include <optional>

namespace lab::editor {

/// The param that a template reads there, in module.yaml or a template file of a module.
std::optional<Named> param_read_at(const Question& question);

/// Behind "params." in a template of module.yaml: what is typed of a name, which may be nothing yet.
std::optional<Named> param_typed_at(const Question& question);

} // namespace lab::editor
