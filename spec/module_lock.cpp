#include "spec/module_lock.h"

#include "spec/detail/decode.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;
using detail::add_error;

constexpr std::string_view kFormat = "lab.lock/1";
constexpr std::array kLockKeys{"format"sv, "modules"sv};
constexpr std::array kPinKeys{"git"sv, "ref"sv, "path"sv, "commit"sv, "digest"sv};
constexpr YamlLimits kLimits{.bytes = 4u << 20, .depth = 8, .nodes = 200'000, .aliases = 0};
constexpr std::string_view kFamily = "lab.lock/"; // of the formats of all versions
constexpr std::string_view kHelp =
    "`git checkout lab.lock` brings the last one back; `lab modules update` makes it anew";
constexpr std::string_view kConflictHelp = "keep either side and `lab modules update` the module, or let "
                                           "`lab modules update` make the file anew";

void bad_lock(Diagnostics& diagnostics, std::string message, Span at, std::string_view help = kHelp) {
    add_error(diagnostics, "module/bad-lock", std::move(message), at, std::string(help));
}

/// The line of git's first mark of a conflict, from 1; 0: there is none.
std::uint32_t conflict_line(std::string_view text) {
    std::uint32_t number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++number;
        if (line.starts_with("<<<<<<< ")) return number;
    }
    return 0;
}

void read_pin_key(ModulePin& pin, const Node& key, const Node& value, Diagnostics& diagnostics) {
    const std::string_view name = key.text();
    if (std::find(kPinKeys.begin(), kPinKeys.end(), name) == kPinKeys.end())
        return detail::report_unknown_key(key, {"a pin", kPinKeys}, diagnostics);
    auto text = detail::read_text(value, name, diagnostics);
    if (!text) return;
    std::string problem;
    if (name == "git") {
        problem = url_problem(text->value);
        pin.git = std::move(text->value);
    } else if (name == "ref") {
        problem = ref_problem(text->value);
        pin.ref = std::move(text->value);
    } else if (name == "path") {
        pin.path = detail::clean_path(text->value).value_or("");
        if (pin.path != text->value) problem = "is no clean path";
    } else if (name == "commit") {
        if (!is_commit_id(text->value)) problem = "is no full commit id";
        pin.commit = std::move(text->value);
    } else {
        const auto digest = parse_digest(text->value);
        if (digest)
            pin.digest = *digest;
        else
            problem = "is no sha256 digest";
    }
    if (problem.empty()) return;
    Span at = text->at;
    if (name == "git") at = Span{.file = at.file}; // it may carry a password
    bad_lock(diagnostics, fmt::format("'{}' of a pin {}", name, problem), at);
}

void read_pin(ModuleLock& lock, const Node& key, const Node& body, Diagnostics& diagnostics) {
    if (!detail::check_name({std::string(key.text()), key.span()}, "module", diagnostics)) return;
    const std::size_t before = diagnostics.errors();
    ModulePin pin{.git = {}, .ref = {}, .path = {}, .commit = {}, .digest = {}, .at = key.span()};
    if (!body.is_map()) return bad_lock(diagnostics, "a pin must be a map", body.span());
    for (std::size_t i = 0; i < body.size(); ++i)
        read_pin_key(pin, body.key(i), body.value(i), diagnostics);
    for (const std::string_view wanted : {"git"sv, "ref"sv, "commit"sv, "digest"sv})
        if (!body.find(wanted))
            bad_lock(diagnostics, fmt::format("the pin of module '{}' has no '{}'", key.text(), wanted),
                     key.span());
    if (diagnostics.errors() == before) lock.pins.emplace(key.text(), std::move(pin));
}

bool check_format(const Node& root, Diagnostics& diagnostics) {
    const Node format = root.is_map() ? root.find("format") : Node();
    if (format && format.is_scalar() && format.text() == kFormat) return true;
    const bool other = format && format.is_scalar();
    bad_lock(
        diagnostics,
        other ? fmt::format("this lab.lock has the format '{}', and this version of lab reads '{}'",
                            format.text(), kFormat)
              : fmt::format("lab.lock has no 'format: {}'", kFormat),
        other ? format.span() : root.span(),
        other && format.text().starts_with(kFamily)
            ? "another version of lab wrote it: use that one, or remove the file, and `lab modules update` "
              "writes it anew"
            : kHelp);
    return false;
}

} // namespace

ModuleLock read_module_lock(std::string text, Diagnostics& diagnostics) {
    ModuleLock lock;
    if (const std::uint32_t line = conflict_line(text)) {
        bad_lock(diagnostics, "lab.lock has the marks of a merge conflict",
                 {.file = FileName(kLockFile), .line = line, .column = 1}, kConflictHelp);
        return lock;
    }
    Diagnostics found;
    const auto document = Document::parse(std::string(kLockFile), std::move(text), found, kLimits);
    for (Diagnostic one : found.items()) {
        one.help = kHelp; // nobody writes it, so how YAML is written does not matter
        diagnostics.add(std::move(one));
    }
    if (!document || !check_format(document->root(), diagnostics)) return lock;
    const Node root = document->root();
    for (std::size_t i = 0; i < root.size(); ++i) {
        const std::string_view key = root.key(i).text();
        if (key == "format") continue;
        if (key != "modules")
            detail::report_unknown_key(root.key(i), {"lab.lock", kLockKeys}, diagnostics);
        else if (detail::is_map(root.value(i), key, diagnostics))
            for (std::size_t j = 0; j < root.value(i).size(); ++j)
                read_pin(lock, root.value(i).key(j), root.value(i).value(j), diagnostics);
    }
    return lock;
}

bool is_of_another_version(std::string text) {
    Diagnostics unused;
    const auto document = Document::parse(std::string(kLockFile), std::move(text), unused, kLimits);
    const Node format = document && document->root().is_map() ? document->root().find("format") : Node();
    return format && format.is_scalar() && format.text().starts_with(kFamily) && format.text() != kFormat;
}

std::string write_module_lock(const ModuleLock& lock) {
    const auto quoted = [](const std::string& text) { return write_json(Value(text)); };
    std::string out = fmt::format("# Written by `lab modules update`. Keep it in git beside lab.yaml.\n"
                                  "format: {}\nmodules:{}\n",
                                  kFormat, lock.pins.empty() ? " {}" : "");
    for (const auto& [name, pin] : lock.pins) {
        out +=
            fmt::format("  {}:\n    git: {}\n    ref: {}\n", quoted(name), quoted(pin.git), quoted(pin.ref));
        if (!pin.path.empty()) out += fmt::format("    path: {}\n", quoted(pin.path));
        out += fmt::format("    commit: {}\n    digest: {}\n", quoted(pin.commit), quoted(pin.digest.text()));
    }
    return out;
}

std::string pin_problem(const ModulePin* pin, const ModuleSource& source) {
    if (!pin) return fmt::format("module '{}' is not pinned to a commit in lab.lock", source.name);
    const auto moved = [&](std::string_view key, std::string_view then, std::string_view now) {
        const auto shown = [](std::string_view text) {
            return text.empty() ? std::string("none") : fmt::format("'{}'", text);
        };
        return fmt::format("module '{}' is pinned in lab.lock for the {} {}, not {}", source.name, key,
                           shown(then), shown(now));
    };
    if (pin->git != source.git) return moved("repository", pin->git, source.git);
    if (pin->ref != source.ref) return moved("ref", pin->ref, source.ref);
    if (pin->path != source.path) return moved("path", pin->path, source.path);
    return {};
}

std::string_view short_commit(std::string_view commit) noexcept {
    return commit.substr(0, 7);
}

Result<Digest> module_digest(const FileTree& tree, const ModuleLimits& limits) {
    const auto text_of = [](const std::optional<BlobId>& blob) {
        return blob ? std::string(blob->begin(), blob->end()) : std::string();
    };
    auto entries = tree.list("");
    if (!entries) return std::move(entries).error();
    const auto too_large = [](std::string what) {
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the module's folder holds more than {}", what)};
    };
    if (entries->size() > limits.entries)
        return too_large(fmt::format("{} files and folders", limits.entries));
    Hasher hasher;
    hasher.part("lab.module/1");
    std::size_t left = limits.bytes;
    for (const TreeEntry& entry : *entries) {
        switch (entry.kind) {
        case EntryKind::Directory: continue;
        case EntryKind::Symlink: hasher.part(entry.path).part("symlink").part(text_of(entry.blob)); continue;
        case EntryKind::Submodule:
            hasher.part(entry.path).part("submodule").part(text_of(entry.blob));
            continue;
        case EntryKind::File:
        case EntryKind::Other: break; // reading says that it is no file
        }
        auto bytes = tree.read(entry.path, std::min(left, limits.file_bytes));
        if (!bytes && left < limits.file_bytes && bytes.error().code == ErrorCode::Invalid)
            return too_large(fmt::format("{} bytes", limits.bytes));
        if (!bytes) return std::move(bytes).error();
        left -= bytes->size();
        hasher.part(entry.path).part("file").part(*bytes);
    }
    return hasher.finish();
}

} // namespace lab::spec
