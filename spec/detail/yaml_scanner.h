#pragma once
// The fast reader: takes the plain YAML that nearly every inventory file keeps to and nothing else.

#include "spec/detail/document_builder.h"
#include "spec/detail/yaml_text.h"

namespace lab::spec::detail {

/// NotMine: the text is not in the scanner's subset, right or wrong; what the builder got is to be thrown
/// away. Failed: the builder refused the document and said why.
enum class ScanOutcome { Read, NotMine, Failed };

/// Reads block maps and lists, scalars on one line (plain, or in quotes with none but simple escapes), flow
/// lists and maps of those, literal block scalars, comments. Whatever it takes, the referee takes with the
/// same result.
ScanOutcome scan_yaml(const YamlBody& body, DocumentBuilder& builder);

} // namespace lab::spec::detail
