#pragma once
// Where in a YAML file somebody is typing: by which keys, in a key or a value, which word. Files that are
// being typed do not parse, so this reads lines and brackets and forgives what is not complete.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lab::editor {

/// A step of a path that is no key: an item of a list.
inline constexpr std::string_view kItem = "[]";

struct Place {
    /// Keys from the root: of the map where `key`, else of the value. "servers", "web-1", "labels", "[]".
    std::vector<std::string> path;
    /// A key, or what may become one: a word alone on its line, or in braces.
    bool key = false;
    bool colon = false;                // a key with its ':'
    bool nothing = false;              // in a comment or a block of text
    std::string word;                  // the text of the scalar there, quotes taken off
    std::size_t begin = 0, end = 0;    // of the word as written, in bytes; equal where there is none
    std::vector<std::string> siblings; // other keys of the map that the key, or the value's key, is in
};

/// The place of byte `offset`. `text` may be anything.
Place place_at(std::string_view text, std::size_t offset);

} // namespace lab::editor
