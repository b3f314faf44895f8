#include "spec/detail/decode.h"

#include "api/resource_types.h"
#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

template <typename Candidates>
std::string suggestion(std::string_view word, Candidates candidates) {
    const auto near = nearest(word, candidates);
    return near ? fmt::format("did you mean '{}'?", *near) : std::string();
}

constexpr std::size_t kMostProblems = 10'000;

/// Whether it is written as an integer that 64 bits do not hold, and so counts as a string.
bool is_too_large(const Node& node) {
    if (!node.is_string() || !node.plain()) return false;
    std::string_view digits = node.text();
    if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
    return !digits.empty() && digits.front() != '0' &&
           digits.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

void add_error(Diagnostics& diagnostics, std::string_view code, std::string message, Span at,
               std::string help, std::vector<Diagnostic::Note> notes) {
    if (is_full(diagnostics)) return;
    if (diagnostics.items().size() + 1 == kMostProblems) {
        diagnostics.add({.severity = Severity::Error,
                         .code = "spec/limit",
                         .message = "there are too many problems: the rest is not told",
                         .help = "put these right first"});
        return;
    }
    diagnostics.add({.severity = Severity::Error,
                     .code = std::string(code),
                     .message = std::move(message),
                     .at = at,
                     .help = std::move(help),
                     .notes = std::move(notes)});
}

bool is_full(const Diagnostics& diagnostics) noexcept {
    return diagnostics.items().size() >= kMostProblems;
}

std::string Suggestions::operator()(std::string_view word, std::span<const std::string_view> candidates) {
    if (candidates.size() > comparisons_) return {};
    comparisons_ -= candidates.size();
    return suggestion(word, candidates);
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    return suggestion(word, candidates);
}
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    return suggestion(word, candidates);
}

std::string listed(std::span<const std::string_view> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i) out += i + 1 == names.size() ? " and " : ", ";
        out += fmt::format("'{}'", names[i]);
    }
    return out;
}

void report_unknown_key(const Node& key, const Keys& keys, Diagnostics& diagnostics) {
    if (is_full(diagnostics)) return;
    const std::string_view name = key.text();
    std::string help = did_you_mean(name, keys.known);
    if (help.empty()) help = fmt::format("{} takes {}", keys.what, listed(keys.known));
    add_error(diagnostics, "spec/unknown-key", fmt::format("{} has no key '{}'", keys.what, name), key.span(),
              std::move(help));
}

void report_unknown_type(std::string_view name, const Span& at, Diagnostics& diagnostics) {
    std::vector<std::string_view> types;
    for (const api::ResourceType& type : api::resource_types())
        types.push_back(type.name);
    std::string help = did_you_mean(name, types);
    if (help.empty()) help = fmt::format("the types are {}", listed(types));
    add_error(diagnostics, "spec/unknown-type",
              name.empty() ? "this resource has no type"
                           : fmt::format("there is no resource type '{}'", escape_controls(name)),
              at, std::move(help));
}

void report_type(const Node& node, std::string_view key, std::string_view wanted, Diagnostics& diagnostics) {
    std::string help;
    const bool quotable = node.is_scalar() && node.plain() && wanted == "a string";
    if (quotable) help = fmt::format("quote it: \"{}\"", node.text());
    add_error(diagnostics, "spec/wrong-type",
              fmt::format("'{}' must be {}, not {}", key, wanted, with_article(node.type_name())),
              node.span(), std::move(help));
}

bool is_map(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    if (node.is_map()) return true;
    if (!node.is_null()) report_type(node, key, "a map", diagnostics);
    return false;
}

bool is_list(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    if (node.is_list()) return true;
    if (!node.is_null()) report_type(node, key, "a list", diagnostics);
    return false;
}

std::optional<Text> read_text(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    if (!node.is_string()) {
        report_type(node, key, "a string", diagnostics);
        return std::nullopt;
    }
    if (node.text().empty()) {
        add_error(diagnostics, "spec/bad-value", fmt::format("'{}' is empty", key), node.span());
        return std::nullopt;
    }
    return Text{std::string(node.text()), node.span()};
}

std::optional<std::int64_t> read_integer(const Node& node, std::string_view key, std::int64_t min,
                                         std::int64_t max, Diagnostics& diagnostics) {
    const Value value = node.is_scalar() ? node.scalar() : Value();
    const std::int64_t* number = value.if_int();
    if (number && *number >= min && *number <= max) return *number;
    if (number || is_too_large(node))
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("'{}' must be from {} to {}, not {}", key, min, max, node.text()), node.span());
    else
        report_type(node, key, "an integer", diagnostics);
    return std::nullopt;
}

std::optional<bool> read_boolean(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    const Value value = node.is_scalar() ? node.scalar() : Value();
    if (const bool* flag = value.if_bool()) return *flag;
    add_error(
        diagnostics, "spec/wrong-type",
        fmt::format("'{}' must be true or false, not {}", key,
                    node.is_scalar() ? fmt::format("'{}'", node.text()) : with_article(node.type_name())),
        node.span());
    return std::nullopt;
}

std::vector<Text> read_texts(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    std::vector<Text> texts;
    if (!is_list(node, key, diagnostics)) return texts;
    texts.reserve(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (auto text = read_text(node.item(i), key, diagnostics)) texts.push_back(std::move(*text));
    }
    return texts;
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 200 && text[0] != '-' && text[0] != '.' &&
           std::all_of(text.begin(), text.end(), is_word);
}

bool is_host_name(std::string_view text) noexcept {
    if (text.empty() || text.size() > 253) return false;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] != '.') {
            if (!is_word(text[i]) || text[i] == '_') return false;
            continue;
        }
        if (i == start || i - start > 63 || text[start] == '-' || text[i - 1] == '-') return false;
        start = i + 1;
    }
    return true;
}

bool is_identifier(std::string_view text) noexcept {
    return is_name(text) && !(text[0] >= '0' && text[0] <= '9') &&
           text.find_first_of("-.") == std::string_view::npos;
}

bool is_label(std::string_view text) noexcept {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return is_name(text);
    const std::string_view value = text.substr(equals + 1);
    return is_name(text.substr(0, equals)) && !value.empty() && value.size() <= 200 &&
           std::all_of(value.begin(), value.end(), is_word);
}

bool check_name(const Text& name, std::string_view what, Diagnostics& diagnostics) {
    if (what == "server" ? is_host_name(name.value) : is_name(name.value)) return true;
    add_error(
        diagnostics, "spec/bad-name",
        fmt::format("'{}' is no name for {}", escape_controls(name.value), with_article(what)), name.at,
        what == "server"
            ? "a server's name is a host name: letters, digits and '-', in parts divided by '.'"
            : "names are made of letters, digits, '_', '-' and '.', and begin with a letter, digit or '_'");
    return false;
}

bool check_label(const Text& label, Diagnostics& diagnostics) {
    if (is_label(label.value)) return true;
    add_error(diagnostics, "spec/bad-name", fmt::format("'{}' is no label", escape_controls(label.value)),
              label.at, "a label is NAME or NAME=VALUE, of letters, digits, '_', '-' and '.'");
    return false;
}

std::optional<Text> read_name(const Node& node, std::string_view key, std::string_view what,
                              Diagnostics& diagnostics) {
    auto text = read_text(node, key, diagnostics);
    if (text && !check_name(*text, what, diagnostics)) text.reset();
    return text;
}

std::vector<Text> read_names(const Node& node, std::string_view key, std::string_view what,
                             Diagnostics& diagnostics) {
    std::vector<Text> names = read_texts(node, key, diagnostics);
    std::erase_if(names, [&](const Text& name) {
        return what == "label" ? !check_label(name, diagnostics) : !check_name(name, what, diagnostics);
    });
    return names;
}

std::optional<std::string> clean_path(std::string_view path) {
    if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return std::nullopt;
    std::string out;
    for (const std::string_view part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") return std::nullopt;
        if (!out.empty()) out += '/';
        out += part;
    }
    if (out.empty()) return std::nullopt;
    return out;
}

} // namespace lab::spec::detail
