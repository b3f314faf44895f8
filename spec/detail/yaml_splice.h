#pragma once
// One change of a document's tree as changes of its bytes. What comes out of here is tried, not trusted:
// whoever asks parses the result and takes the first that means what was wanted.

#include "spec/detail/yaml_source.h"
#include "spec/detail/yaml_style.h"

#include <vector>

namespace lab::spec::detail {

/// The bytes [begin, end) become `text`. A list of them is in order and does not overlap.
struct Splice {
    std::size_t begin = 0, end = 0;
    std::string text;
};
using Splices = std::vector<Splice>;
std::string spliced(std::string_view text, const Splices& splices);

/// A node of the document with what surrounds it.
struct Spot {
    Node node;
    Node key;                 // of the map's entry that holds it; invalid for items and the root
    std::string name, parent; // of the keys that hold it and the map it is in; "" where there is none
    std::size_t depth = 0;    // 0: the root
    bool in_flow = false;     // inside a flow collection
    bool is_flow = false;     // a flow collection
    bool is_alias = false;    // what is below it is written elsewhere
    std::size_t entry = 0;    // offset of the key or dash of the entry that holds it
    std::size_t indent = 0;   // columns before that
    std::size_t first_line = 0, end_line = 0; // lines of the entry; of the root, of the document
};

class YamlSplicer {
  public:
    YamlSplicer(const Document& document, const YamlHabits& others);

    Spot root() const;
    /// The entry or item `index` of a map or list.
    Spot child(const Spot& holder, std::size_t index) const;

    // Ways to do it, the best first; none where there is no good one. Maps and lists may also be null here.
    std::vector<Splices> insert_entry(const Spot& map, std::string_view key, const Value& value) const;
    std::vector<Splices> append_item(const Spot& list, const Value& value) const;
    std::vector<Splices> replace(const Spot& spot, const Value& value) const;
    /// The child `index` of `holder`.
    std::vector<Splices> remove(const Spot& holder, std::size_t index) const;

    /// The lines to write by hand.
    std::string by_hand(std::string_view parent, std::string_view key, const Value& value) const;

  private:
    struct Element {
        std::size_t begin = 0, end = 0; // bytes of an entry or item in a flow collection
    };
    std::size_t flow_close(const Spot& spot) const; // of the bracket; npos where there is none
    Element flow_element(const Spot& holder, std::size_t index) const;
    Splices add_to_flow(const Spot& holder, const std::string& text) const;
    Splices fill_flow(const Spot& holder, const std::string& text) const;
    Splices remove_from_flow(const Spot& holder, std::size_t index) const;
    std::vector<Splices> fill_empty(const Spot& spot, std::string_view key, const Value& value) const;
    std::vector<Splices> insert_lines(const Spot& holder, const std::string& lines, bool apart) const;
    Splices emptied(const Spot& holder) const;
    std::vector<Splices> remove_lines(const Spot& holder, const Spot& child, std::size_t index) const;
    Splices rewrite(const Spot& spot, const Value& value) const;
    std::string comment_behind(std::size_t at, std::size_t line) const;
    Splices at_line(std::size_t line, std::string text) const;
    std::size_t value_begin(const Spot& spot) const; // behind the colon or dash
    std::size_t leading(const Spot& child, std::size_t from) const;
    bool apart(const Spot& holder) const;
    std::optional<bool> siblings_flow(const Spot& map) const;
    bool is_missing(const Spot& spot) const;

    SourceText source_;
    YamlStyle style_;
    Node root_;
};

} // namespace lab::spec::detail
