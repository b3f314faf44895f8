#pragma once
// The bytes of a Document: where its nodes begin and end in them. A Document knows where nodes begin; where
// they end is read from the text.

#include "spec/document.h"

#include <string_view>
#include <vector>

namespace lab::spec::detail {

class SourceText {
  public:
    /// Refers to the document's text.
    explicit SourceText(const Document& document);

    std::string_view text() const noexcept { return text_; }
    /// Offset of the byte where a node's place is.
    std::size_t offset(const Node& node) const;
    /// The same, behind an anchor and what is between it and the node.
    std::size_t content_offset(const Node& node) const;

    std::size_t lines() const noexcept { return starts_.size(); } // counted from 0 in here
    std::size_t line_of(std::size_t offset) const;
    std::size_t start(std::size_t line) const;       // of lines(): the text's end
    std::string_view line(std::size_t number) const; // without what ends it
    std::size_t indent(std::size_t line) const;      // spaces it begins with
    bool is_blank(std::size_t line) const;
    bool is_comment(std::size_t line) const;
    /// Whether nothing but spaces stands before the offset on its line.
    bool is_first(std::size_t offset) const;
    /// The first line behind the content that begins on line `first` and ends before line `end`: blank lines
    /// at its end are not part of it, nor is the first comment that is indented no more than `indent`, with
    /// what follows that.
    std::size_t content_end(std::size_t first, std::size_t end, std::size_t indent) const;
    /// The line of "...", or lines().
    std::size_t document_end() const;

  private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

/// One past the quoted scalar that begins at `at`; npos where it does not end.
std::size_t quoted_end(std::string_view text, std::size_t at);
/// One past the flow collection, quoted or plain scalar or alias at `at`. A plain scalar ends where its line
/// does, or at a comment, and in flow also at an indicator. npos where there is no end.
std::size_t inline_end(std::string_view text, std::size_t at, bool in_flow);

} // namespace lab::spec::detail
