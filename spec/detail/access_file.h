#pragma once
// Reading the section `roles`.

#include "spec/access.h"
#include "spec/document.h"

namespace lab::spec::detail {

Role read_role(Text name, const Node& body, Diagnostics& diagnostics);

} // namespace lab::spec::detail
