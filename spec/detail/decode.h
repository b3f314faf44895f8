#pragma once
// Typed reading of YAML nodes: each function checks one thing and reports what is wrong at the node's place.
// A null where a list or a map may be is an empty one; what could not be read is left out.

#include "spec/document.h"
#include "spec/inventory.h"

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

/// Adds an error, until there are so many that nobody reads them: then one that says so, and no more.
void add_error(Diagnostics& diagnostics, std::string_view code, std::string message, Span at,
               std::string help = {}, std::vector<Diagnostic::Note> notes = {});

/// "did you mean 'environment'?", or nothing where no candidate is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// Whether add_error adds nothing more.
bool is_full(const Diagnostics& diagnostics) noexcept;

/// Suggestions out of long lists of names cost time; a hostile inventory could ask for many.
class Suggestions {
  public:
    /// As did_you_mean, as long as the budget lasts.
    std::string operator()(std::string_view word, std::span<const std::string_view> candidates);

  private:
    std::size_t comparisons_ = 1'000'000;
};

/// "'a', 'b' and 'c'".
std::string listed(std::span<const std::string_view> names);

/// The keys one kind of map takes.
struct Keys {
    std::string_view what; // "a server", for messages
    std::span<const std::string_view> known;
};
/// Says that `key` is none of them.
void report_unknown_key(const Node& key, const Keys& keys, Diagnostics& diagnostics);

/// Says that `name` is no type of a resource.
void report_unknown_type(std::string_view name, const Span& at, Diagnostics& diagnostics);

/// Says what was found and what was wanted: "'region' must be a string, not a list".
void report_type(const Node& node, std::string_view key, std::string_view wanted, Diagnostics& diagnostics);

/// Whether there is something to go through: a map, or null, for which nothing is reported.
bool is_map(const Node& node, std::string_view key, Diagnostics& diagnostics);
bool is_list(const Node& node, std::string_view key, Diagnostics& diagnostics);

/// A string that is not empty. Numbers and booleans are refused: they must be quoted.
std::optional<Text> read_text(const Node& node, std::string_view key, Diagnostics& diagnostics);
std::optional<std::int64_t> read_integer(const Node& node, std::string_view key, std::int64_t min,
                                         std::int64_t max, Diagnostics& diagnostics);
std::optional<bool> read_boolean(const Node& node, std::string_view key, Diagnostics& diagnostics);
std::vector<Text> read_texts(const Node& node, std::string_view key, Diagnostics& diagnostics);

/// Letters, digits, '_', '-' and '.', not beginning with '-' or '.', at most 200 characters.
bool is_name(std::string_view text) noexcept;
/// A host name (RFC 1123): letters, digits and '-' in parts divided by '.'.
bool is_host_name(std::string_view text) noexcept;
/// A name that templates can read: a letter or '_', then letters, digits and '_'.
bool is_identifier(std::string_view text) noexcept;
/// `name` or `name=value`.
bool is_label(std::string_view text) noexcept;

/// The same, with a diagnostic where it is none. `what` is "label", "module", ...
bool check_name(const Text& name, std::string_view what, Diagnostics& diagnostics);
bool check_label(const Text& label, Diagnostics& diagnostics);
/// read_text and read_texts of names.
std::optional<Text> read_name(const Node& node, std::string_view key, std::string_view what,
                              Diagnostics& diagnostics);
std::vector<Text> read_names(const Node& node, std::string_view key, std::string_view what,
                             Diagnostics& diagnostics);

/// A path relative to the inventory or a module in its shortest form; nullopt where it is absolute or leads
/// out.
std::optional<std::string> clean_path(std::string_view path);

} // namespace lab::spec::detail
