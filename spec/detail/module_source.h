#pragma once
// One entry of the section `modules`.

#include "spec/detail/decode.h"
#include "spec/module_source.h"

namespace lab::spec::detail {

/// With neither path nor git where it says nothing that could be read.
ModuleSource read_module_source(Text name, const Node& body, Diagnostics& diagnostics);

} // namespace lab::spec::detail
