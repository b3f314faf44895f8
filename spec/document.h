#pragma once
// One YAML file as an immutable tree with places, after every rule about YAML itself was checked: the only
// form in which a user's file enters the house. YAML 1.2.2 core schema; refused with a diagnostic: duplicate
// keys, anchors and aliases over a budget, merge keys, tags, a second document, non-UTF-8, depth, size,
// non-scalar keys.
//
// Plain block style, which nearly every file keeps to, is read by a strict scanner; whatever it does not take
// goes to yaml-cpp's events, which are the referee. Both give the same tree (tests/fuzz/yaml_differential).

#include "support/diagnostics.h"
#include "support/value.h"

#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>

namespace lab::spec {

namespace detail {
class DocumentBuilder;
}

/// What one file may take. Reading stops at the first limit that is passed, with a diagnostic.
struct YamlLimits {
    std::size_t bytes = 32u << 20; // of one file
    std::size_t depth = 64;        // of nesting
    std::size_t nodes = 4'000'000; // of one file, aliases expanded
    std::size_t aliases = 1'000;   // of one file
    std::size_t scalar_bytes =
        1u << 20; // of one scalar; also of one flow collection that only the referee can read
};

enum class NodeKind : std::uint8_t { Null, Scalar, List, Map };

/// A node of a Document, a view: valid as long as the Document. Copy freely.
class Node {
  public:
    NodeKind kind() const noexcept { return data_->kind; }
    bool is_null() const noexcept { return kind() == NodeKind::Null; }
    bool is_scalar() const noexcept { return kind() == NodeKind::Scalar; }
    bool is_string() const; // a scalar that is one
    bool is_list() const noexcept { return kind() == NodeKind::List; }
    bool is_map() const noexcept { return kind() == NodeKind::Map; }
    /// "null", "boolean", "integer", "number", "string", "list" or "map": what the core schema makes of it.
    std::string_view type_name() const;

    /// The text of a scalar, escapes and folding done.
    std::string_view text() const noexcept { return data_->text; }
    /// Whether the scalar was written without quotes: only then can it be a number, a boolean or null.
    bool plain() const noexcept { return data_->plain; }
    /// The scalar by the core schema (plain) or as a string (quoted): what `as_value` gives for it. On the
    /// side of caution these plain scalars stay strings too: decimals with a leading zero (`0644` is a mode,
    /// not 644), integers that 64 bits do not hold, `.inf` and `.nan`, and of course YAML 1.1's `no`, `on`,
    /// `1:30`, `1_000`.
    Value scalar() const;
    /// The whole subtree as data, without places.
    Value as_value() const;

    std::size_t size() const noexcept { return data_->count; } // items of a list, entries of a map
    Node item(std::size_t index) const;                        // list
    Node key(std::size_t index) const;                         // map, in written order
    Node value(std::size_t index) const;                       // map
    /// The value of a map's key, or an invalid Node (operator bool is false). Linear for small maps, else a
    /// binary search.
    Node find(std::string_view key) const;
    explicit operator bool() const noexcept { return data_ != nullptr; }

    std::uint32_t line() const noexcept { return data_->line; }     // from 1
    std::uint32_t column() const noexcept { return data_->column; } // from 1, in characters
    /// The place, for diagnostics and provenance. A block map or list is at its first key or dash, a flow one
    /// at its bracket, a node with an anchor at the anchor, an alias at its `*` (what is below it where it
    /// was defined), a value left out at its key or dash. The root of an empty file is the file as a whole.
    Span span() const;

    struct Data { // laid out by Document
        std::string_view text;
        std::uint32_t first = 0; // index of the first child
        std::uint32_t count = 0;
        std::uint32_t line = 0, column = 0;
        /// Of a scalar as written, on its first line, in characters. Of a large map: where its part of
        /// sorted_ begins.
        std::uint32_t length = 1;
        NodeKind kind = NodeKind::Null;
        bool plain = true;
        bool is_container() const noexcept { return kind == NodeKind::List || kind == NodeKind::Map; }
    };
    static constexpr std::size_t kSmallMap = 16; // entries up to which looking at each key is fastest
    Node() = default;

  private:
    friend class Document;
    Node(const class Document* document, const Data* data) : document_(document), data_(data) {}
    const class Document* document_ = nullptr;
    const Data* data_ = nullptr;
};

class Document {
  public:
    /// Parses `text`, which it takes over. Problems go to `diagnostics`; null where no tree could be made. A
    /// tree can come with errors (duplicate and merge keys, tags: the offending part is left out of it), so
    /// that all that is wrong with a file is told at once. An empty file is a Document whose root is null.
    static std::shared_ptr<const Document> parse(FileName path, std::string text, Diagnostics& diagnostics,
                                                 const YamlLimits& limits = {});
    static std::shared_ptr<const Document> parse(std::string_view path, std::string text,
                                                 Diagnostics& diagnostics, const YamlLimits& limits = {}) {
        return parse(FileName(path), std::move(text), diagnostics, limits);
    }
    /// Which reader takes a text: for the differential test, which forces each. ScannerOnly gives null,
    /// without a diagnostic, for what the scanner does not take.
    enum class Reader { Either, ScannerOnly, RefereeOnly };
    static std::shared_ptr<const Document> parse_with(Reader reader, FileName path, std::string text,
                                                      Diagnostics& diagnostics,
                                                      const YamlLimits& limits = {});

    Node root() const noexcept;
    const FileName& path() const noexcept { return path_; }
    const std::string& text() const noexcept { return text_; }

  private:
    friend class Node;
    friend class detail::DocumentBuilder;
    Document() = default;
    FileName path_;
    std::string text_;
    std::forward_list<std::string> decoded_; // scalars whose text differs from how it was written
    std::vector<Node::Data>
        nodes_; // children of one node are adjacent; maps alternate key, value; the root is last
    std::vector<std::uint32_t> sorted_; // for each large map, its entries in the order of their keys
};

} // namespace lab::spec
