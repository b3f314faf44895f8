#pragma once
// One immutable-by-habit tree of data: what YAML, JSON documents, params, facts and properties are made of.

#include "support/result.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lab {

class Value;

/// A map that remembers the order its keys were written in. Keys are unique; equality does not look at the
/// order. Look-up is linear: documents have few keys a level. Loop over it where it may be large.
class ValueMap {
  public:
    using Entry = std::pair<std::string, Value>;
    using const_iterator = std::vector<Entry>::const_iterator;
    using iterator = std::vector<Entry>::iterator;

    ValueMap() = default;
    ValueMap(std::initializer_list<Entry> entries);

    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    bool contains(std::string_view key) const { return find(key) != nullptr; }
    /// Replaces the value of `key`, or appends it.
    Value& set(std::string key, Value value);
    /// Appends without looking for an equal key; the caller knows that there is none.
    Value& append(std::string key, Value value);
    bool erase(std::string_view key);

    const_iterator begin() const;
    const_iterator end() const;
    iterator begin();
    iterator end();
    std::size_t size() const noexcept;
    bool empty() const noexcept;

    friend bool operator==(const ValueMap& left, const ValueMap& right);

  private:
    std::vector<Entry> entries_;
};

using ValueList = std::vector<Value>;

class Value {
  public:
    using Variant =
        std::variant<std::monostate, bool, std::int64_t, double, std::string, ValueList, ValueMap>;

    Value() = default;
    Value(std::nullptr_t) {}
    Value(bool value) : data_(value) {}
    Value(int value) : data_(std::int64_t{value}) {}
    Value(std::int64_t value) : data_(value) {}
    /// Values above INT64_MAX do not occur in our documents; they are clamped.
    Value(std::uint64_t value);
    Value(double value) : data_(value) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(std::string value) : data_(std::move(value)) {}
    Value(ValueList value) : data_(std::move(value)) {}
    Value(ValueMap value) : data_(std::move(value)) {}

    bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
    const bool* if_bool() const noexcept { return std::get_if<bool>(&data_); }
    const std::int64_t* if_int() const noexcept { return std::get_if<std::int64_t>(&data_); }
    const double* if_double() const noexcept { return std::get_if<double>(&data_); }
    const std::string* if_string() const noexcept { return std::get_if<std::string>(&data_); }
    const ValueList* if_list() const noexcept { return std::get_if<ValueList>(&data_); }
    const ValueMap* if_map() const noexcept { return std::get_if<ValueMap>(&data_); }
    ValueList* if_list() noexcept { return std::get_if<ValueList>(&data_); }
    ValueMap* if_map() noexcept { return std::get_if<ValueMap>(&data_); }

    /// The member of a map; null where this is no map or has no such key.
    const Value* get(std::string_view key) const;
    /// "null", "boolean", "integer", "number", "string", "list" or "map".
    std::string_view type_name() const noexcept;

    const Variant& data() const noexcept { return data_; }
    friend bool operator==(const Value& left, const Value& right) { return left.data_ == right.data_; }

  private:
    Variant data_;
};

/// How a value reads inside running text: strings as they are, the rest as compact JSON.
std::string display(const Value& value);

} // namespace lab
