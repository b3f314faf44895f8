#pragma once
// A value with the place where it was written.

#include "support/diagnostics.h"

#include <string>

namespace lab::spec {

template <typename T>
struct Written {
    T value{};
    Span at;
};
using Text = Written<std::string>;

} // namespace lab::spec
