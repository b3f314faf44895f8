#pragma once
// One module.yaml, decoded and checked by itself: its params' schemas, its resources as written.

#include "spec/document.h"
#include "spec/inventory.h"

namespace lab::spec::detail {

/// `folder` is the module's, relative to the inventory's root. Files it refers to are not looked at.
Module decode_module(const Document& document, std::string folder, Diagnostics& diagnostics);

/// What is wrong with `value` for this param, "must be an integer, not a string"; empty where nothing is.
std::string param_problem(const ParamSchema& schema, const Value& value);

} // namespace lab::spec::detail
