#pragma once
// What the evaluator and the filters of templates share: the budget of one evaluation and how values compare.

#include "support/detail/template_tree.h"

namespace lab::detail {

/// Counts what one evaluation costs and refuses what would be too much. Failures throw TemplateFailure.
class TemplateBudget {
  public:
    TemplateBudget(std::string_view source, const TemplateLimits& limits)
        : source_(source), limits_(limits) {}
    void charge(std::size_t steps, Place at);
    void check_size(std::size_t bytes, Place at) const;
    /// The worst a search of `part` in `whole` can take: every place compared to the end.
    void charge_search(std::string_view whole, std::string_view part, Place at);
    [[noreturn]] void fail(Place at, std::string message, std::string help = {}) const;
    std::string_view source(Place at) const { return source_.substr(at.offset, at.length); }

  private:
    std::string_view source_;
    TemplateLimits limits_;
    std::size_t steps_ = 0;
};

/// How much work it is to walk over a value, in steps.
std::size_t weight(const Value& value);
std::optional<long double> number_of(const Value& value);
/// Equality as templates see it: 1 and 1.0 are equal.
bool equal(const Value& left, const Value& right);
/// "an integer", "a string", "null".
std::string a_type(const Value& value);
/// Safe to print and not too long.
std::string shortened(std::string_view text);

Value apply_filter(const FilterCall& call, Value input, const ValueList& arguments, TemplateBudget& budget);

} // namespace lab::detail
