#include "cli/config_file.h"

#include "spec/document.h"
#include "support/files.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMaxConfigBytes = 1u << 20;

/// The entries of config.yaml with their places. Invalid, with the rendered diagnostics, where it is broken.
Result<std::shared_ptr<const spec::Document>> parse_map(std::string path, std::string text) {
    Diagnostics diagnostics;
    auto document =
        spec::Document::parse(path, std::move(text), diagnostics, {.bytes = kMaxConfigBytes, .depth = 4});
    if (document && !document->root().is_null() && !document->root().is_map())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{} must be a map of settings", path)};
    if (!document || diagnostics.has_errors()) {
        const Diagnostic first = diagnostics.sorted().front();
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{}: {}", first.at.text(), first.message),
                     .hint = first.help};
    }
    return document;
}

/// The line of a top-level key, from 1; 0 where there is none.
std::uint32_t line_of(const spec::Node& root, std::string_view key) {
    if (root.is_map())
        for (std::size_t i = 0; i < root.size(); ++i)
            if (root.key(i).text() == key) return root.key(i).line();
    return 0;
}

/// `text` with line `number` replaced by `line`; appended where `number` is 0.
std::string with_line(std::string text, std::uint32_t number, std::string_view line) {
    if (number == 0) {
        if (!text.empty() && text.back() != '\n') text += '\n';
        return text.append(line);
    }
    std::size_t begin = 0;
    for (std::uint32_t i = 1; i < number; ++i)
        begin = text.find('\n', begin) + 1;
    std::size_t end = text.find('\n', begin);
    end = end == std::string::npos ? text.size() : end + 1;
    return text.replace(begin, end - begin, line);
}

bool differs_only_in(const spec::Node& before, const spec::Node& after, std::string_view key,
                     std::string_view value) {
    ValueMap wanted, found;
    if (before.is_map()) wanted = *before.as_value().if_map();
    if (after.is_map()) found = *after.as_value().if_map();
    wanted.erase(key);
    if (!value.empty()) wanted.set(std::string(key), Value(value));
    return wanted == found;
}

} // namespace

Result<ConfigValues> read_config(const std::filesystem::path& file) {
    auto text = read_file(file, kMaxConfigBytes);
    if (!text && text.error().code == ErrorCode::NotFound) return ConfigValues();
    if (!text) return std::move(text).error();
    return parse_config(file, std::move(*text));
}

Result<ConfigValues> parse_config(const std::filesystem::path& file, std::string text) {
    ConfigValues values;
    auto document = parse_map(file.string(), std::move(text));
    if (!document) return std::move(document).error();
    const spec::Node root = (*document)->root();
    if (root.is_null()) return values;
    for (std::size_t i = 0; i < root.size(); ++i) {
        const spec::Node key = root.key(i), value = root.value(i);
        const auto rule = find_setting(key.text());
        if (!rule) return Error(rule.error()).during(fmt::format("in {}", key.span().text()));
        if (!value.is_scalar() && !value.is_null())
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("{}: '{}' takes one value, not a {}", value.span().text(),
                                                key.text(), value.type_name())};
        if (value.is_null()) continue;
        if (auto checked = check_setting(**rule, value.text()); !checked)
            return std::move(checked).error().during(fmt::format("in {}", value.span().text()));
        values.emplace(key.text(), value.text());
    }
    return values;
}

Result<std::string> edit_config(const std::string& text, std::string_view setting, std::string_view value) {
    auto document = parse_map("config.yaml", text);
    if (!document) return std::move(document).error();
    // Always quoted: a value such as "no" or "010" then stays what was typed.
    std::string quoted = "'";
    for (const char c : value)
        quoted += c == '\'' ? std::string("''") : std::string(1, c);
    quoted += "'";
    const std::string line = value.empty() ? std::string() : fmt::format("{}: {}\n", setting, quoted);
    std::string edited = with_line(text, line_of((*document)->root(), setting), line);
    // What the file means is read back: a style that editing by the line does not understand is left alone.
    const auto before = (*document)->root();
    auto after = parse_map("config.yaml", edited);
    if (!after || !differs_only_in(before, (*after)->root(), setting, value))
        return Error{.code = ErrorCode::Unsupported,
                     .message = "config.yaml is written in a style that lab does not edit",
                     .hint = "write each setting as one line 'name: value'"};
    return edited;
}

} // namespace lab::cli
