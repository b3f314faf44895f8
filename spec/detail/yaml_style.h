#pragma once
// Values as YAML text in the style of the file they go into.

#include "spec/edit.h"

namespace lab::spec::detail {

class YamlStyle {
  public:
    /// What the document itself shows counts first, then `others`, then our own habits.
    YamlStyle(const Document& document, const YamlHabits& others);

    std::string key(std::string_view text) const;
    std::string scalar(const Value& value) const;
    std::string flow(const Value& value) const;
    /// Whether `value` of the entry `key` (of the map that `parent` holds) is written on the line of its key.
    bool is_inline(std::string_view parent, std::string_view key, const Value& value,
                   std::size_t indent) const;
    /// The lines of "key: value" with their ends, the key at `indent`. `inline_map`: as siblings are, where
    /// they show it.
    std::string entry(std::string_view parent, std::string_view key, const Value& value, std::size_t indent,
                      std::optional<bool> inline_map = {}) const;
    /// The lines of "- value".
    std::string item(std::string_view list, const Value& value, std::size_t indent) const;
    /// The lines of a value below its key, which stands at `indent`: a list, a map.
    std::string below(std::string_view key, const Value& value, std::size_t indent) const;

    std::size_t step() const noexcept { return step_; }
    const std::string& newline() const noexcept { return newline_; }
    bool padded() const noexcept { return padded_; }
    bool flow_map(std::string_view parent, std::string_view key) const;
    bool flow_list(std::string_view key) const;

  private:
    void add_map(std::string& out, std::string_view key, const ValueMap& map, std::size_t indent) const;
    std::string after_key(std::string_view parent, std::string_view key, const Value& value,
                          std::size_t indent, std::optional<bool> inline_map) const;
    std::string literal(std::string_view text, std::size_t indent) const;

    YamlHabits own_, others_;
    std::size_t step_ = 2, dash_ = 2;
    bool padded_ = false, quote_all_ = false;
    char quote_ = '"';
    std::string newline_ = "\n";
};

} // namespace lab::spec::detail
