// What options say of a definition.
#include "cli/edits.h"

#include "support/files.h"
#include "support/text.h"

#include <fmt/format.h>
#include <iostream>

namespace lab::cli {
namespace {

constexpr std::size_t kMaxBody = 1u << 20;

Error bad_path(std::string_view text, std::string_view why) {
    return {.code = ErrorCode::Invalid,
            .message = fmt::format("--set '{}': {}", escape_controls(text), why),
            .hint = "write PATH=VALUE: --set root=machines/web-1, --set 'params.motd.\"a.key\"=hi'"};
}

/// Keys divided by dots; one with a dot in it stands in quotes.
Result<std::pair<spec::EditPath, std::string>> read_set(const std::string& text) {
    spec::EditPath path;
    std::size_t at = 0;
    for (;;) {
        std::string key;
        if (at < text.size() && text[at] == '"') {
            const auto end = text.find('"', at + 1);
            if (end == std::string::npos) return bad_path(text, "a quote is not closed");
            key = text.substr(at + 1, end - at - 1);
            at = end + 1;
        } else {
            const auto end = std::min(text.find_first_of(".=", at), text.size());
            key = text.substr(at, end - at);
            at = end;
        }
        if (key.empty()) return bad_path(text, "a key is missing");
        path.emplace_back(std::move(key));
        if (at >= text.size()) return bad_path(text, "there is no '='");
        if (text[at] == '=') return std::pair(std::move(path), text.substr(at + 1));
        if (text[at] != '.') return bad_path(text, "a quoted key ends before '.' or '='");
        ++at;
    }
}

/// Lists, maps and quoted texts are YAML; anything else is one plain scalar, whatever is in it.
Result<Value> read_value(const std::string& set, const std::string& text) {
    if (text.empty()) return Value("");
    const bool yaml = std::string_view("[{\"'").find(text.front()) != std::string_view::npos;
    Diagnostics diagnostics;
    const auto document = spec::Document::parse("--set", text, diagnostics);
    if (document && !diagnostics.has_errors() &&
        (yaml || document->root().is_scalar() || document->root().is_null())) {
        // A plain scalar that is not all of the text ends at a comment or so: the text was meant.
        if (yaml || document->root().text() == text || document->root().is_null())
            return document->root().as_value();
    }
    if (!yaml) return Value(text);
    return bad_path(set, document ? "the value is no YAML" : diagnostics.sorted().front().message);
}

Result<std::string> read_input(const std::string& file, Context& context) {
    if (file != "-") return read_file(context.directory / file, kMaxBody);
    std::string text;
    char buffer[4096];
    while (std::cin.read(buffer, sizeof buffer), std::cin.gcount() > 0) {
        text.append(buffer, static_cast<std::size_t>(std::cin.gcount()));
        if (text.size() > kMaxBody)
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             fmt::format("stdin has more than the {} bytes of a definition", kMaxBody)};
    }
    return text;
}

Result<Value> read_body(const std::string& file, Context& context) {
    auto text = read_input(file, context);
    if (!text) return std::move(text).error();
    Diagnostics diagnostics;
    const auto document = spec::Document::parse(file, std::move(*text), diagnostics);
    if (!document || diagnostics.has_errors())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{}: {}", diagnostics.sorted().front().at.text(),
                                            diagnostics.sorted().front().message)};
    if (document->root().is_null()) return Value(ValueMap());
    if (!document->root().is_map())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' holds {}, and a definition is a map", file,
                                            with_article(document->root().type_name())),
                     .hint = "--file takes what stands below the name: `environment: prod`, not `servers:`"};
    return document->root().as_value();
}

} // namespace

Result<Reference> named_definition(const Arguments& arguments, const Command& command) {
    auto reference = parse_reference(arguments.positionals());
    if (!reference) return reference;
    const KindWords& words = words_of(reference->kind);
    if (!words.defined)
        return Error{.code = ErrorCode::Invalid,
                     .message =
                         fmt::format("{} are not defined in the inventory: `lab {}` does nothing with them",
                                     words.many, command.words)};
    return reference;
}

std::optional<UsageError> wrong_usage(const Arguments& arguments, const Command& command) {
    const auto wrong = [&](std::string message, std::string hint = {}) {
        return UsageError{.message = std::move(message), .hint = std::move(hint), .command = &command};
    };
    if (arguments.has("branch") && (arguments.has("commit") || arguments.has("no-apply")))
        return wrong(fmt::format("--branch makes a commit of its own and applies nothing: leave out --{}",
                                 arguments.has("commit") ? "commit" : "no-apply"));
    if (arguments.has("message") && !arguments.has("commit") && !arguments.has("branch"))
        return wrong("--message is of a commit: give --commit or --branch too");
    if (const auto edits = set_edits(arguments); !edits)
        return wrong(edits.error().message, edits.error().hint);
    const auto reference = parse_reference(arguments.positionals());
    if (!reference) return wrong(reference.error().message, reference.error().hint);
    if (reference->names.size() == 1) return std::nullopt;
    const std::string_view kind = words_of(reference->kind).one;
    return wrong(reference->names.empty() ? fmt::format("which {}? a NAME is needed", kind)
                                          : "one NAME at a time is needed",
                 fmt::format("such as 'lab {} {} NAME'", command.words, kind));
}

Result<std::string> new_file(const Arguments& arguments, const spec::Definitions& definitions,
                             std::string_view name) {
    const auto given = arguments.value("in");
    if (!given) return definitions.file_for(name, arguments.value("environment").value_or(""));
    const std::filesystem::path path = std::filesystem::path(*given).lexically_normal();
    const bool yaml = path.extension() == ".yaml" || path.extension() == ".yml";
    if (path.is_absolute() || path.empty() || *path.begin() == ".." || !yaml)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no file of the inventory", escape_controls(*given)),
                     .hint = "name a *.yaml file by its path from the folder of lab.yaml"};
    return path.string();
}

std::vector<std::string> labels_of(const Arguments& arguments) {
    std::vector<std::string> labels;
    for (const std::string& given : arguments.values("label"))
        for (std::string_view label : split(given, ','))
            if (label = trim(label);
                !label.empty() && std::find(labels.begin(), labels.end(), label) == labels.end())
                labels.emplace_back(label);
    return labels;
}

Result<std::vector<spec::DocumentEdit>> set_edits(const Arguments& arguments) {
    std::vector<spec::DocumentEdit> edits;
    for (const std::string& given : arguments.values("set")) {
        auto read = read_set(given);
        if (!read) return std::move(read).error();
        auto value = read_value(given, read->second);
        if (!value) return std::move(value).error();
        edits.push_back({spec::DocumentEdit::Kind::Set, std::move(read->first), std::move(*value)});
    }
    return edits;
}

Result<Value> body_of(const Arguments& arguments, Context& context) {
    Value body = ValueMap();
    if (const auto file = arguments.value("file")) {
        auto read = read_body(*file, context);
        if (!read) return read;
        body = std::move(*read);
    }
    std::vector<spec::DocumentEdit> edits;
    using EditKind = spec::DocumentEdit::Kind;
    for (const std::string_view option : {"environment", "cloud", "provider", "region"})
        if (const auto given = arguments.value(option))
            edits.push_back({EditKind::Set, {std::string(option)}, Value(*given)});
    auto set = set_edits(arguments);
    if (!set) return std::move(set).error();
    edits.insert(edits.end(), std::make_move_iterator(set->begin()), std::make_move_iterator(set->end()));
    for (std::string& label : labels_of(arguments))
        edits.push_back({EditKind::Append, {"labels"}, Value(std::move(label))});
    for (const std::string_view option : {"allow", "deny"})
        for (std::string& rule : arguments.values(option))
            edits.push_back({EditKind::Append, {std::string(option)}, Value(std::move(rule))});
    return spec::edit_value(std::move(body), edits);
}

} // namespace lab::cli
