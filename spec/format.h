#pragma once
// One way to lay out YAML: indentation, spaces and blank lines. Only white space changes: keys, values,
// quotes, comments and their order stay as they were written, and so does what the file means.
//
// Two spaces a level, lists too; one space after ':' and ','; comments after a value two spaces behind it, or
// in one column where neighbouring ones were; at most one blank line in a row; no blanks at line ends. Lines
// are neither joined nor broken, block texts keep their own indentation.

#include "support/diagnostics.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lab::spec {

struct Formatted {
    std::string text; // as it should be; the text that was given where `left` is not empty
    /// Why the file is left as it is: "a key that begins with '?'". YAML has forms that nobody writes by
    /// hand.
    std::string left;
    std::uint32_t left_line = 0; // where that is, from 1; 0: nowhere in particular
};

/// Lays out the text of one file. Nullopt, with diagnostics, where it is not the YAML that Document takes.
/// What comes out was parsed again and found to be the same tree, and the same text but for white space; and
/// to lay it out once more changes nothing.
std::optional<Formatted> format_yaml(const std::string& path, const std::string& text,
                                     Diagnostics& diagnostics);

} // namespace lab::spec
