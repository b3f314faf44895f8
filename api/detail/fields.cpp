#include "api/detail/fields.h"

#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::api::detail {
namespace {

const ValueMap& empty_map() {
    static const ValueMap kEmpty;
    return kEmpty;
}

const ValueList& empty_list() {
    static const ValueList kEmpty;
    return kEmpty;
}

} // namespace

Fields::Fields(const Value& value, std::string what) : map_(value.if_map()), what_(std::move(what)) {
    if (map_) return;
    map_ = &empty_map();
    refuse(fmt::format("{} must be a map, not {}", what_, with_article(value.type_name())));
}

const Value* Fields::find(std::string_view key) {
    asked_.push_back(key);
    return map_->find(key);
}

void Fields::expect(std::string_view key, std::string_view wanted, const Value* found) {
    if (found)
        refuse(fmt::format("'{}' of {} must be {}, not {}", key, what_, with_article(wanted),
                           with_article(found->type_name())));
    else
        refuse(fmt::format("{} has no '{}'", what_, key));
}

std::string Fields::text(std::string_view key) {
    const Value* found = find(key);
    if (const std::string* text = found ? found->if_string() : nullptr) return *text;
    expect(key, "string", found);
    return {};
}

std::string Fields::text_or(std::string_view key, std::string_view other) {
    const Value* found = find(key);
    if (!found || found->is_null()) return std::string(other);
    if (const std::string* text = found->if_string()) return *text;
    expect(key, "string", found);
    return {};
}

std::int64_t Fields::integer_or(std::string_view key, std::int64_t other) {
    const Value* found = find(key);
    if (!found) return other;
    if (const std::int64_t* number = found->if_int()) return *number;
    expect(key, "integer", found);
    return other;
}

std::size_t Fields::count_or(std::string_view key, std::size_t other) {
    const std::int64_t number = integer_or(key, static_cast<std::int64_t>(other));
    if (number >= 0) return static_cast<std::size_t>(number);
    refuse(fmt::format("'{}' of {} must not be negative", key, what_));
    return 0;
}

bool Fields::boolean_or(std::string_view key, bool other) {
    const Value* found = find(key);
    if (!found) return other;
    if (const bool* flag = found->if_bool()) return *flag;
    expect(key, "boolean", found);
    return other;
}

std::vector<std::string> Fields::texts(std::string_view key) {
    std::vector<std::string> out;
    for (const Value& item : list(key)) {
        if (const std::string* text = item.if_string())
            out.push_back(*text);
        else
            refuse(fmt::format("'{}' of {} must hold strings only, not {}", key, what_,
                               with_article(item.type_name())));
    }
    return out;
}

const ValueList& Fields::list(std::string_view key) {
    const Value* found = find(key);
    if (!found) return empty_list();
    if (const ValueList* list = found->if_list()) return *list;
    expect(key, "list", found);
    return empty_list();
}

const ValueMap& Fields::map(std::string_view key) {
    const Value* found = find(key);
    if (!found) return empty_map();
    if (const ValueMap* map = found->if_map()) return *map;
    expect(key, "map", found);
    return empty_map();
}

Value Fields::value(std::string_view key) {
    const Value* found = find(key);
    return found ? *found : Value();
}

bool Fields::has(std::string_view key) const {
    return map_->contains(key);
}

void Fields::refuse(std::string message) {
    refuse(Error{.code = ErrorCode::Invalid, .message = std::move(message)});
}

void Fields::refuse(Error error) {
    if (!error_) error_ = std::move(error);
}

Result<void> Fields::finish() const {
    if (error_) return *error_;
    return {};
}

Result<void> Fields::finish_strict() {
    for (const auto& [key, value] : *map_) {
        if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
        const auto guess = nearest(key, asked_);
        refuse(fmt::format("{} has an unknown key '{}'{}", what_, escape_controls(key),
                           guess ? fmt::format(", did you mean '{}'?", *guess) : ""));
    }
    return finish();
}

Result<void> require_format(const Value& document, std::string_view format) {
    const Value* found = document.get("format");
    const std::string* text = found ? found->if_string() : nullptr;
    if (text && *text == format) return {};
    return Error{.code = ErrorCode::Invalid,
                 .message = text ? fmt::format("the document has the format '{}', not '{}'",
                                               escape_controls(*text), format)
                                 : fmt::format("the document does not say \"format\": \"{}\"", format)};
}

} // namespace lab::api::detail
