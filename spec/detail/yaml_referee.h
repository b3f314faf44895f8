#pragma once
// The full reader: yaml-cpp's events into a Document, with what yaml-cpp lets pass refused and its complaints
// put in our words.

#include "spec/detail/document_builder.h"
#include "spec/detail/yaml_text.h"

namespace lab::spec::detail {

/// Reads one document. False where no tree came of it; the builder then has a diagnostic. Throws nothing.
bool referee_yaml(const YamlBody& body, const YamlLimits& limits, DocumentBuilder& builder);

} // namespace lab::spec::detail
