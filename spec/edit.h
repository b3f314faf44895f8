#pragma once
// Edits of a YAML file in place: its text with as little changed as possible, in the file's own style.
// Comments, order, quotes and blank lines stay. What an edit gives is parsed again and must mean exactly what
// was asked for and nothing else; where that cannot be had the edit is refused, with what to write by hand.
//
// Pure. A comment directly above an entry, or at the end of its lines, goes with it when it is removed.

#include "spec/document.h"

#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace lab::spec {

/// How files are written, by counting: what an edit follows where the place itself does not show it.
struct YamlHabits {
    struct Tally {
        std::size_t flow = 0, block = 0;
    };
    Tally maps, lists;                        // with something in them
    std::map<std::string, Tally> maps_by_key; // by the key that holds the map
    std::map<std::string, Tally> maps_below;  // by the key that holds the map it is in
    std::map<std::string, Tally> lists_by_key;
    std::map<std::size_t, std::size_t> steps;  // indentation of a map in a map: how often
    std::map<std::size_t, std::size_t> dashes; // of a list in a map
    std::size_t padded = 0, unpadded = 0;      // "{ a: 1 }", "{a: 1}"
    std::size_t single_quotes = 0, double_quotes = 0;
    std::size_t plain = 0, needless_quotes = 0; // strings that need no quotes

    void add(const Document& document);
};

/// A step into a document: a key of a map, or an index into a list.
using EditStep = std::variant<std::string, std::size_t>;
using EditPath = std::vector<EditStep>;
/// "servers.web-1.labels[2]"; a key with a dot in it is quoted.
std::string to_string(const EditPath& path);

struct DocumentEdit {
    enum class Kind {
        Set,    // the value at the path becomes `value`; maps on the way are made
        Append, // the list at the path, made where it is not there, has `value` as its last item
        Remove, // the entry or item at the path goes; a map or list that is empty then stays as {} or []
    };
    Kind kind = Kind::Set;
    EditPath path; // not empty
    Value value;
};

/// `text` with the edits made one after the other. `path` is the file's, for messages. `others` is how other
/// files of the user are written. NotFound where there is nothing to remove; Invalid where the text is no
/// YAML or a step leads into a scalar; Unsupported where the place cannot be edited safely.
Result<std::string> edit_document(const std::string& path, std::string text,
                                  std::span<const DocumentEdit> edits, const YamlHabits& others = {});

/// The value with the edits made: what the edited text means.
Result<Value> edit_value(Value value, std::span<const DocumentEdit> edits);

} // namespace lab::spec
