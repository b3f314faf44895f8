#pragma once
// Reads the members of one JSON object of a document, keeping the first thing that is wrong with it.

#include "support/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::api::detail {

/// Asked for every member in turn, then for `finish`. What is missing or of another type gives an empty value
/// and an error at the end. Keys never asked for are refused by `finish_strict`.
class Fields {
  public:
    /// `what` names the object in messages: "the resource 'file/etc/motd'".
    Fields(const Value& value, std::string what);

    std::string text(std::string_view key);
    std::string text_or(std::string_view key, std::string_view other);
    std::int64_t integer_or(std::string_view key, std::int64_t other);
    std::size_t count_or(std::string_view key, std::size_t other);
    bool boolean_or(std::string_view key, bool other);
    std::vector<std::string> texts(std::string_view key); // missing: empty
    const ValueList& list(std::string_view key);          // missing: empty
    const ValueMap& map(std::string_view key);            // missing: empty
    Value value(std::string_view key);                    // missing: null
    bool has(std::string_view key) const;

    void refuse(std::string message);
    void refuse(Error error);
    bool failed() const noexcept { return error_.has_value(); }
    Result<void> finish() const;
    Result<void> finish_strict();

  private:
    const Value* find(std::string_view key);
    void expect(std::string_view key, std::string_view wanted, const Value* found);
    const ValueMap* map_;
    std::string what_;
    std::vector<std::string_view> asked_;
    std::optional<Error> error_;
};

/// Invalid where the document's "format" is not `format`.
Result<void> require_format(const Value& document, std::string_view format);

} // namespace lab::api::detail
