#pragma once
// Makes a Document out of what a reader reports, and holds every rule that is about the tree and not about
// the text: limits, unique keys, scalar keys, no merge keys, aliases within the budget.

#include "spec/detail/yaml_text.h"
#include "spec/document.h"

namespace lab::spec::detail {

class DocumentBuilder {
  public:
    /// All three must outlive the builder. What an earlier builder left in the document is dropped.
    DocumentBuilder(Document& document, const YamlLimits& limits, Diagnostics& diagnostics);

    // Each of these is false once the document is beyond saving, with a diagnostic added: stop reading then.

    /// A list or a map begins; what follows up to its `end` is in it. Maps take key, value, key, value, …
    bool begin(NodeKind kind, Place place);
    bool end();
    /// `text` must stay valid as long as the document: a piece of its text, or kept.
    bool scalar(std::string_view text, bool plain, Place place);
    /// The value of the last key, or a list item, was left out. `dash` is the place of an item.
    bool missing(Place dash);
    /// The next node has an anchor. `id` counts up from 1.
    void anchor(std::size_t id);
    bool alias(std::size_t id, std::string_view name, Place place);

    /// Keeps a text that is not a piece of the file's.
    std::string_view keep(std::string text);
    /// Adds an error of this file. False where there were so many that reading should stop.
    bool error(std::string code, std::string message, Place place, std::string help = {},
               std::vector<Diagnostic::Note> notes = {});
    Span span(Place place) const;

    /// Whether the next node would be a key of a map.
    bool at_key() const noexcept;
    bool in_list() const noexcept;
    bool in_anything() const noexcept { return !frames_.empty(); }
    bool has_root() const noexcept { return has_root_; }
    /// Puts the tree into the document: once, after the last node. Without a node the root is null.
    void finish();

  private:
    using Data = Node::Data;
    struct Frame {
        NodeKind kind = NodeKind::Null;
        Place place;
        std::size_t first = 0;  // of its children in open_
        std::size_t count = 0;  // nodes before it, aliases expanded
        std::size_t anchor = 0; // 0: none
        std::size_t height = 1; // levels, itself one
        bool refused_keys = false;
    };
    struct Anchor {
        Data node;
        std::size_t nodes = 0; // in its subtree, aliases expanded
        std::size_t height = 0;
        bool complete = false; // else an alias to it is a cycle
    };

    bool spend(std::size_t nodes, Place place);
    bool at_depth(std::size_t levels, Place place);
    bool add_key(Data key);
    void add(const Data& node, std::size_t height);
    void complete_anchor(std::size_t id, const Data& node, std::size_t nodes, std::size_t height);
    bool close_map(std::size_t first);
    bool check_unique(std::size_t first, const std::vector<std::uint32_t>& order);
    bool check_unique_pairwise(std::size_t first);
    std::vector<std::uint32_t> sorted_entries(std::size_t first) const;
    bool refuse_duplicate(const Data& earlier, Data& later);
    void drop_refused(std::size_t first);

    Document* document_;
    const YamlLimits* limits_;
    Diagnostics* diagnostics_;
    std::vector<Data> open_; // nodes whose parent is not complete
    std::vector<Frame> frames_;
    std::vector<Anchor> anchors_;
    std::size_t next_anchor_ = 0;
    std::size_t aliases_ = 0;
    std::size_t count_ = 0; // nodes, aliases expanded
    std::size_t errors_ = 0;
    Data root_;
    bool has_root_ = false;
};

/// A piece of the user's text for a message: cut at 40 characters and at the end of its line.
std::string excerpt(std::string_view text);

} // namespace lab::spec::detail
