#include "support/value.h"

#include "support/json.h"

#include <algorithm>
#include <limits>

namespace lab {

ValueMap::ValueMap(std::initializer_list<Entry> entries) : entries_(entries) {}

const Value* ValueMap::find(std::string_view key) const {
    for (const auto& entry : entries_)
        if (entry.first == key) return &entry.second;
    return nullptr;
}

Value* ValueMap::find(std::string_view key) {
    return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& ValueMap::set(std::string key, Value value) {
    if (Value* found = find(key)) return *found = std::move(value);
    return append(std::move(key), std::move(value));
}

Value& ValueMap::append(std::string key, Value value) {
    return entries_.emplace_back(std::move(key), std::move(value)).second;
}

bool ValueMap::erase(std::string_view key) {
    return std::erase_if(entries_, [&](const Entry& entry) { return entry.first == key; }) != 0;
}

ValueMap::const_iterator ValueMap::begin() const {
    return entries_.begin();
}
ValueMap::const_iterator ValueMap::end() const {
    return entries_.end();
}
ValueMap::iterator ValueMap::begin() {
    return entries_.begin();
}
ValueMap::iterator ValueMap::end() {
    return entries_.end();
}
std::size_t ValueMap::size() const noexcept {
    return entries_.size();
}
bool ValueMap::empty() const noexcept {
    return entries_.empty();
}

bool operator==(const ValueMap& left, const ValueMap& right) {
    if (left.entries_ == right.entries_) return true;
    return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const auto& entry) {
               const Value* other = right.find(entry.first);
               return other && *other == entry.second;
           });
}

Value::Value(std::uint64_t value)
    : data_(static_cast<std::int64_t>(
          std::min<std::uint64_t>(value, std::uint64_t{std::numeric_limits<std::int64_t>::max()}))) {}

const Value* Value::get(std::string_view key) const {
    const ValueMap* map = if_map();
    return map ? map->find(key) : nullptr;
}

std::string_view Value::type_name() const noexcept {
    constexpr std::string_view kNames[] = {"null", "boolean", "integer", "number", "string", "list", "map"};
    return kNames[data_.index()];
}

std::string display(const Value& value) {
    if (const std::string* text = value.if_string()) return *text;
    return write_json(value);
}

} // namespace lab
