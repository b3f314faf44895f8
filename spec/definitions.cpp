#include "spec/definitions.h"

#include "spec/detail/yaml_source.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace lab::spec {
namespace {

constexpr std::string_view kRootFile = "lab.yaml";
constexpr std::size_t kSurveyed = 200; // files whose habits are looked at
constexpr std::size_t kMaxBytes = 32u << 20;

std::string_view parent_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : path.substr(0, slash + 1);
}

std::string_view extension_of(std::string_view path) {
    return path.ends_with(".yml") ? ".yml" : ".yaml";
}

std::string_view stem_of(std::string_view path) {
    path.remove_prefix(parent_of(path).size());
    return path.substr(0, path.rfind('.'));
}

/// A definition's name as the name of a file.
std::string file_stem(std::string_view name) {
    std::string stem(name);
    std::replace_if(
        stem.begin(), stem.end(), [](char c) { return c == '/' || c == '='; }, '-');
    return stem;
}

std::shared_ptr<const Document> parse(const std::string& path, std::string text) {
    Diagnostics diagnostics;
    auto document = Document::parse(path, std::move(text), diagnostics);
    return diagnostics.has_errors() ? nullptr : document;
}

std::string environment_of(const Value& body) {
    const Value* environment = body.get("environment");
    return environment && environment->if_string() ? *environment->if_string() : std::string();
}

/// The name that occurs most; the first of equals.
std::string most(const std::map<std::string, std::size_t>& counts) {
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return best == counts.end() ? std::string() : best->first;
}

EditPath below(const EditPath& path, EditPath more) {
    EditPath whole = path;
    whole.insert(whole.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return whole;
}

/// The path of the node or key that begins at a place; nullopt where there is none. Aliases are not entered.
std::optional<EditPath> path_at(const Node& node, std::uint32_t line, std::uint32_t column,
                                const EditPath& path) {
    const auto here = [&](const Node& one) { return one.line() == line && one.column() == column; };
    const std::size_t size = node.is_map() || node.is_list() ? node.size() : 0;
    for (std::size_t i = 0; i < size; ++i) {
        EditPath inner = path;
        if (node.is_map())
            inner.emplace_back(std::string(node.key(i).text()));
        else
            inner.emplace_back(i);
        const Node value = node.is_map() ? node.value(i) : node.item(i);
        if (here(value) || (node.is_map() && here(node.key(i)))) {
            // "- a: 1": the place is the item's and that of its first key; the key is meant.
            if (value.is_map() || value.is_list())
                if (auto deeper = path_at(value, line, column, inner)) return deeper;
            return inner;
        }
        if (auto deeper = path_at(value, line, column, inner)) return deeper;
    }
    return std::nullopt;
}

const Value* value_at(const Value& root, const EditPath& path) {
    const Value* at = &root;
    for (const EditStep& step : path) {
        if (!at) return nullptr;
        if (const auto* index = std::get_if<std::size_t>(&step))
            at = at->if_list() && *index < at->if_list()->size() ? &(*at->if_list())[*index] : nullptr;
        else
            at = at->get(std::get<std::string>(step));
    }
    return at;
}

/// What goes so that nothing empty is left: the list or map where it is the only one in it.
EditPath to_cut(const Value& root, EditPath path) {
    while (path.size() > 3) {
        EditPath holder(path.begin(), path.end() - 1);
        const Value* value = value_at(root, holder);
        const std::size_t size = !value             ? 0
                                 : value->if_list() ? value->if_list()->size()
                                 : value->if_map()  ? value->if_map()->size()
                                                    : 0;
        if (size != 1) break;
        path = std::move(holder);
    }
    return path;
}

/// Whether comments stand in a section that is {} or [], or below it.
bool has_comments(const Document& document, const Node& section) {
    const detail::SourceText source(document);
    const std::size_t begin = source.content_offset(section),
                      end = detail::inline_end(source.text(), begin, /*in_flow=*/false);
    if (source.text().substr(begin, end - begin).find('#') != std::string_view::npos) return true;
    std::size_t line = source.line_of(end) + 1;
    while (line < source.lines() && source.is_blank(line))
        ++line;
    return line < source.lines() && source.is_comment(line) && source.indent(line) > 0;
}

Result<std::string> text_of(const FileTree& tree, const TreeChanges& changes, const std::string& file) {
    const auto changed = changes.find(file);
    if (changed == changes.end()) return tree.read(file, kMaxBytes);
    if (changed->second) return *changed->second;
    return Error{.code = ErrorCode::NotFound, .message = fmt::format("there is no '{}' any more", file)};
}

} // namespace

Result<Definitions> Definitions::read(const FileTree& tree, const Loaded& loaded, std::string section) {
    Definitions all(tree);
    all.section_ = std::move(section);
    for (const LoadedFile& one : *loaded.files) {
        const std::string file(*one.path);
        if (file == kLockFile || loaded.inventory.module_files.contains(file)) continue;
        all.files_.push_back(file);
        auto text = tree.read(file, kMaxBytes);
        if (!text) return std::move(text).error();
        if (text->find(all.section_) == std::string::npos) continue;
        const auto document = parse(file, std::move(*text));
        if (!document || !document->root().is_map() || !document->root().find(all.section_)) continue;
        if (all.documents_.size() < kSurveyed) all.habits_.add(*document);
        all.add(*document);
        all.documents_.emplace(file, document);
    }
    return all;
}

void Definitions::add(const Document& document) {
    const Node section = document.root().find(section_);
    const auto place = [&](std::string name, EditStep step, const Node& at, const Node& body) {
        definitions_.try_emplace(std::move(name), Definition{.file = std::string(*document.path()),
                                                             .path = {section_, std::move(step)},
                                                             .at = at.span(),
                                                             .body = body.as_value()});
    };
    if (section.is_map())
        for (std::size_t i = 0; i < section.size(); ++i) {
            std::string name(section.key(i).text());
            place(name, name, section.key(i), section.value(i));
        }
    if (section.is_list())
        for (std::size_t i = 0; i < section.size(); ++i)
            if (const Node name = section.item(i).is_map() ? section.item(i).find("name") : Node())
                place(std::string(name.text()), i, name, section.item(i));
}

const Definition* Definitions::find(std::string_view name) const {
    const auto found = definitions_.find(name);
    return found == definitions_.end() ? nullptr : &found->second;
}

std::vector<std::string> Definitions::names() const {
    std::vector<std::string> all;
    for (const auto& entry : definitions_)
        all.push_back(entry.first);
    return all;
}

bool Definitions::has_own_file(std::string_view name, const Definition& definition) const {
    return stem_of(definition.file) == file_stem(name) &&
           documents_.at(definition.file)->root().find(section_).size() == 1;
}

std::string Definitions::file_for(std::string_view name, std::string_view environment) const {
    const bool some =
        !environment.empty() && std::any_of(definitions_.begin(), definitions_.end(), [&](const auto& entry) {
            return environment_of(entry.second.body) == environment;
        });
    std::map<std::string, std::size_t> files, folders, extensions;
    std::size_t own = 0, total = 0;
    for (const auto& [other, definition] : definitions_) {
        if (some && environment_of(definition.body) != environment) continue;
        ++total;
        ++files[definition.file];
        if (!has_own_file(other, definition)) continue;
        ++own;
        ++folders[std::string(parent_of(definition.file))];
        ++extensions[std::string(extension_of(definition.file))];
    }
    if (own * 2 > total) return most(folders) + file_stem(name) + most(extensions);
    if (total > 0) return most(files);
    std::vector<std::string> others;
    for (const std::string& file : files_) {
        ++extensions[std::string(extension_of(file))];
        if (file != kRootFile) others.push_back(file);
    }
    const std::string only = others.empty() ? std::string(kRootFile) : others.front();
    if (others.size() < 2) {
        auto text = tree_->read(only, kMaxBytes);
        const auto document = text ? parse(only, std::move(*text)) : nullptr;
        if (document && document->root().is_map() && document->root().size() > 1) return only;
    }
    return section_ + (others.empty() ? ".yaml" : most(extensions));
}

Result<TreeChanges> Definitions::edited(const std::string& file, std::span<const DocumentEdit> edits) const {
    auto text = tree_->read(file, kMaxBytes);
    if (!text && text.error().code != ErrorCode::NotFound) return std::move(text).error();
    auto result = edit_document(file, text ? std::move(*text) : std::string(), edits, habits_);
    if (!result) return std::move(result).error();
    TreeChanges changes;
    changes.emplace(file, std::move(*result));
    return changes;
}

Result<TreeChanges> Definitions::with(std::string_view name, Value body, const std::string& file) const {
    if (const Definition* there = find(name))
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("'{}' is defined already at {}", name, there->at.text())};
    const auto document = documents_.find(file);
    DocumentEdit edit{DocumentEdit::Kind::Set, {section_, std::string(name)}, std::move(body)};
    if (document != documents_.end() && document->second->root().find(section_).is_list()) {
        ValueMap item{{"name", Value(name)}};
        if (const ValueMap* given = edit.value.if_map())
            for (const auto& [key, value] : *given)
                item.set(key, value);
        edit = {DocumentEdit::Kind::Append, {section_}, std::move(item)};
    }
    return edited(file, {&edit, 1});
}

Result<TreeChanges> Definitions::changed(std::string_view name, std::vector<DocumentEdit> edits) const {
    const Definition* there = find(name);
    if (!there) return Error{.code = ErrorCode::NotFound, .message = fmt::format("there is no '{}'", name)};
    for (DocumentEdit& edit : edits)
        edit.path = below(there->path, std::move(edit.path));
    return edited(there->file, edits);
}

Result<TreeChanges> Definitions::without(std::string_view name) const {
    const Definition* there = find(name);
    if (!there) return Error{.code = ErrorCode::NotFound, .message = fmt::format("there is no '{}'", name)};
    const Node root = documents_.at(there->file)->root();
    const bool may_go = there->file != kRootFile && root.size() == 1;
    // Comments in a file of its own are about it.
    if (may_go && has_own_file(name, *there)) return TreeChanges{{there->file, std::nullopt}};
    DocumentEdit edit{DocumentEdit::Kind::Remove, there->path, {}};
    auto changes = edited(there->file, {&edit, 1});
    if (root.find(section_).size() > 1) return changes;
    const auto rest = changes ? parse(there->file, *changes->at(there->file)) : nullptr;
    if (rest && has_comments(*rest, rest->root().find(section_))) return changes;
    edit.path.pop_back();
    changes = edited(there->file, {&edit, 1});
    if (!changes || !may_go) return changes;
    std::optional<std::string>& text = changes->at(there->file);
    constexpr std::string_view kSaysNothing = " \t\r\n-\xef\xbb\xbf"; // the last is a byte order mark
    if (text->find_first_not_of(kSaysNothing) == std::string::npos) text.reset();
    return changes;
}

Result<TreeChanges> without_places(const FileTree& tree, TreeChanges changes, std::vector<Span> places) {
    // From the end of each file to its beginning, so that a cut moves no place that is still to come.
    std::sort(places.begin(), places.end(), [](const Span& a, const Span& b) {
        return std::tuple(*a.file, b.line, b.column) < std::tuple(*b.file, a.line, a.column);
    });
    for (const Span& place : places) {
        const std::string file(*place.file);
        auto text = text_of(tree, changes, file);
        if (!text) return std::move(text).error();
        const auto document = parse(file, *text);
        auto path = document ? path_at(document->root(), place.line, place.column, {}) : std::nullopt;
        if (path) path = to_cut(document->root().as_value(), std::move(*path));
        if (!path || path->size() < 3)
            return Error{.code = ErrorCode::Unsupported,
                         .message = fmt::format("what stands at {} cannot be cut out", place.text()),
                         .hint = "change it by hand first"};
        const DocumentEdit edit{DocumentEdit::Kind::Remove, std::move(*path), {}};
        auto result = edit_document(file, std::move(*text), {&edit, 1});
        if (!result) return std::move(result).error();
        changes.insert_or_assign(file, std::move(*result));
    }
    return changes;
}

} // namespace lab::spec
