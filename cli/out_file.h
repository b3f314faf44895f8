#pragma once
// Documents that are saved to a file which the user names (--out FILE).

#include "cli/context.h"

namespace lab::cli {

struct OutFile {
    std::string_view document; // "plan"
    std::string_view saved;    // what a file of it is called: "saved plan"
    std::string_view format;   // "lab.plan/1"
    std::string_view print;    // what prints it instead: "`lab plan -o json` prints the plan"
};

/// Whether the document may be written to `path`: there is nothing yet, or an empty file, as mktemp makes it,
/// or a document of the same format. What else is there is the user's, and is not replaced.
Result<void> check_out_file(const std::string& path, const OutFile& kind, const Context& context);

} // namespace lab::cli
