#include "spec/edit.h"

#include "spec/detail/yaml_splice.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace lab::spec {
namespace {

using detail::Splices;
using detail::Spot;
using detail::YamlSplicer;
using Kind = DocumentEdit::Kind;

std::string step_text(const EditStep& step) {
    if (const auto* index = std::get_if<std::size_t>(&step)) return fmt::format("[{}]", *index);
    const std::string& key = std::get<std::string>(step);
    const bool quoted = key.empty() || key.find_first_of(".[\"") != std::string::npos;
    return quoted ? "\"" + key + "\"" : key;
}

EditPath with(EditPath path, EditStep step) {
    path.push_back(std::move(step));
    return path;
}

const Value* member(const Value& value, const EditStep& step) {
    if (const auto* key = std::get_if<std::string>(&step)) return value.get(*key);
    const ValueList* list = value.if_list();
    const std::size_t index = std::get<std::size_t>(step);
    return list && index < list->size() ? &(*list)[index] : nullptr;
}

const Value* find(const Value& value, const EditPath& path) {
    const Value* at = &value;
    for (std::size_t i = 0; at && i < path.size(); ++i)
        at = member(*at, path[i]);
    return at;
}

Error no_place(const EditPath& path, std::size_t steps, std::string_view wanted) {
    const EditPath holder(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(steps));
    return {.code = ErrorCode::Invalid,
            .message =
                fmt::format("'{}' cannot be set: '{}' is no {}", to_string(path), to_string(holder), wanted)};
}

/// Makes one edit of the value at `at`, `step` of its path.
Result<void> make(Value& at, const DocumentEdit& edit, std::size_t step) {
    const bool last = step + 1 == edit.path.size();
    if (const auto* index = std::get_if<std::size_t>(&edit.path[step])) {
        ValueList* list = at.if_list();
        if (!list || *index >= list->size())
            return Error{.code = ErrorCode::NotFound,
                         .message = fmt::format("there is no '{}'", to_string(edit.path))};
        if (last && edit.kind == Kind::Remove) {
            list->erase(list->begin() + static_cast<std::ptrdiff_t>(*index));
            return {};
        }
        if (!last) return make((*list)[*index], edit, step + 1);
        Value& item = (*list)[*index];
        if (edit.kind == Kind::Set) item = edit.value;
        if (edit.kind == Kind::Append && item.if_list()) item.if_list()->push_back(edit.value);
        return {};
    }
    const std::string& key = std::get<std::string>(edit.path[step]);
    if (at.is_null()) at = ValueMap();
    ValueMap* map = at.if_map();
    if (!map) return no_place(edit.path, step, "map");
    Value* inner = map->find(key);
    if (!inner && edit.kind == Kind::Remove)
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("there is no '{}'", to_string(edit.path))};
    if (last && edit.kind == Kind::Remove) {
        map->erase(key);
        return {};
    }
    if (!inner) inner = &map->append(key, Value());
    if (!last) return make(*inner, edit, step + 1);
    if (edit.kind == Kind::Set) {
        *inner = edit.value;
    } else {
        if (inner->is_null()) *inner = ValueList();
        if (!inner->if_list()) return no_place(edit.path, edit.path.size(), "list");
        inner->if_list()->push_back(edit.value);
    }
    return {};
}

/// A file without sections means the same as one with an empty map.
bool same(const Value& one, const Value& other) {
    const auto empty = [](const Value& value) {
        return value.is_null() || (value.if_map() && value.if_map()->empty());
    };
    return one == other || (empty(one) && empty(other));
}

void add_list_edits(const EditPath& path, const ValueList& before, const ValueList& after,
                    std::vector<DocumentEdit>& edits) {
    std::vector<std::size_t> gone;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (kept < after.size() && before[i] == after[kept])
            ++kept;
        else
            gone.push_back(i);
    }
    if (gone.size() == before.size()) { // nothing in common
        edits.push_back({Kind::Set, path, after});
        return;
    }
    for (auto index = gone.rbegin(); index != gone.rend(); ++index)
        edits.push_back({Kind::Remove, with(path, *index), {}});
    for (std::size_t i = kept; i < after.size(); ++i)
        edits.push_back({Kind::Append, path, after[i]});
}

/// What is to be done so that `before` becomes `after`, as little as possible.
void add_edits(const EditPath& path, const Value& before, const Value& after,
               std::vector<DocumentEdit>& edits) {
    if (before == after) return;
    const ValueMap *old_map = before.if_map(), *new_map = after.if_map();
    if (old_map && new_map && !old_map->empty() && !new_map->empty()) {
        for (const auto& [key, value] : *new_map) {
            if (const Value* old = old_map->find(key))
                add_edits(with(path, key), *old, value, edits);
            else
                edits.push_back({Kind::Set, with(path, key), value});
        }
        for (const auto& [key, value] : *old_map)
            if (!new_map->contains(key)) edits.push_back({Kind::Remove, with(path, key), {}});
        return;
    }
    const ValueList *old_list = before.if_list(), *new_list = after.if_list();
    if (old_list && new_list && !old_list->empty() && !new_list->empty())
        add_list_edits(path, *old_list, *new_list, edits);
    else
        edits.push_back({Kind::Set, path, after});
}

/// The steps that one edit takes: each changes one place.
std::vector<DocumentEdit> steps_of(const Value& whole, const DocumentEdit& edit) {
    std::vector<DocumentEdit> steps;
    const Value* there = find(whole, edit.path);
    switch (edit.kind) {
    case Kind::Remove: return {edit};
    case Kind::Append:
        if (there) return {edit};
        return {{Kind::Set, edit.path, ValueList{edit.value}}};
    case Kind::Set:
        if (!there) return {edit};
        add_edits(edit.path, *there, edit.value, steps);
        return steps;
    }
    return {};
}

std::shared_ptr<const Document> parse(const std::string& path, std::string text, Diagnostics& diagnostics) {
    auto document = Document::parse(path, std::move(text), diagnostics);
    return diagnostics.has_errors() ? nullptr : document;
}

/// One step in one document.
class Step {
  public:
    Step(const Document& document, const DocumentEdit& edit, const YamlHabits& others)
        : document_(document), edit_(edit), splicer_(document, others) {}

    Result<std::string> make() {
        Value wanted = document_.root().as_value();
        LAB_TRY(spec::make(wanted, edit_, 0));
        for (const Splices& way : ways()) {
            if (way.empty()) continue;
            std::string text = detail::spliced(document_.text(), way);
            Diagnostics diagnostics;
            const auto edited = parse(std::string(*document_.path()), text, diagnostics);
            if (edited && same(edited->root().as_value(), wanted)) return text;
        }
        return refusal();
    }

  private:
    std::vector<Splices> ways() {
        Spot spot = splicer_.root();
        for (std::size_t i = 0; i < edit_.path.size(); ++i) {
            nearest_ = spot;
            const bool last = i + 1 == edit_.path.size();
            const auto index = index_of(spot.node, edit_.path[i]);
            if (!index) {
                missing_ = std::get<std::string>(edit_.path[i]);
                value_ = wrapped(i + 1);
                return splicer_.insert_entry(spot, missing_, value_);
            }
            if (last && edit_.kind == Kind::Remove) return splicer_.remove(spot, *index);
            spot = splicer_.child(spot, *index);
        }
        nearest_ = spot;
        value_ = edit_.value;
        return edit_.kind == Kind::Append ? splicer_.append_item(spot, value_)
                                          : splicer_.replace(spot, value_);
    }

    static std::optional<std::size_t> index_of(const Node& node, const EditStep& step) {
        if (const auto* index = std::get_if<std::size_t>(&step)) return *index;
        const std::string& key = std::get<std::string>(step);
        if (!node.is_map()) return std::nullopt;
        for (std::size_t i = 0; i < node.size(); ++i)
            if (node.key(i).text() == key) return i;
        return std::nullopt;
    }

    /// The value inside the maps that the path still needs.
    Value wrapped(std::size_t from) const {
        Value value = edit_.value;
        for (std::size_t i = edit_.path.size(); i-- > from;)
            value = ValueMap{{std::get<std::string>(edit_.path[i]), std::move(value)}};
        return value;
    }

    Error refusal() const {
        const Span at = nearest_.key ? nearest_.key.span() : nearest_.node.span();
        Error error{
            .code = ErrorCode::Unsupported,
            .message = fmt::format("'{}' cannot be edited in place at {}", to_string(edit_.path), at.text())};
        if (edit_.kind == Kind::Remove) {
            error.hint = fmt::format("{}; remove it by hand", reason());
            return error;
        }
        const bool item = edit_.kind == Kind::Append && missing_.empty();
        std::string lines = splicer_.by_hand(nearest_.name,
                                             item               ? ""
                                             : missing_.empty() ? nearest_.name
                                                                : missing_,
                                             value_);
        while (lines.ends_with('\n') || lines.ends_with('\r'))
            lines.pop_back();
        error.hint = fmt::format("{}; write by hand there:\n{}", reason(), lines);
        return error;
    }

    std::string reason() const {
        return nearest_.is_alias ? "what is there is an alias, shared with another place"
                                 : "no change there would mean this and nothing else";
    }

    const Document& document_;
    const DocumentEdit& edit_;
    YamlSplicer splicer_;
    Spot nearest_;        // as deep as the path leads
    std::string missing_; // the key that is to be added to it
    Value value_;
};

} // namespace

std::string to_string(const EditPath& path) {
    std::string text;
    for (const EditStep& step : path) {
        if (!text.empty() && std::holds_alternative<std::string>(step)) text += '.';
        text += step_text(step);
    }
    return text;
}

Result<Value> edit_value(Value value, std::span<const DocumentEdit> edits) {
    for (const DocumentEdit& edit : edits) {
        LAB_CHECK(!edit.path.empty(), "an edit is of something");
        LAB_TRY(make(value, edit, 0));
    }
    return value;
}

Result<std::string> edit_document(const std::string& path, std::string text,
                                  std::span<const DocumentEdit> edits, const YamlHabits& others) {
    const auto read = [&]() -> Result<std::shared_ptr<const Document>> {
        Diagnostics diagnostics;
        auto document = parse(path, text, diagnostics);
        if (document) return document;
        const Diagnostic first = diagnostics.sorted().front();
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("{}: {}", first.at.text(), first.message),
                     .hint = "a file is edited only while it can be read whole: mend it first"};
    };
    bool changed = false;
    for (const DocumentEdit& edit : edits) {
        LAB_CHECK(!edit.path.empty(), "an edit is of something");
        auto document = read();
        if (!document) return std::move(document).error();
        const Value before = (*document)->root().as_value();
        auto wanted = edit_value(before, {&edit, 1});
        if (!wanted) return std::move(wanted).error();
        for (const DocumentEdit& step : steps_of(before, edit)) {
            document = read();
            if (!document) return std::move(document).error();
            auto edited = Step(**document, step, others).make();
            if (!edited && changed) // places are of a text that nobody sees
                return std::move(edited).error().during("in the file as the edits before this one leave it");
            if (!edited) return std::move(edited).error();
            text = std::move(*edited);
            changed = true;
        }
        document = read();
        if (!document || !same((*document)->root().as_value(), *wanted))
            return Error{.code = ErrorCode::Internal, .message = "an edit changed more than was asked for"};
    }
    return text;
}

} // namespace lab::spec
